"""Convolutions with shared kernels, and transposed ones."""

from __future__ import annotations

from typing import Any

from tinygrad_cn.errors import DTypeError, ShapeError
from tinygrad_cn.functions._arguments import tensor
from tinygrad_cn.kernels.windows import per_axis, resolve_padding, symmetric, transposed_shape
from tinygrad_cn.ops import convolution as ops
from tinygrad_cn.ops import shape as shapes


def _checked(name: str, input: Any, weight: Any, bias: Any, ndim: int) -> tuple[Any, bool]:
    """The input as a batch, and whether it was a single image.

    Raises:
        ShapeError, DTypeError
    """
    x, w = tensor(name, input)._array, tensor(name, weight, "weight")._array
    if w.ndim != ndim + 2:
        raise ShapeError(f"{name}(): weight must have {ndim + 2} dimensions, got shape {list(w.shape)}")
    if x.ndim not in (ndim + 1, ndim + 2):
        raise ShapeError(
            f"{name}(): expected input of {ndim + 2} dimensions (a batch) or {ndim + 1} (one), got shape "
            f"{list(x.shape)}"
        )
    for what, other in (("weight", w), ("bias", None if bias is None else bias._array)):
        if other is not None and other.dtype != x.dtype:
            raise DTypeError(f"{name}(): input is {x.dtype} but {what} is {other.dtype}; convert one with .to(dtype)")
    single = x.ndim == ndim + 1
    return (input.unsqueeze(0) if single else input), single


def _convolve(
    name: str, ndim: int, input: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    batch, single = _checked(name, input, weight, bias, ndim)
    x, w = batch._array.shape, weight._array.shape
    stride, dilation = per_axis(stride, ndim, "stride", name), per_axis(dilation, ndim, "dilation", name)
    pads = resolve_padding(padding, w[2:], stride, dilation, name)
    if groups < 1 or x[1] != w[1] * groups or w[0] % groups:
        raise ShapeError(
            f"{name}(): given groups={groups} and weight of shape {list(w)}, expected input with "
            f"{w[1] * max(groups, 1)} "
            f"channels on axis 1, got input of shape {list(x)}"
        )
    out = ops.convolution(batch, weight, bias, stride=stride, padding=pads, dilation=dilation, groups=groups)
    return out.squeeze(0) if single else out


def conv1d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """Correlate signals with kernels. See `conv2d`. Shape: (N, C, L), (O, C / groups, K) -> (N, O, L')."""
    return _convolve("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """Correlate images with kernels that are shared by all positions.

    Args:
        input (Tensor): images, floating.
        weight (Tensor): kernels.
        bias (Tensor, optional): one number for each output channel.
        stride (int or pair): step of the window.
        padding (int, pair, "valid" or "same"): zeros added on both sides; "same" keeps the size at stride 1.
        dilation (int or pair): distance of the kernel's elements.
        groups (int): channels and kernels are split into so many independent groups.

    Shape:
        input (N, C, H, W) or (C, H, W), weight (O, C / groups, KH, KW), bias (O,) -> (N, O, H', W') with
        H' = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1.

    Raises:
        ShapeError: channels do not fit, or the kernel is larger than the padded input.
        DTypeError: the dtypes differ.
    """
    return _convolve("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """Correlate volumes with kernels. See `conv2d`. Shape: (N, C, D, H, W), (O, C / groups, KD, KH, KW)."""
    return _convolve("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def _convolve_transposed(
    name: str, ndim: int, input: Any, weight: Any, bias: Any, stride: Any, padding: Any, output_padding: Any,
    groups: int, dilation: Any,
) -> Any:  # fmt: skip
    batch, single = _checked(name, input, weight, bias, ndim)
    x, w = batch._array.shape, weight._array.shape
    stride, dilation = per_axis(stride, ndim, "stride", name), per_axis(dilation, ndim, "dilation", name)
    pads = symmetric(per_axis(padding, ndim, "padding", name))
    extra = per_axis(output_padding, ndim, "output_padding", name)
    if groups < 1 or x[1] != w[0] or x[1] % groups:
        raise ShapeError(
            f"{name}(): given groups={groups} and weight of shape {list(w)}, expected input with {w[0]} channels on "
            "axis 1, "
            f"got input of shape {list(x)}"
        )
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
        raise ShapeError(
            f"{name}(): output_padding {extra} must be smaller than stride {stride} or dilation {dilation} along "
            "each axis"
        )
    more = tuple(e // s for e, s in zip(extra, stride, strict=True))
    if any(more):  # that much more output comes of so many zeros at the end of the input
        batch = shapes.pad(batch, widths=[(0, 0), (0, 0), *((0, n) for n in more)])
        x = batch._array.shape
        extra = tuple(e % s for e, s in zip(extra, stride, strict=True))
    spatial = transposed_shape(x[2:], w[2:], stride, pads, dilation, extra)
    if any(n < 1 for n in spatial):
        raise ShapeError(
            f"{name}(): the output would have spatial shape {spatial}; use less padding or a larger kernel"
        )
    shape = (x[0], w[1] * groups, *spatial)
    out = ops.convolution_input(
        batch, weight, shape=shape, stride=stride, padding=pads, dilation=dilation, groups=groups
    )
    if bias is not None:
        if bias._array.shape != (shape[1],):
            raise ShapeError(f"{name}(): bias must have shape [{shape[1]}], got {list(bias._array.shape)}")
        out = out + bias.reshape((1, -1) + (1,) * ndim)
    return out.squeeze(0) if single else out


def conv_transpose1d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
    groups: int = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    """The transpose of `conv1d`. Shape: (N, C, L), weight (C, O / groups, K)."""
    return _convolve_transposed(
        "conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose2d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
    groups: int = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    """The transpose of `conv2d` as a linear map: what its backward pass does to the cotangent.

    Shape:
        input (N, C, H, W), weight (C, O / groups, KH, KW) -> (N, O, H', W') with
        H' = (H - 1) stride - 2 padding + dilation (KH - 1) + output_padding + 1.

    Raises:
        ShapeError: channels do not fit; output_padding too large.
    """
    return _convolve_transposed(
        "conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose3d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
    groups: int = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    """The transpose of `conv3d`. Shape: (N, C, D, H, W), weight (C, O / groups, KD, KH, KW)."""
    return _convolve_transposed(
        "conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation
    )
