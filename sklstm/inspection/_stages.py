"""A fitted pipeline as a list of stages, each run on real rows."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.utils.validation import check_is_fitted

from sklstm._sklearn import _safe_indexing
from sklstm.inspection._values import Values, describe

FOLDERS = ("text", "vectors", "recurrent")


@dataclass(frozen=True)
class Stage:
    """A step of a pipeline, a branch of it, or a layer of a net.

    Parameters
    ----------
    name : str
        As the pipeline calls it.
    kind : str
        Its class.
    summary : str
        What it does, in one line.
    input, output : Values
        What goes in, and what comes out.
    level : int
        0 for the steps of the pipeline, 1 for what is inside of them, and so on.
    n_parameters : int or None
        How many numbers it learned; None where that is not known.
    formula : str
        How they are counted.
    """

    name: str
    kind: str
    summary: str
    input: Values
    output: Values
    level: int = 0
    n_parameters: int | None = None
    formula: str = ""

    def hidden(self) -> "Stage":
        """Return the same without any values of the data."""
        return replace(self, input=self.input.hidden(), output=self.output.hidden())


@dataclass
class Flow:
    """Stages as they are found, and the estimators of this package with their input."""

    stages: list[Stage] = field(default_factory=list)
    own: list[tuple[Any, Any]] = field(default_factory=list)

    def run(self, name: str, estimator: Any, X: Any, level: int, last: bool) -> Any:
        """Add the stages of one estimator, and return what it makes of ``X``.

        ``last`` says whether its answers are those of the whole, or whether it hands
        something on.
        """
        estimator = unwrapped(estimator)
        if isinstance(estimator, Pipeline):
            return self._run_pipeline(name, estimator, X, level, last)
        check_is_fitted(estimator)
        position = len(self.stages)
        inside: Iterator[Stage] = iter(())
        if isinstance(estimator, ColumnTransformer | FeatureUnion):
            for branch, step, columns in branches_of(estimator):
                part = X if columns is None else _safe_indexing(X, columns, axis=1)
                self.run(branch, step, part, level + 1, last=False)
            output = estimator.transform(X)
        else:
            answers = last and hasattr(estimator, "predict")
            output = output_of(estimator, X, answers)
            inside = layers_inside(estimator, X, output, level + 1, answers)
        n_parameters, formula = parameters_of(estimator)
        stage = Stage(
            name,
            type(estimator).__name__,
            summary_of(estimator),
            describe(X),
            describe(output),
            level,
            n_parameters,
            formula,
        )
        self.stages.insert(position, stage)
        self.stages.extend(inside)
        if any(in_package(estimator, folder) for folder in FOLDERS):
            self.own.append((estimator, X))
        return output

    def _run_pipeline(
        self, name: str, pipeline: Pipeline, X: Any, level: int, last: bool
    ) -> Any:
        """Add the steps of a pipeline, below a stage of its own if it is inside one."""
        position, given = len(self.stages), X
        final = pipeline.steps[-1][0] if last else None
        for step_name, step in steps_of(pipeline):
            X = self.run(step_name, step, X, level + bool(name), step_name == final)
        if name:
            n_steps = len(pipeline.steps)
            summary = f"{n_steps} steps, one after the other"
            summary = "One step" if n_steps == 1 else summary
            stage = Stage(
                name, "Pipeline", summary, describe(given), describe(X), level
            )
            self.stages.insert(position, stage)
        return X


def unwrapped(model: Any) -> Any:
    """Return the estimator that a fitted search, or a frozen one, predicts with."""
    while True:
        if hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        elif isinstance(model, FrozenEstimator):
            model = model.estimator
        elif hasattr(model, "cv_results_") and hasattr(model, "refit"):
            raise ValueError(
                f"{type(model).__name__}(refit=False) holds no fitted estimator to "
                "look into; search with refit=True."
            )
        else:
            return model


def steps_of(model: Any) -> list[tuple[str, Any]]:
    """Return the steps of a pipeline that do something; of others the model alone."""
    if not hasattr(model, "steps"):
        return [("", model)]
    return [step for step in model.steps if step[1] not in (None, "passthrough")]


def branches_of(estimator: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield the name, the estimator and the columns of what runs side by side."""
    if isinstance(estimator, FeatureUnion):
        for name, step in estimator.transformer_list:
            if step not in ("drop", "passthrough"):
                yield name, step, None
        return
    for name, step, columns in estimator.transformers_:
        empty = not isinstance(columns, str | int | slice) and not len(columns)
        if not (isinstance(step, str) or empty):
            yield name, step, columns


def output_of(estimator: Any, X: Any, answers: bool) -> Any:
    """Return what a step hands on, or what the last one answers."""
    if answers:
        return estimator.predict(X)
    if hasattr(estimator, "transform"):
        return estimator.transform(X)
    return None  # it says nothing of rows other than those of fit


def summary_of(estimator: Any) -> str:
    """Return the first sentence of what an estimator says of itself."""
    documented = inspect.cleandoc(type(estimator).__doc__ or "")
    paragraph = " ".join(documented.partition("\n\n")[0].split())
    sentence, dot, _ = paragraph.partition(". ")
    return sentence + "." * bool(dot)


def parameters_of(estimator: Any) -> tuple[int | None, str]:
    """Count what a linear model, or a net of scikit-learn, has learned."""
    if in_package(estimator, "recurrent"):
        from sklstm.recurrent._layers import layers_of

        counts = [layer.n_parameters for layer in layers_of(estimator)]
        return sum(counts), " + ".join(f"{n:,}" for n in counts if n)
    if hasattr(estimator, "coefs_"):  # of a multi-layer perceptron
        shapes = [weight.shape for weight in estimator.coefs_]
        n = sum(rows * columns + columns for rows, columns in shapes)
        return n, " + ".join(f"{i} × {o} + {o}" for i, o in shapes)
    weights = getattr(estimator, "coef_", None)
    if not isinstance(weights, np.ndarray):
        return None, ""
    biases = np.size(getattr(estimator, "intercept_", ()))
    n_outputs, n_inputs = weights.reshape(-1, weights.shape[-1]).shape
    formula = f"{n_outputs} × {n_inputs}"
    return weights.size + biases, formula + (f" + {biases}" if biases else "")


def in_package(estimator: Any, folder: str) -> bool:
    """Whether an estimator, or what it derives from, is of a folder of this package."""
    start = f"sklstm.{folder}."
    return any(cls.__module__.startswith(start) for cls in type(estimator).__mro__)


def layers_inside(
    estimator: Any, X: Any, output: Any, level: int, answers: bool
) -> Iterator[Stage]:
    """Yield the layers of a net, or the parts of an averager, of this package."""
    if in_package(estimator, "recurrent"):
        from sklstm.inspection._layer_stages import net_stages

        yield from net_stages(estimator, X, level, answers)
    elif in_package(estimator, "vectors"):
        from sklstm.inspection._layer_stages import averager_stages

        yield from averager_stages(estimator, X, output, level)
