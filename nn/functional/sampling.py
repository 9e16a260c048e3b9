"""Images read at the points of a grid, and the grids of affine maps."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_cn.creation import linspace
from tinygrad_cn.errors import DTypeError, ShapeError
from tinygrad_cn.functions import arithmetic, joining, pointwise, products
from tinygrad_cn.functions._arguments import tensor
from tinygrad_cn.ops import activation
from tinygrad_cn.ops import sampling as ops

_MODES = ("bilinear", "nearest", "bicubic")
_PADDINGS = ("zeros", "border", "reflection")


def grid_sample(
    input: Any, grid: Any, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Any:
    """Images read at the points ``grid``, in coordinates from -1 to 1 (Jaderberg et al., 2015, arXiv:1506.02025).

    The gradient with respect to the grid is that of the interpolation; at a point beyond the border it is 0 in the
    direction in which ``padding_mode`` holds the point back, and with mode "nearest" it is 0 everywhere.

    Args:
        input (Tensor): the images, floating.
        grid (Tensor): the points, the last axis being (x, y) or (x, y, z).
        mode (str): "bilinear" (of volumes: trilinear), "nearest" or (of images) "bicubic".
        padding_mode (str): "zeros" outside the image, or the "border", or its "reflection".
        align_corners (bool, optional): whether -1 and 1 are the centres of the corner pixels, or (by default) their
            outer corners.

    Shape:
        input (N, C, H, W), grid (N, H', W', 2) -> (N, C, H', W'); likewise (N, C, D, H, W) and (N, D', H', W', 3).

    Raises:
        ShapeError: the shapes do not fit.
        DTypeError: the dtypes differ.
        ValueError: an unknown mode or padding.

    >>> import tinygrad_cn as tg
    >>> image, points = tg.tensor([[[[1., 2.], [3., 4.]]]]), tg.tensor([[[[0., 0.]]]])
    >>> tg.nn.functional.grid_sample(image, points, align_corners=False)
    tensor([[[[2.5000]]]])
    """
    x, points = tensor("grid_sample", input)._array, tensor("grid_sample", grid, "grid")._array
    _check(x, points, mode, padding_mode)
    ndim, sizes = x.ndim - 2, x.shape[2:]
    count = points[0, ..., 0].size if len(points) else int(np.prod(points.shape[1:-1]))
    flat = grid.reshape(points.shape[0], count, ndim)
    # The grid names the last axis first.
    places = [
        _unnormalised(flat[:, :, ndim - 1 - axis], n, bool(align_corners)) for axis, n in enumerate(sizes)
    ]  # each (N, P)
    if mode == "bicubic":
        taps = [_cubic(p, n, padding_mode, bool(align_corners)) for p, n in zip(places, sizes, strict=True)]
    else:
        held = [_held(p, n, padding_mode, bool(align_corners)) for p, n in zip(places, sizes, strict=True)]
        taps = [(_nearest if mode == "nearest" else _linear)(p, n) for p, n in zip(held, sizes, strict=True)]
    index, weight = _product(taps, sizes)
    out = ops.sample(input.reshape(x.shape[0], x.shape[1], int(np.prod(sizes))), weight, index=index)
    return out.reshape(x.shape[0], x.shape[1], *points.shape[1:-1])


def _check(x: np.ndarray, points: np.ndarray, mode: str, padding_mode: str) -> None:
    ndim = x.ndim - 2
    if ndim not in (2, 3) or points.ndim != x.ndim or points.shape[-1] != ndim or points.shape[0] != x.shape[0]:
        raise ShapeError(
            "grid_sample(): expected input (N, C, H, W) with grid (N, H', W', 2), or input (N, C, D, H, W) with grid "
            f"(N, D', H', W', 3), got shapes {list(x.shape)} and {list(points.shape)}"
        )
    if 0 in x.shape[2:]:
        raise ShapeError(f"grid_sample(): the input has no elements to read, shape {list(x.shape)}")
    if x.dtype != points.dtype:
        raise DTypeError(f"grid_sample(): input is {x.dtype} but grid is {points.dtype}; convert one with .to(dtype)")
    if x.dtype.kind != "f":
        raise DTypeError(f"grid_sample(): needs floating tensors, got {x.dtype}; convert with .float()")
    if mode not in _MODES:
        raise ValueError(f"grid_sample(): mode must be one of {', '.join(_MODES)}, got {mode!r}")
    if padding_mode not in _PADDINGS:
        raise ValueError(f"grid_sample(): padding_mode must be one of {', '.join(_PADDINGS)}, got {padding_mode!r}")
    if mode == "bicubic" and ndim == 3:
        raise NotImplementedError("grid_sample(): bicubic is for images (N, C, H, W); use bilinear for volumes")


def _unnormalised(place: Any, size: int, align_corners: bool) -> Any:
    """[-1, 1] -> positions in units of pixels, 0 being the centre of the first."""
    if align_corners:
        return (place + 1) * ((size - 1) / 2)
    return ((place + 1) * size - 1) / 2


def _held(place: Any, size: int, padding_mode: str, align_corners: bool) -> Any:
    """The positions brought into the image as ``padding_mode`` says."""
    if padding_mode == "zeros":
        return place
    if padding_mode == "reflection":
        low, high = (0.0, size - 1.0) if align_corners else (-0.5, size - 0.5)
        if high == low:
            return place * 0
        place = pointwise.abs(place - low)
        span = high - low
        raw = np.nan_to_num(place._array)
        turns = np.floor(raw / span)
        even = place._wrap(turns % 2 == 0)
        rest = place - place._wrap((turns * span).astype(raw.dtype))
        place = arithmetic.where(even, rest, span - rest) + low
    return activation.hardtanh(place, low=0.0, high=size - 1.0)


Taps = list[tuple[np.ndarray, Any]]


def _within(place: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Whole positions as indices, and where they lie inside the image."""
    inside = (place >= 0) & (place <= size - 1)
    return np.where(inside, place, 0).astype(np.int64), inside


def _linear(place: Any, size: int) -> Taps:
    low = np.floor(place._array)
    part = place - place._wrap(low)
    taps: Taps = []
    for position, weight in ((low, 1 - part), (low + 1, part)):
        index, inside = _within(position, size)
        taps.append((index, arithmetic.where(place._wrap(inside), weight, 0)))
    return taps


def _nearest(place: Any, size: int) -> Taps:
    index, inside = _within(np.rint(place._array), size)
    return [(index, place._wrap(inside.astype(place._array.dtype)))]


def _cubic(place: Any, size: int, padding_mode: str, align_corners: bool) -> Taps:
    """Keys' kernel with a = -0.75; each of the four pixels is held back, not the point between them."""
    low = np.floor(place._array)
    t = place - place._wrap(low)
    a = -0.75
    far = lambda x: ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    near = lambda x: ((a + 2) * x - (a + 3)) * x * x + 1
    kernel: Sequence[tuple[Callable[[Any], Any], Any]] = ((far, t + 1), (near, t), (near, 1 - t), (far, 2 - t))
    taps: Taps = []
    for reach, (curve, distance) in enumerate(kernel, -1):
        pixel = _held(place._wrap(low + reach), size, padding_mode, align_corners)._array
        index, inside = _within(pixel, size)
        taps.append((index, arithmetic.where(place._wrap(inside), curve(distance), 0)))
    return taps


def _product(taps: list[Taps], sizes: tuple[int, ...]) -> tuple[np.ndarray, Any]:
    """All combinations of the axes' taps: flat indices and the products of their weights. Shape: (N, T, P)."""
    indices, weights = [], []
    for combination in itertools.product(*taps):
        flat, weight = combination[0]
        for n, (index, w) in zip(sizes[1:], combination[1:], strict=True):
            flat, weight = flat * n + index, weight * w
        indices.append(flat)
        weights.append(weight)
    return np.stack(indices, 1), joining.stack(weights, 1)


def affine_grid(theta: Any, size: Sequence[int], align_corners: bool | None = None) -> Any:
    """The grid for `grid_sample` that an affine map of coordinates from -1 to 1 gives.

    Args:
        theta (Tensor): the maps' matrices.
        size (sequence of ints): the shape (N, C, H, W) or (N, C, D, H, W) of the images to make.
        align_corners (bool, optional): as in `grid_sample`.

    Shape:
        theta (N, 2, 3) -> (N, H, W, 2), or (N, 3, 4) -> (N, D, H, W, 3).

    Raises:
        ShapeError: the shapes do not fit.
        DTypeError: ``theta`` is not floating.

    >>> import tinygrad_cn as tg
    >>> still = tg.tensor([[[1., 0., 0.], [0., 1., 0.]]])
    >>> tg.nn.functional.affine_grid(still, (1, 1, 1, 2), align_corners=True)
    tensor([[[[-1.,  0.],
              [ 1.,  0.]]]])
    """
    matrix = tensor("affine_grid", theta, "theta")._array
    shape = tuple(int(n) for n in size)
    ndim = len(shape) - 2
    if ndim not in (2, 3) or matrix.shape != (shape[0], ndim, ndim + 1):
        raise ShapeError(
            "affine_grid(): theta (N, 2, 3) goes with size (N, C, H, W), theta (N, 3, 4) with (N, C, D, H, W), got "
            f"theta of shape {list(matrix.shape)} and size {list(shape)}"
        )
    if matrix.dtype.kind != "f":
        raise DTypeError(f"affine_grid(): theta must be floating, got {matrix.dtype}")
    if any(n < 1 for n in shape):
        raise ShapeError(f"affine_grid(): sizes must be positive, got {list(shape)}")
    axes = []
    for n in shape[2:]:
        # computed in the matrix's own dtype, step by step as PyTorch does: where the grid meets the pixels exactly, as
        # that of an identity does, the gradient of bilinear sampling jumps, and the last bit decides its side
        ends = linspace(-1, 1, n, dtype=theta.dtype)._array if n > 1 else np.zeros(1, dtype=matrix.dtype)
        axes.append(ends if align_corners else ends * (n - 1) / n)
    mesh = np.meshgrid(*axes, indexing="ij")
    base = np.stack([*(m.reshape(-1) for m in mesh[::-1]), np.ones(mesh[0].size)], 1).astype(matrix.dtype)
    points = products.matmul(theta._wrap(base), theta.transpose(1, 2))  # (N, P, ndim)
    return points.reshape(shape[0], *shape[2:], ndim)
