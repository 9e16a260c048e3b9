"""Pooling: the largest or the mean value of windows."""

from __future__ import annotations

from typing import Any

from tinygrad_cn.errors import DTypeError, ShapeError
from tinygrad_cn.functions._arguments import tensor
from tinygrad_cn.kernels import averaging, pooling
from tinygrad_cn.kernels.windows import per_axis, symmetric
from tinygrad_cn.ops import pooling as ops


def _shape(name: str, input: Any, ndim: int) -> tuple[int, ...]:
    """The shape of a batch (N, C, *S) or a sample (C, *S).

    Raises:
        ShapeError: it has another number of dimensions, or an empty axis besides the batch.
    """
    shape = tensor(name, input)._array.shape
    if len(shape) not in (ndim + 1, ndim + 2):
        raise ShapeError(
            f"{name}(): expected input of {ndim + 2} dimensions (a batch) or {ndim + 1} (one), got shape {list(shape)}"
        )
    if 0 in shape[len(shape) - ndim - 1 :]:
        raise ShapeError(f"{name}(): only the batch axis may be empty, got input of shape {list(shape)}")
    return shape


def _max_pool(
    name: str, ndim: int, input: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool,
    return_indices: bool,
) -> Any:  # fmt: skip
    shape = _shape(name, input, ndim)
    kernel = per_axis(kernel, ndim, "kernel_size", name)
    stride = kernel if stride is None or stride == () or stride == [] else per_axis(stride, ndim, "stride", name)
    pads = symmetric(per_axis(padding, ndim, "padding", name))
    sweep = pooling.max_sweep(name, shape, kernel, stride, pads, per_axis(dilation, ndim, "dilation", name), ceil_mode)
    if not return_indices:
        return ops.max_pool(input, sweep=sweep)
    _, winners = pooling.max_pool(input._array, sweep)
    indices = pooling.flat_indices(winners, shape, sweep)
    return ops.gather_winners(input, winners=winners, sweep=sweep), input._wrap(indices)


def max_pool1d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest value of each window. See `max_pool2d`. Shape: (N, C, L) -> (N, C, L')."""
    return _max_pool("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest value of each window; the gradient goes to the (first) element that won.

    Args:
        input (Tensor)
        kernel_size (int or pair): size of the window.
        stride (int or pair, optional): its step; the kernel size by default.
        padding (int or pair): -inf added on both sides, at most half of the kernel.
        dilation (int or pair): distance of the window's elements.
        ceil_mode (bool): let a last window hang over the end.
        return_indices (bool): give the flat indices of the winners too.

    Shape:
        (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W').

    Raises:
        ShapeError: a wrong number of dimensions.
        ValueError: windows that do not fit.
    """
    return _max_pool("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest value of each window. See `max_pool2d`. Shape: (N, C, D, H, W) -> (N, C, D', H', W')."""
    return _max_pool("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _avg_pool(
    name: str, ndim: int, input: Any, kernel: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool,
    divisor: int | None = None,
) -> Any:  # fmt: skip
    shape = _shape(name, input, ndim)
    if input._array.dtype.kind == "b":
        raise DTypeError(f"{name}(): a mean of bools is not defined; convert with .float()")
    kernel = per_axis(kernel, ndim, "kernel_size", name)
    stride = kernel if stride is None or stride == () or stride == [] else per_axis(stride, ndim, "stride", name)
    pads = symmetric(per_axis(padding, ndim, "padding", name))
    if divisor == 0:
        raise RuntimeError(f"{name}(): divisor_override must not be 0")
    windows = averaging.average_windows(name, shape, kernel, stride, pads, ceil_mode, count_include_pad)
    return ops.avg_pool(input, windows=windows, divisor=divisor)


def avg_pool1d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:  # fmt: skip
    """The mean of each window. See `avg_pool2d`. Shape: (N, C, L) -> (N, C, L')."""
    return _avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


def avg_pool2d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Any:  # fmt: skip
    """The mean of each window.

    Args:
        input (Tensor)
        kernel_size (int or pair): size of the window.
        stride (int or pair, optional): its step; the kernel size by default.
        padding (int or pair): zeros added on both sides, at most half of the kernel.
        ceil_mode (bool): let a last window hang over the end.
        count_include_pad (bool): count the padding among the elements.
        divisor_override (int, optional): divide by this instead.

    Shape:
        (N, C, H, W) or (C, H, W) -> (N, C, H', W') or (C, H', W').

    Raises:
        ShapeError: a wrong number of dimensions.
        ValueError: windows that do not fit.
    """
    return _avg_pool(
        "avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def avg_pool3d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Any:  # fmt: skip
    """The mean of each window. See `avg_pool2d`. Shape: (N, C, D, H, W) -> (N, C, D', H', W')."""
    return _avg_pool(
        "avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def _targets(name: str, shape: tuple[int, ...], output_size: Any, ndim: int) -> tuple[int, ...]:
    """The output sizes, with ``None`` meaning the input's.

    Raises:
        RuntimeError: a negative size, or a wrong number of them.
    """
    sizes = (output_size,) * ndim if output_size is None or isinstance(output_size, int) else tuple(output_size)
    if len(sizes) == 1:
        sizes *= ndim
    if len(sizes) != ndim:
        raise RuntimeError(f"{name}(): output_size {output_size} must have 1 or {ndim} entries")
    found = tuple(n if s is None else int(s) for n, s in zip(shape[len(shape) - ndim :], sizes, strict=True))
    if any(n < 0 for n in found):
        raise RuntimeError(f"{name}(): output_size must not be negative, got {output_size}")
    return found


def _adaptive_avg(name: str, ndim: int, input: Any, output_size: Any) -> Any:
    shape = _shape(name, input, ndim)
    if input._array.dtype.kind not in "fc":
        raise DTypeError(f"{name}(): needs a floating input, got {input._array.dtype}; convert with .float()")
    windows = averaging.adaptive_windows(shape, _targets(name, shape, output_size, ndim))
    return ops.avg_pool(input, windows=windows)


def adaptive_avg_pool1d(input: Any, output_size: Any) -> Any:
    """The means of windows that cover the signal evenly. Shape: (N, C, L) -> (N, C, output_size)."""
    return _adaptive_avg("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Any, output_size: Any) -> Any:
    """The means of windows that cover the image evenly, whatever its size.

    Window i of an axis of n goes from floor(i n / out) to ceil((i + 1) n / out).

    Args:
        input (Tensor)
        output_size (int, or pair of ints or ``None``): ``None`` keeps the input's size.

    Shape:
        (N, C, H, W) or (C, H, W) -> (N, C, *output_size) or (C, *output_size).
    """
    return _adaptive_avg("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_avg_pool3d(input: Any, output_size: Any) -> Any:
    """The means of windows that cover the volume evenly. Shape: (N, C, D, H, W) -> (N, C, *output_size)."""
    return _adaptive_avg("adaptive_avg_pool3d", 3, input, output_size)


def _adaptive_max(name: str, ndim: int, input: Any, output_size: Any, return_indices: bool) -> Any:
    shape = _shape(name, input, ndim)
    _, indices = pooling.adaptive_max_pool(input._array, _targets(name, shape, output_size, ndim))
    values = ops.gather_planes(input, indices=indices, ndim=ndim)
    return (values, input._wrap(indices)) if return_indices else values


def adaptive_max_pool1d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest values of windows that cover the signal evenly. Shape: (N, C, L) -> (N, C, output_size)."""
    return _adaptive_max("adaptive_max_pool1d", 1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest values of windows that cover the image evenly. Shape: (N, C, H, W) -> (N, C, *output_size)."""
    return _adaptive_max("adaptive_max_pool2d", 2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest values of windows that cover the volume evenly. Shape: (N, C, D, H, W) -> (N, C, *output_size)."""
    return _adaptive_max("adaptive_max_pool3d", 3, input, output_size, return_indices)
