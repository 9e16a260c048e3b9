"""Images brought to another size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.errors import DTypeError, ShapeError
from tinygrad_cn.functions._arguments import tensor
from tinygrad_cn.kernels.resampling import (
    Lines,
    cubic_lines,
    linear_lines,
    nearest_lines,
    resample_bytes,
    scaled_size,
    smooth_lines,
)
from tinygrad_cn.ops import resampling

from .pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d

Sizes = tuple[int, ...]

_MODES = {
    "nearest": (1, 2, 3),
    "nearest-exact": (1, 2, 3),
    "area": (1, 2, 3),
    "linear": (1,),
    "bilinear": (2,),
    "bicubic": (2,),
    "trilinear": (3,),
}
_ALIGNED = ("linear", "bilinear", "bicubic", "trilinear")


def interpolate(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Any:
    """Images brought to another size.

    Args:
        input (Tensor): floating (or uint8 where the mode picks or averages single bytes).
        size (int or sequence of ints, optional): the new spatial size; give it or ``scale_factor``.
        scale_factor (number or sequence of numbers, optional): by how much to multiply the size.
        mode (str): "nearest", "nearest-exact" or "area" for any number of axes; "linear" for one, "bilinear" and
            "bicubic" for two, "trilinear" for three.
        align_corners (bool, optional): for the (bi, tri)linear and bicubic modes: the corner elements' centres, not
            their corners, are aligned.
        recompute_scale_factor (bool, optional): work the scale out again from the rounded sizes.
        antialias (bool): for "bilinear" and "bicubic": widen the kernel when the image shrinks.

    Shape:
        (N, C, *S) -> (N, C, *size).

    Raises:
        ValueError: both or none of ``size`` and ``scale_factor``; options that the mode does not take.
        NotImplementedError: a mode that is unknown or not for so many axes.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.interpolate(tg.tensor([[[1., 3.]]]), size=4, mode="linear")
    tensor([[[1.0000, 1.5000, 2.5000, 3.0000]]])
    """
    shape = tensor("interpolate", input)._array.shape
    ndim = len(shape) - 2
    if mode not in _MODES or ndim not in _MODES[mode]:
        raise NotImplementedError(
            f"interpolate(): mode {mode!r} for an input of shape {list(shape)}; the modes are "
            f"{', '.join(f'{m} ({min(n) + 2}-d)' if len(n) == 1 else m for m, n in _MODES.items())} of (N, C, *S)"
        )
    if align_corners is not None and mode not in _ALIGNED:
        raise ValueError(f"interpolate(): align_corners is for the modes {', '.join(_ALIGNED)}, got mode {mode!r}")
    if antialias and mode not in ("bilinear", "bicubic"):
        raise ValueError(f"interpolate(): antialias is for the modes bilinear and bicubic, got mode {mode!r}")
    sizes, scales = _sizes(shape[2:], size, scale_factor, bool(recompute_scale_factor))
    if 0 in shape[1:] or any(n < 1 for n in sizes):
        raise ShapeError(
            f"interpolate(): only the batch may be empty: input of shape {list(shape)}, output size {list(sizes)}"
        )
    if mode == "area":
        return (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)[ndim - 1](input, sizes)
    lines = [
        _lines(mode, n, out, scale, bool(align_corners), antialias, input._array.dtype)
        for n, out, scale in zip(shape[2:], sizes, scales, strict=True)
    ]
    return _resampled(input, lines, mode)


def _resampled(input: Any, lines: list[Lines], mode: str) -> Any:
    kind = input._array.dtype
    if kind.kind in "fc" or (kind == np.uint8 and mode.startswith("nearest")):
        return resampling.resample(input, lines=lines)
    if kind != np.uint8 or mode not in ("bilinear", "bicubic"):
        raise DTypeError(f"interpolate(): mode {mode!r} needs a floating input, got {kind}; convert with .float()")
    return input._wrap(resample_bytes(input._array, lines))


def _sizes(
    spatial: Sizes, size: Any, scale_factor: Any, recompute: bool
) -> tuple[Sizes, Sequence[float] | Sequence[None]]:
    """The output's spatial size, and the scales to work with (``None``: the ratio of the sizes)."""
    ndim = len(spatial)
    none: tuple[None, ...] = (None,) * ndim
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate(): give either size or scale_factor")
    if size is not None:
        if recompute:
            raise ValueError("interpolate(): recompute_scale_factor goes with scale_factor, not with size")
        sizes = tuple(int(n) for n in size) if isinstance(size, Sequence) else (int(size),) * ndim
        if len(sizes) != ndim:
            raise ValueError(f"interpolate(): size {list(sizes)} must have one number for each of the {ndim} axes")
        return sizes, none
    scales = tuple(map(float, scale_factor)) if isinstance(scale_factor, Sequence) else (float(scale_factor),) * ndim
    if len(scales) != ndim:
        raise ValueError(f"interpolate(): scale_factor {list(scales)} must have one number for each of the {ndim} axes")
    if any(not s > 0 for s in scales):
        raise ValueError(f"interpolate(): scale_factor must be positive, got {list(scales)}")
    return tuple(scaled_size(n, s) for n, s in zip(spatial, scales, strict=True)), none if recompute else scales


def _lines(
    mode: str, size: int, out: int, scale: float | None, align_corners: bool, antialias: bool, dtype: np.dtype
) -> Lines:
    if mode.startswith("nearest"):
        return nearest_lines(size, out, scale, mode == "nearest-exact", dtype)
    if antialias:
        return smooth_lines(size, out, scale, align_corners, mode == "bicubic")
    return (cubic_lines if mode == "bicubic" else linear_lines)(size, out, scale, align_corners)


def upsample(
    input: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Any:
    """The older name of `interpolate`."""
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """`interpolate` with mode "nearest"."""
    return interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """`interpolate` with mode "bilinear" and aligned corners."""
    return interpolate(input, size, scale_factor, "bilinear", align_corners=True)
