"""Losses that torch does not have."""

import torch
from torch import Tensor, nn


class QuantileLoss(nn.Module):
    """The loss that is smallest at a quantile of the targets (pinball loss).

    Parameters
    ----------
    quantile : float in (0, 1), default=0.5
        Share of the targets that are to lie below the prediction.
    reduction : {"none"}, default="none"
        As in the losses of torch: one loss for each output.

    References
    ----------
    .. [1] R. Koenker and G. Bassett (1978). Regression quantiles. Econometrica 46.
    """

    def __init__(self, quantile: float = 0.5, reduction: str = "none") -> None:
        super().__init__()
        self.quantile = quantile
        self.reduction = reduction

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each output, (B, K), (B, K) -> (B, K)."""
        missing = target - prediction
        return torch.maximum(self.quantile * missing, (self.quantile - 1) * missing)
