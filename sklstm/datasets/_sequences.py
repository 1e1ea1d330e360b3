"""Numeric sequences whose class is a matter of dynamics."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_random_state

from sklstm._sklearn import Interval, validate_params


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "n_steps": [Interval(Integral, 2, None, closed="left")],
        "n_channels": [Interval(Integral, 1, None, closed="left")],
        "n_classes": [Interval(Integral, 2, None, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_sequences(
    n_samples=1000,
    n_steps=10,
    n_channels=5,
    *,
    n_classes=2,
    noise=1.3,
    random_state=None,
):
    """Generate waves that travel through channels, to be told apart by direction.

    In every row a cosine wave passes the channels one after the other, in noise. Its
    class is how fast, and in which direction: for two classes, forwards or backwards.
    The phase is random, so each single value has the same distribution in every class,
    and linear models see nothing. With two classes the order of the steps is all there
    is: one class is the other played backwards. A single channel cannot show a
    direction; there, classes differ in speed alone. The data are synthetic.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of sequences.
    n_steps : int, default=10
        Number of time steps of each sequence, at least 2. Ten steps hold about one
        period of the fastest wave.
    n_channels : int, default=5
        Number of values at each step.
    n_classes : int, default=2
        Number of speeds, spread evenly from the fastest backwards to the fastest
        forwards. They differ by less as there are more.
    noise : float, default=1.3
        Standard deviation of the Gaussian noise; the amplitude of the wave is 1.
    random_state : int, RandomState instance or None, default=None
        Determines the data. Pass an int for the same data in every call.

    Returns
    -------
    X : ndarray of shape (n_samples, n_steps, n_channels), dtype float64
        The sequences.
    y : ndarray of shape (n_samples,), dtype int64
        Their classes, 0 to ``n_classes - 1``, as many of each as can be.

    Raises
    ------
    ValueError
        If a parameter is of a wrong type or outside its range.

    Examples
    --------
    >>> from sklstm.datasets import make_sequences
    >>> X, y = make_sequences(n_samples=6, random_state=0)
    >>> X.shape
    (6, 10, 5)
    >>> y
    array([1, 0, 1, 1, 0, 0])
    """
    rng = check_random_state(random_state)
    y = rng.permutation(np.arange(n_samples, dtype=np.int64) % n_classes)
    slowest = -1.0 if n_channels > 1 else 0.0
    speed = np.linspace(slowest, 1.0, n_classes)[y] * 2 * np.pi / 10  # radians a step
    speed *= rng.uniform(0.8, 1.2, size=n_samples)
    phase = rng.uniform(0, 2 * np.pi, size=(n_samples, 1, 1))
    travelled = speed[:, None, None] * np.arange(n_steps)[:, None]
    X = np.cos(phase + travelled - np.arange(n_channels))  # one radian a channel
    X += noise * rng.normal(size=X.shape)
    return X, y
