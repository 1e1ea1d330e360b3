"""Drawing the next word from its scores."""

import numpy as np
from scipy.special import softmax


def draw_words(
    scores: np.ndarray,
    *,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    random_state: np.random.RandomState,
) -> np.ndarray:
    """Draw a word for each text.

    Parameters
    ----------
    scores : ndarray of shape (n_texts, n_words), float64
        Unnormalized log-probabilities; minus infinity is never drawn.
    temperature : float
        Divides the scores; 0 takes the most probable word.
    top_k : int or None
        How many of the most probable words are drawn from.
    top_p : float or None
        Of the most probable words, those are drawn from that are needed to reach this
        probability (Holtzman et al. 2020, The curious case of neural text
        degeneration).
    random_state : RandomState

    Returns
    -------
    ndarray of shape (n_texts,), int64
    """
    if temperature == 0:
        return scores.argmax(axis=1)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :top_k]
    falling = np.take_along_axis(scores, order, axis=1)
    # The best score becomes 0, and others at worst minus infinity
    with np.errstate(over="ignore"):
        p = softmax((falling - falling[:, :1]) / temperature, axis=1)
    cumulated = p.cumsum(axis=1)
    if top_p is not None:
        before = cumulated - p
        p = np.where(before < top_p, p, 0.0)
        cumulated = p.cumsum(axis=1)
    drawn = random_state.random_sample(len(scores)) * cumulated[:, -1]
    # The first word whose cumulated probability lies beyond what was drawn
    position = (cumulated <= drawn[:, None]).sum(axis=1)
    last = np.count_nonzero(p, axis=1) - 1  # rounding
    return order[np.arange(len(scores)), np.minimum(position, last)]
