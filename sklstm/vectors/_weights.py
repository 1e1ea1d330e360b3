"""What each word counts in an average, and what all averages have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sklstm.text import Vocabulary

if TYPE_CHECKING:  # the runtime has no SciPy
    from sklstm.vectors._documents import Documents

# "a" of Arora et al. (2017), who did best with 1e-3 to 1e-4
_SIF_SMOOTHING = 1e-3


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of the words of the training texts, and of unseen ones, the last."""

    seen: Vocabulary
    weights: np.ndarray

    def of(self, words: Sequence[str]) -> np.ndarray:
        """Return the weight of each word."""
        get = self.seen.ids.get
        rows = np.fromiter((get(word, -1) for word in words), np.int64, len(words))
        return self.weights[rows]


def learn_weights(documents: "Documents", weighting: str | None) -> Weights | None:
    """Weigh the words of the training texts."""
    if weighting is None:
        return None
    n = len(documents)
    if weighting == "idf":
        _, word, _ = documents.count_by(np.arange(n))
        found_in = np.bincount(word, minlength=len(documents.words))
        weights = np.log((1 + n) / (1 + np.append(found_in, 0))) + 1
    else:
        share = np.append(documents.counts, 0) / max(len(documents.flat), 1)
        weights = _SIF_SMOOTHING / (_SIF_SMOOTHING + share)
    return Weights(Vocabulary(documents.words), weights)


def common_component(averages: np.ndarray) -> np.ndarray:
    """Return the first right singular vector of the averages, not centered."""
    exact = averages.astype(np.float64)
    _, vectors = np.linalg.eigh(exact.T @ exact)
    return vectors[:, -1].astype(np.float32)
