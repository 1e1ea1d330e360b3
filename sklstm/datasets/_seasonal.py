"""A series of numbers to forecast."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_random_state

from sklstm._sklearn import Interval, validate_params


@validate_params(
    {
        "n_steps": [Interval(Integral, 1, None, closed="left")],
        "period": [Interval(Integral, 2, None, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_seasonal(n_steps=360, *, period=12, noise=0.1, random_state=None):
    """Generate a growing seasonal series, monthly sales for example.

    It is the product of three parts: a line that grows by a tenth of its start in each
    period, a season that repeats, and ups and downs that last some three periods and
    are never the same. A forecast that repeats the value of one period before knows
    the season alone; how the ups and downs go on shows in the values just before. The
    data are synthetic.

    Parameters
    ----------
    n_steps : int, default=360
        Length of the series.
    period : int, default=12
        Length of the season, at least 2.
    noise : float, default=0.1
        Size of the ups and downs: the standard deviation of their logarithm. 0 leaves
        growth and season alone.
    random_state : int, RandomState instance or None, default=None
        Determines the series. Pass an int for the same series in every call.

    Returns
    -------
    series : ndarray of shape (n_steps,), dtype float64
        The series. All values are positive.

    Raises
    ------
    ValueError
        If a parameter is of a wrong type or outside its range.

    Notes
    -----
    The logarithm of the ups and downs is an autoregressive process of order 2, as by
    [1]_, that starts in its stationary state.

    References
    ----------
    .. [1] G. U. Yule (1927). On a method of investigating periodicities in disturbed
       series. Philosophical Transactions A 226.

    Examples
    --------
    >>> from sklstm.datasets import make_seasonal
    >>> make_seasonal(n_steps=6, random_state=0).round(1)
    array([127.5, 116.5, 102.6,  93.9,  90.1,  84.4])
    """
    rng = check_random_state(random_state)
    time = np.arange(n_steps) / period  # in periods
    growth = 1 + time / 10
    season = 1 + 0.3 * np.cos(2 * np.pi * time) + 0.1 * np.cos(4 * np.pi * time + 1)

    # swings[t] = a swings[t - 1] + b swings[t - 2] + shock: once up and down in three
    # periods, and half of it is left one period later
    damping = 0.5 ** (1 / period)
    a, b = 2 * damping * np.cos(2 * np.pi / (3 * period)), -(damping**2)
    settled = 20 * period  # steps until the start is forgotten
    swings = rng.normal(size=settled + n_steps)
    for t in range(2, len(swings)):
        swings[t] += a * swings[t - 1] + b * swings[t - 2]
    deviation = np.sqrt((1 - b) / ((1 + b) * ((1 - b) ** 2 - a**2)))
    return 100 * growth * season * np.exp(noise * swings[settled:] / deviation)
