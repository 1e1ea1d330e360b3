"""Generated stories: a reader that keeps books finds every answer."""

from collections import Counter

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklstm.datasets import make_stories

KINDS = ["one fact", "two facts", "yes or no"]
PLACES = {"attic", "cellar", "garden", "kitchen", "library", "porch"}


def read(story, question):
    """Answer by following who is where, and who holds what."""
    where, holder = {}, {}
    for sentence in story.rstrip(".").split(". "):
        words = sentence.split()
        who, what = words[0], words[-1]
        if what in PLACES:
            where[who] = what
        elif {"took", "picked", "grabbed"} & set(words):
            assert holder.get(what) is None, "a thing is taken from nobody"
            assert where.get(what, where[who]) == where[who], (
                "things lie where they are"
            )
            holder[what] = who
        else:
            assert holder[what] == who, "only the holder drops a thing"
            holder[what], where[what] = None, where[who]
    words = question.rstrip("?").split()
    if words[0] == "is":
        return "yes" if where[words[1]] == words[-1] else "no"
    asked = words[-1]
    return where[holder.get(asked) or asked]


@pytest.mark.parametrize("n_sentences", [2, 6, 12])
@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_true(kind, n_sentences):
    columns = make_stories(600, kind, n_sentences=n_sentences, random_state=0)
    for column in columns:
        assert column.shape == (600,)
        assert column.dtype == object
        assert all(type(text) is str for text in column)
    for story, question, answer in zip(*columns, strict=True):
        assert read(story, question) == answer
    lengths = Counter(story.count(".") for story in columns[0])
    assert set(lengths) == set(range(2, n_sentences + 1))
    even = 600 / (n_sentences - 1)
    assert max(abs(n - even) for n in lengths.values()) < 5 * np.sqrt(even)


@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_frequent_alike(kind):
    answers = Counter(make_stories(6000, kind, random_state=0)[2])
    assert set(answers) == ({"no", "yes"} if kind == "yes or no" else PLACES)
    even = 6000 / len(answers)
    assert max(abs(n - even) for n in answers.values()) < 5 * np.sqrt(even)


@pytest.mark.parametrize("kind", KINDS)
def test_words_without_their_order_do_not_tell(kind):
    stories, questions, answers = make_stories(3000, kind, random_state=0)
    texts = questions + " " + stories
    model = make_pipeline(CountVectorizer(), LogisticRegression(max_iter=1000))
    model.fit(texts[:2000], answers[:2000])
    assert model.score(texts[2000:], answers[2000:]) < 0.75


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_stories(kind):
    first, again, other = (
        make_stories(30, kind, random_state=seed) for seed in (0, 0, 1)
    )
    assert all(map(np.array_equal, first, again))
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize(
    "params", [{"n_samples": 0}, {"kind": "three facts"}, {"n_sentences": 1}]
)
def test_wrong_parameters(params):
    with pytest.raises(ValueError, match=f"The '{next(iter(params))}' parameter"):
        make_stories(**params)
