"""Generated reviews: labels that follow from the words and their order."""

import hashlib
import re

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklstm.datasets import make_reviews
from sklstm.datasets._review_words import WORDS

POLARITY = {
    word: +1 if name.endswith("+") else -1
    for name, words in WORDS.items()
    if name[-1] in "+-"
    for word in words
}
NEGATIONS = {"not", "never", "wasn't", "far", "anything", "nothing", "nobody"}


def tokens_of(text):
    return text.replace(",", " ,").split()


def judge_clause(tokens):
    """Read the verdict of a clause: its judging word, turned round by a negation."""
    (verdict,) = {POLARITY[token] for token in tokens if token in POLARITY}
    beaten = "than" in tokens and tokens[-1] == "film"
    turned = beaten or not NEGATIONS.isdisjoint(tokens)
    return -verdict if turned else verdict


def judge(text):
    """Read a review independently of the generator: which clause has the say?"""
    text = re.sub(r"^(\w+|for a \w+ film|seen in \w+ last \w+), ", "", text)
    text = text.replace("anything but", "anything_but")
    if match := re.fullmatch(r"(?:although|despite) .*?, (.*)", text):
        text = match[1]
    text = re.split(r", although | despite ", text)[0]
    text = re.split(r" but ", text)[-1].replace("anything_but", "anything but")
    verdicts = {judge_clause(clause.split()) for clause in text.split(" and ")}
    assert len(verdicts) == 1, text
    return "positive" if verdicts == {1} else "negative"


@pytest.fixture(scope="module")
def reviews():
    return make_reviews(5000, random_state=0)


def test_every_label_can_be_read_from_the_words_and_their_order(reviews):
    for text, label in zip(*reviews, strict=True):
        assert judge(text) == label, text


def test_returns_arrays_of_str(reviews):
    texts, labels = reviews
    assert texts.shape == labels.shape == (5000,)
    assert texts.dtype == labels.dtype == object
    assert all(type(value) is str for value in (*texts, *labels))


@pytest.mark.parametrize("n_samples", [1, 2, 7, 1000])
def test_classes_are_balanced(n_samples):
    _, labels = make_reviews(n_samples, random_state=1)
    n_positive = int((labels == "positive").sum())
    assert n_positive == n_samples // 2
    assert n_positive + int((labels == "negative").sum()) == n_samples


def test_vocabulary_is_wide_and_lengths_vary(reviews):
    texts, _ = reviews
    assert len({token for text in texts for token in tokens_of(text)}) > 1100
    lengths = np.array([len(tokens_of(text)) for text in texts])
    assert lengths.min() == 3
    assert lengths.max() >= 19
    assert lengths.std() > 3


def test_length_says_nothing_of_the_label(reviews):
    texts, labels = reviews
    lengths = np.array([[len(tokens_of(text))] for text in texts])
    of_each = [lengths[labels == label].mean() for label in np.unique(labels)]
    assert abs(of_each[0] - of_each[1]) < 4 * lengths.std() * np.sqrt(2 / 2500)


@pytest.mark.parametrize("max_words", [3, 5, 10, 15])
def test_max_words_caps_whole_sentences(max_words):
    texts, labels = make_reviews(800, max_words=max_words, random_state=2)
    assert max(len(tokens_of(text)) for text in texts) == max_words
    assert [judge(text) for text in texts] == labels.tolist()


def test_order_forms_stay_under_a_cap_of_ten():
    texts, _ = make_reviews(2000, max_words=10, random_state=3)
    for form in ("but", "although", "not", "never", "than"):
        assert sum(form in tokens_of(text) for text in texts) >= 10, form


def test_no_word_is_repeated_within_a_list(reviews):
    repeated = re.compile(r"\bthe (\w+) was .*\bthe \1 was ")
    assert not [text for text in reviews[0] if repeated.search(text)]


def test_same_seed_same_reviews_on_every_platform():
    texts, labels = make_reviews(300, random_state=42)
    again, again_labels = make_reviews(300, random_state=np.random.RandomState(42))
    np.testing.assert_array_equal(texts, again)
    np.testing.assert_array_equal(labels, again_labels)
    other, _ = make_reviews(300, random_state=43)
    assert (texts != other).any()
    digest = hashlib.sha256("\n".join([*texts, *labels]).encode()).hexdigest()
    assert digest[:16] == "d2c10e5a9468195c"


def test_global_generator_is_left_alone():
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    make_reviews(10, random_state=0)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_bags_of_words_do_better_than_chance_and_worse_than_order(reviews):
    train, test = reviews, make_reviews(2000, random_state=5)
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10))
    assert 0.65 < model.fit(*train).score(*test) < 0.85


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_samples": 0}, "'n_samples' parameter of make_reviews must be an int"),
        ({"n_samples": 2.5}, "'n_samples' parameter of make_reviews must be an int"),
        ({"max_words": 2}, r"'max_words' parameter .* in the range \[3, inf\) or None"),
        ({"random_state": "a"}, "'random_state' parameter of make_reviews"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        make_reviews(**parameters)


def test_each_word_is_of_one_polarity_and_once_in_its_list():
    kinds = {"+": set(), "-": set(), "neutral": set()}
    for name, words in WORDS.items():
        assert len(set(words)) == len(words), name
        kinds.get(name[-1], kinds["neutral"]).update(words)
    assert not kinds["+"] & kinds["-"]
    assert not kinds["neutral"] & (kinds["+"] | kinds["-"])
