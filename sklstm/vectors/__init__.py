"""Word vectors: reading, training and averaging them."""

from sklstm.vectors._averager import PretrainedEmbeddingAverager
from sklstm.vectors._baseline import make_baseline
from sklstm.vectors._loading import load_vectors
from sklstm.vectors._training import train_vectors
from sklstm.vectors._word_vectors import WordVectors

__all__ = [
    "PretrainedEmbeddingAverager",
    "WordVectors",
    "load_vectors",
    "make_baseline",
    "train_vectors",
]
