"""Numeric sequences that have to be remembered."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state

from sklstm._sklearn import Interval, validate_params


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "delay": [Interval(Integral, 0, None, closed="left")],
        "n_classes": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_recall(n_samples=1000, delay=10, *, n_classes=2, random_state=None):
    """Generate numbers of which the first has to be known ``delay`` steps later.

    Every step holds a number drawn evenly from [-1, 1). The class of a row is where
    its first number lies: below or above 0, for two classes. All others say nothing,
    so a net that reads the last state has to carry the first number through ``delay``
    steps and keep the others out, which is what gates are for.

    A marker in a channel of its own tells which number to remember. The data are
    synthetic, in the manner of the tasks of [1]_.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of sequences.
    delay : int, default=10
        Number of steps from the number that matters to the last step.
    n_classes : int, default=2
        Number of equal parts of [-1, 1) to tell apart.
    random_state : int, RandomState instance or None, default=None
        Determines the data. Pass an int for the same data in every call.

    Returns
    -------
    X : ndarray of shape (n_samples, delay + 1, 2), dtype float32
        The sequences: the numbers, and the marker, 1 at the first step and 0 at all
        others.
    y : ndarray of shape (n_samples,), dtype int64
        Their classes, 0 to ``n_classes - 1``, as many of each as can be.

    Raises
    ------
    ValueError
        If a parameter is of a wrong type or outside its range.

    Notes
    -----
    ``pooling="last"`` makes it a test of memory: other poolings see the first step
    directly. Over a hundred steps and more, training has to start with gates that
    stay open for about that long [2]_; a plain net has none.

    References
    ----------
    .. [1] S. Hochreiter, J. Schmidhuber (1997). Long short-term memory. Neural
       Computation 9, section 5.
    .. [2] C. Tallec, Y. Ollivier (2018). Can recurrent neural networks warp time?
       ICLR.

    Examples
    --------
    >>> from sklstm.datasets import make_recall
    >>> X, y = make_recall(n_samples=6, delay=3, random_state=0)
    >>> X.shape
    (6, 4, 2)
    >>> y
    array([1, 0, 1, 1, 0, 0])
    >>> (X[:, 0, 0] > 0).astype(int)
    array([1, 0, 1, 1, 0, 0])
    """
    rng = check_random_state(random_state)
    y = rng.permutation(np.arange(n_samples, dtype=np.int64) % n_classes)
    numbers = rng.random_sample((n_samples, delay + 1))
    numbers[:, 0] = (y + numbers[:, 0]) / n_classes
    X = np.zeros((n_samples, delay + 1, 2), dtype=np.float32)
    X[..., 0] = 2 * numbers - 1
    X[:, 0, 1] = 1
    return X, y
