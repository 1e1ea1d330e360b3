"""Generated data sets: nothing to download, the same rows for the same seed."""

from sklstm.datasets._recall import make_recall
from sklstm.datasets._reviews import make_reviews
from sklstm.datasets._seasonal import make_seasonal
from sklstm.datasets._sequences import make_sequences
from sklstm.datasets._stories import make_stories

__all__ = [
    "make_recall",
    "make_reviews",
    "make_seasonal",
    "make_sequences",
    "make_stories",
]
