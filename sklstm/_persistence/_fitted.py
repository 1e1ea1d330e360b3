"""Whether what a file says of fitted estimators fits together.

A fit leaves no estimator whose weights do not fit its sizes, or whose words do not fit
its vectors; the file of a stranger may. What predictions rely on is checked here, for
the estimators of this package and those that the runtime knows, so that what was loaded
predicts something, or says in words why not.
"""

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from sklstm._persistence._archive import Archive
from sklstm._persistence._fits import (
    check_choices,
    check_input,
    is_array,
    is_bool,
    is_int,
    is_kind,
    n_words,
    need,
    plain,
    width_of,
)
from sklstm._persistence._nets import NETS, check_language_model, check_net
from sklstm._persistence._stored import Reader, Stored


def check_fitted(archive: Archive) -> None:
    """Check the objects of an archive, of every kind that there is a rule for.

    Raises
    ------
    ValueError
        If one has an attribute that makes no sense, or does not fit the others.
    Exception
        Of any other kind, if a rule cannot even be asked.
    """
    reader = Reader(archive)
    for node in archive.generators:
        _check_generator(reader, node["content"])
    for stored in reader.read_objects():
        home = stored.module.partition(".")[0]
        rule = _RULES.get(stored.kind) if home in ("sklstm", "sklearn") else None
        if rule is not None:
            rule(stored)


def _check_generator(reader: Reader, content: dict[str, Any]) -> None:
    """Refuse random numbers that would be read from beyond the state they come from.

    NumPy believes the place in the state that it is told.
    """
    is_generator = "__loader__" not in content  # else a RandomState
    state = reader.read(content["bit_generator"] if is_generator else content)
    places = [(state.get("buffer_pos", 0), 4)]
    if isinstance(state["state"], dict):
        places.append((state["state"].get("pos", 0), 624))
    for place, most in places:
        if not is_int(place) or plain(place) > most:
            raise ValueError(f"a random generator reads at {place!r:.20} of {most}")


# -- words and vectors


def _check_vocabulary(stored: Stored) -> None:
    utf8, offsets = stored["utf8"], stored["offsets"]
    need(is_array(utf8, (len(utf8),), "u") and utf8.itemsize == 1, stored, "utf8")
    in_order = (
        is_array(offsets, (len(offsets),), "i")
        and len(offsets)
        and offsets[0] == 0
        and offsets[-1] == len(utf8)
        and (np.diff(offsets) >= 0).all()
    )
    need(in_order, stored, "offsets")
    utf8.tobytes().decode("utf-8", "surrogatepass")
    starts = utf8[offsets[:-1][np.diff(offsets) > 0]]
    need(((starts & 0xC0) != 0x80).all(), stored, "offsets")  # inside of a character
    n_fitted = stored["n_fitted"]
    need(is_int(n_fitted) and n_fitted <= n_words(stored), stored, "n_fitted")


def _check_vectors(stored: Stored) -> None:
    if "origin" in stored.state:  # read from there, and checked as they are read
        return
    matrix = stored["matrix"]
    need(is_kind(stored["vocabulary"], "Vocabulary"), stored, "vocabulary")
    shape = (n_words(stored["vocabulary"]), matrix.shape[1])
    need(matrix.size and is_array(matrix, shape), stored, "matrix")
    if "ngrams" in stored.state:
        ngrams, lengths = stored["ngrams"], stored["ngram_lengths"]
        shape = (len(ngrams), matrix.shape[1])
        need(len(ngrams) and is_array(ngrams, shape), stored, "ngrams")
        fits = len(lengths) == 2 and all(map(is_int, lengths)) and max(lengths) <= 100
        need(fits, stored, "ngram_lengths")


def _check_word_table(stored: Stored) -> None:
    need(is_kind(stored["words"], "Vocabulary"), stored, "words")
    need(is_kind(stored["vectors"], "WordVectors"), stored, "vectors")
    need(isinstance(stored["owner"], str), stored, "owner")
    need(is_bool(stored["of_encoder"]), stored, "of_encoder")


def _check_weights(stored: Stored) -> None:
    need(is_kind(stored["seen"], "Vocabulary"), stored, "seen")
    shape = (n_words(stored["seen"]) + 1,)  # the last one is of unseen words
    need(is_array(stored["weights"], shape), stored, "weights")


# -- steps before a net

_TEXT_CHOICES = {
    "missing": ("error", "empty"),
    "decode_error": ("strict", "ignore", "replace"),
}


def _check_tokenizer(stored: Stored) -> None:
    check_choices(stored, {**_TEXT_CHOICES, "unknown": ("unk", "keep")})
    for name in ("lowercase", "add_bos", "add_eos"):
        need(is_bool(stored[name]), stored, name)
    need(isinstance(stored["encoding"], str), stored, "encoding")
    for name, allowed in {
        "preprocessor": (),
        "tokenizer": (),
        "strip_accents": ("ascii", "unicode"),
        "analyzer": ("word", "char"),
    }.items():  # or functions
        value = plain(stored[name])
        absent = value is None and name != "analyzer"
        need(absent or isinstance(value, Stored) or value in allowed, stored, name)
    pattern = stored["token_pattern"]
    need(pattern is None or re.compile(pattern).groups < 2, stored, "token_pattern")
    words = stored["stop_words"]
    if not isinstance(words, Stored | None) and words != "english":
        is_list = isinstance(words, list | tuple | set | frozenset)
        need(is_list and all(isinstance(w, str) for w in words), stored, "stop_words")
    if "_vocabulary" in stored.state:
        vocabulary = stored["_vocabulary"]
        n_special = 2 + stored["add_bos"] + stored["add_eos"]
        fits = is_kind(vocabulary, "Vocabulary") and n_special <= n_words(vocabulary)
        need(fits, stored, "_vocabulary")


def _check_padder(stored: Stored) -> None:
    check_choices(stored, dict.fromkeys(("padding", "truncating"), ("pre", "post")))
    if "max_length_" in stored.state:
        need(is_int(stored["max_length_"], 1), stored, "max_length_")
        check_input(stored, stored["_n_channels"], "_n_channels")


def _check_averager(stored: Stored) -> None:
    check_choices(
        stored,
        {
            **_TEXT_CHOICES,
            "weighting": ("idf", "sif", None),
            "oov": ("skip", "zero", "mean", "error"),
        },
    )
    need(is_bool(stored["normalize"]), stored, "normalize")
    need(isinstance(stored["encoding"], str), stored, "encoding")
    if "vectors_" not in stored.state:
        return
    vectors, weights = stored["vectors_"], stored["_word_weights"]
    need(is_kind(vectors, "WordVectors"), stored, "vectors_")
    is_weighted = stored["weighting"] is not None
    fits = is_kind(weights, "Weights") if is_weighted else weights is None
    need(fits, stored, "_word_weights")
    component, width = stored["common_component_"], width_of(vectors)
    if component is not None:
        shape = component.shape if width is None else (width,)
        fits = component.ndim == 1 and is_array(component, shape)
        need(fits, stored, "common_component_")


# -- scikit-learn's, as far as the runtime has them


def _check_pipeline(stored: Stored) -> None:
    for name, step in stored["steps"]:
        fits = isinstance(name, str) and isinstance(step, Stored | str | None)
        need(
            fits and (step == "passthrough" or not isinstance(step, str)),
            stored,
            "steps",
        )


def _check_scaler(stored: Stored) -> None:
    for name in ("with_mean", "with_std"):
        need(is_bool(stored[name]), stored, name)
    if "scale_" in stored.state:
        n_columns = stored["n_features_in_"]
        for name in ("mean_", "scale_"):
            value = stored[name]
            fits = value is None or is_array(value, (plain(n_columns),))
            need(fits, stored, name)


def _check_logistic(stored: Stored) -> None:
    if "coef_" not in stored.state:
        return
    coef = stored["coef_"]
    if isinstance(coef, Stored) and coef.module.startswith("scipy.sparse."):
        return
    n_rows = len(coef)
    fits = is_array(coef, (n_rows, plain(stored["n_features_in_"])))
    need(fits, stored, "coef_")
    intercept = stored["intercept_"]
    fits = is_array(intercept, (n_rows,)) or is_array(intercept, (1,))
    need(fits, stored, "intercept_")
    classes = (2 if n_rows == 1 else n_rows,)
    need(is_array(stored["classes_"], classes, "biufUSO"), stored, "classes_")


_RULES: dict[str, Callable[[Stored], None]] = {
    "LSTMLanguageModel": check_language_model,
    "LogisticRegression": _check_logistic,
    "Pipeline": _check_pipeline,
    "PretrainedEmbeddingAverager": _check_averager,
    "SequencePadder": _check_padder,
    "StandardScaler": _check_scaler,
    "TextTokenizer": _check_tokenizer,
    "Vocabulary": _check_vocabulary,
    "Weights": _check_weights,
    "WordTable": _check_word_table,
    "WordVectors": _check_vectors,
    **dict.fromkeys(NETS, check_net),
}
