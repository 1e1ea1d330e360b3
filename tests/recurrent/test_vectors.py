"""Word vectors inside the nets."""

import csv
import pickle

import joblib
import numpy as np
import pytest
from gensim.models import KeyedVectors
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklstm import (
    BiLSTMClassifier,
    GRUClassifier,
    LSTMClassifier,
    RNNClassifier,
    SequencePadder,
    TextTokenizer,
    WordVectors,
    load_vectors,
)

ESTIMATORS = [RNNClassifier, GRUClassifier, LSTMClassifier, BiLSTMClassifier]

TEXTS = ["a good film", "good", "a bad film", "bad", "one good plot", "a bad plot"] * 3
LABELS = ["liked", "liked", "disliked", "disliked", "liked", "disliked"] * 3

# "fine" and "poor" never train; "fine" has the vector of "good". "one" has none.
WORDS = ["good", "bad", "fine", "poor", "film", "a", "plot"]
MATRIX = np.random.RandomState(0).standard_normal((len(WORDS), 6)).astype("f")
MATRIX[2] = MATRIX[0]
VECTORS = WordVectors(WORDS, MATRIX)


def make_model(cls=LSTMClassifier, vectors=VECTORS, unknown="keep", **params):
    settings = {"hidden_size": 5, "max_epochs": 3, "random_state": 0, **params}
    return make_pipeline(
        TextTokenizer(unknown=unknown), cls(vectors=vectors, **settings)
    )


def fitted(*args, **params):
    return make_model(*args, **params).fit(TEXTS, LABELS)


def as_read(word):
    """Return the vector of a word as nets read it."""
    centred = MATRIX - MATRIX.mean(axis=0)
    return centred[WORDS.index(word)] * 0.3 / centred.std()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "vectors.txt"
    rows = zip(WORDS, MATRIX.tolist(), strict=True)
    lines = [" ".join([word, *map(repr, vector)]) for word, vector in rows]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


# -- what is read


@pytest.mark.parametrize("freeze", [False, True])
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_words_start_as_their_vectors(cls, freeze):
    net = fitted(cls, lr=1e-30, freeze_vectors=freeze)[-1]
    assert net.embedding_dim_ == 6
    for word in ("good", "bad", "film", "a", "plot"):
        np.testing.assert_allclose(net.word_vectors_[word], as_read(word), rtol=1e-5)
    assert set(net.word_vectors_) == {"good", "bad", "film", "a", "plot", "one"}


@pytest.mark.parametrize("freeze", [False, True])
def test_freezing_leaves_the_vectors_but_trains_other_words(freeze):
    start, trained = (
        fitted(lr=lr, word_dropout=0.0, freeze_vectors=freeze)[-1].word_vectors_
        for lr in (1e-30, 0.01)
    )
    moved = {word for word in start if (start[word] != trained[word]).any()}
    assert moved == ({"one"} if freeze else {"good", "bad", "film", "a", "plot", "one"})


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_a_word_that_comes_later_is_looked_up(cls):
    model = fitted(cls, freeze_vectors=True)
    good, fine, poor, other = model.predict_proba(
        ["a good film", "a fine film", "a poor film", "a quux film"]
    )
    np.testing.assert_array_equal(fine, good)
    unknown = model.predict_proba(["a <unk> film", "a zap film"])
    np.testing.assert_array_equal(unknown, [other, other])
    assert len({row.tobytes() for row in (good, poor, other)}) == 3


def test_a_word_that_trained_is_not_looked_up():
    model = fitted(lr=0.05)
    assert (model.predict_proba(["good"]) != model.predict_proba(["fine"])).all()


def test_a_tokenizer_that_keeps_nothing_knows_no_other_words():
    model = fitted(unknown="unk", freeze_vectors=True)
    fine, other = model.predict_proba(["a fine film", "a quux film"])
    np.testing.assert_array_equal(fine, other)


def test_the_vocabulary_of_the_vectors():
    tokenizer = TextTokenizer(vocabulary=VECTORS)
    net = LSTMClassifier(vectors=VECTORS, max_epochs=1, freeze_vectors=True)
    model = make_pipeline(tokenizer, net).fit(TEXTS, LABELS)
    good, fine = model.predict_proba(["a good film", "a fine film"])
    np.testing.assert_array_equal(fine, good)
    assert set(model[-1].word_vectors_) == set(WORDS)


def test_words_are_found_in_lower_case_too():
    tokenizer = TextTokenizer(unknown="keep", lowercase=False)
    net = LSTMClassifier(vectors=VECTORS, max_epochs=1, freeze_vectors=True)
    model = make_pipeline(tokenizer, net).fit(TEXTS, LABELS)
    rows = model.predict_proba(["a good film", "A GOOD Film"])
    np.testing.assert_array_equal(*rows)


def test_words_of_the_validation_part_are_looked_up():
    texts = [*TEXTS, "a fine film", "fine"]
    tokenizer = TextTokenizer(unknown="keep").fit(texts)
    net = LSTMClassifier(
        vectors=VECTORS, freeze_vectors=True, max_epochs=2, random_state=0
    )
    losses = []
    for text in ("a good film", "a fine film"):
        watched = tokenizer.transform([text, "bad"])
        net.fit(
            tokenizer.transform(TEXTS),
            LABELS,
            X_val=watched,
            y_val=["liked", "disliked"],
        )
        losses.append([row["valid_loss"] for row in net.history_])
    assert losses[0] == losses[1]


def test_subwords_of_fasttext():
    from sklstm import train_vectors

    vectors = train_vectors(
        TEXTS * 5, vector_size=6, method="fasttext", random_state=0, min_count=1
    )
    model = fitted(vectors=vectors)
    good, odd = model.predict_proba(["a goodish film", "a zzzqqq film"])
    assert (good != odd).any()


def test_embeddings_without_vectors_are_word_vectors_too():
    net = fitted(vectors=None, unknown="unk", embedding_dim=4)[-1]
    assert net.word_vectors_.vector_size == net.embedding_dim_ == 4
    assert set(net.word_vectors_) == {"good", "bad", "film", "a", "plot", "one"}
    np.testing.assert_array_equal(
        net.word_vectors_.matrix, net.state_["embedding.weight"][2:]
    )
    assert len(net.word_vectors_.most_similar("good", topn=2)) == 2


def test_plain_ids_and_numbers_have_no_words():
    ids = LSTMClassifier(max_epochs=1).fit([[2, 3], [3, 2]], [0, 1])
    numbers = LSTMClassifier(max_epochs=1).fit([[2.0, 3], [3, 2]], [0, 1])
    for net in (ids, numbers):
        with pytest.raises(AttributeError, match="has no word_vectors_"):
            _ = net.word_vectors_
    assert (ids.embedding_dim_, numbers.embedding_dim_) == (50, None)


# -- in whatever way they are given


def test_sources_give_the_same_bits(file):
    keyed = KeyedVectors(6)
    keyed.add_vectors(WORDS, MATRIX)
    expected = fitted().predict_proba(TEXTS)
    for source in (file, str(file), load_vectors(file), keyed):
        model = fitted(vectors=source)
        np.testing.assert_array_equal(model.predict_proba(TEXTS), expected)


def test_frames_carry_the_words():
    texts = ["a fine film", "good"]
    net = LSTMClassifier(
        vectors=VECTORS, freeze_vectors=True, max_epochs=2, random_state=0
    )
    model = make_pipeline(TextTokenizer(unknown="keep"), SequencePadder(), net)
    expected = model.fit(TEXTS, LABELS).predict_proba(texts)
    model.set_output(transform="pandas").fit(TEXTS, LABELS)
    np.testing.assert_array_equal(model.predict_proba(texts), expected)


def test_clones_share_the_vectors():
    model = make_model()
    assert clone(model)[-1].vectors is VECTORS


def test_searching(file):
    grid = {"lstmclassifier__freeze_vectors": [False, True]}
    search = GridSearchCV(make_model(vectors=file), grid, cv=2, error_score="raise")
    search.fit(TEXTS, LABELS)
    assert set(search.predict(TEXTS)) <= set(LABELS)


@pytest.mark.parametrize("freeze", [False, True])
@pytest.mark.parametrize("cls", ESTIMATORS)
def test_padding_and_order_change_nothing(cls, freeze):
    tokenizer = TextTokenizer(unknown="keep").fit(TEXTS)
    net = cls(
        vectors=VECTORS, freeze_vectors=freeze, hidden_size=5, max_epochs=2
    ).set_params(random_state=0)
    ragged = tokenizer.transform(TEXTS)
    expected = net.fit(ragged, LABELS).predict_proba(ragged)
    order = np.random.RandomState(0).permutation(len(TEXTS))
    for padding in ("pre", "post"):
        padder = SequencePadder(max_length=9, padding=padding)
        padded = padder.fit_transform(ragged)
        again = clone(net).fit(padded[order], np.array(LABELS)[order])
        np.testing.assert_array_equal(again.predict_proba(padded), expected)
    new = ["a fine film", "quux", "", "a poor plot with a fine film"] * 5
    X = tokenizer.transform(new)
    alone = np.concatenate([net.predict_proba(X[i : i + 1]) for i in range(len(new))])
    np.testing.assert_allclose(net.predict_proba(X), alone, rtol=0, atol=1e-6)


# -- going on


@pytest.mark.parametrize("freeze", [False, True])
def test_streams_go_on_to_the_bit_after_a_round_trip(freeze):
    tokenizer = TextTokenizer(unknown="keep").fit(TEXTS)
    net = LSTMClassifier(vectors=VECTORS, freeze_vectors=freeze, random_state=0)
    first, second = tokenizer.transform(TEXTS[:3]), tokenizer.transform(TEXTS[3:6])
    net.partial_fit(first, LABELS[:3], classes=["disliked", "liked"])
    # All words of the tokenizer have a place, "one", which came later, too.
    assert set(net.word_vectors_) == {"good", "bad", "film", "a", "plot", "one"}
    restored = pickle.loads(pickle.dumps(net))
    for model in (net, restored):
        model.partial_fit(second, LABELS[3:6])
    X = tokenizer.transform(["a fine film", "good", "one"])
    np.testing.assert_array_equal(net.predict_proba(X), restored.predict_proba(X))


def test_a_net_with_vectors_does_not_go_on_without():
    model = fitted(warm_start=True)
    X = model[0].transform(TEXTS)
    with pytest.raises(ValueError, match="cannot go on from a net with vectors"):
        model[-1].set_params(vectors=None).fit(X, LABELS)


# -- stored


@pytest.mark.parametrize("store", [pickle, joblib])
def test_a_stored_model_needs_no_file(file, tmp_path, store):
    new = ["a fine film", "poor", "quux", "a good film"]
    for vectors in (str(file), load_vectors(file)):
        model = fitted(vectors=vectors)
        expected = model.predict_proba(new)
        text = file.read_text("utf-8")
        with open(tmp_path / "model", "wb") as target:
            store.dump(model, target)
        file.unlink()
        with open(tmp_path / "model", "rb") as source:
            restored = store.load(source)
        file.write_text(text, "utf-8")
        np.testing.assert_array_equal(restored.predict_proba(new), expected)
        assert restored[-1].vectors == model[-1].vectors
        again = pickle.loads(pickle.dumps(restored))
        np.testing.assert_array_equal(again.predict_proba(new), expected)


def test_vectors_are_stored_once():
    many = np.random.RandomState(0).standard_normal((20_000, 6))
    words = [*WORDS, *(f"w{i}" for i in range(20_000 - len(WORDS)))]
    model = fitted(vectors=WordVectors(words, many))
    assert len(pickle.dumps(model)) < 1.7 * len(pickle.dumps(model[-1].vectors))


def test_a_path_in_the_place_of_the_vectors(file):
    model = fitted(vectors=str(file), store_vectors=False)
    new = ["a fine film", "poor"]
    expected = model.predict_proba(new)
    stored = pickle.dumps(model)
    np.testing.assert_array_equal(pickle.loads(stored).predict_proba(new), expected)
    text = file.read_text("utf-8")
    file.write_text(text.replace("fine", "nice"), "utf-8")
    with pytest.raises(ValueError, match="holds other vectors now"):
        pickle.loads(stored)
    file.unlink()
    with pytest.raises(FileNotFoundError, match="which is not there"):
        pickle.loads(stored)
    file.write_text(text, "utf-8")
    np.testing.assert_array_equal(pickle.loads(stored).predict_proba(new), expected)


# -- faults


def test_a_path_is_needed_to_store_one(assert_fit_fails):
    net = LSTMClassifier(vectors=VECTORS, store_vectors=False)
    X = TextTokenizer().fit_transform(TEXTS)
    message = r"LSTMClassifier\(store_vectors=False\) stores the path"
    assert_fit_fails(net, ValueError, message, X, LABELS)


def test_a_lost_vocabulary(assert_fit_fails):
    model = fitted()
    ids = SequencePadder().fit_transform(model[0].transform(TEXTS))
    message = r"needs the words behind .* make_pipeline\(TextTokenizer\("
    net = LSTMClassifier(vectors=VECTORS)
    assert_fit_fails(net, ValueError, message, np.asarray(ids), LABELS)
    with pytest.raises(ValueError, match=message):
        model[-1].predict(np.asarray(ids))
    with pytest.raises(ValueError, match=message):
        model[-1].fit(ids, LABELS, X_val=np.asarray(ids), y_val=LABELS)


def test_another_vocabulary():
    model = fitted()
    other = TextTokenizer(unknown="keep").fit(["good film"])
    with pytest.raises(ValueError, match="another vocabulary"):
        model[-1].predict(other.transform(TEXTS))


def test_numbers(assert_fit_fails):
    net = LSTMClassifier(vectors=VECTORS)
    message = "expects token ids, but X holds numbers"
    assert_fit_fails(net, ValueError, message, [[1.5, 2.0], [2.0, 1.0]], [0, 1])


def test_vectors_of_another_language(assert_fit_fails):
    net = LSTMClassifier(vectors=WordVectors(["gut", "schlecht"], [[1], [-1]]))
    X = TextTokenizer().fit_transform(TEXTS)
    assert_fit_fails(net, ValueError, "None of the 6 words that LSTM", X, LABELS)


def test_a_missing_file(assert_fit_fails, tmp_path):
    net = LSTMClassifier(vectors=tmp_path / "no.txt")
    X = TextTokenizer().fit_transform(TEXTS)
    assert_fit_fails(net, FileNotFoundError, "no.txt", X, LABELS)


# -- what it is for


def test_words_that_never_trained_help(data):
    """Few labelled news: vectors help, and those of words that come later help more."""
    with open(data / "ag_news" / "alps_dev.tsv", encoding="utf-8", newline="") as f:
        rows = list(csv.reader(f, delimiter="\t", quoting=csv.QUOTE_NONE))
    texts, labels = zip(*(row[:2] for row in rows[:1150]), strict=True)
    vectors = load_vectors(data / "vec_glove6B" / "glove.6B.50d.top10k.txt.gz")
    scores = []
    for given, unknown in ((None, "unk"), (vectors, "unk"), (vectors, "keep")):
        net = LSTMClassifier(vectors=given, random_state=0)
        model = make_pipeline(TextTokenizer(unknown=unknown), net)
        model.fit(texts[:150], labels[:150])
        scores.append(model.score(texts[150:], labels[150:]))
    assert scores[1] > scores[0] + 0.10
    assert scores[2] > scores[1] + 0.02
