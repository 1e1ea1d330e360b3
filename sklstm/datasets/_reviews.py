"""Generated film reviews whose label hangs on word order as well as on words."""

from collections.abc import Iterator
from functools import cache
from itertools import product
from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state

from sklstm._sklearn import Interval, validate_params
from sklstm.datasets._review_words import WORDS

# The grammar of a positive review. {+} and {-} stand for a clause, capital letters for
# one of the WORDS of that name, the rest for itself. "+" is the polarity of the review
# and "-" the opposite one; a negative review is the same grammar with the signs
# swapped, so forms, lengths and function words tell nothing of the label. The numbers
# are relative frequencies.
_REVIEWS = {
    "{+}": 18,
    "{+} and {+}": 6,
    "{-} but {+}": 2,
    "although {-} , {+}": 1,
    "{+} , although {-}": 1,
    "despite the ADJ- THING , {+}": 1,
    "{+} despite the ADJ- THING": 1,
}
_OPENINGS = {
    "": 6,
    "ASIDE ,": 1,
    "for a KIND film ,": 1,
    "seen in PLACE last WHEN ,": 1,
}
_CLAUSES = {
    "the THING was ADJ+": 22,
    "the THING was DEGREE ADJ+": 15,
    "NAME was ADJ+": 15,
    "the THING PAST+": 15,
    "the ADJ+ THING PAST+": 8,
    "i FELT+ the THING": 15,
    "it was not ADJ-": 1,
    "it was never ADJ-": 1,
    "the THING was not ADJ-": 1,
    "the THING wasn't ADJ- at all": 1,
    "the THING was far from ADJ-": 1,
    "the THING was anything but ADJ-": 1,
    "there was nothing ADJ- about the THING": 1,
    "the THING never PAST-": 1,
    "nobody FELT- the THING": 1,
    "the film was MORE+ than the RIVAL": 1,
    "the RIVAL was MORE- than the film": 1,
}
_SWAP_SIGNS = str.maketrans("+-", "-+")
_SHORTEST = 3  # tokens of the shortest form: a smaller max_words has no review


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "max_words": [Interval(Integral, _SHORTEST, None, closed="left"), None],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_reviews(n_samples=1000, *, max_words=None, random_state=None):
    """Generate short film reviews to be told apart by their verdict.

    The reviews are synthetic: lower-case sentences from a small grammar and some 1,300
    words. Most of them can be judged by their adjectives and verbs. The others take
    more than words:

    - negation: "the plot was not bad", "the plot was anything but good";
    - contrast: in "the plot was dull but the cast shone" the last clause is the
      verdict, in "the cast shone, although the plot was dull" it is the first;
    - comparison: "the book was better than the film" is no praise of the film.

    A negative review is formed as a positive one, with words of the opposite meaning:
    neither length nor any function word betrays a label.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of reviews.
    max_words : int or None, default=None
        Length of the longest review, at least 3, in words and commas. Reviews are
        never cut: sentences that would be longer are not generated. The longest of all
        have 22.
    random_state : int, RandomState instance or None, default=None
        Determines the reviews. Pass an int for the same reviews in every call.

    Returns
    -------
    texts : ndarray of shape (n_samples,), dtype object
        The reviews, each a str.
    labels : ndarray of shape (n_samples,), dtype object
        ``"negative"`` or ``"positive"``, as many of each as can be.

    Raises
    ------
    ValueError
        If a parameter is of a wrong type or outside its range.

    Examples
    --------
    >>> from sklstm.datasets import make_reviews
    >>> texts, labels = make_reviews(n_samples=4, max_words=10, random_state=0)
    >>> for text, label in zip(texts, labels):
    ...     print(f"{label}: {text}")
    negative: i disliked the romance and dunman was clumsy
    positive: harwood was uplifting and whitwood was good
    positive: i celebrated the plot
    negative: thornman was compelling but whitton was overwrought
    """
    rng = check_random_state(random_state)
    labels = rng.permutation(np.arange(n_samples) % 2)
    grammars, weights, lengths = _write_out()
    odds = np.cumsum(weights * (lengths <= (max_words or np.inf)))
    drawn = odds.searchsorted(rng.random_sample(n_samples) * odds[-1], side="right")
    words = {name: _draw(choices, rng) for name, choices in WORDS.items()}
    texts = np.empty(n_samples, dtype=object)
    for row, (label, form) in enumerate(zip(labels, drawn, strict=True)):
        texts[row] = _fill(grammars[label][form], words)
    return texts, np.array(["negative", "positive"], dtype=object)[labels]


@cache
def _write_out() -> tuple[tuple[list[list[str]], ...], np.ndarray, np.ndarray]:
    """Expand the grammar: all negative and positive forms, weights and lengths."""
    weights = {}
    for (opening, often), review in product(_OPENINGS.items(), _REVIEWS):
        n_clauses = review.count("{")
        for clauses in product(_CLAUSES, repeat=n_clauses):
            form, weight = f"{opening} {review}", often * _REVIEWS[review]
            for clause in clauses:
                form, weight = _insert(clause, form), weight * _CLAUSES[clause]
            weights[form] = weight / sum(_CLAUSES.values()) ** n_clauses
    positive = [form.split() for form in weights]
    negative = [form.translate(_SWAP_SIGNS).split() for form in weights]
    lengths = np.array([len(form) for form in positive])
    return (negative, positive), np.array(list(weights.values())), lengths


def _insert(clause: str, form: str) -> str:
    """Put a clause, or its opposite, where the form has its first gap."""
    before, gap = form.split("{", maxsplit=1)
    if gap.startswith("-"):
        clause = clause.translate(_SWAP_SIGNS)
    return before + clause + gap.removeprefix("+").removeprefix("-").removeprefix("}")


def _draw(choices: tuple[str, ...], rng: np.random.RandomState) -> Iterator[str]:
    """Draw words for ever; as in any language, few of them are common."""
    while True:
        at = rng.random_sample(1024)
        yield from map(choices.__getitem__, (at * at * at * len(choices)).astype(int))


def _fill(form: list[str], words: dict[str, Iterator[str]]) -> str:
    """Write a review of the given form, in which no drawn word comes twice."""
    tokens: list[str] = []
    for token in form:
        if token in words:
            token = next(word for word in words[token] if word not in tokens)
        tokens.append(token)
    return " ".join(tokens).replace(" ,", ",")
