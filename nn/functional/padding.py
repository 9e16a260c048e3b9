"""Padding at the ends of axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.errors import ShapeError
from tinygrad_cn.functions._arguments import tensor
from tinygrad_cn.ops import indexing
from tinygrad_cn.ops import shape as ops


def pad(input: Any, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Any:
    """Elements added (or, where negative, cropped) at the ends of the last axes.

    Args:
        input (Tensor)
        pad (sequence of ints): (before, after) of the last axis, then of the second to last, and so on.
        mode (str): "constant" (any axes), "reflect", "replicate" or "circular" (spatial axes only).
        value (number, optional): of the constant; 0 by default.

    Raises:
        ShapeError: more pairs than axes, or more padding than the mode can take from the input.
        NotImplementedError: an unknown mode.
    """
    shape = tensor("pad", input)._array.shape
    widths = [int(w) for w in pad]
    if len(widths) % 2 or len(widths) > 2 * len(shape):
        raise ShapeError(
            f"pad(): {len(widths)} numbers {widths} for an input of shape {list(shape)}; give a pair for each of the "
            "last axes"
        )
    pairs = [(0, 0)] * (len(shape) - len(widths) // 2) + list(zip(widths[::2], widths[1::2], strict=True))[::-1]
    if mode == "constant":
        if any(n + a + b < 0 for n, (a, b) in zip(shape, pairs, strict=True)):
            raise ShapeError(f"pad(): {widths} crops more than the input of shape {list(shape)} has")
        return ops.pad(input, widths=pairs, value=0 if value is None else value)
    if mode not in _POSITIONS:
        raise NotImplementedError(f"pad(): mode must be constant, reflect, replicate or circular, got {mode!r}")
    if value:
        raise ValueError(f"pad(): mode {mode!r} takes no value, got {value}")
    spatial = len(widths) // 2
    if len(shape) not in (spatial + 1, spatial + 2):
        raise NotImplementedError(
            f"pad(): mode {mode!r} pads the last {spatial} axes of an input with {spatial + 1} or {spatial + 2}, got "
            "shape "
            f"{list(shape)}"
        )
    if any(n + a + b < 1 for n, (a, b) in zip(shape, pairs, strict=True) if a or b):
        raise ShapeError(f"pad(): {widths} leaves nothing of the input of shape {list(shape)}")
    for axis, (before, after) in enumerate(pairs):
        if before or after:
            positions = _POSITIONS[mode](shape[axis], before, after)
            input = indexing.getitem(input, index=(slice(None),) * axis + (positions,))
    return input


def _reflected(n: int, before: int, after: int) -> np.ndarray:
    if before >= n or after >= n:
        raise ShapeError(f"pad(): reflect padding ({before}, {after}) must be smaller than the axis of size {n}")
    positions = np.abs(np.arange(-before, n + after))
    return np.where(positions >= n, 2 * (n - 1) - positions, positions)


def _replicated(n: int, before: int, after: int) -> np.ndarray:
    if n == 0:
        raise ShapeError("pad(): an axis of size 0 has nothing to replicate")
    return np.clip(np.arange(-before, n + after), 0, n - 1)


def _wrapped(n: int, before: int, after: int) -> np.ndarray:
    """Negative widths crop first; what is left is wrapped around."""
    if before > n or after > n:
        raise ShapeError(f"pad(): circular padding ({before}, {after}) must not be larger than the axis of size {n}")
    start, kept = max(-before, 0), n - max(-before, 0) - max(-after, 0)
    if kept <= 0:
        raise ShapeError(f"pad(): circular padding ({before}, {after}) leaves nothing of the axis of size {n}")
    return start + np.arange(-max(before, 0), kept + max(after, 0)) % kept


_POSITIONS = {"reflect": _reflected, "replicate": _replicated, "circular": _wrapped}
