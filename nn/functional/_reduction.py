"""What the losses share: reductions and the warning about silent broadcasting."""

from __future__ import annotations

import warnings
from typing import Any

from tinygrad_cn.functions import reduction
from tinygrad_cn.functions._arguments import tensor
from tinygrad_cn.record import Record


def reduced(name: str, losses: Any, kind: str) -> Any:
    """The losses as they are, summed or averaged.

    Raises:
        ValueError: an unknown reduction.
    """
    if kind == "mean":
        return named(name, reduction.mean(losses))
    if kind == "sum":
        return named(name, reduction.sum(losses))
    if kind == "none":
        return named(name, losses)
    raise ValueError(f"{name}(): reduction must be 'none', 'mean' or 'sum', got {kind!r}")


#: The losses that are one function in PyTorch, and are shown as such by ``grad_fn``.
_LABELS = {
    "mse_loss": "MseLoss",
    "smooth_l1_loss": "SmoothL1Loss",
    "huber_loss": "HuberLoss",
    "nll_loss": "NllLoss",
    "binary_cross_entropy": "BinaryCrossEntropy",
    "binary_cross_entropy_with_logits": "BinaryCrossEntropyWithLogits",
}


def named(name: str, loss: Any) -> Any:
    """The loss, whose ``grad_fn`` shows the function that was called and not its last op."""
    node = getattr(loss, "_node", None)
    if name in _LABELS and isinstance(node, Record):
        node.shown = _LABELS[name]
    return loss


def legacy(kind: str, size_average: bool | None, reduce: bool | None) -> str:
    """The reduction that PyTorch's old arguments mean."""
    if size_average is None and reduce is None:
        return kind
    if reduce is False:
        return "none"
    return "sum" if size_average is False else "mean"


def check_sizes(name: str, input: Any, target: Any) -> None:
    """Warn when a loss would broadcast its target: almost always a forgotten squeeze or unsqueeze."""
    a, b = tensor(name, input)._array.shape, tensor(name, target, "target")._array.shape
    if a != b:
        warnings.warn(
            f"{name}(): using a target size {list(b)} that is different to the input size {list(a)} will broadcast, "
            "and "
            "likely give a wrong loss; reshape the target to the input's shape",
            UserWarning,
            stacklevel=3,
        )
