"""Memory read with other sizes and strides, as a view, and what undoes it. Adjoint to each other."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cn.op import op

Shape = tuple[int, ...]


def _apart(shape: Shape, strides: Shape) -> bool:
    """Whether no two places are surely the same element: each stride reaches beyond all the smaller ones together."""
    reach = 0
    for stride, size in sorted(zip(strides, shape, strict=True)):
        if size > 1:
            if stride <= reach:
                return False
            reach += stride * (size - 1)
    return True


def _last(shape: Shape, strides: Shape, offset: int) -> int:
    """The element that is read last."""
    return offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))


def _strided(x: Any, *, shape: Shape, strides: Shape, offset: int = 0) -> Any:
    """``x``, row by row, read from element ``offset`` on with ``strides`` counted in elements."""
    flat = np.ravel(x)  # contiguous, also where x is not
    assert not math.prod(shape) or 0 <= offset <= _last(shape, strides, offset) < flat.size, "outside the memory"
    width = flat.itemsize
    writeable = flat.flags.writeable and _apart(shape, strides)
    steps = tuple(stride * width for stride in strides)
    return np.lib.stride_tricks.as_strided(flat[offset:], shape, steps, writeable=writeable)


def _strided_back(g: Any, x_shape: Shape, strides: Shape, offset: int) -> Any:
    return add_strided(g, size=x_shape, strides=strides, offset=offset)


strided = op("strided", _strided, x=_strided_back, view=True, label="AsStrided")


def _add_strided(x: Any, *, size: Shape, strides: Shape, offset: int = 0) -> Any:
    """Zeros of shape ``size`` with each element of ``x`` added to the one it was read from."""
    out = np.zeros_like(x, shape=size)
    places = np.full(x.shape, offset)
    for axis, stride in enumerate(strides):
        places += np.reshape(np.arange(x.shape[axis]) * stride, (-1,) + (1,) * (x.ndim - axis - 1))
    np.add.at(np.reshape(out, (out.size,)), places, x)
    return out


def _strided_again(g: Any, x_shape: Shape, strides: Shape, offset: int) -> Any:
    return strided(g, shape=x_shape, strides=strides, offset=offset)


add_strided = op("add_strided", _add_strided, x=_strided_again, label="AsStridedBackward")
