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
from tinygrad_cn.ops.solving import failed, solve_triangular, transposed

__all__ = ["cholesky", "lu", "qr"]


def _cholesky(x: Any) -> Any:
    try:
        return np.linalg.cholesky(x)
    except np.linalg.LinAlgError:
        reason = "the matrix is not positive definite; see linalg.cholesky_ex, or add to its diagonal"
        raise failed("cholesky", reason, x) from None


def _cholesky_x(g: Any, out: Any) -> Any:
    """L'^-1 S L^-1 with S the symmetric part of tril(L' g), as x is symmetric whichever triangle was read."""
    phi = np.tril(np.matmul(transposed(out), g))
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


def _qr_x(g: Any, out: Any) -> Any:
    gq, gr = g
    q, r = out
    m = np.triu(np.matmul(gr, transposed(r)) - np.matmul(transposed(q), gq))
    symmetric = m + transposed(np.triu(m, 1))
    return _divided(gq + np.matmul(q, symmetric), r)


#: Q and R of a matrix with at least as many rows as columns. Shape: (..., m, n) -> (..., m, n), (..., n, n).
qr = op("qr", lambda x: tuple(np.linalg.qr(x)), x=_qr_x, outputs=2, label="LinalgQr")

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
        gu = gu - np.triu(np.matmul(transposed(packed[..., k:, :]), rest))
    elif n > m:  # U2 = L^-1 A2
        rest = solve_triangular(transposed(square), g[..., :, k:], upper=True, unit=True)
        gl = gl - np.tril(np.matmul(rest, transposed(packed[..., :, k:])), -1)
    lower = np.tril(square, -1) + np.eye(k, dtype=packed.dtype)
    inner = np.tril(np.matmul(transposed(lower), gl), -1) + np.triu(np.matmul(gu, transposed(np.triu(square))))
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
