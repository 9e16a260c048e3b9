"""Windows that slide along an axis: reading them as a view, and adding them up again. Adjoint to each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn.op import op

Shape = tuple[int, ...]


def _windows(x: Any, *, axis: int, size: int, step: int) -> Any:
    """Every ``step``-th window of ``size`` along ``axis``, the windows' elements on a new last axis."""
    apart = step >= size  # windows that overlap share elements, so writing through them has no one meaning
    view = np.lib.stride_tricks.sliding_window_view(x, size, axis, writeable=apart and x.flags.writeable)
    return view[(slice(None),) * axis + (slice(None, None, step),)]


def _windows_back(g: Any, x_shape: Shape, axis: int, size: int, step: int) -> Any:
    return add_windows(g, axis=axis, size=size, step=step, shape=x_shape)


windows = op("windows", _windows, x=_windows_back, view=True, label="Unfold")


def _add_windows(x: Any, *, axis: int, size: int, step: int, shape: Shape) -> Any:
    """Zeros of ``shape`` with the windows added in: a loop over the windows or over their places, the fewer."""
    out = np.zeros_like(x, shape=shape)
    before = (slice(None),) * axis
    count = x.shape[axis]
    if count < size:
        for i in range(count):
            out[(*before, slice(i * step, i * step + size))] += np.moveaxis(x[(*before, i)], -1, axis)
    else:
        for k in range(size):
            out[(*before, slice(k, k + step * (count - 1) + 1, step))] += x[..., k]
    return out


add_windows = op(
    "add_windows",
    _add_windows,
    x=lambda g, axis, size, step: windows(g, axis=axis, size=size, step=step),
    label="UnfoldBackward",
)
