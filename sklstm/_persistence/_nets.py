"""Whether the sizes, weights and words of a stored net fit together."""

from typing import Any

from sklstm._persistence._fits import (
    check_input,
    is_array,
    is_bool,
    is_int,
    is_kind,
    n_words,
    need,
    plain,
    width_of,
)
from sklstm._persistence._stored import Stored

NETS = tuple(
    f"{cell}{task}"
    for cell in ("RNN", "GRU", "LSTM", "BiLSTM")
    for task in ("Classifier", "Regressor")
)

_GATES = {"rnn": 1, "gru": 3, "lstm": 4}
_SIZES = {
    *("cell", "n_tokens", "input_size", "hidden_size", "num_layers", "n_outputs"),
    *("bidirectional", "nonlinearity", "pooling"),
}


def _check_layers(stored: Stored) -> None:
    """Compare the number of layers alone, of which a net makes as many as it is told.

    Of all other sizes torch finds out by itself.
    """
    if "state_" in stored.state:
        n_layers, n_weights = stored["sizes_"]["num_layers"], len(stored["state_"])
        need(is_int(n_layers, 1) and n_layers <= n_weights, stored, "sizes_")


def check_language_model(stored: Stored) -> None:
    _check_layers(stored)
    if "state_" in stored.state:
        tokenizer, n_tokens = stored["tokenizer_"], stored["sizes_"]["n_tokens"]
        need(is_kind(tokenizer, "TextTokenizer"), stored, "tokenizer_")
        need(n_words(tokenizer["_vocabulary"]) == n_tokens, stored, "tokenizer_")


def check_net(stored: Stored) -> None:
    if "state_" not in stored.state:
        return
    _check_layers(stored)
    sizes = {name: plain(size) for name, size in stored["sizes_"].items()}
    check_input(stored, stored["_n_channels_"], "_n_channels_")
    need(_fits_kind(sizes, stored), stored, "sizes_")
    shapes, weights = _shapes_of(sizes), stored["state_"]
    fits = weights.keys() == shapes.keys() and all(
        is_array(weights[name], shape) for name, shape in shapes.items()
    )
    need(fits, stored, "state_")
    _check_words(stored, sizes)
    task = _check_classes if stored.kind.endswith("Classifier") else _check_numbers
    task(stored, sizes["n_outputs"])


def _fits_kind(sizes: dict[str, Any], stored: Stored) -> bool:
    """Whether sizes are those of a net of an estimator."""
    names = ("input_size", "hidden_size", "num_layers", "n_outputs")
    cell = stored.kind.removeprefix("Bi").removesuffix("Classifier")
    is_tokens = plain(stored["input_type_"]) == "tokens"
    n_tokens = sizes["n_tokens"]
    return (
        sizes.keys() == _SIZES
        and all(is_int(sizes[name], 1) for name in names)
        and sizes["cell"] == cell.removesuffix("Regressor").lower()
        and sizes["bidirectional"] is stored.kind.startswith("Bi")
        and sizes["nonlinearity"] in ("tanh", "relu")
        and sizes["pooling"] in ("last", "mean", "max", "attention")
        and (is_int(n_tokens, 2) if is_tokens else n_tokens is None)
        and (is_tokens or sizes["input_size"] == plain(stored["_n_channels_"]))
    )


def _shapes_of(sizes: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Return the shape of each weight of a net, by torch's names."""
    n_rows = _GATES[sizes["cell"]] * sizes["hidden_size"]
    sides = ["forward", "backward"] if sizes["bidirectional"] else ["forward"]
    width = len(sides) * sizes["hidden_size"]
    shapes: dict[str, tuple[int, ...]] = {}
    if sizes["n_tokens"] is not None:
        shapes["embedding.weight"] = (sizes["n_tokens"], sizes["input_size"])
    for side in sides:
        for i in range(sizes["num_layers"]):
            prefix = f"recurrent.{side}_layers.{i}."
            size = width if i else sizes["input_size"]
            shapes[f"{prefix}weight_ih_l0"] = (n_rows, size)
            shapes[f"{prefix}weight_hh_l0"] = (n_rows, sizes["hidden_size"])
            shapes[f"{prefix}bias_ih_l0"] = shapes[f"{prefix}bias_hh_l0"] = (n_rows,)
    if sizes["pooling"] == "attention":
        shapes["pooling.key.weight"] = (width, width)
        shapes["pooling.key.bias"] = (width,)
        shapes["pooling.query.weight"] = (1, width)
    shapes["head.weight"] = (sizes["n_outputs"], width)
    shapes["head.bias"] = (sizes["n_outputs"],)
    return shapes


def _check_words(stored: Stored, sizes: dict[str, Any]) -> None:
    """Compare the words that a net knows with its embedding."""
    vocabulary, table = stored["_vocabulary_"], stored["_word_table_"]
    is_tokens = sizes["n_tokens"] is not None
    fits = vocabulary is None or (
        is_tokens and is_kind(vocabulary, "Vocabulary") and n_words(vocabulary) > 1
    )
    need(fits, stored, "_vocabulary_")
    if table is not None:
        fits = (
            is_tokens
            and is_kind(table, "WordTable")
            and n_words(table["words"]) == sizes["n_tokens"]
            and width_of(table["vectors"]) in (None, sizes["input_size"])
        )
        need(fits, stored, "_word_table_")


def _check_classes(stored: Stored, n_outputs: int) -> None:
    need(is_bool(stored["_multilabel_"]), stored, "_multilabel_")
    fits = is_array(stored["classes_"], (n_outputs,), "biufUSO")
    need(fits and n_outputs > 1 - stored["_multilabel_"], stored, "classes_")


def _check_numbers(stored: Stored, n_outputs: int) -> None:
    for name in ("target_mean_", "target_scale_"):
        need(is_array(stored[name], (n_outputs,)), stored, name)
    shape = stored["_shape_of_row_"]
    need(
        shape == (n_outputs,) or (shape == () and n_outputs == 1),
        stored,
        "_shape_of_row_",
    )
