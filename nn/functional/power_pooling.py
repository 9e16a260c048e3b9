"""Pooling by power means."""

from __future__ import annotations

import math
from typing import Any

from tinygrad_cn.errors import ShapeError
from tinygrad_cn.functions import arithmetic
from tinygrad_cn.functions._arguments import tensor
from tinygrad_cn.kernels.windows import per_axis

from .pooling import avg_pool1d, avg_pool2d, avg_pool3d


def _lp_pool(name: str, ndim: int, input: Any, power: float, kernel: Any, stride: Any, ceil_mode: bool) -> Any:
    shape = tensor(name, input)._array.shape
    if len(shape) not in (ndim + 1, ndim + 2):
        raise ShapeError(f"{name}(): expected input of {ndim + 2} or {ndim + 1} dimensions, got shape {list(shape)}")
    kernel = per_axis(kernel, ndim, "kernel_size", name)
    pool = (avg_pool1d, avg_pool2d, avg_pool3d)[ndim - 1]
    mean = pool(arithmetic.pow(input, power), kernel, stride, 0, ceil_mode)
    total = arithmetic.mul(mean, math.prod(kernel))
    if power == 1:
        return total
    zero = total._wrap(total._array == 0)  # where the root has no derivative: its gradient is 0 there
    root = arithmetic.pow(arithmetic.where(zero, 1, total), 1.0 / power)
    return arithmetic.where(zero, 0, root)


def lp_pool1d(input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Any:
    """The power sum of each window. See `lp_pool2d`. Shape: (N, C, L) -> (N, C, L')."""
    return _lp_pool("lp_pool1d", 1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Any:
    """(sum x^p)^(1/p) of each window; NaN where the sum is negative, and of gradient 0 where it is 0.

    Args:
        input (Tensor)
        norm_type (float): p.
        kernel_size (int or pair): size of the window.
        stride (int or pair, optional): its step; the kernel size by default.
        ceil_mode (bool): let a last window hang over the end.

    Shape:
        (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W').

    Raises:
        ShapeError: a wrong number of dimensions.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.lp_pool2d(tg.tensor([[[3., 4.]]]), 2, (1, 2))
    tensor([[[5.]]])
    """
    return _lp_pool("lp_pool2d", 2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Any:
    """The power sum of each window. See `lp_pool2d`. Shape: (N, C, D, H, W) -> (N, C, D', H', W')."""
    return _lp_pool("lp_pool3d", 3, input, norm_type, kernel_size, stride, ceil_mode)
