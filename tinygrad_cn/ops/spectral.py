"""Eigenvalues and singular values of (batches of) matrices, and functions through them.

Rules: M. B. Giles (2008) for the symmetric eigenproblem; J. Townsend, "Differentiating the singular value
decomposition" (2016). Vectors are determined up to sign only, and their gradients exist only where the values are
distinct; of the values alone the gradients always exist. A cotangent of 0 gives 0 also where values coincide.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from tinygrad_cn.kernels.matrix_exponential import matrix_exponential
from tinygrad_cn.op import op
from tinygrad_cn.ops.factorizations import without_complement
from tinygrad_cn.ops.guarded import over
from tinygrad_cn.ops.linear_algebra import matmul
from tinygrad_cn.ops.solving import UNCONVERGED, decomposed, failed, transposed

__all__ = ["eigh", "matrix_exp", "svd"]


def _skew(x: Any) -> Any:
    return x - transposed(x)


def _gaps(values: Any) -> Any:
    """v_j - v_i, and 1 on the diagonal. Shape: (..., n) -> (..., n, n)."""
    eye = np.eye(values.shape[-1], dtype=bool)
    return np.where(eye, 1, values[..., None, :] - values[..., :, None])


def _diagonal(values: Any) -> Any:
    return values[..., :, None] * np.eye(values.shape[-1], dtype=values.dtype)


# --------------------------------------------------------------------------------------- symmetric


def _eigh(x: Any, *, uplo: Literal["L", "U"] = "L") -> Any:
    if not np.isfinite(np.tril(x) if uplo == "L" else np.triu(x)).all():  # LAPACK would give numbers all the same
        raise failed("eigh", UNCONVERGED, x)
    try:
        return tuple(np.linalg.eigh(x, uplo))
    except np.linalg.LinAlgError:
        raise failed("eigh", UNCONVERGED, x) from None


def _eigh_x(g: Any, out: Any) -> Any:
    """V (diag(g_l) + skew(V' g_v) / 2 / gaps) V'."""
    gl, gv = g
    values, v = out
    turned = over(0.5 * _skew(matmul(transposed(v), gv)), _gaps(values))
    return matmul(matmul(v, turned + _diagonal(gl)), transposed(v))


#: Eigenvalues in ascending order, and eigenvectors as columns; the triangle ``uplo`` is read.
eigh = op("eigh", _eigh, x=_eigh_x, outputs=2, label="LinalgEigh")

# --------------------------------------------------------------------------------- singular values


def _svd(x: Any, *, full: bool = False) -> Any:
    return decomposed("svd", x, full)


def _svd_x(g: Any, out: Any, full: bool) -> Any:
    gu, gs, gvh = g
    u, s, vh = out
    if full:
        k = s.shape[-1]
        gu = without_complement("svd", u, gu, k)
        gvh = transposed(without_complement("svd", transposed(vh), transposed(gvh), k))
        u, vh = u[..., :k], vh[..., :k, :]
    ut, v, gv = transposed(u), transposed(vh), transposed(gvh)
    rows, columns = s[..., :, None], s[..., None, :]
    gaps = _gaps(s) * (rows + columns)
    eye = np.eye(s.shape[-1], dtype=bool)
    gaps = np.where(eye, 1, gaps)  # the diagonal of a skew matrix is 0: any divisor but 0 does
    ugu, vgv = matmul(ut, gu), matmul(vh, gv)
    core = over(_skew(ugu), gaps) * columns + rows * over(_skew(vgv), gaps) + _diagonal(gs)
    gx = matmul(matmul(u, core), vh)
    m, n, k = u.shape[-2], vh.shape[-1], s.shape[-1]
    if m > k:
        gx = gx + matmul(over(gu - matmul(u, ugu), columns), vh)
    if n > k:
        gx = gx + matmul(u, transposed(over(gv - matmul(v, vgv), columns)))
    return gx


#: U, s and V', thin unless ``full``. Shape: (..., m, n) -> (..., m, k), (..., k), (..., k, n).
svd = op("svd", _svd, x=_svd_x, outputs=3, label="LinalgSvd")

# ------------------------------------------------------------------------------------- exponential


def _matrix_exp_x(g: Any, x: Any) -> Any:
    """The corner of exp([[x', g], [0, x']]), the derivative at x' along g (R. Mathias, SIMAX 17, 1996)."""
    n = x.shape[-1]
    t = transposed(x)
    top = np.concatenate((t, g), axis=-1)
    bottom = np.concatenate((np.zeros_like(x), t), axis=-1)
    return matrix_exp(np.concatenate((top, bottom), axis=-2))[..., :n, n:]


matrix_exp = op("matrix_exp", lambda x: matrix_exponential(x), x=_matrix_exp_x, label="LinalgMatrixExp")
