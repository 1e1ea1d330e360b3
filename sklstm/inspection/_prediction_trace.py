"""PredictionTrace: one row, step by step and layer by layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_regressor
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted

from sklstm._sklearn import _num_samples, _safe_indexing
from sklstm.inspection._part import TracePart
from sklstm.inspection._reading import Reading, label_of
from sklstm.inspection._stages import in_package, unwrapped
from sklstm.inspection._tables import predictions_text
from sklstm.inspection._values import text_of

PAGE_UNITS = 64
PAGE_DIGITS = 5


@dataclass(frozen=True, repr=False)
class PredictionTrace(TracePart):
    """What happens to single rows, step by step and layer by layer.

    Parameters
    ----------
    readings : tuple of Reading
        One for each row: its words or numbers, the answer after each of them, what
        each adds to it, and all that the layers computed.

    See Also
    --------
    trace : Data flow, training and predictions together.
    worst_predictions : The rows that a model is most wrong about.

    Notes
    -----
    The answer after a step is what the model says of the row up to there, so that the
    last one is its prediction. A contribution is what the predicted probability loses
    when a word is left out (Li et al. 2016, Understanding neural networks through
    representation erasure; a step of numbers gives place to the mean of the series),
    or the gradient of the score times the input (Shrikumar et al. 2017, section 2).
    For averaged word vectors and a linear model it is exact: the contributions and a
    constant add up to the score.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMClassifier, TextTokenizer
    >>> from sklstm.inspection import PredictionTrace
    >>> texts, labels = ["a good film", "bad", "not good", "fine"], [1, 0, 0, 1]
    >>> model = LSTMClassifier(max_epochs=20, hidden_size=8, random_state=0)
    >>> pipe = make_pipeline(TextTokenizer(), model).fit(texts, labels)
    >>> read = PredictionTrace.from_estimator(pipe, ["not a good film"]).readings[0]
    >>> read.labels
    ['not', 'a', 'good', 'film']
    >>> list(read.layers[0].signals)[:3]
    ['input gate', 'forget gate', 'output gate']
    >>> read.reading.shape
    (4, 2)
    """

    readings: tuple[Reading, ...]

    _tab = "predictions"

    @classmethod
    def from_estimator(cls, estimator, X, y=None):
        """Read rows with a fitted estimator.

        Parameters
        ----------
        estimator : estimator, Pipeline or search
            A fitted one that ends with a recurrent estimator of this package, an
            LSTMLanguageModel among them, or in which a PretrainedEmbeddingAverager
            stands.
        X : array-like, frame or list of n_samples rows
            The rows to read, as ``predict`` takes them.
        y : array-like of shape (n_samples,), default=None
            What would have been right.

        Returns
        -------
        PredictionTrace

        Raises
        ------
        NotFittedError
            If the estimator has not been fitted.
        TypeError
            If the estimator is of another kind.
        ValueError
            If ``X`` and ``y`` differ in length.
        """
        check_is_fitted(estimator)
        steps = _all_steps(unwrapped(estimator))
        read = _reader_of(steps, type(estimator).__name__)
        n = _num_samples(X)
        if y is not None and _num_samples(y) != n:
            raise ValueError(f"X has {n} rows, but y has {_num_samples(y)}.")
        labels = [None if y is None else _label(y, i) for i in range(n)]
        return cls(
            tuple(
                read(_safe_indexing(X, [i]), _title(X, i), labels[i]) for i in range(n)
            )
        )

    def __len__(self):
        return len(self.readings)

    def __getitem__(self, i):
        """Return the trace of some of the rows."""
        readings = self.readings[i]
        return type(self)(readings if isinstance(i, slice) else (readings,))

    def to_frame(self):
        """Return a row for each step of each text or series.

        Returns
        -------
        DataFrame
            With the columns ``example``, ``position``, ``step``, ``id`` and ``mark``;
            a column for each output, the answer after the step; one for each kind of
            contribution; and ``gradient``, the norm by hidden state. Steps that were
            left out have no numbers.
        """
        return pd.concat(
            [_frame(i, reading) for i, reading in enumerate(self.readings)],
            ignore_index=True,
        )

    def plot(self, ax=None, *, example=0):
        """Draw the answer after each step, and what the steps add to it.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        example : int, default=0
            Which row to draw.

        Returns
        -------
        Axes
        """
        from sklstm.inspection._plots import plot_reading

        return plot_reading(self.readings[example], ax)

    def __str__(self):
        return predictions_text(self.readings)

    def _page_data(self):
        return {"note": "", "readings": [_page_reading(r) for r in self.readings]}


def worst_predictions(estimator, X, y, n=10):
    """Find the rows that a fitted model is most wrong about.

    Parameters
    ----------
    estimator : estimator, Pipeline or search
        A fitted classifier with ``predict_proba``, or a regressor, of the kinds that
        :class:`PredictionTrace` reads.
    X : array-like, frame or list of n_samples rows
        As ``predict`` takes them.
    y : array-like of shape (n_samples,)
        What would have been right.
    n : int, default=10
        How many rows to return.

    Returns
    -------
    DataFrame
        A row for each, the worst first: ``row``, the position in ``X``; ``title``,
        ``true``, ``predicted``; ``error``, which is the log loss of a classifier, in
        nats, or the size of the error of a regressor; and ``trace``, a
        :class:`PredictionTrace` of it.

    Raises
    ------
    NotFittedError
        If the estimator has not been fitted.
    ValueError
        If a label is not among the classes, or lengths differ.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMClassifier, TextTokenizer
    >>> from sklstm.datasets import make_reviews
    >>> from sklstm.inspection import worst_predictions
    >>> texts, labels = make_reviews(200, random_state=0)
    >>> pipe = make_pipeline(TextTokenizer(), LSTMClassifier(random_state=0))
    >>> worst = worst_predictions(pipe.fit(texts, labels), texts, labels, n=3)
    >>> list(worst.columns)
    ['row', 'title', 'true', 'predicted', 'error', 'trace']
    >>> worst["error"].is_monotonic_decreasing
    True
    >>> worst["trace"][0].readings[0].true == worst["true"][0]
    True
    """
    check_is_fitted(estimator)
    if _num_samples(X) != _num_samples(y):
        raise ValueError(f"X has {_num_samples(X)} rows, but y has {_num_samples(y)}.")
    errors = _errors(estimator, X, np.asarray(y))
    rows = np.argsort(-errors, kind="stable")[:n]
    traced = PredictionTrace.from_estimator(
        estimator, _safe_indexing(X, rows), _safe_indexing(y, rows)
    )
    return pd.DataFrame(
        {
            "row": rows,
            "title": [reading.title for reading in traced.readings],
            "true": [reading.true for reading in traced.readings],
            "predicted": [reading.predicted for reading in traced.readings],
            "error": errors[rows],
            "trace": [traced[i] for i in range(len(rows))],
        }
    )


def _errors(estimator: Any, X: Any, y: np.ndarray) -> np.ndarray:
    if is_regressor(estimator):
        off = np.abs(estimator.predict(X) - y)
        return off.reshape(len(off), -1).mean(axis=1)
    classes = list(estimator.classes_)
    unknown = sorted({label_of(label) for label in y.tolist()} - set(map(str, classes)))
    if unknown:
        raise ValueError(f"y has the labels {unknown}, which are not among {classes}.")
    columns = [classes.index(label) for label in y.tolist()]
    right = estimator.predict_log_proba(X)[np.arange(len(y)), columns]
    return -np.asarray(right, np.float64)


# -- which estimators can be read


def _all_steps(model: Any) -> list[Any]:
    """Return the steps of a pipeline and of the pipelines inside, one after another."""
    if not hasattr(model, "steps"):
        return [model]
    return [
        inner
        for _, step in model.steps
        if step is not None and step != "passthrough"
        for inner in _all_steps(unwrapped(step))
    ]


def _reader_of(steps: Sequence[Any], name: str) -> Any:
    """Return what makes a Reading of one row."""
    *before, last = steps
    if in_package(last, "recurrent"):
        return _net_reader(before, last)
    for i, step in enumerate(before):
        if in_package(step, "vectors"):
            return _average_reader(before[:i], step, make_pipeline(*steps[i + 1 :]))
    raise TypeError(
        f"{name} is not a model that PredictionTrace can read: that takes a pipeline "
        "that ends with a recurrent estimator of sklstm, or one with a "
        "PretrainedEmbeddingAverager, as make_baseline makes it."
    )


def _net_reader(before: Sequence[Any], estimator: Any) -> Any:
    from sklstm.inspection._read_net import read_net, read_prompt

    def read(X: Any, title: str, true: str | None) -> Reading:
        if hasattr(estimator, "generate"):
            return read_prompt(estimator, X, title)
        handed_on = _run(before, X)
        return read_net(estimator, [X, *handed_on][-1], handed_on, title, true)

    return read


def _average_reader(before: Sequence[Any], averager: Any, rest: Any) -> Any:
    from sklstm.inspection._read_averaged import read_averaged

    def read(X: Any, title: str, true: str | None) -> Reading:
        return read_averaged(averager, rest, [X, *_run(before, X)][-1], title, true)

    return read


def _run(steps: Sequence[Any], X: Any) -> list[Any]:
    """Return what each step makes of ``X``."""
    outputs = []
    for step in steps:
        X = step.transform(X)
        outputs.append(X)
    return outputs


def _title(X: Any, i: int) -> str:
    row = _safe_indexing(X, [i])
    value = row.iloc[0] if hasattr(row, "iloc") else row[0]
    if isinstance(value, str):
        return text_of(value) or "(empty text)"
    return f"row {i}"


def _label(y: Any, i: int) -> str:
    row = np.asarray(_safe_indexing(y, [i]))
    return label_of(row[0])


# -- as a frame, and for the page


def _frame(example: int, reading: Reading) -> pd.DataFrame:
    n_steps = len(reading.steps)
    probability = reading.scale == "probability"
    columns: dict[str, Any] = {
        "example": example,
        "position": np.arange(n_steps),
        "step": [step.label for step in reading.steps],
        "id": pd.array([step.id for step in reading.steps], "Int64"),
        "mark": [step.mark for step in reading.steps],
    }
    numbers: dict[str, np.ndarray] = {}
    for k, name in enumerate(reading.outputs):
        numbers[f"p({name})" if probability else name] = reading.reading[:, k]
    if reading.next_words is not None:
        columns["next_word"] = [top[0][0] for top in reading.next_words]
        numbers["p(next_word)"] = np.array([top[0][1] for top in reading.next_words])
    for contribution in reading.contributions:
        numbers[contribution.name] = contribution.values
    if reading.gradient_by_step is not None:
        numbers["gradient"] = reading.gradient_by_step
    for name, values in numbers.items():
        columns[name] = np.full(n_steps, np.nan)
        columns[name][reading.read] = values
    return pd.DataFrame(columns)


def _page_reading(reading: Reading) -> dict[str, Any]:
    """Return a Reading in plain numbers, rounded, of the first units."""

    def rounded(values: np.ndarray | None) -> Any:
        return None if values is None else np.round(values, PAGE_DIGITS).tolist()

    return {
        "title": reading.title,
        "input": reading.input,
        "steps": [
            {"label": s.label, "id": s.id, "mark": s.mark, "values": s.values}
            for s in reading.steps
        ],
        "read": reading.read.tolist(),
        "outputs": list(reading.outputs),
        "scale": reading.scale,
        "result": rounded(reading.result),
        "predicted": reading.predicted,
        "true": reading.true,
        "reading": rounded(reading.reading),
        "contributions": [
            {"name": c.name, "about": c.about, "values": rounded(c.values)}
            for c in reading.contributions
        ],
        "gradient": rounded(reading.gradient_by_step),
        "layers": [
            {
                "name": layer.name,
                "units": next(iter(layer.signals.values())).shape[1],
                "signals": {
                    name: rounded(values[:, :PAGE_UNITS])
                    for name, values in layer.signals.items()
                },
            }
            for layer in reading.layers
        ],
        "next_words": reading.next_words
        and [[list(pair) for pair in top] for top in reading.next_words],
    }
