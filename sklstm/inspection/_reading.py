"""What a prediction is made of: one row, read step by step."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

LEFT_OUT, GRADIENT, EXACT = "left out", "gradient × input", "exact"

Mark = Literal["", "unknown", "cut"]


@dataclass(frozen=True)
class Step:
    """A word of a text, or a step of a series.

    Parameters
    ----------
    label : str
        The word as the text has it, or which step it is.
    id : int or None
        The token id.
    mark : {"", "unknown", "cut"}
        "unknown" where the model has no word or vector of its own for it, "cut" where
        the padder cut it off.
    values : tuple of float or None
        The numbers of a step of a series.
    """

    label: str
    id: int | None = None
    mark: Mark = ""
    values: tuple[float, ...] | None = None


@dataclass(frozen=True, eq=False)
class Contribution:
    """What each step that was read adds to a prediction.

    Parameters
    ----------
    name : str
        Of the method.
    about : str
        What the numbers mean.
    values : ndarray of shape (n_read,), float64
        One number for each step that was read.
    of : {"answer", "score"}
        What they are added to: the probability (or the number) that is the answer, or
        the score behind it.
    constant : float or None
        What the score is without any step, where it is the constant and the values
        added up; else None.
    """

    name: str
    about: str
    values: np.ndarray
    of: Literal["answer", "score"] = "answer"
    constant: float | None = None


@dataclass(frozen=True, eq=False)
class LayerReading:
    """What one direction of one layer computed.

    Parameters
    ----------
    name : str
        "LSTM", "LSTM 2, backward".
    signals : dict of str to ndarray of shape (n_read, hidden_size), float64
        Gates, candidate and states, by name, in the order of the row.
    """

    name: str
    signals: dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Reading:
    """One row on its way through a fitted model, step by step.

    Parameters
    ----------
    title : str
        The text, or which row it is.
    input : {"text", "series", "language"}
        What the steps are: words or numbers; "language" where the next word is
        predicted.
    steps : tuple of Step
        All steps, those that were cut off too.
    read : ndarray of shape (n_read,), int64
        Positions in ``steps`` of what the model read, in the order of the row.
    outputs : tuple of str
        Names of the classes, or of the outputs of a regression; empty for a language
        model.
    scale : {"probability", "score", "value"}
        What ``result`` holds: probabilities, scores of a classifier that has none, or
        predicted numbers.
    result : ndarray of shape (n_outputs,), float64
        The answer for the whole row.
    predicted : str
        The predicted label, number or word.
    true : str or None
        What would have been right.
    focus : int
        The output of which contributions and gradients speak.
    reading : ndarray of shape (n_read, n_outputs), float64
        The answer for the row up to each step: what the model would have said had what
        it reads ended there. The last one is ``result``.
    contributions : tuple of Contribution
        What each step adds.
    gradient_by_step : ndarray of shape (n_read,), float64, or None
        The norm of the derivative of the score by the hidden state of the last layer
        at each step, along all ways on which it reaches the score.
    score : float or None
        The number that gradients are of: of two classes the log-odds of the predicted
        one, of more its logit, of a regression the prediction.
    embedded : ndarray of shape (n_read, embedding_dim), float64, or None
        What the recurrent layers read.
    layers : tuple of LayerReading
        From the first one on.
    pooled : ndarray of shape (n_hidden,), float64, or None
        All states in one vector.
    logits : ndarray of shape (n_outputs,), float64, or None
        What the last layer makes of it, before probabilities.
    next_words : tuple of tuple of (str, float), or None
        The most probable words after each step, of a language model.
    """

    title: str
    input: Literal["text", "series", "language"]
    steps: tuple[Step, ...]
    read: np.ndarray
    outputs: tuple[str, ...]
    scale: Literal["probability", "score", "value"]
    result: np.ndarray
    predicted: str
    true: str | None
    focus: int
    reading: np.ndarray
    contributions: tuple[Contribution, ...] = ()
    gradient_by_step: np.ndarray | None = None
    score: float | None = None
    embedded: np.ndarray | None = field(default=None, repr=False)
    layers: tuple[LayerReading, ...] = field(default=(), repr=False)
    pooled: np.ndarray | None = field(default=None, repr=False)
    logits: np.ndarray | None = None
    next_words: tuple[tuple[tuple[str, float], ...], ...] | None = None

    @property
    def labels(self) -> list[str]:
        """The words, or steps, that were read."""
        return [self.steps[i].label for i in self.read]

    @property
    def focus_name(self) -> str:
        """The class, output or word of which contributions and gradients speak."""
        return self.outputs[self.focus] if self.outputs else self.predicted


@dataclass(frozen=True, eq=False)
class RowFlow:
    """One row, and what each step of a pipeline makes of it.

    Parameters
    ----------
    given : list
        What each step is given, and the last of all the model.
    words : list of str or None
        The tokens of the row as a tokenizer splits it, unknown words too.
    """

    given: list[Any]
    words: list[str] | None


def label_of(value: Any) -> str:
    """Write a label or a number as a user would."""
    if isinstance(value, np.ndarray):
        return ", ".join(label_of(part) for part in value.tolist())
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    return str(value)
