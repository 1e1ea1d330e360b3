"""Readings of averaged word vectors: what each word adds to the answer, exactly."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_regressor

from sklstm._validation import vocabulary_of
from sklstm.inspection._reading import (
    EXACT,
    LEFT_OUT,
    Contribution,
    Reading,
    Step,
    label_of,
)
from sklstm.vectors._terms import terms_of


def read_averaged(averager: Any, rest: Any, X: Any, title: str, true: Any) -> Reading:
    """Read one text with an averager of word vectors and what follows it.

    Parameters
    ----------
    averager : PretrainedEmbeddingAverager
        A fitted one.
    rest : Pipeline
        The steps that follow it, of which the last one predicts.
    X : text or token ids, of one row
        What the averager is given.
    title, true : str
        What to call the row, and what would have been right.
    """
    parts = terms_of(averager, X)
    with warnings.catch_warnings():  # of texts without a known word
        warnings.simplefilter("ignore", UserWarning)
        like = averager.transform(X)

    def vectors(rows: np.ndarray) -> Any:
        if hasattr(like, "columns"):
            return pd.DataFrame(rows, columns=like.columns)
        return rows

    answer, scale = _answering(rest)
    regressor = is_regressor(rest)
    result = answer(like)[0]
    focus = 0 if regressor else int(result.argmax())
    names = ("prediction",) if regressor else tuple(map(label_of, rest.classes_))
    n = len(parts.words)
    found = np.zeros((0, len(result)))
    contributions: list[Contribution] = []
    if n:
        variants = [parts.words[: t + 1] for t in range(n)]
        variants += [parts.words[:t] + parts.words[t + 1 :] for t in range(n)]
        with warnings.catch_warnings():  # of texts without a known word
            warnings.simplefilter("ignore", UserWarning)
            found = answer(averager.transform(variants))
        contributions = [
            *_exact(_scoring(rest, focus), vectors, parts.terms, names[focus]),
            Contribution(
                LEFT_OUT,
                f"By how much the {_called(scale, names[focus])} falls when the word "
                "is left out",
                result[focus] - found[n:, focus],
            ),
        ]
    vocabulary = vocabulary_of(X)
    ids: Sequence[int | None] = [None] * n
    if vocabulary is not None:
        ids = [vocabulary.ids.get(word) for word in parts.words]
    return Reading(
        title=title,
        input="text",
        steps=tuple(
            Step(word, token, "" if known else "unknown")
            for word, token, known in zip(parts.words, ids, parts.known, strict=True)
        ),
        read=np.arange(n),
        outputs=names,
        scale=scale,
        result=result,
        predicted=label_of(rest.predict(like)[0]),
        true=true,
        focus=focus,
        reading=found[:n],
        contributions=tuple(contributions),
        embedded=parts.looked_up.astype(np.float64),
        pooled=np.asarray(like, np.float64)[0],
    )


def _answering(rest: Any) -> tuple[Callable[[Any], np.ndarray], Any]:
    """Return what gives (n_samples, n_outputs) answers, and what they are."""
    if is_regressor(rest):
        return lambda X: np.asarray(rest.predict(X), float).reshape(len(X), -1), "value"
    if hasattr(rest, "predict_proba"):
        return lambda X: np.asarray(rest.predict_proba(X), float), "probability"

    def scores(X: Any) -> np.ndarray:
        found = np.asarray(rest.decision_function(X), float)
        return np.stack([-found, found], axis=1) if found.ndim == 1 else found

    return scores, "score"


def _scoring(rest: Any, focus: int) -> Callable[[Any], np.ndarray] | None:
    """Return what gives the score of one output, (n_samples,), if there is one."""
    if is_regressor(rest):
        return lambda X: np.asarray(rest.predict(X), float).reshape(len(X), -1)[:, 0]
    if not hasattr(rest, "decision_function"):
        return None

    def score(X: Any) -> np.ndarray:
        found = np.asarray(rest.decision_function(X), float)
        if found.ndim == 1:
            return found if focus == 1 else -found
        return found[:, focus]

    return score


def _exact(
    score: Callable[[Any], np.ndarray] | None,
    vectors: Callable[[np.ndarray], Any],
    terms: np.ndarray,
    name: str,
) -> list[Contribution]:
    """Return what each term adds to the score, if the score is linear in them."""
    if score is None:
        return []
    nothing = np.zeros((1, terms.shape[1]))
    whole = terms.sum(axis=0, keepdims=True)
    constant, total, *alone = score(vectors(np.concatenate([nothing, whole, terms])))
    values = np.array(alone) - constant
    size = np.abs(values).sum() + abs(constant)
    if abs(constant + values.sum() - total) > 1e-9 * max(size, 1.0):
        return []
    about = f"What the word adds to the score of {name}, which without words is"
    return [
        Contribution(EXACT, f"{about} {constant:.3f}", values, "score", float(constant))
    ]


def _called(scale: str, name: str) -> str:
    if scale == "value":
        return "prediction"
    return f"{scale} of {name}"
