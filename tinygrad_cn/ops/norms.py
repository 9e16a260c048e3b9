"""The p-norm of vectors, with a gradient of 0 where it has a kink at 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn.op import op
from tinygrad_cn.ops.guarded import times
from tinygrad_cn.ops.reductions import Axis, restored

__all__ = ["power_norm"]


def _power_norm(x: Any, *, order: float, axis: Axis = None, keepdims: bool = False) -> Any:
    total: Any = np.sum(np.abs(x) ** order, axis=axis, keepdims=keepdims)
    return total ** (1 / order)


def _power_norm_x(g: Any, x: Any, out: Any, order: float, axis: Axis, keepdims: bool) -> Any:
    """g sign(x) |x|^(p - 1) / |x|_p^(p - 1), and 0 at elements that are 0: there the norm has a kink or is flat."""
    whole = restored(out, x.shape, axis, keepdims)
    size = np.where(x == 0, 1, np.abs(x))
    length = np.where(whole == 0, 1, whole)
    scale = times(restored(g, x.shape, axis, keepdims), np.power(length, 1 - order))
    return scale * np.where(x == 0, 0, np.sign(x) * np.power(size, order - 1))


#: (sum |x|^p)^(1/p) for a finite p other than 0.
power_norm = op("power_norm", _power_norm, x=_power_norm_x, label="LinalgVectorNorm")
