"""Triangular factorizations of (batches of) matrices: Cholesky, QR, LU.

Rules: I. Murray, "Differentiation of the Cholesky decomposition" (2016); S. F. Walter and L. Lehmann, "Algorithmic
differentiation of linear algebra functions with application in optimum experimental design" (2010) for QR; F. de
Hoog, R. Anderssen and M. Lukas, "Differentiation of matrix functionals using triangular factorization", Math. Comp.
80 (2011) for LU. They are spelled in products and triangular solutions, so they can be differentiated again.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn.kernels import elimination
from tinygrad_cn.op import op
from tinygrad_cn.ops.linear_algebra import matmul
from tinygrad_cn.ops.solving import failed, solve_triangular, transposed

__all__ = ["cholesky", "lu", "qr", "without_complement"]


def _cholesky(x: Any) -> Any:
    try:
        return np.linalg.cholesky(x)
    except np.linalg.LinAlgError:
        reason = "the matrix is not positive definite; see linalg.cholesky_ex, or add to its diagonal"
        raise failed("cholesky", reason, x) from None


def _cholesky_x(g: Any, out: Any) -> Any:
    """L'^-1 S L^-1 with S the symmetric part of tril(L' g), as x is symmetric whichever triangle was read."""
    phi = np.tril(matmul(transposed(out), g))
    middle = 0.5 * (phi + transposed(np.tril(phi, -1)))
    return _between(out, middle)


def _between(lower: Any, middle: Any) -> Any:
    """L'^-1 M L^-1."""
    left = solve_triangular(transposed(lower), middle, upper=True)
    return transposed(solve_triangular(transposed(lower), transposed(left), upper=True))


#: The lower L of L L' = x, of which the lower triangle is read.
cholesky = op("cholesky", _cholesky, x=_cholesky_x, label="LinalgCholeskyEx")

# ---------------------------------------------------------------------------------------------- QR


def _divided(x: Any, r: Any) -> Any:
    """X R'^-1 for an upper triangular R."""
    return transposed(solve_triangular(r, transposed(x), upper=True))


def _qr(x: Any, *, complete: bool = False) -> Any:
    if x.shape[-1] == 0 or x.size == 0:  # NumPy leaves the shape of an empty Q to chance
        m, n = x.shape[-2:]
        q = np.broadcast_to(np.eye(m, m if complete else n, dtype=x.dtype), (*x.shape[:-1], m if complete else n))
        return q.copy(), np.zeros_like(x, shape=(*x.shape[:-2], m if complete else n, n))
    return tuple(np.linalg.qr(x, "complete" if complete else "reduced"))


def _qr_x(g: Any, out: Any, complete: bool) -> Any:
    gq, gr = g
    q, r = out
    if complete:
        n = r.shape[-1]
        gq = without_complement("qr", q, gq, n)
        q, r, gr = q[..., :n], r[..., :n, :], gr[..., :n, :]
    m = np.triu(matmul(gr, transposed(r)) - matmul(transposed(q), gq))
    symmetric = m + transposed(np.triu(m, 1))
    return _divided(gq + matmul(q, symmetric), r)


def without_complement(name: str, q: Any, g: Any, n: int) -> Any:
    """The cotangent of the first ``n`` columns of a square orthogonal matrix, with that of the others carried over.

    The others, Q2, are any basis of the complement of the first, Q1: only functions that do not change when Q2 turns
    have a gradient, which is so when Q2' g2 is symmetric. Then dQ2 = -Q1 dQ1' Q2.

    Raises:
        RuntimeError: the function depends on the choice of the basis.
    """
    if q.shape[-1] == n:
        return g
    q1, q2, g1, g2 = q[..., :n], q[..., n:], g[..., :n], g[..., n:]
    turned = matmul(transposed(q2), g2)
    raw = getattr(turned, "_array", turned)
    scale = np.max(np.abs(raw), initial=0)
    if np.max(np.abs(raw - np.swapaxes(raw, -1, -2)), initial=0) > scale * np.sqrt(np.finfo(raw.dtype).eps):
        raise RuntimeError(
            f"{name}: a gradient is asked for that depends on the choice of the columns that complete the basis, which "
            "is arbitrary; use the reduced decomposition"
        )
    return g1 - matmul(q2, matmul(transposed(g2), q1))


#: Q and R of a matrix with at least as many rows as columns: Q (..., m, n), R (..., n, n); or (m, m), (m, n).
qr = op("qr", _qr, x=_qr_x, outputs=2, label="LinalgQr")

# ---------------------------------------------------------------------------------------------- LU


def _lu_x(g: Any, out: Any) -> Any:
    """Of the leading square block by the rule, of the rows below (or the columns beside) by a triangular solution."""
    packed, pivots = out
    g = g[0]
    m, n = packed.shape[-2:]
    k = min(m, n)
    square, gsquare = packed[..., :k, :k], g[..., :k, :k]
    gl, gu = np.tril(gsquare, -1), np.triu(gsquare)
    rest = None
    if m > n:  # L2 = A2 U^-1
        rest = _divided(g[..., k:, :], square)
        gu = gu - np.triu(matmul(transposed(packed[..., k:, :]), rest))
    elif n > m:  # U2 = L^-1 A2
        rest = solve_triangular(transposed(square), g[..., :, k:], upper=True, unit=True)
        gl = gl - np.tril(matmul(rest, transposed(packed[..., :, k:])), -1)
    lower = np.tril(square, -1) + np.eye(k, dtype=packed.dtype)
    inner = np.tril(matmul(transposed(lower), gl), -1) + np.triu(matmul(gu, transposed(np.triu(square))))
    block = _divided(solve_triangular(transposed(square), inner, upper=True, unit=True), square)
    if rest is not None:
        block = np.concatenate((block, rest), axis=-2 if m > n else -1)
    order = np.argsort(elimination.permutation(pivots, m), axis=-1)
    rows = np.broadcast_to(order[..., None], block.shape)
    return np.take_along_axis(block, rows, axis=-2)


def _lu(x: Any) -> Any:
    packed, pivots, _ = elimination.lu(x)
    return packed, pivots


#: L (below the diagonal, on which it has ones) and U in one matrix, and the pivots counted from 1.
lu = op("lu", _lu, x=_lu_x, outputs=2, label="LinalgLuFactorEx")
