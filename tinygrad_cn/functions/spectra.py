"""Eigenvalues, singular values, determinants, and functions of matrices (``tinygrad_cn.linalg`` and older names)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.errors import DTypeError, ShapeError
from tinygrad_cn.functions._arguments import tensor
from tinygrad_cn.functions._matrices import floating, in_dtype, matrix, square, tolerances, transposed
from tinygrad_cn.functions.results import SVD, Eigh, LegacySVD, SlogDet
from tinygrad_cn.ops import determinants, shape, solving, spectral

__all__ = [
    "chain_matmul",
    "det",
    "eigh",
    "eigvalsh",
    "legacy_svd",
    "logdet",
    "matrix_exp",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "slogdet",
    "svd",
    "svdvals",
    "vander",
]

# ------------------------------------------------------------------------------------ determinants


def det(A: Any) -> Any:
    """The determinants of square matrices; their gradient, the cofactors, is exact for singular matrices too.

    Shape:
        (..., n, n) -> (...).

    >>> import tinygrad_cn as tg
    >>> A = tg.tensor([[1., 2.], [2., 4.]], requires_grad=True)
    >>> tg.linalg.det(A).backward()
    >>> A.grad.round()
    tensor([[ 4., -2.],
            [-2.,  1.]])
    """
    return determinants.det(square("linalg.det", A))


def slogdet(A: Any) -> SlogDet:
    """The sign of the determinant and the logarithm of its size; (0, -inf) for a singular matrix.

    Raises:
        LinAlgError: when the gradient of a singular matrix's is asked for.
    """
    return SlogDet(*determinants.slogdet(square("linalg.slogdet", A)))


def logdet(input: Any) -> Any:
    """The logarithms of determinants: -inf where one is 0, NaN where one is negative."""
    sign, size = determinants.slogdet(square("logdet", input, "input"))
    return np.where(sign._array < 0, input._array.dtype.type(np.nan), size)


# ------------------------------------------------------------------------------------- eigenvalues


def eigh(A: Any, UPLO: str = "L") -> Eigh:
    """The eigenvalues of symmetric matrices in ascending order, and orthonormal eigenvectors as columns.

    Args:
        A (Tensor): of which the triangle UPLO is read.
        UPLO ("L" or "U")

    Shape:
        (..., n, n) -> (..., n), (..., n, n).

    Vectors are determined up to sign only. Their gradient exists where eigenvalues are distinct; that of the values
    always does, and it is symmetric.

    >>> import tinygrad_cn as tg
    >>> tg.linalg.eigh(tg.tensor([[2., 0.], [0., 1.]])).eigenvalues
    tensor([1., 2.])
    """
    return Eigh(*spectral.eigh(square("linalg.eigh", A), uplo=_side("linalg.eigh", UPLO)))


def eigvalsh(A: Any, UPLO: str = "L") -> Any:
    """The eigenvalues of symmetric matrices in ascending order. Shape: (..., n, n) -> (..., n)."""
    return spectral.eigh(square("linalg.eigvalsh", A), uplo=_side("linalg.eigvalsh", UPLO))[0]


def _side(name: str, uplo: str) -> str:
    side = str(uplo).upper()
    if side not in ("L", "U"):
        raise RuntimeError(f"{name}(): UPLO must be 'L' or 'U', got {uplo!r}")
    return side


# --------------------------------------------------------------------------------- singular values


def svd(A: Any, full_matrices: bool = True, *, driver: str | None = None) -> SVD:
    """A = U diag(S) Vh with orthonormal columns in U and rows in Vh, and S descending.

    Args:
        A (Tensor): matrices.
        full_matrices (bool): complete U and Vh to square matrices.
        driver (None): PyTorch's drivers are CUDA's.

    Shape:
        (..., m, n) -> (..., m, k), (..., k), (..., k, n) with k = min(m, n); or U (..., m, m) and Vh (..., n, n).

    Vectors are determined up to sign only. Their gradient exists where singular values are distinct (and, for
    rectangular matrices, not 0); that of the values always does. Gradients that depend on the choice of the vectors
    that complete a basis are refused.
    """
    if driver is not None:
        raise RuntimeError(f"linalg.svd(): driver is for CUDA only, got {driver!r}")
    return SVD(*spectral.svd(matrix("linalg.svd", A), full=_needs_full(A, full_matrices)))


def _needs_full(a: Any, full: bool) -> bool:
    m, n = a._array.shape[-2:]
    return bool(full) and m != n


def legacy_svd(input: Any, some: bool = True, compute_uv: bool = True) -> LegacySVD:
    """The older form of `svd`, with V in place of its transpose: ``tinygrad_cn.svd``."""
    u, s, vh = spectral.svd(matrix("svd", input, "input"), full=_needs_full(input, not some))
    if not compute_uv:
        m, n = input._array.shape[-2:]
        batch = input._array.shape[:-2]
        u, v = (input._wrap(np.zeros_like(input._array, shape=(*batch, k, k))) for k in (m, n))
        return LegacySVD(u, s, v)
    return LegacySVD(u, s, transposed(vh))


def svdvals(A: Any, *, driver: str | None = None) -> Any:
    """The singular values in descending order. Shape: (..., m, n) -> (..., min(m, n))."""
    if driver is not None:
        raise RuntimeError(f"linalg.svdvals(): driver is for CUDA only, got {driver!r}")
    return spectral.svd(matrix("linalg.svdvals", A))[1]


def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Any:
    """How many singular values exceed max(atol, rtol * largest).

    Args:
        A (Tensor): matrices.
        tol, atol (float or Tensor, optional): 0 by default.
        hermitian (bool): A is symmetric: its lower triangle is read, and the sizes of the eigenvalues count.
        rtol (float or Tensor, optional): by default, without ``atol``, the machine epsilon times the larger size.

    Shape:
        (..., m, n) -> (...), of int64.
    """
    name = "linalg.matrix_rank"
    (square if hermitian else matrix)(name, A)
    least, share = tolerances(name, A, atol if tol is None else tol, rtol)
    if tol is not None and rtol is None:
        share = np.zeros_like(share)
    sizes = np.abs(eigvalsh(A.detach())._array) if hermitian else svdvals(A.detach())._array
    top = np.max(sizes, axis=-1, initial=0)
    bound = np.maximum(least, share * top)
    return A._wrap(np.asarray(np.sum(sizes > bound[..., None], axis=-1, dtype=np.int64)))


# ------------------------------------------------------------------------------- powers, products


def matrix_power(A: Any, n: int) -> Any:
    """A multiplied with itself, or its inverse with itself, |n| times.

    Shape:
        (..., k, k) -> the same.

    >>> import tinygrad_cn as tg
    >>> tg.linalg.matrix_power(tg.tensor([[1., 1.], [0., 1.]]), 5)
    tensor([[1., 5.],
            [0., 1.]])
    """
    name = "linalg.matrix_power"
    sizes = tensor(name, A, "A")._array.shape
    if len(sizes) < 2 or sizes[-1] != sizes[-2]:
        raise ShapeError(f"{name}(): A must hold square matrices, got shape {list(sizes)}")
    if n == 0:
        eye = np.broadcast_to(np.eye(sizes[-1], dtype=A._array.dtype), sizes)
        return shape.copy(A) * 0 + eye if A.requires_grad else A._wrap(eye.copy())
    base = A if n > 0 else solving.inv(floating(name, A))
    n = abs(n)
    result = None
    while True:  # by repeated squaring
        if n & 1:
            result = base if result is None else np.matmul(result, base)
        n >>= 1
        if not n:
            return shape.copy(result) if result is A else result
        base = np.matmul(base, base)


def matrix_exp(input: Any) -> Any:
    """exp(A) = 1 + A + A A / 2 + ... of square matrices.

    Shape:
        (..., n, n) -> the same.

    >>> import tinygrad_cn as tg
    >>> tg.matrix_exp(tg.tensor([[0., 1.], [0., 0.]]))
    tensor([[1., 1.],
            [0., 1.]])
    """
    return spectral.matrix_exp(square("linalg.matrix_exp", input, "input"))


def multi_dot(tensors: Sequence[Any]) -> Any:
    """The product of two or more matrices in the order of the least work; the first and the last may be vectors.

    Raises:
        ShapeError: the sizes do not fit.

    >>> import tinygrad_cn as tg
    >>> tg.linalg.multi_dot([tg.ones(1, 2), tg.ones(2, 3), tg.ones(3)])
    tensor([6.])
    """
    name = "linalg.multi_dot"
    factors = list(tensors)
    if len(factors) < 2:
        raise RuntimeError(f"{name}(): expected at least 2 tensors, got {len(factors)}")
    dtype = tensor(name, factors[0], "tensors[0]")._array.dtype
    for i, t in enumerate(factors):
        ndim = tensor(name, t, f"tensors[{i}]")._array.ndim
        if t._array.dtype != dtype:
            raise DTypeError(f"{name}(): tensors of dtypes {dtype} and {t._array.dtype}; convert one with .to(dtype)")
        if ndim != 2 and not (ndim == 1 and i in (0, len(factors) - 1)):
            raise ShapeError(
                f"{name}(): expected matrices, and at most a vector first and last; tensors[{i}] has shape "
                f"{list(t._array.shape)}"
            )
    first, last = factors[0].ndim == 1, factors[-1].ndim == 1
    if first:
        factors[0] = np.expand_dims(factors[0], 0)
    if last:
        factors[-1] = np.expand_dims(factors[-1], 1)
    sizes = [tuple(t.shape) for t in factors]
    if any(a[1] != b[0] for a, b in itertools.pairwise(sizes)):
        raise ShapeError(f"{name}(): matrices of shapes {', '.join(map(str, sizes))} cannot be multiplied in a row")
    product = _multiplied(factors, _order([s[0] for s in sizes] + [sizes[-1][1]]), 0, len(factors) - 1)
    shape_ = (() if first else product.shape[:1]) + (() if last else product.shape[1:])
    return np.reshape(product, tuple(shape_))


def _order(sizes: list[int]) -> list[list[int]]:
    """Where to split each chain of matrices: dynamic programming over the number of multiplications."""
    n = len(sizes) - 1
    cost = [[0] * n for _ in range(n)]
    split = [[0] * n for _ in range(n)]
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            cost[i][j], split[i][j] = min(
                (cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            )
    return split


def _multiplied(factors: list[Any], split: list[list[int]], i: int, j: int) -> Any:
    if i == j:
        return factors[i]
    k = split[i][j]
    return np.matmul(_multiplied(factors, split, i, k), _multiplied(factors, split, k + 1, j))


def chain_matmul(*matrices: Any) -> Any:
    """The older form of `multi_dot`, for matrices only."""
    return shape.copy(matrices[0]) if len(matrices) == 1 else multi_dot(matrices)


def vander(x: Any, *, N: int | None = None) -> Any:
    """The powers 0 to N - 1 of the elements of vectors. Shape: (..., n) -> (..., n, N), with N = n by default.

    >>> import tinygrad_cn as tg
    >>> tg.linalg.vander(tg.tensor([2, 3]), N=3)
    tensor([[1, 2, 4],
            [1, 3, 9]])
    """
    array = tensor("linalg.vander", x, "x")._array
    if not array.ndim:
        if N is None:
            raise ShapeError("linalg.vander(): without N x must have at least 1 dimension, got a 0-d tensor")
        return vander(np.expand_dims(x, 0), N=N)
    if N is not None and N < 1:
        raise RuntimeError(f"linalg.vander(): N must be greater than 0, got {N}")
    count = array.shape[-1] if N is None else N
    if array.dtype.kind in "biu":  # as in running products
        x = in_dtype(x, np.int64)
    dtype = x._array.dtype
    ones = np.ones((*array.shape, 1), dtype=dtype)
    if count <= 1:
        return x._wrap(ones[..., :count])
    powers = np.cumprod(np.broadcast_to(np.expand_dims(x, -1), (*array.shape, count - 1)), axis=-1)
    return np.concatenate((x._wrap(ones), powers), axis=-1)
