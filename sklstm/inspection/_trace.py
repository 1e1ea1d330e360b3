"""trace: data flow, training and predictions of a fitted pipeline, on one page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sklstm._sklearn import _num_samples, _safe_indexing
from sklstm.inspection._lesson import insight, questions
from sklstm.inspection._part import PARTS, page_data, write_page
from sklstm.inspection._pipeline_trace import PipelineTrace
from sklstm.inspection._prediction_trace import PredictionTrace
from sklstm.inspection._readers import UnreadableModelError
from sklstm.inspection._render_html import frame, render_page
from sklstm.inspection._stages import steps_of, unwrapped
from sklstm.inspection._tables import clip, columns_of, wrap
from sklstm.inspection._training_trace import TrainingTrace
from sklstm.inspection._values import as_rows

N_EXAMPLES = 3


@dataclass(frozen=True, repr=False)
class Trace:
    """Data flow, training and predictions of a fitted pipeline.

    Parameters
    ----------
    title : str
        What the pipeline is.
    flow : PipelineTrace
        What data looks like at every stage.
    training : TrainingTrace or None
        Loss and accuracy, epoch by epoch; None where the model keeps none.
    predictions : PredictionTrace or None
        Single rows, step by step; None for models that cannot be read.
    missing : dict of str to str
        Why a part is missing, by its name.
    """

    title: str
    flow: PipelineTrace
    training: TrainingTrace | None
    predictions: PredictionTrace | None
    missing: Mapping[str, str] = field(default_factory=dict)

    def save(self, path, *, quiz=False, notes=None):
        """Save the trace as one HTML file that needs no network.

        Parameters
        ----------
        path : str or path
            Where to write; a file that is there is replaced.
        quiz : bool or sequence of (str, str), default=False
            True adds three questions made of the numbers of this trace, with folded
            answers, and a paragraph of what it shows. Pairs of a question and an
            answer are put in the place of these questions.
        notes : dict of str to str, default=None
            What to say above the parts, by name: "flow", "training", "predictions";
            and "insight", which replaces the paragraph.

        Returns
        -------
        Path
            Of the file.

        Raises
        ------
        ValueError
            If a note is for a part that there is not, or a question has no answer.
        """
        return write_page(path, self._page(quiz, notes or {}))

    def _page(self, quiz: Any, notes: Mapping[str, str]) -> str:
        there = [name for name in PARTS if getattr(self, name) is not None]
        unknown = sorted(set(notes) - {*there, "insight"})
        if unknown:
            raise ValueError(
                f"notes are for {', '.join(there)} and insight, found {unknown}."
            )
        data = page_data(
            self.title,
            {name: getattr(self, name) for name in PARTS},
            subtitle=" ".join(
                f"No {name}: {reason.partition('. ')[0].rstrip('.')}."
                for name, reason in self.missing.items()
            ),
            quiz=self._quiz(quiz),
            insight=notes.get("insight", insight(self) if quiz else ""),
        )
        for name in there:
            data[name]["note"] = notes.get(name, data[name]["note"])
        return render_page(data)

    def _quiz(self, quiz: Any) -> list[dict[str, str]]:
        if isinstance(quiz, bool):
            return questions(self) if quiz else []
        pairs: list[Any] = list(quiz) if isinstance(quiz, list | tuple) else [None]
        for pair in pairs:
            if not (isinstance(pair, list | tuple) and len(pair) == 2 and all(pair)):
                raise ValueError(
                    "quiz is True, False, or a list of pairs of a question and an "
                    f"answer, found {pair or quiz!r}."
                )
        return [{"question": str(q), "answer": str(a)} for q, a in pairs]

    def _repr_html_(self):
        return frame(self._page(False, {}))

    def __repr__(self):
        return f"<Trace of {self.title}: print it, or .save('lesson.html')>"

    def __str__(self):
        title = clip(self.title)
        lines = [title, "=" * columns_of(title)]
        for name in PARTS:
            heading = {"flow": "data flow"}.get(name, name).capitalize()
            part = getattr(self, name)
            lines += ["", heading, "-" * len(heading)]
            if part is not None:
                lines.append(str(part))
                continue
            for line in self.missing[name].splitlines():  # code stays as it is
                lines += [line] if line.startswith(" ") else wrap(line, "")
        return "\n".join(lines)


def trace(estimator, X, y=None, *, examples=None, max_rows=1000, show_values=True):
    """Look into a fitted pipeline: data flow, training and single predictions.

    Parameters
    ----------
    estimator : estimator, Pipeline or search
        A fitted one. Any pipeline of scikit-learn has a data flow; what else there is
        depends on the model, see :class:`TrainingTrace` and :class:`PredictionTrace`.
    X : array-like, frame, sparse matrix or list of n_samples rows
        What it predicts from.
    y : array-like of shape (n_samples,), default=None
        What would have been right: it is shown beside the predictions of rows of
        ``X``.
    examples : rows as in ``X``, default=None
        Rows to read step by step; None takes the first three of ``X``.
    max_rows : int or None, default=1000
        How many rows of ``X`` to run at most; None runs all.
    show_values : bool, default=True
        Whether samples of the data are kept. False keeps private text private: no row
        of ``X`` is shown, and only ``examples`` that were given are read.

    Returns
    -------
    Trace
        Its parts are ``flow``, ``training`` and ``predictions``; ``save`` writes the
        page.

    Raises
    ------
    NotFittedError
        If the estimator has not been fitted.
    TypeError
        If ``X`` or ``examples`` are no rows: one text, say.
    ValueError
        If a stage cannot read ``X``, or ``X`` and ``y`` differ in length.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMClassifier, TextTokenizer
    >>> from sklstm.datasets import make_reviews
    >>> from sklstm.inspection import trace
    >>> texts, labels = make_reviews(200, random_state=0)
    >>> pipe = make_pipeline(TextTokenizer(), LSTMClassifier(random_state=0))
    >>> lesson = trace(pipe.fit(texts, labels), texts, examples=["not a bad film"])
    >>> lesson.flow.stages[2].name, lesson.flow.stages[2].output.dims[-1]
    ('embedding', '50')
    >>> len(lesson.training.runs[0].rows)
    10
    >>> lesson.predictions.readings[0].labels
    ['not', 'a', 'bad', 'film']
    """
    check_is_fitted(estimator)
    X = as_rows(X)
    check_consistent_length(X, y)
    flow = PipelineTrace.from_estimator(
        estimator, X, max_rows=max_rows, show_values=show_values
    )
    missing = {}
    training = predictions = None
    try:
        training = TrainingTrace.from_estimator(estimator)
    except ValueError as error:
        missing["training"] = str(error)
    if examples is None and show_values:
        first = slice(min(N_EXAMPLES, _num_samples(X)))
        examples = _safe_indexing(X, first)
        y = None if y is None else _safe_indexing(y, first)
    else:
        y = None  # speaks of rows of X
    if examples is None or not _num_samples(as_rows(examples, "examples")):
        missing["predictions"] = "No examples were given."
    else:
        try:
            predictions = PredictionTrace.from_estimator(estimator, examples, y)
        except UnreadableModelError as error:
            missing["predictions"] = str(error)
    return Trace(_title(estimator), flow, training, predictions, missing)


def _title(estimator: Any) -> str:
    """Return the class names of the steps."""
    steps = steps_of(unwrapped(estimator))
    return " → ".join(type(unwrapped(step)).__name__ for _, step in steps)
