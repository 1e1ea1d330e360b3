"""Generated data sets: nothing to download, the same rows for the same seed."""

from sklstm.datasets._reviews import make_reviews
from sklstm.datasets._sequences import make_sequences

__all__ = ["make_reviews", "make_sequences"]
