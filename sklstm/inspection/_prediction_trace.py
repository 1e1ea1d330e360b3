"""PredictionTrace: one row, step by step and layer by layer."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sklstm.inspection._part import TracePart
from sklstm.inspection._readers import read_rows
from sklstm.inspection._reading import Reading
from sklstm.inspection._tables import predictions_text

# What the page has of the insides of a net: enough to colour and to compare
PAGE_UNITS = 64
PAGE_DIGITS = 3


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
    The answer after a step is what the model says of what it reads up to there, so
    that the last one is its prediction; what a padder cuts off, it does not read. A
    contribution is what the predicted probability loses when a word is left out (Li et
    al. 2016, Understanding neural networks through representation erasure; a step of
    numbers gives place to the mean of the series), or the gradient of the score times
    the input (Shrikumar et al. 2017, section 2). For averaged word vectors and a
    linear model it is exact: the contributions and a constant add up to the score.

    To leave out each of L words takes L texts of L words. A reading of 250 words takes
    about a second, one of 2,000 up to a minute.

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
            If the estimator is of another kind, or ``X`` is no rows.
        ValueError
            If there are no rows, or ``X`` and ``y`` differ in length.
        """
        return cls(read_rows(estimator, X, y))

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
            With the columns ``example``, ``position``, ``step``, ``id`` and ``mark``,
            of a series ``values``; a column for each output, the answer after the
            step; one for each kind of contribution; and ``gradient``, the norm by
            hidden state. Steps that were cut off have no numbers.
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

        Raises
        ------
        IndexError
            If there is no such row.
        """
        from sklstm.inspection._plots import plot_reading

        try:
            reading = self.readings[example]
        except IndexError:
            n = len(self)
            raise IndexError(f"example={example}, but the trace has {n} rows") from None
        return plot_reading(reading, ax)

    def __str__(self):
        return predictions_text(self.readings)

    def _page_data(self):
        return {"note": "", "readings": [_page_reading(r) for r in self.readings]}


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
    if reading.input == "series":
        columns["values"] = [step.values for step in reading.steps]
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
    """Return a Reading in plain numbers, of the first units."""

    def listed(values: np.ndarray | None) -> Any:
        return None if values is None else values.tolist()

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
        "result": listed(reading.result),
        "predicted": reading.predicted,
        "true": reading.true,
        "reading": listed(reading.reading),
        "contributions": [
            {"name": c.name, "about": c.about, "values": listed(c.values)}
            for c in reading.contributions
        ],
        "gradient": listed(reading.gradient_by_step),
        "layers": [
            {
                "name": layer.name,
                "units": next(iter(layer.signals.values())).shape[1],
                "signals": {
                    name: values[:, :PAGE_UNITS].round(PAGE_DIGITS).tolist()
                    for name, values in layer.signals.items()
                },
            }
            for layer in reading.layers
        ],
        "next_words": reading.next_words
        and [[list(pair) for pair in top] for top in reading.next_words],
    }
