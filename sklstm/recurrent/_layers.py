"""The layers of a fitted estimator: what each does, and how many parameters it has."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sklstm.nn.cross_entropy import n_clusters
from sklstm.recurrent._language_model import LSTMLanguageModel

# How many times a cell has input weights, recurrent weights and two biases
N_GATES = {"rnn": 1, "gru": 3, "lstm": 4}
CELL_NAMES = {"rnn": "RNN", "gru": "GRU", "lstm": "LSTM"}

POOLING = {
    "last": "Take the hidden state after the last step",
    "mean": "Take the mean of the hidden states of all steps",
    "max": "Take the largest value of each hidden unit over all steps",
    "attention": "Weigh the hidden states by what they are worth, and add them up",
}


@dataclass(frozen=True)
class Layer:
    """One layer.

    Parameters
    ----------
    name, kind, summary : str
        What it is called, what it is, and what it does in one line.
    width : int
        Numbers that come out of it.
    each_step : bool
        Whether they come out at each step of a row, or once for the row.
    n_parameters : int
        How many numbers training learned.
    formula : str
        How they are counted; empty where there are none.
    """

    name: str
    kind: str
    summary: str
    width: int
    each_step: bool
    n_parameters: int = 0
    formula: str = ""


def layers_of(estimator: Any) -> list[Layer]:
    """Return the layers of a fitted estimator, from its input to its answer."""
    is_language = isinstance(estimator, LSTMLanguageModel)
    sizes = estimator.sizes_
    if is_language:
        sizes = {**sizes, "input_size": sizes["embedding_dim"], "cell": "lstm"}
    layers = [*_embedding(sizes), *_cells(sizes)]
    layers += _words(sizes) if is_language else _answer(estimator, sizes)
    return layers


def _embedding(sizes: dict[str, Any]) -> Iterator[Layer]:
    n_tokens, width = sizes["n_tokens"], sizes["input_size"]
    if n_tokens is not None:
        summary = f"Look up a vector of {width} numbers for each token"
        n = n_tokens * width
        formula = f"{n_tokens:,} × {width}"
        yield Layer("embedding", "Embedding", summary, width, True, n, formula)


def _cells(sizes: dict[str, Any]) -> Iterator[Layer]:
    hidden, gates = sizes["hidden_size"], N_GATES[sizes["cell"]]
    name, size = CELL_NAMES[sizes["cell"]], sizes["input_size"]
    n_directions = 2 if sizes.get("bidirectional") else 1
    ways = "from both ends" if n_directions == 2 else "from the first step to the last"
    for i in range(n_layers := sizes["num_layers"]):
        factors = [str(k) for k in (n_directions, gates) if k > 1]
        inside = f"{size} × {hidden} + {hidden} × {hidden} + 2 × {hidden}"
        formula = " × ".join([*factors, f"({inside})"]) if factors else inside
        n = n_directions * gates * (size * hidden + hidden * hidden + 2 * hidden)
        title = name if n_layers == 1 else f"{name} {i + 1}"
        kind = name if n_directions == 1 else f"{name}, both directions"
        size = n_directions * hidden
        summary = f"Read the row {ways}, {size} hidden units"
        yield Layer(title, kind, summary, size, True, n, formula)


def _answer(estimator: Any, sizes: dict[str, Any]) -> Iterator[Layer]:
    width = sizes["hidden_size"] * (2 if sizes["bidirectional"] else 1)
    pooling, n_outputs = sizes["pooling"], sizes["n_outputs"]
    n, formula = 0, ""
    if pooling == "attention":
        n, formula = width * width + 2 * width, f"{width} × {width} + 2 × {width}"
    yield Layer("pooling", pooling, POOLING[pooling], width, False, n, formula)
    yield Layer(
        "dense",
        "Linear",
        f"A weighted sum of the {width} numbers for each output",
        n_outputs,
        False,
        width * n_outputs + n_outputs,
        f"{width} × {n_outputs} + {n_outputs}",
    )
    if not hasattr(estimator, "classes_"):
        summary = "Back to the units of y: times target_scale_, plus target_mean_"
        yield Layer("scale", "Linear", summary, n_outputs, False)
    elif estimator._multilabel_:
        summary = "A probability for each label, by the logistic function"
        yield Layer("sigmoid", "Sigmoid", summary, n_outputs, False)
    else:
        summary = "Probabilities that add up to 1"
        yield Layer("softmax", "Softmax", summary, n_outputs, False)


def _words(sizes: dict[str, Any]) -> Iterator[Layer]:
    n_tokens, dim = sizes["n_tokens"], sizes["embedding_dim"]
    hidden = sizes["hidden_size"]
    if sizes["tied"] and hidden != dim:
        summary = f"A weighted sum of the {hidden} hidden units for each of {dim}"
        n = hidden * dim
        yield Layer("projection", "Linear", summary, dim, True, n, f"{hidden} × {dim}")
    summary = "A score for each word: the product with its vector of the embedding"
    width, n, formula = dim, n_tokens, f"{n_tokens:,}"
    if not sizes["tied"]:
        summary = "A weighted sum for each word"
        width = hidden
        n, formula = n_tokens * (width + 1), f"{n_tokens:,} × {width} + {n_tokens:,}"
    if clusters := n_clusters(n_tokens):
        n += clusters * (width + 1)
        formula += f" + {clusters} × {width} + {clusters}"
    yield Layer("dense", "Linear", summary, n_tokens, True, n, formula)
    summary = "Probabilities of the next word, which add up to 1"
    yield Layer("softmax", "Softmax", summary, n_tokens, True)
