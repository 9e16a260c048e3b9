"""Convolution and its two adjoints on arrays: three functions that are closed under differentiation.

    y  = conv_forward(x, w)         d/dx -> conv_input_adjoint(g, w),  d/dw -> conv_weight_adjoint(x, g)
    gx = conv_input_adjoint(g, w)   d/dg -> conv_forward(u, w),        d/dw -> conv_weight_adjoint(u, g)
    gw = conv_weight_adjoint(x, g)  d/dx -> conv_input_adjoint(g, v),  d/dg -> conv_forward(x, v)

where u and v are cotangents of the shape of x and of w. `conv_input_adjoint` is also transposed convolution.

Layout as in PyTorch: images (N, C, *S), kernels (O, C / groups, *K), with 1 to 3 spatial axes (more work too). Complex
arrays pass through as they are: these are products and sums, and nothing is conjugated.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .arrays import Array
from .correlation import Sweep, correlate, correlate_weight
from .depthwise import depthwise_correlate, depthwise_spread, depthwise_weight
from .spreading import spread
from .windows import Ints, Pads, check_window, output_shape


def _plan(
    op: str, x: Sequence[int], w: Sequence[int], stride: Ints, padding: Pads, dilation: Ints, groups: int
) -> Sweep:
    """Check the shapes against each other, and say how the windows run."""
    if len(x) != len(w) or len(x) < 3:
        raise ValueError(f"{op}: input {tuple(x)} and weight {tuple(w)} must be (N, C, *S) and (O, C / groups, *K)")
    kernel = tuple(w[2:])
    check_window(op, kernel, stride, padding, dilation)
    if len(kernel) != len(stride):
        raise ValueError(
            f"{op}: stride {stride} has {len(stride)} entries for the {len(kernel)} spatial axes of {tuple(x)}"
        )
    if groups < 1 or x[1] != w[1] * groups or w[0] % groups:
        raise ValueError(
            f"{op}: input {tuple(x)} has {x[1]} channels and weight {tuple(w)} has {w[0]} maps of {w[1]} channels, in "
            f"groups={groups}; channels must be {w[1]} * groups, and maps a multiple of groups"
        )
    out = output_shape(op, x[2:], kernel, stride, padding, dilation)
    return Sweep(kernel, stride, dilation, tuple(-before for before, _ in padding), out)


def _check_cotangent(op: str, g: Sequence[int], images: int, maps: int, sweep: Sweep) -> None:
    if tuple(g) != (images, maps, *sweep.out):
        raise ValueError(f"{op}: cotangent has shape {tuple(g)}, the convolution gives {(images, maps, *sweep.out)}")


def _common(a: Array, b: Array) -> tuple[Array, Array]:
    dtype = np.result_type(a, b)
    return a.astype(dtype, copy=False), b.astype(dtype, copy=False)


def _depthwise(w: Sequence[int], groups: int) -> bool:
    """One channel a group: no sum over channels is left that a matrix product could do."""
    return groups > 1 and w[1] == 1


def conv_forward(
    x: Array, w: Array, bias: Array | None, stride: Ints, padding: Pads, dilation: Ints, groups: int
) -> Array:
    """Correlate images with kernels, as neural networks mean by convolution.

    Args:
        x (ndarray): the images
        w (ndarray): the kernels
        bias (ndarray or None): one number per map
        stride, dilation (tuple of int): one number per spatial axis
        padding (tuple of pairs): zeros (before, after) along each spatial axis
        groups (int): channels and maps are split into so many independent groups

    Shape: x (N, C, *S), w (O, C / groups, *K), bias (O,); result (N, O, *S') with
        S' = floor((S + before + after - dilation * (K - 1) - 1) / stride) + 1

    Raises:
        ValueError: the shapes do not fit each other, or a window does not fit the padded input

    >>> x, w = np.arange(9.0).reshape(1, 1, 3, 3), np.ones((1, 1, 2, 2))
    >>> conv_forward(x, w, None, (1, 1), ((0, 0), (0, 0)), (1, 1), 1)
    array([[[[ 8., 12.],
             [20., 24.]]]])
    """
    sweep = _plan("conv_forward", x.shape, w.shape, stride, padding, dilation, groups)
    x, w = _common(x, w)
    maps, channels = w.shape[:2]
    if bias is not None:
        if bias.shape != (maps,):
            raise ValueError(f"conv_forward: bias has shape {bias.shape}, weight {w.shape} needs ({maps},)")
        bias = bias.astype(np.result_type(x, bias), copy=False)
    like = x if bias is None else bias
    out = np.empty_like(like, shape=(x.shape[0], maps, *sweep.out), order="C")
    if _depthwise(w.shape, groups):
        depthwise_correlate(out, x, w, bias, sweep)
    elif groups == 1:
        correlate(out, x, w, bias, sweep)
    else:
        many = maps // groups
        for i in range(groups):
            mine = slice(i * many, (i + 1) * many)
            b = None if bias is None else bias[mine]
            correlate(out[:, mine], x[:, i * channels : (i + 1) * channels], w[mine], b, sweep)
    return out


def conv_input_adjoint(
    g: Array, w: Array, input_shape: Sequence[int], stride: Ints, padding: Pads, dilation: Ints, groups: int
) -> Array:
    """The adjoint of `conv_forward` in x: <conv(x, w), g> = <x, conv_input_adjoint(g, w)>.

    This is transposed convolution too, with `input_shape` the shape of its result.

    Args:
        g (ndarray): cotangent of the convolution
        w (ndarray): the kernels
        input_shape (tuple of int): shape of x, (N, C, *S)
        stride, padding, dilation, groups: as of the convolution

    Shape: g (N, O, *S'), w (O, C / groups, *K); result (N, C, *S)

    Raises:
        ValueError: the shapes do not fit each other

    >>> g, w = np.ones((1, 1, 2)), np.array([[[1.0, 2.0]]])
    >>> conv_input_adjoint(g, w, (1, 1, 3), (1,), ((0, 0),), (1,), 1)
    array([[[1., 3., 2.]]])
    """
    sweep = _plan("conv_input_adjoint", input_shape, w.shape, stride, padding, dilation, groups)
    _check_cotangent("conv_input_adjoint", g.shape, input_shape[0], w.shape[0], sweep)
    g, w = _common(g, w)
    maps, channels = w.shape[:2]
    out = np.empty_like(g, shape=tuple(input_shape), order="C")
    if _depthwise(w.shape, groups):
        depthwise_spread(out, g, w, sweep)
    elif groups == 1:
        spread(out, g, w, sweep)
    else:
        many = maps // groups
        for i in range(groups):
            mine = slice(i * many, (i + 1) * many)
            spread(out[:, i * channels : (i + 1) * channels], g[:, mine], w[mine], sweep)
    return out


def conv_weight_adjoint(
    x: Array, g: Array, weight_shape: Sequence[int], stride: Ints, padding: Pads, dilation: Ints, groups: int
) -> Array:
    """The adjoint of `conv_forward` in w: <conv(x, w), g> = <w, conv_weight_adjoint(x, g)>.

    Args:
        x (ndarray): the images
        g (ndarray): cotangent of the convolution
        weight_shape (tuple of int): shape of w, (O, C / groups, *K)
        stride, padding, dilation, groups: as of the convolution

    Shape: x (N, C, *S), g (N, O, *S'); result (O, C / groups, *K)

    Raises:
        ValueError: the shapes do not fit each other

    >>> x, g = np.array([[[1.0, 2.0, 3.0]]]), np.ones((1, 1, 2))
    >>> conv_weight_adjoint(x, g, (1, 1, 2), (1,), ((0, 0),), (1,), 1)
    array([[[3., 5.]]])
    """
    sweep = _plan("conv_weight_adjoint", x.shape, weight_shape, stride, padding, dilation, groups)
    _check_cotangent("conv_weight_adjoint", g.shape, x.shape[0], weight_shape[0], sweep)
    x, g = _common(x, g)
    maps, channels = weight_shape[:2]
    if _depthwise(weight_shape, groups):
        return depthwise_weight(x, g, sweep)
    if groups == 1:
        return correlate_weight(x, g, sweep)
    many = maps // groups
    out = np.empty_like(x, shape=tuple(weight_shape), order="C")
    for i in range(groups):
        mine = slice(i * many, (i + 1) * many)
        out[mine] = correlate_weight(x[:, i * channels : (i + 1) * channels], g[:, mine], sweep)
    return out
