"""PipelineTrace: what data looks like at every stage of a fitted pipeline."""

from dataclasses import asdict, dataclass
from numbers import Integral
from typing import Any

import pandas as pd
from sklearn.utils.validation import check_is_fitted

from sklstm._sklearn import _num_samples, _safe_indexing
from sklstm.inspection._part import TracePart
from sklstm.inspection._stages import Flow, Stage, unwrapped
from sklstm.inspection._tables import flow_text
from sklstm.inspection._text_reports import text_reports
from sklstm.inspection._values import Values, as_rows


@dataclass(frozen=True, repr=False)
class PipelineTrace(TracePart):
    """What data looks like at every stage of a fitted pipeline.

    Any fitted pipeline of scikit-learn can be looked into, its nested pipelines, the
    branches of a ColumnTransformer or FeatureUnion, and what a search found best. The
    recurrent estimators of this package open into their layers.

    Parameters
    ----------
    stages : tuple of Stage
        The stages, in the order in which they run; ``level`` tells what is inside of
        what.
    n_rows : int
        How many rows were run.
    n_total : int
        How many rows were given.
    facts : tuple of (str, str)
        What the report of the tokenizer says of the texts.
    warnings : tuple of str
        What is bad about them.

    See Also
    --------
    trace : Data flow, training and predictions together.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMClassifier, TextTokenizer
    >>> from sklstm.inspection import PipelineTrace
    >>> texts, labels = ["a good film", "bad", "not good", "fine"], [1, 0, 0, 1]
    >>> pipe = make_pipeline(TextTokenizer(), LSTMClassifier(max_epochs=2))
    >>> flow = PipelineTrace.from_estimator(pipe.fit(texts, labels), texts)
    >>> flow.to_frame()[["name", "output_shape", "n_parameters"]]
                 name  output_shape  n_parameters
    0   texttokenizer     (4, 1..3)          <NA>
    1  lstmclassifier          (4,)         30226
    2       embedding  (4, 1..3, 50)          400
    3            LSTM  (4, 1..3, 64)        29696
    4         pooling       (4, 64)             0
    5           dense        (4, 2)           130
    6         softmax        (4, 2)             0
    """

    stages: tuple[Stage, ...]
    n_rows: int
    n_total: int
    facts: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()

    _tab = "flow"

    @classmethod
    def from_estimator(cls, estimator, X, *, max_rows=1000, show_values=True):
        """Run rows through a fitted estimator and note what comes out of each stage.

        Parameters
        ----------
        estimator : estimator, Pipeline or search
            A fitted one.
        X : array-like, frame, sparse matrix or list of n_samples rows
            What the estimator predicts from.
        max_rows : int or None, default=1000
            How many rows to run at most, the first ones; None runs all.
        show_values : bool, default=True
            Whether samples of the data are kept. False keeps private text private:
            shapes and types alone are noted.

        Returns
        -------
        PipelineTrace

        Raises
        ------
        NotFittedError
            If the estimator has not been fitted.
        ValueError
            If a search was run with ``refit=False``, ``max_rows`` is less than 1, or a
            stage cannot read ``X``.
        TypeError
            If ``X`` is no rows: one text, a set, a dict, None.
        """
        check_is_fitted(estimator)
        model = unwrapped(estimator)
        counts = isinstance(max_rows, Integral) and max_rows > 0
        if not counts and max_rows is not None:
            raise ValueError(f"max_rows is None or 1 at least, found {max_rows!r}.")
        X = as_rows(X)
        n_total = _num_samples(X)
        part = X if max_rows is None else _safe_indexing(X, slice(max_rows))
        flow = Flow()
        single = not hasattr(model, "steps")
        name = type(model).__name__.lower() if single else ""
        flow.run(name, model, part, 0, last=True)
        stages = flow.stages if show_values else [s.hidden() for s in flow.stages]
        reports = text_reports(flow.own, show_values)
        return cls(
            tuple(stages),
            _num_samples(part),
            n_total,
            tuple(row for report in reports for row in report.rows()),
            tuple(warning for report in reports for warning in report.warnings),
        )

    @property
    def remark(self):
        """How many rows were run, in a sentence."""
        if self.n_rows == self.n_total:
            return f"All {self.n_rows:,} rows were run."
        return f"The first {self.n_rows:,} of {self.n_total:,} rows were run."

    def to_frame(self):
        """Return a row for each stage.

        Returns
        -------
        DataFrame
            With the columns ``name``, ``level``, ``kind``, ``summary``,
            ``n_parameters``, ``formula``, and ``type``, ``shape``, ``dtype``,
            ``density``, ``rows`` and ``words`` of input and output.
        """
        names = ("type", "shape", "dtype", "density", "rows", "words")

        def cells(which: str, values: Values) -> dict[str, Any]:
            return {f"{which}_{name}": getattr(values, name) for name in names}

        rows = [
            {
                "name": stage.name,
                "level": stage.level,
                "kind": stage.kind,
                "summary": stage.summary,
                "n_parameters": stage.n_parameters,
                "formula": stage.formula,
                **cells("input", stage.input),
                **cells("output", stage.output),
            }
            for stage in self.stages
        ]
        frame = pd.DataFrame(rows)
        return frame.astype({"n_parameters": "Int64"})

    def plot(self, ax=None):
        """Draw the stages as boxes from top to bottom.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        Axes
        """
        from sklstm.inspection._plots import plot_flow

        return plot_flow(self, ax)

    def __str__(self):
        return flow_text(self)

    def _page_data(self):
        def cells(values: Values) -> dict[str, Any]:
            return {**asdict(values), "shape": values.shape}

        return {
            "note": "",
            "n_rows": self.n_rows,
            "n_total": self.n_total,
            "stages": [
                {
                    **asdict(stage),
                    "input": cells(stage.input),
                    "output": cells(stage.output),
                }
                for stage in self.stages
            ],
            "facts": [list(row) for row in self.facts],
            "warnings": list(self.warnings),
        }
