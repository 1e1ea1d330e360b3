"""What the checks of stored estimators are made of."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from sklstm._persistence._stored import Stored


def need(holds: Any, stored: Stored, name: str) -> None:
    """Refuse an object whose attribute ``name`` does not hold what it has to."""
    if not holds:
        found = repr(stored.state.get(name))
        raise ValueError(
            f"{stored.kind} has {name}={found:.60}, which makes no sense or does not "
            "fit the rest"
        )


def plain(value: Any) -> Any:
    """Return a number or a str of NumPy as one of Python."""
    is_scalar = isinstance(value, np.ndarray) and not value.ndim
    return value.item() if is_scalar else value


def is_int(value: Any, least: int = 0) -> bool:
    value = plain(value)
    return type(value) is int and value >= least


def is_bool(value: Any) -> bool:
    return type(plain(value)) is bool


def is_array(value: Any, shape: tuple[int, ...], kinds: str = "f") -> bool:
    """Whether a value is an array of a shape, its floats finite."""
    return (
        isinstance(value, np.ndarray)
        and value.dtype.kind in kinds
        and value.shape == shape
        and (value.dtype.kind != "f" or bool(np.isfinite(value).all()))
    )


def is_kind(value: Any, kind: str) -> bool:
    """Whether a value is an object of this package, of a class of that name."""
    is_ours = isinstance(value, Stored) and value.module.startswith("sklstm.")
    return is_ours and value.kind == kind


def check_choices(stored: Stored, choices: Mapping[str, Collection]) -> None:
    for name, allowed in choices.items():
        need(plain(stored[name]) in allowed, stored, name)


def n_words(vocabulary: Any) -> int:
    """Return the number of words of a stored vocabulary."""
    return len(vocabulary["offsets"]) - 1


def width_of(vectors: Stored) -> int | None:
    """Return the length of vectors; None of those that are read from a path."""
    return None if "origin" in vectors.state else vectors["matrix"].shape[1]


def check_input(stored: Stored, n_channels: Any, name: str) -> None:
    """Compare the number of channels, an attribute ``name``, with ``input_type_``."""
    check_choices(stored, {"input_type_": ("tokens", "series")})
    is_tokens = plain(stored["input_type_"]) == "tokens"
    fits = n_channels is None if is_tokens else is_int(n_channels, 1)
    need(fits, stored, name)
