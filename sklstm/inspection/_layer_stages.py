"""The layers of a net, and the parts of an averager, as stages with real values."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from sklstm._sklearn import _safe_indexing
from sklstm.inspection._stages import Stage, summary_of
from sklstm.inspection._values import N_SAMPLES, Values, describe, span, text_of
from sklstm.recurrent._anatomy import HIDDEN, Anatomy, dissect_row, rows_of
from sklstm.recurrent._language_model import LSTMLanguageModel
from sklstm.recurrent._layers import layers_of
from sklstm.vectors._documents import read_documents
from sklstm.vectors._terms import Terms, terms_of


def net_stages(estimator: Any, X: Any, level: int, answers: bool) -> Iterator[Stage]:
    """Yield a stage for each layer of a net, from what it reads to its answer.

    Where a net only hands its states on, its pooling is the last.
    """
    rows, vocabulary = rows_of(estimator, X)
    lengths = [len(row) for row in rows]
    n, steps = str(len(rows)), span(lengths)
    if isinstance(estimator, LSTMLanguageModel):
        ids = estimator.tokenizer_.transform(estimator._read_documents(X))
        before = describe(ids)
        kind = type(estimator.tokenizer_).__name__
        summary = summary_of(estimator.tokenizer_)
        yield Stage("tokenizer_", kind, summary, describe(X), before, level)
        steps = span([len(row) for row in ids])
    else:
        before = describe(X)
        if isinstance(X, np.ndarray) and X.ndim > 1:
            steps = str(X.shape[1])  # with padding, as the array has it
    samples = _Samples(estimator, X, rows, vocabulary)
    for layer in layers_of(estimator):
        dims = (n, steps) if layer.each_step else (n,)
        shown = samples.of(layer.name)
        after = Values("Tensor", (*dims, str(layer.width)), "float32", rows=shown)
        yield Stage(
            layer.name,
            layer.kind,
            layer.summary,
            before,
            after,
            level,
            layer.n_parameters,
            layer.formula,
        )
        before = after
        if layer.name == "pooling" and not answers:
            break


class _Samples:
    """What the layers of a net make of the first rows."""

    def __init__(
        self, estimator: Any, X: Any, rows: Sequence[np.ndarray], vocabulary: Any
    ) -> None:
        self.estimator = estimator
        self.language = isinstance(estimator, LSTMLanguageModel)
        self.X = _safe_indexing(X, slice(N_SAMPLES))
        self.rows, self.vocabulary = rows[:N_SAMPLES], vocabulary
        self.anatomies: list[Anatomy | None] = [
            dissect_row(estimator, _safe_indexing(X, [i]), 0) if len(row) else None
            for i, row in enumerate(self.rows)
        ]

    def of(self, name: str) -> tuple[str, ...]:
        """Return the values of a layer: of steps those of the first or the last one."""
        if name in ("softmax", "sigmoid"):
            return self._probabilities()
        if name == "pooling":
            return tuple(map(text_of, np.asarray(self.estimator.transform(self.X))))
        if name == "scale":
            return tuple(map(text_of, np.atleast_1d(self.estimator.predict(self.X))))
        if self.language and name in ("projection", "dense"):
            return ()
        return tuple(
            "" if anatomy is None else self._values(name, anatomy, row)
            for anatomy, row in zip(self.anatomies, self.rows, strict=True)
        )

    def _values(self, name: str, anatomy: Anatomy, row: np.ndarray) -> str:
        if name == "dense":
            return text_of(anatomy.outputs)
        if name == "embedding":
            return f"{self._label(row, 0)}: {text_of(anatomy.embedded[0])}"
        number = int(name.split()[1]) - 1 if " " in name else 0
        states = [
            signals.signals[HIDDEN][-1]
            for signals in anatomy.layers
            if signals.layer == number
        ]
        last = len(row) - 1
        return f"{self._label(row, last)}: {text_of(np.concatenate(states))}"

    def _label(self, row: np.ndarray, step: int) -> str:
        if row.ndim == 1 and self.vocabulary is not None:
            return self.vocabulary.select(row[[step]])[0]
        return f"id {row[step]}" if row.ndim == 1 else f"step {step + 1}"

    def _probabilities(self) -> tuple[str, ...]:
        """Return the probabilities of classes; of words the likeliest."""
        probabilities = self.estimator.predict_proba(self.X)
        if not self.language:
            return tuple(map(text_of, probabilities))
        words = self.estimator.classes_
        best = np.argsort(-probabilities, axis=1)[:, :3]
        return tuple(
            "  ".join(f"{words[i]} {row[i]:.3f}" for i in top)
            for row, top in zip(probabilities, best, strict=True)
        )


def averager_stages(averager: Any, X: Any, output: Any, level: int) -> Iterator[Stage]:
    """Yield what an averager does with texts: tokens, their vectors, their mean."""
    documents = read_documents(averager, X)
    n, steps = str(len(documents)), span(documents.lengths.tolist())
    size = averager.vectors_.vector_size
    first: list[Terms] = [
        terms_of(averager, _safe_indexing(X, [i]))
        for i in range(min(N_SAMPLES, len(documents)))
    ]
    words = tuple(text_of(terms.words) for terms in first)
    tokens = Values("list", (n, steps), "str", rows=words)
    before = describe(X)
    yield Stage("tokens", "tokens", "The words of each text", before, tokens, level)
    vectors = tuple(
        f"{terms.words[0]}: {text_of(terms.looked_up[0]) if terms.known[0] else 'none'}"
        if terms.words
        else ""
        for terms in first
    )
    looked_up = Values("ndarray", (n, steps, str(size)), "float32", rows=vectors)
    n_known = sum(int(terms.known.sum()) for terms in first)
    n_tokens = sum(len(terms.words) for terms in first)
    summary = (
        f"Look up a vector of {size} numbers for each word, among "
        f"{len(averager.vectors_):,} ({n_known} of these {n_tokens} words have one)"
    )
    yield Stage("lookup", "lookup", summary, tokens, looked_up, level)
    weighted = (
        f"weighted by {averager.weighting}" if averager.weighting else "unweighted"
    )
    summary = f"Take the mean of the vectors of a text, {weighted}"
    yield Stage("pooling", "mean", summary, looked_up, describe(output), level)
