"""Linear systems: solutions, inverses, pseudo-inverses, least squares (``tinygrad_cn.linalg`` and older names)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.errors import ShapeError
from tinygrad_cn.functions._matrices import floating, matrix, same_dtype, square, tolerances, transposed
from tinygrad_cn.functions.results import InvEx, LstSq, SolveEx, TriangularSolve
from tinygrad_cn.kernels import elimination
from tinygrad_cn.ops import solving as ops

__all__ = [
    "inv",
    "inv_ex",
    "lstsq",
    "pinv",
    "pinverse",
    "solve",
    "solve_ex",
    "solve_triangular",
    "tensorinv",
    "tensorsolve",
    "triangular_solve",
]


def inv(A: Any) -> Any:
    """The inverses of square matrices.

    Shape:
        (..., n, n) -> the same.

    Raises:
        LinAlgError: a matrix is singular.

    >>> import tinygrad_cn as tg
    >>> tg.linalg.inv(tg.tensor([[2., 0.], [0., 4.]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    return ops.inv(square("linalg.inv", A))


def inv_ex(A: Any, *, check_errors: bool = False) -> InvEx:
    """The inverses, and where elimination met a zero pivot (from 1; 0: nowhere); singular matrices give NaN.

    Raises:
        LinAlgError: with ``check_errors``, a matrix is singular.
    """
    info = _zero_pivot(square("linalg.inv_ex", A))
    if not info.any() or check_errors:
        return InvEx(ops.inv(A), A._wrap(info))
    safe, bad = _mended(A, info)
    return InvEx(np.where(bad, A._array.dtype.type(math.nan), ops.inv(safe)), A._wrap(info))


def _zero_pivot(a: Any) -> Any:
    """0 for an invertible matrix, else the first zero pivot, counted from 1. Shape: (..., n, n) -> (...)."""
    try:
        np.linalg.inv(a._array)
    except np.linalg.LinAlgError:
        return elimination.lu(a._array)[2]
    return np.zeros(a._array.shape[:-2], dtype=np.int32)


def _mended(a: Any, info: Any) -> tuple[Any, Any]:
    """The matrices with identities in place of the singular ones, and which those are."""
    bad = (info != 0)[..., None, None]
    return np.where(bad, np.eye(a._array.shape[-1], dtype=a._array.dtype), a), bad


def _is_vector(a: Any, b: Any) -> bool:
    """Whether ``b`` holds a vector for each matrix of ``a``, as PyTorch reads shapes."""
    x, y = a._array.shape, b._array.shape
    return len(y) == 1 or (len(x) - 1 == len(y) and x[:-1] == y)


def solve(A: Any, B: Any, *, left: bool = True) -> Any:
    """X of A X = B, or of X A = B with ``left=False``.

    Args:
        A (Tensor): square matrices.
        B (Tensor): matrices, or one vector for each matrix of A.
        left (bool): the side on which A stands.

    Shape:
        (..., n, n), (..., n, k) or (..., n) -> as B, broadcast.

    Raises:
        LinAlgError: a matrix is singular.
        ShapeError: shapes do not fit.

    >>> import tinygrad_cn as tg
    >>> tg.linalg.solve(tg.tensor([[2., 0.], [0., 4.]]), tg.tensor([2., 2.]))
    tensor([1.0000, 0.5000])
    """
    return _solved("linalg.solve", A, B, left)


def _solved(name: str, a: Any, b: Any, left: bool) -> Any:
    same_dtype(name, square(name, a), b)
    vector = _is_vector(a, b)
    if vector:
        if not left:
            raise ShapeError(f"{name}(): left=False needs matrices on the right, got shape {list(b._array.shape)}")
        b = np.expand_dims(b, -1)
    _fitting(name, a, b, left)
    if not left:
        return transposed(ops.solve(transposed(a), transposed(b)))
    x = ops.solve(a, b)
    return np.squeeze(x, -1) if vector else x


def _fitting(name: str, a: Any, b: Any, left: bool) -> None:
    """Refuse shapes that do not fit in A X = B (or X A = B).

    Raises:
        ShapeError
    """
    x, y = a._array.shape, b._array.shape
    if len(y) < 2:
        raise ShapeError(f"{name}(): B must have at least 2 dimensions, got shape {list(y)}")
    if x[-1] != y[-2 if left else -1]:
        side = "A X = B" if left else "X A = B"
        raise ShapeError(f"{name}(): sizes do not fit in {side}: A has shape {list(x)}, B has {list(y)}")
    try:
        np.broadcast_shapes(x[:-2], y[:-2])
    except ValueError:
        raise ShapeError(f"{name}(): batches {list(x[:-2])} and {list(y[:-2])} cannot be broadcast together") from None


def solve_ex(A: Any, B: Any, *, left: bool = True, check_errors: bool = False) -> SolveEx:
    """`solve`, and where elimination met a zero pivot (from 1; 0: nowhere); singular matrices give NaN.

    Raises:
        LinAlgError: with ``check_errors``, a matrix is singular.
    """
    info = _zero_pivot(square("linalg.solve_ex", A))
    if not info.any() or check_errors:
        return SolveEx(_solved("linalg.solve_ex", A, B, left), A._wrap(info))
    safe, bad = _mended(A, info)
    result = _solved("linalg.solve_ex", safe, B, left)
    if _is_vector(A, B):
        bad = bad[..., 0]
    return SolveEx(np.where(bad, A._array.dtype.type(math.nan), result), A._wrap(info))


def solve_triangular(A: Any, B: Any, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Any:
    """X of A X = B (or X A = B) for triangular A, of which only the named triangle is read.

    Args:
        A (Tensor): square matrices.
        B (Tensor): matrices.
        upper (bool): which triangle.
        left (bool): the side on which A stands.
        unitriangular (bool): the diagonal counts as ones and is not read.

    Raises:
        ShapeError: shapes do not fit.
    """
    name = "linalg.solve_triangular"
    same_dtype(name, square(name, A), B)
    _fitting(name, A, B, left)
    if left:
        return ops.solve_triangular(A, B, upper=bool(upper), unit=bool(unitriangular))
    flipped = ops.solve_triangular(transposed(A), transposed(B), upper=not upper, unit=bool(unitriangular))
    return transposed(flipped)


def triangular_solve(
    b: Any, A: Any, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> TriangularSolve:
    """The older form of `solve_triangular`: the solution, and a copy of A."""
    name = "triangular_solve"
    same_dtype(name, square(name, A), matrix(name, b, "b"))
    _fitting(name, A, b, True)
    given, side = (transposed(A), not upper) if transpose else (A, bool(upper))
    solution = ops.solve_triangular(given, b, upper=side, unit=bool(unitriangular))
    shape = (*solution.shape[:-2], *A.shape[-2:])
    return TriangularSolve(solution, np.copy(np.broadcast_to(A, shape)))


# -------------------------------------------------------------------- pseudo-inverse, least squares


def pinv(A: Any, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Any:
    """The pseudo-inverse of Moore and Penrose.

    Args:
        A (Tensor): matrices.
        rcond, rtol (float or Tensor, optional): singular values up to ``rtol`` times the largest count as 0.
        atol (float or Tensor, optional): singular values up to ``atol`` count as 0.
        hermitian (bool): A is symmetric, and only its lower triangle is read.

    Shape:
        (..., m, n) -> (..., n, m).

    The gradient holds where the rank does not change (Golub and Pereyra, 1973).

    >>> import tinygrad_cn as tg
    >>> tg.linalg.pinv(tg.tensor([[2.], [0.]]))
    tensor([[0.5000, 0.0000]])
    """
    name = "linalg.pinv"
    (square if hermitian else matrix)(name, A)
    least, share = tolerances(name, A, atol, rtol if rcond is None else rcond)
    shape = np.broadcast_shapes(A._array.shape[:-2], least.shape, share.shape)
    a: Any = np.broadcast_to(A, (*shape, *A._array.shape[-2:])) if shape != A._array.shape[:-2] else A
    if hermitian:
        lower = np.tril(a._array)
        symmetric = lower + np.swapaxes(np.tril(lower, -1), -1, -2)
        if not np.array_equal(symmetric, a._array):
            a = np.tril(a) + transposed(np.tril(a, -1))
    return ops.pinv(a, atol=least, rtol=share)


def pinverse(input: Any, rcond: float = 1e-15) -> Any:
    """The older name of `pinv`."""
    return pinv(input, rcond=rcond)


#: LAPACK's drivers by PyTorch's names.
_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


def lstsq(A: Any, B: Any, rcond: float | None = None, *, driver: str | None = None) -> LstSq:
    """The X of least norm among those with the least |A X - B|, and what is known of it.

    Args:
        A (Tensor): matrices.
        B (Tensor): matrices, or one vector for each matrix of A.
        rcond (float, optional): singular values up to ``rcond`` times the largest count as 0.
        driver (str, optional): "gels" (full rank is promised), "gelsy" (default), "gelsd" or "gelss": they agree
            in the solution, and decide which of rank and singular values are returned.

    Returns:
        (solution, residuals, rank, singular_values); what does not apply is empty.

    Shape:
        (..., m, n), (..., m, k) -> (..., n, k), (..., k), (...), (..., min(m, n)).
    """
    name = "linalg.lstsq"
    if driver is not None and driver not in _DRIVERS:
        raise ValueError(f"{name}(): driver must be one of {', '.join(_DRIVERS)}, got {driver!r}")
    driver = driver or "gelsy"
    same_dtype(name, matrix(name, A), B)
    x, y = A._array.shape, B._array.shape
    if not y:
        raise ShapeError(f"{name}(): B must have at least 1 dimension, got a 0-d tensor")
    vector = len(x) - 1 == len(y) and x[:-1] == y
    b: Any = np.expand_dims(B, -1) if vector else B
    if len(b.shape) < 2 or x[-2] != b.shape[-2]:
        raise ShapeError(f"{name}(): A and B must have as many rows, got shapes {list(x)} and {list(y)}")
    _, share = tolerances(name, A, None, rcond)
    share = share * 0 if driver == "gels" else share
    solution = np.matmul(ops.pinv(A, rtol=share), b)
    values = np.linalg.svd(A._array, compute_uv=False)
    least = share * np.max(values, axis=-1, initial=0, keepdims=True)
    rank = np.asarray(np.sum(values > least, axis=-1, dtype=np.int64))
    m, n = x[-2:]
    if m > n and driver != "gelsy" and (rank == n).all():
        residuals = np.sum(np.square(np.matmul(A, solution) - b), axis=-2)
    else:
        residuals = np.reshape(solution, (-1,))[:0]
    solution = np.squeeze(solution, -1) if vector else solution
    none = A._array.dtype
    return LstSq(
        solution,
        residuals,
        A._wrap(np.zeros(0, dtype=np.int64) if driver == "gels" else rank),
        A._wrap(values if driver in ("gelsd", "gelss") else np.zeros(0, dtype=none)),
    )


# --------------------------------------------------------------------------------------- of tensors


def tensorinv(A: Any, ind: int = 2) -> Any:
    """The inverse with respect to `tensordot` over the last axes: the first ``ind`` axes count as rows.

    Raises:
        ShapeError: the products of the sizes on both sides differ.
    """
    shape = _floating_shape("linalg.tensorinv", A)
    if ind <= 0:
        raise RuntimeError(f"linalg.tensorinv(): ind must be positive, got {ind}")
    rows, columns = math.prod(shape[:ind]), math.prod(shape[ind:])
    if rows != columns:
        raise ShapeError(
            f"linalg.tensorinv(): the first {ind} sizes of {list(shape)} give {rows}, the others {columns}"
        )
    return np.reshape(ops.inv(np.reshape(A, (rows, columns))), (*shape[ind:], *shape[:ind]))


def _floating_shape(name: str, a: Any) -> tuple[int, ...]:
    return tuple(floating(name, a)._array.shape)


def tensorsolve(A: Any, B: Any, dims: Sequence[int] | None = None) -> Any:
    """X of ``tensordot(A, X, X.ndim) = B``; ``dims`` are axes of A that are moved to its end first.

    Raises:
        ShapeError: the products of the sizes do not fit.
    """
    name = "linalg.tensorsolve"
    _floating_shape(name, A)
    same_dtype(name, A, B)
    if dims is not None:
        A = np.moveaxis(A, tuple(dims), tuple(range(A.ndim - len(dims), A.ndim)))
    shape, wanted = A._array.shape, B._array.shape
    columns = shape[len(wanted) :]
    if math.prod(columns) != math.prod(shape[: len(wanted)]) or B._array.size != math.prod(columns):
        raise ShapeError(f"{name}(): A of shape {list(shape)} is no square system for B of shape {list(wanted)}")
    n = math.prod(columns)
    return np.reshape(ops.solve(np.reshape(A, (n, n)), np.reshape(B, (n, 1))), columns)
