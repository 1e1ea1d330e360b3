"""Stories with a question about them."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state

from sklstm._sklearn import Interval, StrOptions, validate_params

_PEOPLE = ("anna", "boris", "clara", "david", "emma", "felix")
_PLACES = ("attic", "cellar", "garden", "kitchen", "library", "porch")
_THINGS = ("book", "lamp", "key", "umbrella")
_GOES = ("went to", "walked to", "ran to", "went back to")
_TAKES = ("took", "picked up", "grabbed")
_DROPS = ("dropped", "put down", "left")


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "kind": [StrOptions({"one fact", "two facts", "yes or no"})],
        "n_sentences": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_stories(n_samples=1000, kind="one fact", *, n_sentences=6, random_state=None):
    """Generate stories of people on the move, each with a question and its answer.

    The stories are synthetic, in the manner of the toy tasks of [1]_: what counts is
    which of many like sentences came last.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of stories.
    kind : {"one fact", "two facts", "yes or no"}, default="one fact"
        What the question takes.

        - "one fact": "where is anna?" is told by the last move of anna.
        - "two facts": "where is the lamp?" is told by who holds it, and by where this
          person went; or by where the last one who held it put it down.
        - "yes or no": "is anna in the attic?", half of all answers each.
    n_sentences : int, default=6
        Number of sentences of the longest story, at least 2. All lengths from 2 on are
        as frequent.
    random_state : int, RandomState instance or None, default=None
        Determines the stories. Pass an int for the same stories in every call.

    Returns
    -------
    stories : ndarray of shape (n_samples,), dtype object
        The stories, each a str of sentences.
    questions : ndarray of shape (n_samples,), dtype object
        A question about each story.
    answers : ndarray of shape (n_samples,), dtype object
        One of six places, or ``"no"`` and ``"yes"``.

    Raises
    ------
    ValueError
        If a parameter is of a wrong type or outside its range.

    Notes
    -----
    For a net, two texts become one where the question stands before its story, so that
    it knows what to look for as it reads, and for a net that reads backward too, again
    after it.

    References
    ----------
    .. [1] J. Weston et al. (2015). Towards AI-complete question answering: a set of
       prerequisite toy tasks. arXiv:1502.05698.

    Examples
    --------
    >>> from sklstm.datasets import make_stories
    >>> stories, questions, answers = make_stories(
    ...     1, "two facts", n_sentences=3, random_state=0
    ... )
    >>> for text, answer in zip(questions + " " + stories, answers):
    ...     print(f"{answer}: {text}")
    attic: where is the lamp? boris went back to the attic. boris picked up the lamp.
    """
    rng = check_random_state(random_state)
    tell = {"one fact": _one_fact, "two facts": _two_facts, "yes or no": _yes_or_no}
    rows = [tell[kind](rng, rng.randint(2, n_sentences + 1)) for _ in range(n_samples)]
    columns = [np.array(column, dtype=object) for column in zip(*rows, strict=True)]
    return tuple(columns)


def _pick(rng: np.random.RandomState, choices: tuple[str, ...] | list[str]) -> str:
    return choices[rng.randint(len(choices))]


def _moves(rng: np.random.RandomState, n: int) -> tuple[list[str], dict[str, str]]:
    """Write ``n`` moves; return them and where everybody is in the end."""
    sentences: list[str] = []
    where: dict[str, str] = {}
    for _ in range(n):
        person = _pick(rng, _PEOPLE)
        place = _pick(rng, [p for p in _PLACES if p != where.get(person)])
        where[person] = place
        sentences.append(f"{person} {_pick(rng, _GOES)} the {place}.")
    return sentences, where


def _one_fact(rng: np.random.RandomState, n: int) -> tuple[str, str, str]:
    sentences, where = _moves(rng, n)
    person = _pick(rng, sorted(where))
    return " ".join(sentences), f"where is {person}?", where[person]


def _yes_or_no(rng: np.random.RandomState, n: int) -> tuple[str, str, str]:
    sentences, where = _moves(rng, n)
    person = _pick(rng, sorted(where))
    is_there = bool(rng.randint(2))
    elsewhere = [place for place in _PLACES if place != where[person]]
    place = where[person] if is_there else _pick(rng, elsewhere)
    question = f"is {person} in the {place}?"
    return " ".join(sentences), question, "yes" if is_there else "no"


def _two_facts(rng: np.random.RandomState, n: int) -> tuple[str, str, str]:
    """Tell moves, in which things are taken, carried and dropped.

    The first two sentences bring somebody somewhere, who takes something there.
    """
    people, things = list(_PEOPLE[:3]), list(_THINGS[:2])
    where: dict[str, str] = {}
    holder: dict[str, str] = {}  # of things
    lies: dict[str, str] = {}  # things that were dropped
    sentences: list[str] = []
    while len(sentences) < n:
        takes = {  # things that lie where somebody is, or that nobody has seen
            (person, thing)
            for person, place in where.items()
            for thing in things
            if thing not in holder and lies.get(thing, place) == place
        }
        drops = {(person, thing) for thing, person in holder.items()}
        if takes and (len(sentences) == 1 or rng.random_sample() < 0.3):
            person, thing = sorted(takes)[rng.randint(len(takes))]
            holder[thing] = person
            lies.pop(thing, None)
            sentences.append(f"{person} {_pick(rng, _TAKES)} the {thing}.")
        elif drops and rng.random_sample() < 0.25:
            person, thing = sorted(drops)[rng.randint(len(drops))]
            lies[thing] = where[holder.pop(thing)]
            sentences.append(f"{person} {_pick(rng, _DROPS)} the {thing}.")
        else:
            person = _pick(rng, people)
            place = _pick(rng, [p for p in _PLACES if p != where.get(person)])
            where[person] = place
            sentences.append(f"{person} {_pick(rng, _GOES)} the {place}.")
    thing = _pick(rng, sorted({*holder, *lies}))
    place = where[holder[thing]] if thing in holder else lies[thing]
    return " ".join(sentences), f"where is the {thing}?", place
