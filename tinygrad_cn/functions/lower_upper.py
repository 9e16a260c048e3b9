"""LU factorization with partial pivoting (``tinygrad_cn.linalg`` and older names)."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn.errors import LinAlgError, ShapeError
from tinygrad_cn.functions._matrices import matrix, permuted_rows, same_dtype, square, transposed
from tinygrad_cn.functions.results import PLU, LUFactor, LUFactorEx
from tinygrad_cn.kernels import elimination
from tinygrad_cn.ops import factorizations as ops
from tinygrad_cn.ops import solving

__all__ = ["legacy_lu", "legacy_lu_solve", "lu", "lu_factor", "lu_factor_ex", "lu_solve", "lu_unpack"]


def _factored(name: str, a: Any, pivot: bool) -> tuple[Any, Any]:
    matrix(name, a)
    if not pivot:
        raise RuntimeError(f"{name}(): pivot=False is not implemented; elimination without pivoting is not stable")
    return ops.lu(a)


def lu(A: Any, *, pivot: bool = True) -> PLU:
    """A = P L U: a permutation, a lower triangular matrix with ones on its diagonal, and an upper triangular one.

    Shape:
        (..., m, n) -> (..., m, m), (..., m, k), (..., k, n) with k = min(m, n).

    >>> import tinygrad_cn as tg
    >>> P, L, U = tg.linalg.lu(tg.tensor([[1., 2.], [4., 4.]]))
    >>> L
    tensor([[1.0000, 0.0000],
            [0.2500, 1.0000]])
    """
    packed, pivots = _factored("linalg.lu", A, pivot)
    return PLU(_permutation(pivots, A), *_triangles(packed))


def _triangles(packed: Any) -> tuple[Any, Any]:
    m, n = packed.shape[-2:]
    k = min(m, n)
    eye = np.eye(m, k, dtype=packed._array.dtype)
    return np.tril(packed[..., :k], -1) + eye, np.triu(packed[..., :k, :])


def _permutation(pivots: Any, like: Any) -> Any:
    """P of P L U as a matrix. Shape: (..., k) -> (..., m, m)."""
    m = like._array.shape[-2]
    order = elimination.permutation(pivots._array, m)
    return like._wrap((order[..., None, :] == np.arange(m)[:, None]).astype(like._array.dtype))


def lu_factor_ex(A: Any, *, pivot: bool = True, check_errors: bool = False) -> LUFactorEx:
    """`lu_factor`, and the first zero on the diagonal of U, counted from 1 (0: none).

    Raises:
        LinAlgError: with ``check_errors``, there is one.
    """
    packed, pivots = _factored("linalg.lu_factor_ex", A, pivot)
    info = _first_zero(packed)
    if check_errors:
        _refuse_zero("linalg.lu_factor_ex", info, A)
    return LUFactorEx(packed, pivots, A._wrap(info))


def _first_zero(packed: Any) -> Any:
    zero = np.diagonal(packed._array, axis1=-2, axis2=-1) == 0
    if not zero.shape[-1]:
        return np.zeros(zero.shape[:-1], dtype=np.int32)
    return np.where(zero.any(axis=-1), np.argmax(zero, axis=-1) + 1, 0).astype(np.int32)


def _refuse_zero(name: str, info: Any, a: Any) -> None:
    if info.any():
        first = int(info[info != 0].flat[0])
        raise LinAlgError(
            f"{name}: U has a zero at position {first} of its diagonal, so that systems cannot be solved with it "
            f"(A has shape {list(a._array.shape)}); see linalg.lu and linalg.lu_factor_ex"
        )


def lu_factor(A: Any, *, pivot: bool = True) -> LUFactor:
    """Both factors of P L U in one matrix, and the pivots, counted from 1, for `lu_solve`.

    Shape:
        (..., m, n) -> (..., m, n), (..., min(m, n)).

    Raises:
        LinAlgError: U has a zero on its diagonal.
    """
    packed, pivots = _factored("linalg.lu_factor", A, pivot)
    _refuse_zero("linalg.lu_factor", _first_zero(packed), A)
    return LUFactor(packed, pivots)


def legacy_lu(A: Any, pivot: bool = True, get_infos: bool = False) -> tuple[Any, ...]:
    """The older form of `lu_factor`: ``tinygrad_cn.lu``."""
    found = lu_factor_ex(A, pivot=pivot, check_errors=not get_infos)
    return found if get_infos else tuple(found[:2])


def lu_solve(LU: Any, pivots: Any, B: Any, *, left: bool = True, adjoint: bool = False) -> Any:
    """X of A X = B (X A = B with ``left=False``, A' in place of A with ``adjoint``) from what `lu_factor` gave.

    Shape:
        (..., n, n), (..., n), (..., n, k) -> (..., n, k).

    Raises:
        ShapeError: shapes do not fit.
    """
    name = "linalg.lu_solve"
    same_dtype(name, square(name, LU, "LU"), matrix(name, B, "B"))
    x, y, p = LU._array.shape, B._array.shape, pivots._array
    if p.dtype != np.int32:
        raise RuntimeError(f"{name}(): pivots must be int32, as lu_factor gives them, got {p.dtype}")
    if p.shape != x[:-1]:
        raise ShapeError(f"{name}(): pivots of shape {list(p.shape)} do not fit LU of shape {list(x)}")
    if x[-1] != y[-2 if left else -1]:
        raise ShapeError(f"{name}(): sizes do not fit: LU {list(x)}, B {list(y)}, left={left}")
    if not left:
        return transposed(_lu_solved(LU, p, transposed(B), not adjoint))
    return _lu_solved(LU, p, B, adjoint)


def _lu_solved(packed: Any, pivots: Any, b: Any, adjoint: bool) -> Any:
    order = elimination.permutation(pivots, packed.shape[-1])
    if adjoint:
        half = solving.solve_triangular(transposed(packed), b, upper=False)
        turned = solving.solve_triangular(transposed(packed), half, upper=True, unit=True)
        return permuted_rows(turned, np.argsort(order, axis=-1))
    half = solving.solve_triangular(packed, permuted_rows(b, order), upper=False, unit=True)
    return solving.solve_triangular(packed, half, upper=True)


def legacy_lu_solve(b: Any, LU_data: Any, LU_pivots: Any) -> Any:
    """The older form of `lu_solve`: ``tinygrad_cn.lu_solve``."""
    return lu_solve(LU_data, LU_pivots, b)


def lu_unpack(LU_data: Any, LU_pivots: Any, unpack_data: bool = True, unpack_pivots: bool = True) -> PLU:
    """P, L and U from what `lu_factor` gave; what is not asked for is empty."""
    matrix("lu_unpack", LU_data, "LU_data")
    if unpack_pivots and LU_pivots._array.dtype != np.int32:
        raise RuntimeError(f"lu_unpack(): pivots must be int32, as lu_factor gives them, got {LU_pivots._array.dtype}")
    none = LU_data._wrap(np.zeros_like(LU_data._array, shape=(0,)))
    p = _permutation(LU_pivots, LU_data) if unpack_pivots else none
    return PLU(p, *(_triangles(LU_data) if unpack_data else (none, none)))
