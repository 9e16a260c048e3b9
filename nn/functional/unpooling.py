"""The partial inverse of max pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.errors import ShapeError
from tinygrad_cn.functions import arithmetic
from tinygrad_cn.functions._arguments import index_array, tensor
from tinygrad_cn.kernels.windows import per_axis
from tinygrad_cn.ops import pooling as ops


def _unpool(
    name: str, ndim: int, input: Any, indices: Any, kernel: Any, stride: Any, padding: Any, output_size: Any
) -> Any:
    x, places = tensor(name, input)._array, index_array(name, tensor(name, indices, "indices"))
    if x.ndim not in (ndim + 1, ndim + 2) or places.shape != x.shape or 0 in x.shape[x.ndim - ndim - 1 :]:
        raise ShapeError(
            f"{name}(): input must have {ndim + 2} dimensions (a batch) or {ndim + 1} (one), none empty but the batch, "
            f"and indices its shape; got {list(x.shape)} and {list(places.shape)}"
        )
    kernel = per_axis(kernel, ndim, "kernel_size", name)
    stride = kernel if stride is None or stride == () or stride == [] else per_axis(stride, ndim, "stride", name)
    if any(n < 1 for n in (*kernel, *stride)):
        raise ValueError(f"{name}(): kernel_size {kernel} and stride {stride} must be at least 1")
    pads = per_axis(padding, ndim, "padding", name)
    lead, spatial = x.shape[: x.ndim - ndim], x.shape[x.ndim - ndim :]
    default = tuple((n - 1) * s + k - 2 * p for n, s, k, p in zip(spatial, stride, kernel, pads, strict=True))
    size = default if output_size is None else _given(name, output_size, default, stride, lead)
    volume = int(np.prod(size))
    if places.size and (places.min() < 0 or places.max() >= volume):
        worst = places.min() if places.min() < 0 else places.max()
        raise IndexError(f"{name}(): index {worst} is out of range for an output of spatial size {list(size)}")
    last = _last_written(places.reshape(-1, int(np.prod(spatial))), volume)
    if not last.all():  # what a later value overwrites is not in the result
        input = arithmetic.where(input._wrap(last.reshape(x.shape)), input, np.zeros((), dtype=x.dtype))
    return ops.scatter_planes(input, indices=places, shape=(*lead, *size), ndim=ndim)


def _given(
    name: str, output_size: Any, default: Sequence[int], stride: Sequence[int], lead: Sequence[int]
) -> tuple[int, ...]:
    """The output's spatial size, given with or without the axes before; it lies within a stride of the default."""
    ndim = len(default)
    size = tuple(int(n) for n in output_size)
    size = size[-ndim:] if len(size) in (ndim + 1, ndim + 2) else size
    if len(size) != ndim:
        raise ValueError(f"{name}(): output_size {list(output_size)} must have {ndim} or {ndim + len(lead)} entries")
    for n, d, s in zip(size, default, stride, strict=True):
        if not d - s < n < d + s:
            raise ValueError(
                f"{name}(): output_size {list(size)} must lie within the stride {tuple(stride)} of the default "
                f"{list(default)}"
            )
    return size


def _last_written(places: np.ndarray, volume: int) -> np.ndarray:
    """Where, in each plane, a place is named for the last time."""
    rows = np.arange(len(places))[:, None]
    order = np.broadcast_to(np.arange(places.shape[1]), places.shape)
    latest = np.full((len(places), volume), -1)
    np.maximum.at(latest, (rows, places), order)
    return latest[rows, places] == order


def max_unpool1d(
    input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Any:
    """The values put back where `max_pool1d` found them. See `max_unpool2d`. Shape: (N, C, L') -> (N, C, L)."""
    return _unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Any:
    """The values put back where `max_pool2d` found them, and 0 elsewhere.

    Where an index repeats, as overlapping windows may give it, the last value is taken (and gets the gradient).

    Args:
        input (Tensor): the maxima.
        indices (Tensor): int64, as `max_pool2d` returns them.
        kernel_size, stride, padding (int or pair): of the pooling.
        output_size (sequence of ints, optional): the size before the pooling, which several sizes may have had.

    Shape:
        (N, C, H', W') or (C, H', W') -> (N, C, H, W) or (C, H, W) with H = (H' - 1) stride - 2 padding + kernel_size.

    Raises:
        ShapeError: the shapes do not fit.
        ValueError: ``output_size`` is too far from the default.
        IndexError: an index is out of range.

    >>> import tinygrad_cn as tg
    >>> x = tg.tensor([[[1., 2.], [4., 3.]]])
    >>> values, places = tg.nn.functional.max_pool2d(x, 2, return_indices=True)
    >>> tg.nn.functional.max_unpool2d(values, places, 2)
    tensor([[[0., 0.],
             [4., 0.]]])
    """
    return _unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Any:
    """The values put back where `max_pool3d` found them. See `max_unpool2d`."""
    return _unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)
