"""Rearrangements: channels against pixels, channels against channels, patches against columns."""

from __future__ import annotations

import math
from typing import Any

from tinygrad_cn.errors import ShapeError
from tinygrad_cn.functions._arguments import tensor
from tinygrad_cn.kernels.patches import patch_grid
from tinygrad_cn.kernels.windows import per_axis, symmetric
from tinygrad_cn.ops import patches as ops


def pixel_shuffle(input: Any, upscale_factor: int) -> Any:
    """Each r x r block of pixels from r^2 channels (Shi et al., 2016, arXiv:1609.05158).

    Args:
        input (Tensor)
        upscale_factor (int): r.

    Shape:
        (*, C r^2, H, W) -> (*, C, H r, W r).

    Raises:
        ShapeError: the channels do not divide by r^2.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.pixel_shuffle(tg.arange(4.).reshape(4, 1, 1), 2)
    tensor([[[0., 1.],
             [2., 3.]]])
    """
    shape, r = tensor("pixel_shuffle", input)._array.shape, int(upscale_factor)
    if len(shape) < 3 or r < 1 or shape[-3] % (r * r):
        raise ShapeError(
            f"pixel_shuffle(): input of shape {list(shape)} must be (*, C, H, W) with channels divisible by "
            f"{r} * {r} and upscale_factor at least 1"
        )
    *lead, channels, h, w = shape
    c, k = channels // (r * r), len(lead)
    blocks = input.reshape(*lead, c, r, r, h, w)
    mixed = blocks.permute(*range(k), k, k + 3, k + 1, k + 4, k + 2)  # (*, c, h, r, w, r)
    return mixed.clone().reshape(*lead, c, h * r, w * r)


def pixel_unshuffle(input: Any, downscale_factor: int) -> Any:
    """The inverse of `pixel_shuffle`. Shape: (*, C, H r, W r) -> (*, C r^2, H, W).

    Raises:
        ShapeError: the height or width does not divide by r.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.pixel_unshuffle(tg.arange(4.).reshape(1, 2, 2), 2).shape
    Size([4, 1, 1])
    """
    shape, r = tensor("pixel_unshuffle", input)._array.shape, int(downscale_factor)
    if len(shape) < 3 or r < 1 or shape[-2] % r or shape[-1] % r:
        raise ShapeError(
            f"pixel_unshuffle(): input of shape {list(shape)} must be (*, C, H, W) with height and width divisible "
            f"by {r}, at least 1"
        )
    *lead, c, height, width = shape
    h, w, k = height // r, width // r, len(lead)
    blocks = input.reshape(*lead, c, h, r, w, r)
    mixed = blocks.permute(*range(k), k, k + 2, k + 4, k + 1, k + 3)  # (*, c, r, r, h, w)
    return mixed.clone().reshape(*lead, c * r * r, h, w)


def channel_shuffle(input: Any, groups: int) -> Any:
    """The channels dealt out in turn from ``groups`` groups (Zhang et al., 2017, arXiv:1707.01083).

    Shape:
        (N, C, *S) -> the same.

    Raises:
        ShapeError: the channels do not divide into the groups.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.channel_shuffle(tg.arange(4.).reshape(1, 4, 1), 2).flatten()
    tensor([0., 2., 1., 3.])
    """
    shape = tensor("channel_shuffle", input)._array.shape
    if len(shape) < 3 or groups < 1 or shape[1] % groups:
        raise ShapeError(
            f"channel_shuffle(): input of shape {list(shape)} must be (N, C, *S) with channels divisible by groups "
            f"{groups}"
        )
    grouped = input.reshape(shape[0], groups, shape[1] // groups, *shape[2:])
    return grouped.transpose(1, 2).reshape(shape)


native_channel_shuffle = channel_shuffle


def _batch(name: str, input: Any, batched: int, what: str) -> tuple[Any, bool]:
    """The input as a batch, and whether it was a single sample.

    Raises:
        ShapeError: a wrong number of dimensions, or an empty axis besides the batch.
    """
    shape = tensor(name, input)._array.shape
    single = len(shape) == batched - 1
    if len(shape) not in (batched, batched - 1) or 0 in shape[0 if single else 1 :]:
        raise ShapeError(f"{name}(): input must be {what}, only the batch may be empty, got shape {list(shape)}")
    return (input.unsqueeze(0) if single else input), single


def unfold(input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """Every window of an image as a column, the windows counted row by row.

    Args:
        input (Tensor)
        kernel_size, dilation, padding, stride (int or pair): of the windows, as in a convolution.

    Shape:
        (N, C, H, W) or (C, H, W) -> (N, C KH KW, L) or (C KH KW, L).

    Raises:
        ShapeError: a wrong number of dimensions.
        ValueError: windows that do not fit.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.unfold(tg.arange(6.).reshape(1, 2, 3), 2)
    tensor([[0., 1.],
            [1., 2.],
            [3., 4.],
            [4., 5.]])
    """
    batch, single = _batch("unfold", input, 4, "(N, C, H, W) or (C, H, W)")
    out = ops.cut_patches(
        batch,
        kernel=per_axis(kernel_size, 2, "kernel_size", "unfold"),
        stride=per_axis(stride, 2, "stride", "unfold"),
        padding=symmetric(per_axis(padding, 2, "padding", "unfold")),
        dilation=per_axis(dilation, 2, "dilation", "unfold"),
    )
    return out.squeeze(0) if single else out


def fold(input: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """Columns added up to an image where their windows lie: the adjoint of `unfold`.

    Shape:
        (N, C KH KW, L) or (C KH KW, L) -> (N, C, *output_size) or (C, *output_size).

    Raises:
        ShapeError: the columns are not those of so many windows.
        ValueError: windows that do not fit.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.fold(tg.ones(4, 2), (2, 3), 2)
    tensor([[[1., 2., 1.],
             [1., 2., 1.]]])
    """
    batch, single = _batch("fold", input, 3, "(N, C * KH * KW, L) or (C * KH * KW, L)")
    spatial = per_axis(output_size, 2, "output_size", "fold")
    kernel = per_axis(kernel_size, 2, "kernel_size", "fold")
    windows: dict[str, Any] = {
        "kernel": kernel,
        "stride": per_axis(stride, 2, "stride", "fold"),
        "padding": symmetric(per_axis(padding, 2, "padding", "fold")),
        "dilation": per_axis(dilation, 2, "dilation", "fold"),
    }
    grid = patch_grid("fold", spatial, *windows.values())
    rows, columns = batch._array.shape[1:]
    if rows % math.prod(kernel) or columns != math.prod(grid):
        raise ShapeError(
            f"fold(): input of shape {list(input._array.shape)} must have rows divisible by {math.prod(kernel)} (the "
            f"kernel {kernel}) and {math.prod(grid)} columns, one for each of the {grid} windows"
        )
    out = ops.paste_patches(batch, spatial=spatial, **windows)
    return out.squeeze(0) if single else out
