"""The steps of pipelines that the runtime knows."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from sklstm._persistence._nets import NETS
from sklstm._persistence._stored import Stored
from sklstm.runtime._network import Network
from sklstm.runtime._rows import Rows, read_rows, write_rows
from sklstm.runtime._vectors import (
    PretrainedEmbeddingAverager,
    WordTable,
    read_vocabulary,
)
from sklstm.text._analysis import tokenize


class TextTokenizer(SimpleNamespace):
    """The parameters of a stored tokenizer, as the analysis of texts reads them.

    Parameters
    ----------
    stored : Stored
        A fitted tokenizer.
    """

    def __init__(self, stored: Stored):
        for name, value in stored.state.items():
            if isinstance(value, Stored) and not name.startswith("_"):
                raise ValueError(
                    f"{stored.kind} has {name}={value.full_name}: the runtime runs no "
                    "code of others. Leave it out, or predict with the full package."
                )
        own = {k: v for k, v in stored.state.items() if not k.startswith("_")}
        super().__init__(**own, words=read_vocabulary(stored["_vocabulary"]))

    def transform(self, X: Any) -> Rows:
        """Write texts as ids."""
        keep = self.unknown == "keep"
        return write_rows(self.words, tokenize(self, X), keep=keep)


class SequencePadder:
    """A stored padder, of which only cutting is left: nets do not see padding.

    Parameters
    ----------
    stored : Stored
        A fitted padder.
    """

    def __init__(self, stored: Stored):
        self.reading = _reading(stored, stored["_n_channels"])
        self.max_length, self.side = stored["max_length_"], stored["truncating"]

    def transform(self, X: Any) -> Rows:
        """Cut rows that are too long."""
        rows = X if isinstance(X, Rows) else read_rows(X, **self.reading)
        return rows.cut(self.max_length, self.side)


class StandardScaler:
    """A stored scaler.

    Parameters
    ----------
    stored : Stored
        A fitted scaler.
    """

    def __init__(self, stored: Stored):
        self.mean = stored["mean_"] if stored["with_mean"] else None
        self.scale = stored["scale_"] if stored["with_std"] else None

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Move and scale the columns."""
        X = X if self.mean is None else X - self.mean
        return X if self.scale is None else X / self.scale


class LogisticRegression:
    """A stored logistic regression.

    Parameters
    ----------
    stored : Stored
        A fitted classifier.
    """

    multilabel = False

    def __init__(self, stored: Stored):
        self.coef, self.intercept = stored["coef_"], stored["intercept_"]
        self.classes = stored["classes_"]

    def decide(self, X: np.ndarray) -> np.ndarray:
        """Return log-odds of two classes, (n_samples,), or a score for each of more."""
        scores = X @ self.coef.T + self.intercept
        return scores[:, 0] if scores.shape[1] == 1 else scores


class Net:
    """A stored recurrent estimator.

    Parameters
    ----------
    stored : Stored
        A fitted one.
    """

    def __init__(self, stored: Stored):
        self.reading = _reading(stored, stored["_n_channels_"])
        self.n_tokens = stored["sizes_"]["n_tokens"]
        self.network = Network(stored["sizes_"], stored["state_"])
        table, vocabulary = stored["_word_table_"], stored["_vocabulary_"]
        self.table = None if table is None else WordTable(table)
        self.vocabulary = None if vocabulary is None else read_vocabulary(vocabulary)

    def scores(self, X: Any) -> np.ndarray:
        """Return the scores of rows, (n_samples, n_outputs), float64."""
        rows = X if isinstance(X, Rows) else self._read(X)
        if self.table is not None:
            rows = self.table.encode(rows)
        elif self.n_tokens is not None:
            rows = rows.limited_to(self.n_tokens)
        return self.network.scores(rows)

    def _read(self, X: Any) -> Rows:
        rows = read_rows(X, **self.reading)
        if rows.vocabulary is None or self.vocabulary is None:
            return rows
        if rows.vocabulary.fitted_digest != self.vocabulary.fitted_digest:
            raise ValueError(
                "X was tokenized with another vocabulary than the one "
                f"{self.reading['name']} was fitted with: its ids mean other words."
            )
        return rows


class NetClassifier(Net):
    """A stored recurrent classifier.

    Parameters
    ----------
    stored : Stored
        A fitted one.
    """

    def __init__(self, stored: Stored):
        super().__init__(stored)
        self.classes, self.multilabel = stored["classes_"], stored["_multilabel_"]

    def decide(self, X: Any) -> np.ndarray:
        """Return log-odds of two classes, (n_samples,), or a score for each of more."""
        scores = self.scores(X)
        if not self.multilabel and len(self.classes) == 2:
            scores = scores[:, 1] - scores[:, 0]
        return scores.astype(np.float32)


class NetRegressor(Net):
    """A stored recurrent regressor.

    Parameters
    ----------
    stored : Stored
        A fitted one.
    """

    def __init__(self, stored: Stored):
        super().__init__(stored)
        self.scale, self.mean = stored["target_scale_"], stored["target_mean_"]
        self.shape_of_row = stored["_shape_of_row_"]

    def predict(self, X: Any) -> np.ndarray:
        """Return the predicted numbers, in the shape and units of the targets."""
        numbers = self.scores(X).astype(np.float32) * self.scale + self.mean
        return numbers.reshape(len(numbers), *self.shape_of_row)


def _reading(stored: Stored, n_channels: int | None) -> dict[str, Any]:
    """Return how a step reads what it is given."""
    return {
        "name": stored.kind,
        "input_type": stored["input_type_"],
        "n_channels": n_channels,
        "width": stored.state.get("n_features_in_"),
    }


STEPS: dict[str, Any] = {
    "LogisticRegression": LogisticRegression,
    "PretrainedEmbeddingAverager": PretrainedEmbeddingAverager,
    "SequencePadder": SequencePadder,
    "StandardScaler": StandardScaler,
    "TextTokenizer": TextTokenizer,
    **{
        name: NetClassifier if name.endswith("Classifier") else NetRegressor
        for name in NETS
    },
}
"""What makes a step of the state of each class, by its name."""

FOLLOWS: dict[str | None, tuple[str, ...]] = {
    None: ("TextTokenizer", "SequencePadder", "PretrainedEmbeddingAverager", *NETS),
    "TextTokenizer": ("SequencePadder", "PretrainedEmbeddingAverager", *NETS),
    "SequencePadder": NETS,
    "PretrainedEmbeddingAverager": ("StandardScaler", "LogisticRegression"),
    "StandardScaler": ("LogisticRegression",),
}
"""Which classes may come after a class; first those of a pipeline's first step."""
