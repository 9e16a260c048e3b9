"""Triangular and orthogonal factorizations (``tinygrad_cn.linalg`` and older names): Cholesky, QR, LDL."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cn.errors import LinAlgError, ShapeError
from tinygrad_cn.functions._matrices import floating, matrix, same_dtype, square, transposed
from tinygrad_cn.functions.results import QR, CholeskyEx, GeQRF, LDLFactor, LDLFactorEx
from tinygrad_cn.graph import grad_mode
from tinygrad_cn.kernels import elimination
from tinygrad_cn.ops import factorizations as ops
from tinygrad_cn.ops import solving

__all__ = [
    "cholesky",
    "cholesky_ex",
    "cholesky_inverse",
    "cholesky_solve",
    "geqrf",
    "householder_product",
    "ldl_factor",
    "ldl_factor_ex",
    "ldl_solve",
    "legacy_cholesky",
    "legacy_qr",
    "ormqr",
    "qr",
]

# ---------------------------------------------------------------------------------------- Cholesky


def cholesky(A: Any, *, upper: bool = False) -> Any:
    """The lower triangular L of A = L L', or the upper triangular U of A = U' U.

    Args:
        A (Tensor): symmetric, positive definite matrices, of which the named triangle is read.
        upper (bool): which.

    Shape:
        (..., n, n) -> the same.

    Raises:
        LinAlgError: a matrix is not positive definite.

    >>> import tinygrad_cn as tg
    >>> tg.linalg.cholesky(tg.tensor([[4., 2.], [2., 2.]]))
    tensor([[2., 0.],
            [1., 1.]])
    """
    return _cholesky("linalg.cholesky", A, upper)


def _cholesky(name: str, a: Any, upper: bool) -> Any:
    square(name, a)
    return transposed(ops.cholesky(transposed(a))) if upper else ops.cholesky(a)


def legacy_cholesky(input: Any, upper: bool = False) -> Any:
    """The older name of `cholesky`: ``tinygrad_cn.cholesky``."""
    return _cholesky("cholesky", input, upper)


def cholesky_ex(A: Any, *, upper: bool = False, check_errors: bool = False) -> CholeskyEx:
    """The Cholesky factor, and the order of the first leading minor that is not positive (0: none); then NaN.

    Raises:
        LinAlgError: with ``check_errors``, a matrix is not positive definite.
    """
    array = square("linalg.cholesky_ex", A)._array
    info = np.zeros(array.shape[:-2], dtype=np.int32)
    try:
        return CholeskyEx(_cholesky("linalg.cholesky_ex", A, upper), A._wrap(info))
    except LinAlgError:
        if check_errors:
            raise
    n = array.shape[-1]
    given = np.swapaxes(array, -1, -2) if upper else array
    for index in np.ndindex(info.shape):
        info[index] = next((k for k in range(1, n + 1) if not _positive(given[index][:k, :k])), 0)
    bad = (info != 0)[..., None, None]
    factor = _cholesky("linalg.cholesky_ex", np.where(bad, np.eye(n, dtype=array.dtype), A), upper)
    return CholeskyEx(np.where(bad, array.dtype.type(math.nan), factor), A._wrap(info))


def _positive(a: Any) -> bool:
    try:
        np.linalg.cholesky(a)
    except np.linalg.LinAlgError:
        return False
    return True


def cholesky_inverse(L: Any, upper: bool = False) -> Any:
    """The inverse of A from its Cholesky factor."""
    square("cholesky_inverse", L, "L")
    eye = np.eye(L._array.shape[-1], dtype=L._array.dtype)
    half = solving.solve_triangular(transposed(L) if upper else L, eye, upper=False)
    return np.matmul(transposed(half), half)


def cholesky_solve(B: Any, L: Any, upper: bool = False) -> Any:
    """X of A X = B from the Cholesky factor of A.

    Shape:
        (..., n, k), (..., n, n) -> (..., n, k).
    """
    name = "cholesky_solve"
    same_dtype(name, matrix(name, B, "B"), square(name, L, "L"))
    if B._array.shape[-2] != L._array.shape[-1]:
        raise ShapeError(f"{name}(): sizes do not fit: L {list(L._array.shape)}, B {list(B._array.shape)}")
    lower = transposed(L) if upper else L
    half = solving.solve_triangular(lower, B, upper=False)
    return solving.solve_triangular(transposed(lower), half, upper=True)


# ---------------------------------------------------------------------------------------------- QR


def qr(A: Any, mode: str = "reduced") -> QR:
    """A = Q R with orthonormal columns in Q and an upper triangular R.

    Args:
        A (Tensor): matrices.
        mode (str): "reduced"; "complete", with a square Q; "r", with an empty Q.

    Shape:
        (..., m, n) -> (..., m, k), (..., k, n) with k = min(m, n), or m.

    The gradient needs the first min(m, n) columns to be independent. In mode "complete" functions of R and of the
    span of the added columns have one; others are refused.

    >>> import tinygrad_cn as tg
    >>> Q, R = tg.linalg.qr(tg.tensor([[3.], [4.]]))
    >>> R
    tensor([[-5.]])
    """
    return _qr("linalg.qr", A, mode)


def legacy_qr(input: Any, some: bool = True) -> QR:
    """The older form of `qr`: ``tinygrad_cn.qr``."""
    return _qr("qr", input, "reduced" if some else "complete")


def _qr(name: str, a: Any, mode: str) -> QR:
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(f"{name}(): mode must be 'reduced', 'complete' or 'r', got {mode!r}")
    m, n = matrix(name, a)._array.shape[-2:]
    if m >= n:
        q, r = ops.qr(a, complete=mode == "complete" and m > n)
    else:  # Q belongs to the leading square, and the columns beside it are only turned
        q, r = ops.qr(a[..., :m])
        r = np.concatenate((r, np.matmul(transposed(q), a[..., m:])), axis=-1)
    return QR(a._wrap(np.zeros_like(a._array, shape=(0,))) if mode == "r" else q, r)


def _geqrf(x: Any) -> Any:
    if not x.size:
        return x.copy(), np.zeros_like(x, shape=(*x.shape[:-2], min(x.shape[-2:])))
    h, tau = np.linalg.qr(x, "raw")
    return np.ascontiguousarray(np.swapaxes(h, -1, -2)), tau


def geqrf(input: Any) -> GeQRF:
    """The Householder reflectors of a QR factorization as LAPACK leaves them: below the diagonal of R, and tau.

    Raises:
        RuntimeError: a gradient would be needed; `qr` has one.
    """
    _constants("geqrf", matrix("geqrf", input, "input"))
    return GeQRF(*map(input._wrap, _geqrf(input._array)))


def _reflectors(name: str, a: Any, tau: Any) -> Any:
    """The vectors below the diagonal, with ones on it and zeros above. Shape: (..., m, k)."""
    shape, k = a._array.shape, tau._array.shape[-1] if tau._array.ndim else -1
    if tau._array.shape[:-1] != shape[:-2] or not 0 <= k <= shape[-1]:
        raise ShapeError(
            f"{name}(): tau of shape {list(tau._array.shape)} does not fit matrices of shape {list(shape)}: one number "
            "for each of at most as many reflectors as there are columns"
        )
    return np.tril(a[..., :, :k], -1) + np.eye(shape[-2], k, dtype=a._array.dtype)


def _reflected(v: Any, tau: Any, x: Any, forward: bool) -> Any:
    """H1 H2 ... Hk x, or Hk ... H1 x, where Hi = 1 - tau_i v_i v_i'."""
    k = tau.shape[-1]
    for i in range(k) if forward else range(k - 1, -1, -1):
        vi = v[..., :, i : i + 1]
        x = x - tau[..., i : i + 1, None] * np.matmul(vi, np.matmul(transposed(vi), x))
    return x


def householder_product(A: Any, tau: Any) -> Any:
    """The first columns of the product of Householder reflectors, as `geqrf` gives them.

    Shape:
        (..., m, n), (..., k) -> (..., m, n) with m >= n >= k.
    """
    name = "linalg.householder_product"
    same_dtype(name, matrix(name, A, "input"), floating(name, tau, "tau"), "tau")
    m, n = A._array.shape[-2:]
    if n > m:
        raise ShapeError(f"{name}(): input must have at least as many rows as columns, got {list(A._array.shape)}")
    v = _reflectors(name, A, tau)
    start = np.broadcast_to(np.eye(m, n, dtype=A._array.dtype), A._array.shape)
    if not tau._array.shape[-1]:  # no reflector: constant, but of A all the same
        return A * 0 + start
    return _reflected(v, tau, start, False)


def ormqr(input: Any, tau: Any, other: Any, left: bool = True, transpose: bool = False) -> Any:
    """Q C (or C Q, Q' C, C Q') with Q the full product of Householder reflectors, as `geqrf` gives them.

    Shape:
        (..., m, k), (..., k), (..., m, n) -> (..., m, n); with ``left=False`` C is (..., n, m).
    """
    name = "ormqr"
    same_dtype(name, matrix(name, input, "input"), tau, "tau")
    same_dtype(name, input, matrix(name, other, "other"), "other")
    m = input._array.shape[-2]
    if other._array.shape[-2 if left else -1] != m or other._array.shape[:-2] != input._array.shape[:-2]:
        raise ShapeError(
            f"{name}(): other of shape {list(other._array.shape)} does not fit reflectors of shape "
            f"{list(input._array.shape)}"
        )
    if tau._array.ndim and tau._array.shape[-1] > m:
        raise ShapeError(f"{name}(): tau of shape {list(tau._array.shape)} has more than the {m} rows of input")
    v = _reflectors(name, input, tau)
    if left:
        return _reflected(v, tau, other, bool(transpose))
    return transposed(_reflected(v, tau, transposed(other), not transpose))


# --------------------------------------------------------------------------------------------- LDL


def ldl_factor_ex(A: Any, *, hermitian: bool = False, check_errors: bool = False) -> LDLFactorEx:
    """`ldl_factor`, and the first zero pivot, counted from 1 (0: none).

    Raises:
        LinAlgError: with ``check_errors``, there is one.
    """
    array = square("linalg.ldl_factor_ex", A)._array
    _constants("linalg.ldl_factor", A)
    ld, pivots, info = elimination.ldl(array)
    if check_errors and info.any():
        raise LinAlgError(f"linalg.ldl_factor_ex: a block of D is zero, in a matrix of shape {list(A._array.shape)}")
    return LDLFactorEx(A._wrap(ld), A._wrap(pivots), A._wrap(info))


def ldl_factor(A: Any, *, hermitian: bool = False) -> LDLFactor:
    """A = L D L' of symmetric matrices, by the pivoting of Bunch and Kaufman; the lower triangle is read.

    Returns:
        (LD, pivots): as LAPACK's ``sytrf`` leaves them, for `ldl_solve`. There is no gradient.

    Raises:
        LinAlgError: a block of D is zero.
    """
    square("linalg.ldl_factor", A)
    ld, pivots, _ = ldl_factor_ex(A, hermitian=hermitian, check_errors=True)
    return LDLFactor(ld, pivots)


def ldl_solve(LD: Any, pivots: Any, B: Any, *, hermitian: bool = False) -> Any:
    """X of A X = B from what `ldl_factor` gave. There is no gradient.

    Shape:
        (..., n, n), (..., n), (..., n, k) -> (..., n, k).
    """
    name = "linalg.ldl_solve"
    same_dtype(name, square(name, LD, "LD"), matrix(name, B, "B"))
    x, y, p = LD._array.shape, B._array.shape, pivots._array
    if x[-1] != y[-2] or p.shape != x[:-1]:
        raise ShapeError(f"{name}(): LD {list(x)}, pivots {list(p.shape)} and B {list(y)} do not fit")
    if p.dtype.kind != "i":
        raise RuntimeError(f"{name}(): pivots must be integers, got {p.dtype}")
    _constants(name, LD, B)
    return B._wrap(elimination.ldl_solve(LD._array, p, B._array))


def _constants(name: str, *tensors: Any) -> None:
    """Refuse what would need a gradient that there is not.

    Raises:
        RuntimeError: a tensor requires grad.
    """
    if grad_mode.get() and any(t.requires_grad for t in tensors):
        raise RuntimeError(f"{name}(): has no gradient; use linalg.solve or linalg.qr, or detach() the input")
