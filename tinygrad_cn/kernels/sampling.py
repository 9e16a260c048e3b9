"""Weighted reads at scattered places, and the two adjoints: three functions closed under differentiation.

    y  = sample(x, w)       d/dx -> spread(g, w),  d/dw -> match(x, g)
    gx = spread(y, w)       d/dy -> sample(u, w),  d/dw -> match(u, y)
    gw = match(x, y)        d/dx -> spread(y, v),  d/dy -> sample(x, v)

where u and v are cotangents of the shape of x and of w. Point p of image n is the sum over its taps t of
w[n, t, p] x[n, :, index[n, t, p]]. Interpolation at the points of a grid is such a sum.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .arrays import Array

Index = NDArray[np.int64]


def sample(x: Array, w: Array, index: Index) -> Array:
    """Weighted sums of values at `index`.

    Shape: x (N, C, L), w and index (N, T, P); result (N, C, P)

    >>> sample(np.array([[[1.0, 2.0, 4.0]]]), np.array([[[0.5], [0.5]]]), np.array([[[0], [2]]]))
    array([[[2.5]]])
    """
    dtype = np.result_type(x, w)
    out = np.zeros_like(x, shape=(x.shape[0], x.shape[1], w.shape[2]), dtype=dtype, order="C")
    for image, weights, places, target in zip(x, w, index, out, strict=True):
        for weight, place in zip(weights, places, strict=True):
            target += np.take(image, place, 1) * weight
    return out


def spread(y: Array, w: Array, index: Index, size: int) -> Array:
    """Weighted values added up at `index`: the adjoint of `sample` in x.

    Shape: y (N, C, P), w and index (N, T, P); result (N, C, size)

    >>> spread(np.array([[[2.0]]]), np.array([[[0.5], [0.5]]]), np.array([[[0], [2]]]), 3)
    array([[[1., 0., 1.]]])
    """
    dtype = np.result_type(y, w)
    out = np.zeros_like(y, shape=(y.shape[0], y.shape[1], size), dtype=dtype, order="C")
    if not w.size or not y.size:
        return out
    lines = np.arange(y.shape[1])[:, None] * size  # where the channels of an image begin
    for values, weights, places, target in zip(y, w, index, out, strict=True):
        terms = (values[:, None] * weights).reshape(-1)  # (C, T, P) -> (C * T * P,)
        into = (lines + places.reshape(-1)).reshape(-1)
        for part, sums in ((terms.real, target.real), (terms.imag, target.imag))[: 1 + (dtype.kind == "c")]:
            sums[...] = np.bincount(into, part, target.size).reshape(target.shape)
    return out


def match(x: Array, y: Array, index: Index) -> Array:
    """How well y agrees with x at `index`, summed over channels: the adjoint of `sample` in w.

    Shape: x (N, C, L), y (N, C, P), index (N, T, P); result (N, T, P)

    >>> match(np.array([[[1.0, 2.0, 4.0]]]), np.array([[[3.0]]]), np.array([[[0], [2]]]))
    array([[[ 3.],
            [12.]]])
    """
    dtype = np.result_type(x, y)
    out = np.empty_like(y, shape=index.shape, dtype=dtype, order="C")
    for image, values, places, target in zip(x, y, index, out, strict=True):
        for place, line in zip(places, target, strict=True):
            np.einsum("cp,cp->p", np.take(image, place, 1), values, out=line)
    return out
