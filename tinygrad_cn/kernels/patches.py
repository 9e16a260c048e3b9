"""Images cut into patches, and patches added up to images: each the adjoint of the other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .arrays import Array
from .windows import Ints, Pads, check_window, output_shape


def _taps(kernel: Ints, stride: Ints, dilation: Ints, out: Ints) -> Iterator[tuple[Any, Any]]:
    """For every tap of the window, the padded inputs that the windows read there."""
    for tap in np.ndindex(*kernel):
        yield (
            tap,
            tuple(
                slice(t * d, t * d + (n - 1) * s + 1, s) for t, d, s, n in zip(tap, dilation, stride, out, strict=True)
            ),
        )


def patch_grid(op: str, spatial: Sequence[int], kernel: Ints, stride: Ints, padding: Pads, dilation: Ints) -> Ints:
    """How many patches there are along each axis.

    Raises:
        ValueError: windows that mean nothing or do not fit
    """
    check_window(op, kernel, stride, padding, dilation)
    return output_shape(op, spatial, kernel, stride, padding, dilation)


def cut(x: Array, kernel: Ints, stride: Ints, padding: Pads, dilation: Ints) -> Array:
    """Every window of the images as a column.

    Shape: x (N, C, *S); result (N, C * prod(K), L), the L windows counted row by row

    >>> cut(np.array([[[1.0, 2.0, 3.0]]]), (2,), (1,), ((0, 0),), (1,))
    array([[[1., 2.],
            [2., 3.]]])
    """
    out = patch_grid("unfold", x.shape[2:], kernel, stride, padding, dilation)
    padded = np.pad(x, ((0, 0), (0, 0), *padding)) if any(map(any, padding)) else x
    columns = np.empty_like(x, shape=(*x.shape[:2], *kernel, *out), order="C")
    for tap, places in _taps(kernel, stride, dilation, out):
        columns[(slice(None), slice(None), *tap)] = padded[(slice(None), slice(None), *places)]
    return columns.reshape(x.shape[0], x.shape[1] * math.prod(kernel), math.prod(out))


def paste(x: Array, spatial: Ints, kernel: Ints, stride: Ints, padding: Pads, dilation: Ints) -> Array:
    """Columns added up where their windows lie: the adjoint of `cut`.

    Shape: x (N, C * prod(K), L); result (N, C, *spatial)

    >>> paste(np.array([[[1.0, 2.0], [2.0, 3.0]]]), (3,), (2,), (1,), ((0, 0),), (1,))
    array([[[1., 4., 3.]]])
    """
    out = patch_grid("fold", spatial, kernel, stride, padding, dilation)
    channels = x.shape[1] // math.prod(kernel)
    columns = x.reshape(x.shape[0], channels, *kernel, *out)
    whole = tuple(n + a + b for n, (a, b) in zip(spatial, padding, strict=True))
    image = np.zeros_like(x, shape=(x.shape[0], channels, *whole), order="C")
    for tap, places in _taps(kernel, stride, dilation, out):
        image[(slice(None), slice(None), *places)] += columns[(slice(None), slice(None), *tap)]
    inside: tuple[Any, ...] = tuple(slice(a, a + n) for n, (a, _) in zip(spatial, padding, strict=True))
    return image[(slice(None), slice(None), *inside)]
