"""Real series for the benchmarks, and what models need to read them."""

from functools import partial

import numpy as np
from corpora import read_lines
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import StandardScaler


def read_ts(path):
    """Read a .ts file: channels between colons, values between commas, a label last.

    Returns
    -------
    rows : list of ndarray of shape (n_steps, n_channels)
        The series, which may differ in length.
    labels : list of str
        Their classes.
    """
    rows, labels = [], []
    for line in read_lines(path):
        if line[0] not in "#@":
            *channels, label = line.split(":")
            values = [channel.split(",") for channel in channels]
            rows.append(np.array(values, dtype=float).T)
            labels.append(label)
    return rows, labels


def read_parts(name):
    """Return the training and the test part of a set of series."""
    return [read_ts(f"timeseries/{name}_{part}.ts") for part in ("TRAIN", "TEST")]


SERIES = {
    name: partial(read_parts, name)
    for name in ("JapaneseVowels", "BasicMotions", "GunPoint", "ItalyPowerDemand")
}


class ChannelScaler(TransformerMixin, BaseEstimator):
    """Scale each channel to mean 0 and variance 1 over all steps of ``fit``."""

    def fit(self, X, y=None):
        """Learn the mean and the variance of each channel."""
        self.scaler_ = StandardScaler().fit(np.concatenate(X))
        return self

    def transform(self, X):
        """Scale each of the rows, which keep their lengths."""
        return [self.scaler_.transform(row) for row in X]


class Stretcher(TransformerMixin, BaseEstimator):
    """Stretch series to the longest one of ``fit``, and lay their steps side by side.

    Values between steps are interpolated; series of that length stay as they are.
    """

    def fit(self, X, y=None):
        """Learn the number of steps."""
        self.n_steps_ = max(map(len, X))
        return self

    def transform(self, X):
        """Return an array of shape (n_samples, n_steps * n_channels)."""
        return np.array([self._stretch(row).ravel() for row in X])

    def _stretch(self, row):
        at = np.linspace(0, len(row) - 1, self.n_steps_)
        steps = np.arange(len(row))
        return np.column_stack([np.interp(at, steps, channel) for channel in row.T])
