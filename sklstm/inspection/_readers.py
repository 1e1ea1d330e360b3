"""Which models can be read step by step, and how their rows get to them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted

from sklstm._sklearn import _num_samples, _safe_indexing
from sklstm.inspection._reading import Reading, RowFlow, label_of
from sklstm.inspection._stages import in_package, steps_of, unwrapped
from sklstm.inspection._values import as_rows, text_of
from sklstm.text._analysis import tokenize

Read = Callable[[RowFlow, str, str | None], Reading]


class UnreadableModelError(TypeError):
    """A model of which single predictions cannot be read."""


def read_rows(
    estimator: Any, X: Any, y: Any = None, rows: Sequence[int] | None = None
) -> tuple[Reading, ...]:
    """Read some rows of ``X``, or all; see :class:`PredictionTrace`."""
    check_is_fitted(estimator)
    before, read = _reader_of(_all_steps(estimator))
    X = as_rows(X)
    n = _num_samples(X)
    if n == 0:
        raise ValueError("There are no rows to read: X is empty.")
    if y is not None and _num_samples(y) != n:
        raise ValueError(f"X has {n} rows, but y has {_num_samples(y)}.")
    return tuple(
        read(
            _run(before, row := _safe_indexing(X, [i])),
            _title(row, i),
            None if y is None else label_of(np.asarray(_safe_indexing(y, [i]))[0]),
        )
        for i in (range(n) if rows is None else rows)
    )


def _all_steps(model: Any) -> list[Any]:
    """Return the steps of a pipeline and of the pipelines inside, one after another."""
    model = unwrapped(model)
    if not hasattr(model, "steps"):
        return [model]
    return [inner for _, step in steps_of(model) for inner in _all_steps(step)]


def _reader_of(steps: Sequence[Any]) -> tuple[Sequence[Any], Read]:
    """Return the steps that a row goes through first, and what reads it then."""
    *before, last = steps
    if in_package(last, "recurrent"):
        return [*before, last], _net_reader(last)
    for i, step in enumerate(before):
        if in_package(step, "vectors"):
            return steps[: i + 1], _average_reader(step, make_pipeline(*steps[i + 1 :]))
    raise UnreadableModelError(
        f"{type(last).__name__} is no model that PredictionTrace can read: that takes "
        "a pipeline that ends with a recurrent estimator of sklstm, or one with a "
        "PretrainedEmbeddingAverager, as make_baseline makes it."
    )


def _net_reader(estimator: Any) -> Read:
    from sklstm.inspection._read_net import read_net, read_prompt

    def read(flow: RowFlow, title: str, true: str | None) -> Reading:
        if hasattr(estimator, "generate"):
            return read_prompt(estimator, flow, title)
        return read_net(estimator, flow, title, true)

    return read


def _average_reader(averager: Any, rest: Any) -> Read:
    from sklstm.inspection._read_averaged import read_averaged

    def read(flow: RowFlow, title: str, true: str | None) -> Reading:
        return read_averaged(averager, rest, flow.given[-1], title, true)

    return read


def _run(steps: Sequence[Any], X: Any) -> RowFlow:
    """Let a row flow through all steps but the last."""
    given, words = [X], None
    for step in steps:
        if words is None and (tokenizer := _tokenizer_of(step)) is not None:
            words = next(_tokenized(step, tokenizer, given[-1]), None)
        if step is not steps[-1]:
            given.append(step.transform(given[-1]))
    return RowFlow(given, words)


def _tokenizer_of(step: Any) -> Any:
    """Return the tokenizer that a step is, or a language model has."""
    if in_package(step, "text") and hasattr(step, "report"):
        return step
    return getattr(step, "tokenizer_", None)


def _tokenized(step: Any, tokenizer: Any, X: Any) -> Iterator[list[str]]:
    """Yield the tokens of each row, as they are before they become ids."""
    if step is tokenizer:
        yield from tokenize(tokenizer, X)
        return
    for tokens in tokenize(tokenizer, step._read_documents(X)):
        yield tokens[:-1] if tokenizer.add_eos else tokens


def _title(row: Any, i: int) -> str:
    """Return the text of a row, or which row it is."""
    value = row.iloc[0] if hasattr(row, "iloc") else row[0]
    if hasattr(value, "iloc") and len(value) == 1:  # of a frame of one column
        value = value.iloc[0]
    if isinstance(value, str):
        return text_of(value) or "(empty text)"
    return f"row {i}"
