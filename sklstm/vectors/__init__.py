"""Word vectors: reading, training and averaging them."""

from typing import TYPE_CHECKING

from sklstm._lazy import lazy_names

if TYPE_CHECKING:
    from sklstm.vectors._averager import PretrainedEmbeddingAverager
    from sklstm.vectors._baseline import make_baseline
    from sklstm.vectors._loading import load_vectors
    from sklstm.vectors._training import train_vectors
    from sklstm.vectors._word_vectors import WordVectors

# Imported when they are used: the runtime has no scikit-learn
_HOMES = {
    "PretrainedEmbeddingAverager": "_averager",
    "WordVectors": "_word_vectors",
    "load_vectors": "_loading",
    "make_baseline": "_baseline",
    "train_vectors": "_training",
}

__all__ = [
    "PretrainedEmbeddingAverager",
    "WordVectors",
    "load_vectors",
    "make_baseline",
    "train_vectors",
]

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
