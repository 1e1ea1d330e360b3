"""TrainingTrace: loss and accuracy, epoch by epoch, and what they say."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from sklstm.inspection._curves import plot_losses, write_runs
from sklstm.inspection._observations import observe, watched_loss
from sklstm.inspection._part import TracePart
from sklstm.inspection._stages import steps_of, unwrapped

NUMBERS = ("train_loss", "train_accuracy", "valid_loss", "valid_accuracy")
_MONITOR = 'ScoringMonitor(scoring=["neg_log_loss", "accuracy"])'


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes
    ----------
    name : str
        What tells it from other runs: ``"fit"``, ``"fold 2"``.
    unit : {"epoch", "iteration"}
        What a row is.
    rows : tuple of dict
        ``epoch``, counted from 1, and, where they were measured, ``train_loss``,
        ``train_accuracy``, ``valid_loss`` and ``valid_accuracy``, all float.
    best : int or None
        The epoch whose weights were kept; None where the last ones were.
    n_rows : int or None
        How many rows trained; None where the model does not say.
    n_classes : int or None
        How many classes there are to guess from; None for regressors and for
        classifiers of several labels at once.
    observations : tuple of str
        What the numbers say, for each row; ``""`` for nothing.
    """

    name: str
    unit: Literal["epoch", "iteration"]
    rows: tuple[dict[str, Any], ...]
    best: int | None
    n_rows: int | None
    n_classes: int | None
    observations: tuple[str, ...]

    @property
    def watched(self) -> str:
        """Name of the loss that is watched: of validation where there is one."""
        return watched_loss(self.rows)

    def column(self, name: str) -> np.ndarray:
        """Return numbers of one kind, NaN where there are none."""
        values = [row.get(name) for row in self.rows]
        return np.array([math.nan if v is None else v for v in values], dtype=float)

    def has(self, name: str) -> bool:
        """Whether numbers of a kind were measured in any epoch."""
        return any(row.get(name) is not None for row in self.rows)


@dataclass(frozen=True, repr=False)
class TrainingTrace(TracePart):
    """Loss and accuracy of one training or several, epoch by epoch.

    Print it for a chart and a table, or draw it with ``plot``; ``to_frame`` gives the
    numbers and ``save`` writes a page. The loss is that which training minimizes: of a
    recurrent regressor in units of its standardized targets, of a perceptron with its
    penalty.

    Attributes
    ----------
    runs : tuple of Run
        The trainings, with their numbers and observations.

    See Also
    --------
    make_baseline : Its ``callbacks`` take a monitor of scikit-learn.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMClassifier, TextTokenizer
    >>> from sklstm.datasets import make_reviews
    >>> from sklstm.inspection import TrainingTrace
    >>> model = make_pipeline(
    ...     TextTokenizer(), LSTMClassifier(max_epochs=4, random_state=0)
    ... ).fit(*make_reviews(300, random_state=0))
    >>> trace = TrainingTrace.from_estimator(model)
    >>> trace.to_frame()["epoch"].tolist()
    [1, 2, 3, 4]
    >>> losses = trace.to_frame()["train_loss"]
    >>> bool(losses.iloc[-1] < losses.iloc[0])
    True
    """

    runs: tuple[Run, ...]

    _tab = "training"

    @classmethod
    def from_estimator(cls, model):
        """Trace how a fitted model was trained.

        The numbers are those that training left behind, nothing is computed again:
        ``history_`` of a recurrent estimator; else the log of a
        :class:`~sklearn.callback.ScoringMonitor` set on the model, the most recent fit
        with as many iterations as the model; else ``loss_curve_`` of scikit-learn's
        multi-layer perceptrons, with the accuracies in ``validation_scores_``. Clones
        share a monitor: give models that do in the order in which they were fitted.

        Parameters
        ----------
        model : estimator, list, or dict
            A fitted estimator; a pipeline, of which the last step is traced; a search,
            of which the refitted estimator is traced; a list of these, or a dict from
            names to these; or what
            :func:`~sklearn.model_selection.cross_validate` returns with
            ``return_estimator=True``: a run for each fold.

        Returns
        -------
        TrainingTrace
            With a run for each model.

        Raises
        ------
        NotFittedError
            If a model is not fitted.
        ValueError
            If a model has kept no numbers of its training, or there is no model.
        """
        return cls(tuple(read_runs(model)))

    def to_frame(self):
        """Return all numbers as a tidy table.

        Returns
        -------
        DataFrame
            A row for each epoch (or iteration) of each run, with the columns run,
            epoch, train_loss, train_accuracy, valid_loss, valid_accuracy (NaN where
            nothing was measured) and observation.
        """
        return pd.DataFrame(
            [
                {"run": run.name, **row, "observation": observation}
                for run in self.runs
                for row, observation in zip(run.rows, run.observations, strict=True)
            ],
            columns=["run", "epoch", *NUMBERS, "observation"],
        ).astype(dict.fromkeys(NUMBERS, float))

    def plot(self, ax=None):
        """Draw the losses: of training solid, of validation dashed.

        A ring marks the epoch whose weights were kept.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        matplotlib Axes
        """
        from matplotlib import pyplot as plt

        return plot_losses(self.runs, plt.subplots()[1] if ax is None else ax)

    def __str__(self):
        return "\n".join(write_runs(self.runs))

    def _page_data(self) -> dict[str, Any]:
        units = {run.unit for run in self.runs}
        return {
            "note": "",
            "unit": "epoch" if "epoch" in units else "iteration",
            "runs": [
                {
                    "name": run.name,
                    "n_rows": run.n_rows,
                    "best": run.best,
                    "rows": [
                        {
                            "epoch": row["epoch"],
                            **{name: row.get(name) for name in NUMBERS},
                            "observation": observation,
                        }
                        for row, observation in zip(
                            run.rows, run.observations, strict=True
                        )
                    ],
                }
                for run in self.runs
            ],
        }


# -- where the numbers are


def read_runs(model: Any) -> list[Run]:
    """Return a run for each model, see :meth:`TrainingTrace.from_estimator`."""
    names, models = _by_name(model)
    fitted = [_last_step(each) for each in models]
    return list(map(_read_run, names, fitted, _fits_of_monitors(fitted)))


def _by_name(model: Any) -> tuple[list[str], list[Any]]:
    if isinstance(model, Mapping):
        if "fit_time" in model:  # of cross_validate
            if "estimator" not in model:
                raise ValueError(
                    "The folds' models are needed: cross_validate(..., "
                    "return_estimator=True)."
                )
            models = list(model["estimator"])
            return [f"fold {i}" for i in range(1, len(models) + 1)], models
        names, models = [str(name) for name in model], list(model.values())
    elif isinstance(model, list | tuple):
        models = list(model)
        names = [type(_inner(each)).__name__ for each in models]
        if len(set(names)) < len(names):
            names = [f"model {i}" for i in range(1, len(models) + 1)]
    else:
        return ["fit"], [model]
    if not models:
        raise ValueError("There is no model to trace: the list or dict is empty.")
    return names, models


def _inner(model: Any) -> Any:
    """Return the estimator inside pipelines and searches."""
    while hasattr(model := unwrapped(model), "steps"):
        model = steps_of(model)[-1][1]
    return model


def _last_step(model: Any) -> Any:
    check_is_fitted(model)
    return _inner(model)


def _read_run(name: str, estimator: Any, log: list[dict] | None) -> Run:
    best, n_rows = None, None
    unit: Literal["epoch", "iteration"] = "epoch"
    if hasattr(estimator, "history_"):
        rows = [_numbers(row) for row in estimator.history_]
        best, n_rows = estimator.best_epoch_, estimator.history_[-1]["rows"]
    elif log is not None:
        rows, unit = log, "iteration"
    elif hasattr(estimator, "loss_curve_"):
        rows, best, n_rows = _read_perceptron(estimator)
    else:
        raise ValueError(_advice(estimator))
    n_classes = _n_classes(estimator)
    return Run(
        name,
        unit,
        tuple(rows),
        best,
        n_rows,
        n_classes,
        tuple(observe(rows, best, n_classes, unit)),
    )


def _numbers(row: Mapping[str, Any]) -> dict[str, Any]:
    measured = {name: float(row[name]) for name in NUMBERS if name in row}
    return {"epoch": int(row["epoch"]), **measured}


def _n_classes(estimator: Any) -> int | None:
    """Return from how many classes one is guessed, if it is one of them."""
    classes = getattr(estimator, "classes_", None)
    several = getattr(estimator, "_multilabel_", False) or (
        getattr(estimator, "out_activation_", "") == "logistic"
        and estimator.n_outputs_ > 1
    )
    return len(classes) if isinstance(classes, np.ndarray) and not several else None


def _read_perceptron(estimator: Any) -> tuple[list[dict], int | None, int | None]:
    """Return rows, best epoch and the number of rows of MLPClassifier or -Regressor."""
    losses = estimator.loss_curve_
    rows = [{"epoch": i, "train_loss": float(x)} for i, x in enumerate(losses, start=1)]
    best = None
    scores = estimator.validation_scores_
    if scores is not None and len(scores) == len(rows):
        best = int(np.argmax(scores)) + 1
        if hasattr(estimator, "classes_"):  # a regressor's score is no accuracy
            for row, score in zip(rows, scores, strict=True):
                row["valid_accuracy"] = float(score)
    n_rows, rest = divmod(int(estimator.t_), estimator.n_iter_)
    return rows, best, None if rest else n_rows


def _monitors(estimator: Any) -> list[Any]:
    callbacks = getattr(estimator, "_skl_callbacks", None) or ()
    return [callback for callback in callbacks if hasattr(callback, "get_logs")]


def _fits_of_monitors(estimators: Sequence[Any]) -> list[list[dict] | None]:
    """Return for each estimator the iterations that its monitor logged, if any.

    Clones share a monitor, and a log does not say of which clone it is: fits are
    taken from the most recent back, for estimators from the last to the first.
    """
    left: dict[int, list[list[dict]]] = {}
    found: list[list[dict] | None] = [None] * len(estimators)
    for i in reversed(range(len(estimators))):
        iterations = getattr(estimators[i], "n_iter_", None)  # None of a Ridge
        n_iter = 0 if iterations is None else int(np.max(iterations))
        for monitor in _monitors(estimators[i]):
            fits = left.setdefault(id(monitor), _logged_fits(monitor))
            fitting = [at for at, fit in enumerate(fits) if n_iter in (0, len(fit))]
            if fitting and found[i] is None:
                found[i] = fits.pop(fitting[-1])
    return found


def _logged_fits(monitor: Any) -> list[list[dict]]:
    """Return the last fit of each run in the log of a monitor, oldest first.

    In the run of a search that is the refit: paths of tasks are in the order of time.
    """
    try:
        logs = monitor.get_logs(select="all")
    except ValueError:  # it has seen nothing
        return []
    fits = []
    for log in logs:
        by_fit: dict[tuple, list[dict]] = {}
        for entry in log.data:
            by_fit.setdefault(entry["parent_task_id_path"], []).append(entry)
        # Iterations are tasks of a fit that was scored itself, and have no tasks
        paths = {entry["task_id_path"] for entry in log.data}
        scored = [path for path in by_fit if path in paths]
        if scored:
            iterations = by_fit[max(scored)]
            rows = [_scores(i, entry) for i, entry in enumerate(iterations, start=1)]
            if len(rows[0]) > 1:
                fits.append(rows)
    return fits


def _scores(i: int, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of one entry of a log."""
    row: dict[str, Any] = {"epoch": i}
    losses = [name for name in entry if name.startswith("neg_")]
    if losses:
        name = "neg_log_loss" if "neg_log_loss" in losses else losses[0]
        row["train_loss"] = -float(entry[name])
    if "accuracy" in entry:
        row["train_accuracy"] = float(entry["accuracy"])
    return row


def _advice(estimator: Any) -> str:
    """Say which line makes a model keep its losses."""
    name, own = type(estimator).__name__, clone(estimator)
    if "solver" in own.get_params():
        own.set_params(solver="lbfgs")
    monitored = f"{' '.join(repr(own).split())}.set_callbacks({_MONITOR})"
    if _monitors(estimator):
        return (
            f"The monitor of {name} has no loss or accuracy of the iterations of this "
            "fit. It scores those of solver='lbfgs', if it was set before the fit, in "
            f"this process (n_jobs=None), and for the right scores:\n    {monitored}"
        )
    if hasattr(estimator, "set_callbacks") and hasattr(estimator, "n_iter_"):
        return (
            f"{name} keeps no losses by itself. Give it a monitor, and fit again:\n"
            f"    from sklearn.callback import ScoringMonitor\n    {monitored}\n"
            "or, of averaged word vectors,\n"
            f"    make_baseline(vectors, callbacks=[{_MONITOR}])"
        )
    return (
        f"{name} keeps no losses that can be traced. These do: the recurrent "
        "estimators of sklstm, MLPClassifier and MLPRegressor with solver='adam' or "
        f"'sgd', and LogisticRegression().set_callbacks({_MONITOR})."
    )
