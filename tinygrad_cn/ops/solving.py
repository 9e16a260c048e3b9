"""Linear systems: inverses, solutions, pseudo-inverses. Arrays are (batches of) matrices.

Rules: M. B. Giles, "An extended collection of matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008); the pseudo-inverse: G. H. Golub and V. Pereyra, SIAM J. Numer. Anal. 10 (1973), for matrices
whose rank does not change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.errors import LinAlgError
from tinygrad_cn.graph import unbroadcast
from tinygrad_cn.kernels import elimination
from tinygrad_cn.op import op
from tinygrad_cn.ops.linear_algebra import matmul

__all__ = ["UNCONVERGED", "decomposed", "failed", "inv", "pinv", "solve", "solve_triangular", "transposed"]


def transposed(x: Any) -> Any:
    """Every matrix transposed."""
    return np.swapaxes(x, -1, -2)


def failed(name: str, reason: str, x: Any) -> LinAlgError:
    """The error of a forward function that NumPy could not finish, in our words."""
    return LinAlgError(f"{name}: {reason} (the matrix, or one of the batch, has shape {tuple(x.shape)})")


def decomposed(name: str, x: Any, full: bool) -> tuple[Any, Any, Any]:
    """NumPy's singular value decomposition; of what is not finite LAPACK might give numbers all the same.

    Raises:
        LinAlgError
    """
    try:
        if np.isfinite(x).all():
            u, s, vh = np.linalg.svd(x, full_matrices=full)
            return u, s, vh
    except np.linalg.LinAlgError:
        pass
    raise failed(name, UNCONVERGED, x)


def _inv(x: Any) -> Any:
    try:
        return np.linalg.inv(x)
    except np.linalg.LinAlgError:
        raise _singular("inv", x) from None


def _singular(name: str, x: Any) -> LinAlgError:
    """The error that names the first singular matrix of a batch."""
    singular = elimination.lu(x)[2].reshape(-1)
    which = int(np.flatnonzero(singular)[0]) if singular.any() else 0
    batch = f" (matrix {which} of the batch)" if x.ndim > 2 else ""
    return LinAlgError(
        f"{name}: the matrix of shape {tuple(x.shape)}{batch} is singular, so there is no unique solution; see "
        "linalg.pinv and linalg.lstsq"
    )


inv = op(
    "inv",
    _inv,
    x=lambda g, out: -matmul(matmul(transposed(out), g), transposed(out)),
    label="LinalgInvEx",
)


def _solve(a: Any, b: Any) -> Any:
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        raise _singular("solve", a) from None


def _solve_back(g: Any, needs: Sequence[bool], a: Any, out: Any, b_shape: tuple[int, ...]) -> tuple[Any, Any]:
    gb = solve(transposed(a), g)
    ga = unbroadcast(-matmul(gb, transposed(out)), a.shape) if needs[0] else None
    return ga, unbroadcast(gb, b_shape)


#: X of A X = B. Shapes: a (..., n, n), b (..., n, k).
solve = op("solve", _solve, joint=_solve_back, promotes=("a", "b"), label="LinalgSolveEx")

# -------------------------------------------------------------------------------------- triangular


def _solve_triangular(a: Any, b: Any, *, upper: bool, unit: bool = False) -> Any:
    """By the general solver on the masked matrix; where the diagonal has zeros, by substitution, as LAPACK does."""
    t = np.triu(a, 1 if unit else 0) if upper else np.tril(a, -1 if unit else 0)
    if unit:
        t = t + np.eye(a.shape[-1], dtype=a.dtype)
    try:
        return np.linalg.solve(t, b)
    except np.linalg.LinAlgError:
        return elimination.substitute(t, b, upper)


def _solve_triangular_back(
    g: Any, needs: Sequence[bool], a: Any, out: Any, b_shape: tuple[int, ...], upper: bool, unit: bool
) -> tuple[Any, Any]:
    gb = solve_triangular(transposed(a), g, upper=not upper, unit=unit)
    ga = None
    if needs[0]:
        full = -matmul(gb, transposed(out))
        ga = np.triu(full, 1 if unit else 0) if upper else np.tril(full, -1 if unit else 0)
        ga = unbroadcast(ga, a.shape)
    return ga, unbroadcast(gb, b_shape)


#: X of A X = B for a triangular A, of which only that triangle is read; ``unit``: its diagonal counts as ones.
solve_triangular = op(
    "solve_triangular",
    _solve_triangular,
    joint=_solve_triangular_back,
    promotes=("a", "b"),
    label="LinalgSolveTriangular",
)

# ---------------------------------------------------------------------------------- pseudo-inverse


#: What NumPy's iterations fail on.
UNCONVERGED = "the iteration for its singular values or eigenvalues did not converge; look for NaN or infinity in it"


def _pinv(x: Any, *, atol: Any = 0.0, rtol: Any = 0.0) -> Any:
    """``atol``, ``rtol``: numbers or arrays (...); singular values up to max(atol, rtol * largest) count as 0."""
    u, s, vh = decomposed("pinv", x, False)
    top = np.max(s, axis=-1, keepdims=True, initial=0)
    least = np.maximum(np.expand_dims(atol, -1), np.expand_dims(rtol, -1) * top)
    kept = s > least
    inverse = np.where(kept, 1, 0).astype(s.dtype) / np.where(kept, s, 1)
    return matmul(transposed(vh) * inverse[..., None, :], transposed(u))


def _pinv_x(g: Any, x: Any, out: Any) -> Any:
    """-P' g P' + (I - X P) g' P P' + P' P g' (I - P X), where ' transposes and P is the pseudo-inverse of X."""
    p, pt, gt = out, transposed(out), transposed(g)
    first = matmul(matmul(pt, g), pt)
    right = matmul(matmul(gt, p), pt)
    left = matmul(pt, matmul(p, gt))
    return -first + (right - matmul(x, matmul(p, right))) + (left - matmul(matmul(left, p), x))


pinv = op("pinv", _pinv, x=_pinv_x, label="LinalgPinv")
