"""The state of a net as NumPy arrays and plain values, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch


def to_arrays(value: Any) -> Any:
    """Replace every tensor inside ``value`` by an array on the CPU."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().numpy()
    if isinstance(value, Mapping):
        return {key: to_arrays(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_arrays(item) for item in value]
    return value


def to_tensors(value: Any) -> Any:
    """Replace every array inside ``value`` by a tensor that owns its memory."""
    if isinstance(value, np.ndarray):
        return torch.from_numpy(np.array(value))
    if isinstance(value, Mapping):
        return {key: to_tensors(item) for key, item in value.items()}
    if isinstance(value, list):
        return [to_tensors(item) for item in value]
    return value
