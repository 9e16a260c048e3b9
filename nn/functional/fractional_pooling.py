"""Max pooling over windows whose places are drawn at random, for a reduction by any factor."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn import random
from tinygrad_cn.errors import ShapeError
from tinygrad_cn.functions._arguments import tensor
from tinygrad_cn.kernels.windows import per_axis
from tinygrad_cn.ops import pooling as ops


def _starts(sample: np.ndarray, size: int, out: int, kernel: int) -> np.ndarray:
    """Where the windows begin, for each plane: about evenly spaced, moved by its sample in [0, 1).

    Shape: sample (P,); result (P, out)
    """
    step = sample.dtype.type((size - kernel) / (out - 1)) if out > 1 else sample.dtype.type(0)
    places = ((np.arange(out, dtype=sample.dtype) + sample[:, None]) * step).astype(np.int64)
    places -= (sample * step).astype(np.int64)[:, None]
    places[:, -1] = size - kernel
    return places


def _winners(x: np.ndarray, starts: list[np.ndarray], kernel: tuple[int, ...]) -> np.ndarray:
    """The flat index of the largest element of each window. Shape: x (P, *S), starts (P, out) -> (P, *out)."""
    ndim = len(kernel)
    flat = np.zeros((len(x),) + (1,) * (2 * ndim), np.int64)
    for axis, (start, k, n) in enumerate(zip(starts, kernel, x.shape[1:], strict=True)):
        place = start[:, :, None] + np.arange(k)  # (P, out, k)
        shape = [1] * (2 * ndim)
        shape[axis], shape[ndim + axis] = place.shape[1:]
        flat = flat * n + place.reshape(len(x), *shape)
    out = flat.shape[1 : ndim + 1]
    flat = flat.reshape(len(x), int(np.prod(out)), -1)
    values = np.take_along_axis(x.reshape(len(x), 1, -1), flat, 2)
    best = np.take_along_axis(flat, np.argmax(values, axis=2)[:, :, None], 2)
    return best.reshape(len(x), *out)


def _fractional(
    name: str, ndim: int, input: Any, kernel: Any, output_size: Any, output_ratio: Any, return_indices: bool,
    samples: Any,
) -> Any:  # fmt: skip
    x = tensor(name, input)._array
    if x.ndim not in (ndim + 1, ndim + 2) or 0 in x.shape[x.ndim - ndim - 1 :]:
        raise ShapeError(
            f"{name}(): expected input of {ndim + 2} dimensions (a batch) or {ndim + 1} (one), only the batch empty, "
            f"got shape {list(x.shape)}"
        )
    kernel = per_axis(kernel, ndim, "kernel_size", name)
    spatial = x.shape[x.ndim - ndim :]
    if (output_size is None) == (output_ratio is None):
        raise ValueError(f"{name}(): give either output_size or output_ratio")
    if output_size is not None:
        out = per_axis(output_size, ndim, "output_size", name)
    else:
        ratios = (output_ratio,) * ndim if isinstance(output_ratio, int | float) else tuple(output_ratio)
        if len(ratios) != ndim or not all(0 < r < 1 for r in ratios):
            raise ValueError(f"{name}(): output_ratio {output_ratio} must lie between 0 and 1, one for each axis")
        out = tuple(int(n * r) for n, r in zip(spatial, ratios, strict=True))
    if any(k < 1 or o < 1 or o + k - 1 > n for k, o, n in zip(kernel, out, spatial, strict=True)):
        raise ShapeError(
            f"{name}(): {list(out)} windows of {kernel} do not fit into spatial shape {list(spatial)}: an axis needs "
            "at least output + kernel - 1 elements"
        )
    batch, channels = (x.shape[0] if x.ndim == ndim + 2 else 1), x.shape[x.ndim - ndim - 1]
    drawn = _samples(name, samples, (batch, channels, ndim), x.dtype)
    axes = range(ndim) if ndim == 3 else range(ndim)[::-1]  # of an image, the first sample moves the columns
    starts = [_starts(drawn[:, i], n, o, k) for i, n, o, k in zip(axes, spatial, out, kernel, strict=True)]
    indices = _winners(x.reshape(batch * channels, *spatial), starts, kernel).reshape(*x.shape[: x.ndim - ndim], *out)
    values = ops.gather_planes(input, indices=indices, ndim=ndim)
    return (values, input._wrap(indices)) if return_indices else values


def _samples(name: str, samples: Any, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """A number in [0, 1) for each axis of each plane. Shape: (P, axes)."""
    if samples is None:
        count = int(np.prod(shape))
        return random.default_generator.uniform(count, 0.0, 1.0, dtype).reshape(-1, shape[2])
    given = tensor(name, samples, "_random_samples")._array
    if given.ndim == 3 and given.shape[0] > shape[0]:  # those of a larger batch serve a smaller one
        given = given[: shape[0]]
    if given.shape != shape:
        raise ShapeError(f"{name}(): _random_samples must have shape {list(shape)}, got {list(given.shape)}")
    return given.astype(dtype, copy=False).reshape(-1, shape[2])


def fractional_max_pool2d(
    input: Any,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Any = None,
) -> Any:
    """The largest value of windows at random places (Graham, 2014, arXiv:1412.6071), as many as asked for.

    Args:
        input (Tensor)
        kernel_size (int or pair): size of the windows.
        output_size (int or pair, optional): how many windows along each axis; give it or ``output_ratio``.
        output_ratio (float or pair, optional): how many for each element of the input, between 0 and 1.
        return_indices (bool): give the flat indices of the winners too.

    Shape:
        (N, C, H, W) or (C, H, W) -> (N, C, *output_size) or (C, *output_size).

    Raises:
        ShapeError: the windows do not fit.
        ValueError: both or none of ``output_size`` and ``output_ratio``.
    """
    return _fractional(
        "fractional_max_pool2d", 2, input, kernel_size, output_size, output_ratio, return_indices, _random_samples
    )


def fractional_max_pool3d(
    input: Any,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Any = None,
) -> Any:
    """The largest value of windows at random places. See `fractional_max_pool2d`."""
    return _fractional(
        "fractional_max_pool3d", 3, input, kernel_size, output_size, output_ratio, return_indices, _random_samples
    )
