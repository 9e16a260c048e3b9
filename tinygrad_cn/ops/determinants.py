"""Determinants of (batches of) matrices, with gradients that are exact for singular matrices too.

The gradient of det is the matrix of cofactors, and the gradient of that is linear in the products of all singular
values but two. Both are taken from the singular value decomposition, in which the matrix is diagonal, so that no
inverse is needed: with A = U diag(s) V', cof(A) = det(U) det(V) U cof(diag(s)) V'.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn.op import Op, op
from tinygrad_cn.ops.linear_algebra import matmul
from tinygrad_cn.ops.solving import decomposed, inv, transposed

__all__ = ["cofactors", "det", "slogdet"]


def _on_diagonal(d: Any) -> Any:
    """(..., n) -> (..., n, n)."""
    return d[..., None] * np.eye(d.shape[-1], dtype=d.dtype)


def _orientation(u: Any, vh: Any) -> Any:
    """det(U) det(V), which is 1 or -1. Shape: (..., n, n) -> (..., 1, 1)."""
    return np.sign(np.linalg.det(u) * np.linalg.det(vh)).astype(u.dtype)[..., None, None]


def _except_one(s: Any) -> Any:
    """For each of the last axis, the product of the others: (..., n) -> (..., n)."""
    n = s.shape[-1]
    return np.prod(np.where(np.eye(n, dtype=bool), s.dtype.type(1), s[..., None, :]), axis=-1)


def _except_two(s: Any) -> Any:
    """For each pair, the product of all others; 0 on the diagonal: (..., n) -> (..., n, n)."""
    n = s.shape[-1]
    if n and np.min(s[..., -1] / np.maximum(s[..., 0], np.finfo(s.dtype).tiny), initial=1) > 1e-3:
        products = np.prod(s, axis=-1)[..., None, None] / (s[..., :, None] * s[..., None, :])
    else:  # no division by what may be 0
        eye = np.eye(n, dtype=bool)
        left_out = eye[:, None, :] | eye[None, :, :]  # (i, j, k): k is i or j
        products = np.prod(np.where(left_out, s.dtype.type(1), s[..., None, None, :]), axis=-1)
    return np.where(np.eye(n, dtype=bool), s.dtype.type(0), products)


def _cofactors(x: Any) -> Any:
    if not x.size:
        return np.zeros_like(x)
    u, s, vh = decomposed("det", x, True)
    return _orientation(u, vh) * matmul(u * _except_one(s)[..., None, :], vh)


def _cofactors_along(x: Any, h: Any) -> Any:
    if not x.size:
        return np.zeros_like(x)
    u, s, vh = decomposed("det", x, True)
    inner = matmul(matmul(transposed(u), h), transposed(vh))
    pairs = _except_two(s)
    diagonal = matmul(pairs, np.diagonal(inner, axis1=-2, axis2=-1)[..., None])[..., 0]
    core = _on_diagonal(diagonal) - pairs * transposed(inner)
    return _orientation(u, vh) * matmul(matmul(u, core), vh)


def _third(g: Any, x: Any, h: Any) -> Any:
    """The gradient of <g, cofactors_along(x, h)> by x. It needs the inverse: refused for singular matrices."""
    b = transposed(inv(x))
    gt, ht = transposed(g), transposed(h)
    along_g, along_h = _inner(b, g), _inner(b, h)
    bh, bg = matmul(matmul(b, ht), b), matmul(matmul(b, gt), b)
    first = (along_g * along_h - _inner(bh, g)) * b
    rest = matmul(matmul(bh, gt), b) + matmul(matmul(bg, ht), b) - along_g * bh - along_h * bg
    return np.expand_dims(det(x), (-2, -1)) * (first + rest)


def _inner(a: Any, b: Any) -> Any:
    return np.sum(a * b, axis=(-2, -1), keepdims=True)


#: The derivative of `cofactors` at x in the direction h: bilinear and symmetric in (g, h), so it is its own adjoint.
cofactors_along: Op = op(
    "cofactors_along",
    _cofactors_along,
    x=_third,
    h=lambda g, x: cofactors_along(x, g),
)

#: The determinants of the minors with alternating signs: the gradient of det. Shape: (..., n, n) -> the same.
cofactors = op("cofactors", _cofactors, x=lambda g, x: cofactors_along(x, g))

det = op(
    "det",
    lambda x: np.linalg.det(x),
    x=lambda g, x: np.expand_dims(g, (-2, -1)) * cofactors(x),
    label="LinalgDet",
)

#: The sign of det and log |det|; -inf for a singular matrix, whose gradient is refused.
slogdet = op(
    "slogdet",
    lambda x: tuple(np.linalg.slogdet(x)),
    x=lambda g, x: np.expand_dims(g[1], (-2, -1)) * transposed(inv(x)),
    outputs=2,
    label="LinalgSlogdet",
)
