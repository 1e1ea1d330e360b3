"""Readings of recurrent nets: what each step does, inside and to the answer."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import is_regressor

from sklstm._validation import PAD_ID, UNK_ID, vocabulary_of
from sklstm.inspection._reading import (
    GRADIENT,
    LEFT_OUT,
    Contribution,
    LayerReading,
    Mark,
    Reading,
    RowFlow,
    Step,
    label_of,
)
from sklstm.recurrent._anatomy import (
    Anatomy,
    as_input,
    dissect_row,
    knows,
    rows_of,
)
from sklstm.recurrent._language_model import LSTMLanguageModel
from sklstm.recurrent._layers import CELL_NAMES

N_NEXT_WORDS = 5


def read_net(estimator: Any, flow: RowFlow, title: str, true: Any) -> Reading:
    """Read one row with a recurrent classifier or regressor.

    Parameters
    ----------
    estimator : estimator
        The fitted net.
    flow : RowFlow
        The row, and what the steps before made of it.
    title : str
        What to call the row.
    true : str or None
        What would have been right.
    """
    X = flow.given[-1]
    rows, vocabulary = rows_of(estimator, X)
    row = rows[0]
    steps, read = _steps(estimator, row, vocabulary, flow)
    result = answers(estimator, X)[0]
    focus = 0 if is_regressor(estimator) else int(result.argmax())
    names = _output_names(estimator, len(result))
    predicted = estimator.predict(X)[0]
    what: dict[str, Any] = {
        "reading": np.zeros((0, len(result))),
    }
    if len(row):
        n = len(row)
        variants = [row[: t + 1] for t in range(n)] + [
            without(row, t) for t in range(n)
        ]
        found = answers(estimator, as_input(variants, vocabulary))
        anatomy = dissect_row(estimator, X, focus)
        what = {
            "reading": found[:n],
            "contributions": (
                _left_out(
                    estimator, row, names[focus], result[focus] - found[n:, focus]
                ),
                _gradient(estimator, names[focus], anatomy),
            ),
            "logits": None if is_regressor(estimator) else anatomy.outputs,
            **inside(estimator, anatomy),
        }
    return Reading(
        title=title,
        input="text" if row.ndim == 1 else "series",
        steps=tuple(steps),
        read=read,
        outputs=names,
        scale="value" if is_regressor(estimator) else "probability",
        result=result,
        predicted=_predicted(estimator, predicted),
        true=true,
        focus=focus,
        **what,
    )


def answers(estimator: Any, X: Any) -> np.ndarray:
    """Return probabilities, or predicted numbers, (n_samples, n_outputs), float64."""
    if is_regressor(estimator):
        predicted = estimator.predict(X)
        return predicted.reshape(len(predicted), -1).astype(np.float64)
    return estimator.predict_proba(X).astype(np.float64)


def without(row: np.ndarray, step: int) -> np.ndarray:
    """Leave a token out, or let the mean of all steps stand in for one of numbers."""
    if row.ndim == 1:
        return np.delete(row, step)
    changed = row.copy()
    changed[step] = row.mean(axis=0)
    return changed


def inside(estimator: Any, anatomy: Anatomy) -> dict[str, Any]:
    """Return what an anatomy says, by the names of a Reading."""
    cell = CELL_NAMES[getattr(estimator, "_cell", "lstm")]
    n_layers = 1 + max(layer.layer for layer in anatomy.layers)
    both = any(layer.backward for layer in anatomy.layers)
    layers = []
    for layer in anatomy.layers:
        number = f" {layer.layer + 1}" if n_layers > 1 else ""
        way = ", backward" if layer.backward else ", forward"
        layers.append(
            LayerReading(f"{cell}{number}{way if both else ''}", layer.signals)
        )
    return {
        "gradient_by_step": anatomy.gradient_by_step,
        "score": anatomy.score,
        "embedded": anatomy.embedded,
        "layers": tuple(layers),
        "pooled": anatomy.pooled,
    }


def _left_out(
    estimator: Any, row: np.ndarray, name: str, values: np.ndarray
) -> Contribution:
    what = "prediction" if is_regressor(estimator) else f"probability of {name}"
    how = "the word is left out" if row.ndim == 1 else "the mean stands in for the step"
    return Contribution(LEFT_OUT, f"By how much the {what} falls when {how}", values)


def _gradient(estimator: Any, name: str, anatomy: Anatomy) -> Contribution:
    if is_regressor(estimator):
        score = f"the prediction of {name}"
    elif estimator._is_binary():
        score = f"the log-odds of {name}"
    else:
        score = f"the logit of {name}"
    about = f"The derivative of {score} by what the net reads at a step, times it"
    return Contribution(GRADIENT, about, anatomy.gradient_x_input, "score")


def _output_names(estimator: Any, n_outputs: int) -> tuple[str, ...]:
    if not is_regressor(estimator):
        names = tuple(map(label_of, estimator.classes_))
        return tuple(f"label {n}" for n in names) if estimator._multilabel_ else names
    if n_outputs == 1:
        return ("prediction",)
    return tuple(f"output {i}" for i in range(n_outputs))


def _predicted(estimator: Any, predicted: Any) -> str:
    """Write an answer; of labels that come together those that are there."""
    if is_regressor(estimator) or not estimator._multilabel_:
        return label_of(predicted)
    there = np.flatnonzero(predicted)
    return ", ".join(f"label {i}" for i in there) if len(there) else "no label"


def _steps(
    estimator: Any, row: np.ndarray, vocabulary: Any, flow: RowFlow
) -> tuple[list[Step], np.ndarray]:
    """Return all steps of a row, and the positions of those that the net reads."""
    whole, first = row, 0
    for values in flow.given:  # the longest come first
        longer = _first_row(estimator, values, row)
        if (found := _position(row, longer)) >= 0:
            whole, first = longer, found
            break
    read = first + np.arange(len(row))
    inside = np.zeros(len(whole), bool)
    inside[read] = True
    if row.ndim == 2:
        return [
            Step(
                f"step {t + 1}", None, "" if inside[t] else "cut", tuple(step.tolist())
            )
            for t, step in enumerate(whole)
        ], read
    known = np.ones(len(whole), bool)
    known[read] = knows(estimator, flow.given[-1])
    words = flow.words
    if words is None or len(words) != len(whole):
        words = [f"id {token}" for token in whole.tolist()]
        if vocabulary is not None:
            words = vocabulary.select(whole)
    steps = []
    for i, token in enumerate(whole.tolist()):
        mark: Mark = "" if known[i] else "unknown"
        steps.append(Step(words[i], token, mark if inside[i] else "cut"))
    return steps, read


def _first_row(estimator: Any, values: Any, like: np.ndarray) -> np.ndarray:
    """Return the first row of something that flows, without padding, if it is one."""
    none = like[:0]
    if like.ndim == 2:
        try:
            return rows_of(estimator, values)[0][0]
        except (TypeError, ValueError):  # a table of features, say
            return none
    if vocabulary_of(values) is None:
        return none
    frame = hasattr(values, "iloc")
    row = values.iloc[0].to_numpy() if frame else np.asarray(values[0])
    if row.dtype == object:  # one column of sequences
        row = np.asarray(row[0])
    return row[row != PAD_ID]


def _position(part: np.ndarray, whole: np.ndarray) -> int:
    """Return where ``part`` starts or ends ``whole``; -1 where it does neither."""
    n = len(part)
    if 0 < n <= len(whole):
        for start in (0, len(whole) - n):
            if np.array_equal(whole[start : start + n], part):
                return start
    return -1


# -- language models


def read_prompt(estimator: LSTMLanguageModel, flow: RowFlow, title: str) -> Reading:
    """Read a prompt with a language model, the next words after each token."""
    X = flow.given[-1]
    rows, vocabulary = rows_of(estimator, X)
    row = rows[0]
    texts = row[1:]  # behind what stands before a text

    def prompts(parts: Sequence[np.ndarray]) -> Any:
        backward = [part[::-1] for part in parts]
        return as_input(backward if estimator.backward else parts, vocabulary)

    n = len(texts)
    variants = [texts[:t] for t in range(n + 1)] + [
        np.delete(texts, t) for t in range(n)
    ]
    found = estimator.predict_proba(prompts(variants))
    words = estimator.classes_
    after, left_out = found[: n + 1], found[n + 1 :]
    focus = int(after[-1].argmax())
    best = np.argsort(-after, axis=1)[:, :N_NEXT_WORDS]
    anatomy = dissect_row(estimator, X, focus + 1)  # classes_ start after <pad>
    falls = np.append(0.0, after[-1, focus] - left_out[:, focus])
    word = str(words[focus])
    labels = list(vocabulary.select(row))
    if flow.words is not None and len(flow.words) == n:
        labels[1:] = flow.words[:: -1 if estimator.backward else 1]
    steps = [
        Step(label, int(token), "unknown" if token == UNK_ID else "")
        for label, token in zip(labels, row, strict=True)
    ]
    return Reading(
        title=title,
        input="language",
        steps=tuple(steps),
        read=np.arange(len(row)),
        outputs=(),
        scale="probability",
        result=np.zeros(0),
        predicted=word,
        true=None,
        focus=focus,
        reading=np.zeros((len(row), 0)),
        contributions=(
            Contribution(
                LEFT_OUT,
                f"By how much the probability that {word!r} comes next falls when the "
                "word is left out",
                falls,
            ),
            Contribution(
                GRADIENT,
                f"The derivative of the score of {word!r} by what the net reads at a "
                "step, times it",
                anatomy.gradient_x_input,
                "score",
            ),
        ),
        next_words=tuple(
            tuple((str(words[i]), float(p[i])) for i in top)
            for p, top in zip(after, best, strict=True)
        ),
        **inside(estimator, anatomy),
    )
