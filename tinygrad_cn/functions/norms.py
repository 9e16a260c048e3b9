"""Norms of vectors and matrices (``tinygrad_cn.linalg``, ``tinygrad_cn.norm``) and condition numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.errors import DTypeError, ShapeError
from tinygrad_cn.functions._arguments import accepts_axis, axes, axis, tensor
from tinygrad_cn.functions._matrices import matrix
from tinygrad_cn.functions.solving import inv_ex
from tinygrad_cn.op import cast
from tinygrad_cn.ops import arithmetic, reductions, spectral
from tinygrad_cn.ops.norms import power_norm

__all__ = ["cond", "linalg_norm", "matrix_norm", "norm", "vector_norm"]

Dim = int | Sequence[int] | None


def _floating(name: str, x: Any, dtype: Any) -> Any:
    a = tensor(name, x, "x")
    if a._array.dtype.kind not in "fc":
        raise DTypeError(f"{name}(): expects a floating tensor, got {a._array.dtype}; convert it, as with .float()")
    if dtype is None:
        return a
    wanted = np.dtype(dtype)
    if wanted.kind not in "fc":
        raise DTypeError(f"{name}(): dtype must be floating, got {wanted}")
    if wanted.itemsize < a._array.dtype.itemsize:
        raise DTypeError(f"{name}(): dtype must not be narrower than the tensor's {a._array.dtype}, got {wanted}")
    return cast(a, dtype=wanted)


@accepts_axis
def vector_norm(x: Any, ord: Any = 2, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """(sum |x|^ord)^(1/ord) of all elements, or along ``dim``; its gradient at 0 is 0.

    Args:
        x (Tensor): floating.
        ord (float): inf and -inf are the largest and the smallest size, 0 counts the elements that are not 0.
        dim (int or tuple of ints, optional)
        dtype (optional): in which to compute.

    Raises:
        RuntimeError: no element is left for an infinite or negative ``ord``.

    >>> import tinygrad_cn as tg
    >>> tg.linalg.vector_norm(tg.tensor([3., 4.]))
    tensor(5.)
    """
    name = "linalg.vector_norm"
    if isinstance(ord, str) or ord is None:
        raise RuntimeError(f"{name}(): ord must be a number, got {ord!r}; matrix norms stand in linalg.matrix_norm")
    a = _floating(name, x, dtype)
    where = axes(name, dim, a._array.ndim)
    if ord < 0 or ord == math.inf:
        sizes = a._array.shape if where is None else [a._array.shape[i] for i in np.atleast_1d(where)]
        if 0 in sizes:
            raise RuntimeError(f"{name}(): no elements in shape {list(a._array.shape)} along dim {dim} for ord={ord}")
    return _vector_norm(a, float(ord), where, keepdim)


def _vector_norm(a: Any, order: float, where: Any, keepdim: bool) -> Any:
    if order == 2:
        return reductions.norm2(a, axis=where, keepdims=keepdim)
    if order == 0:
        return reductions.sum_(arithmetic.nonzero_count(a), axis=where, keepdims=keepdim)
    if order in (1, math.inf, -math.inf):
        kind = {1: reductions.sum_, math.inf: reductions.amax, -math.inf: reductions.amin}[order]
        return kind(arithmetic.absolute(a), axis=where, keepdims=keepdim)
    return power_norm(a, order=order, axis=where, keepdims=keepdim)


def matrix_norm(
    A: Any,
    ord: float | str = "fro",
    dim: tuple[int, int] = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: Any = None,
) -> Any:
    """A norm of matrices.

    Args:
        A (Tensor): floating.
        ord: "fro" (Frobenius), "nuc" (the sum of the singular values), 2 and -2 (the largest and the smallest), 1 and
            -1 (of the sums of sizes over columns), inf and -inf (over rows).
        dim (pair of ints): the axes of the rows and of the columns.
        dtype (optional): in which to compute.

    Raises:
        RuntimeError: the order is none of these; the axes are not two.

    >>> import tinygrad_cn as tg
    >>> tg.linalg.matrix_norm(tg.tensor([[3., 0.], [0., 4.]]), "nuc")
    tensor(7.)
    """
    name = "linalg.matrix_norm"
    a = _floating(name, A, dtype)
    if a._array.ndim < 2:
        raise ShapeError(f"{name}(): A must have at least 2 dimensions, got shape {list(a._array.shape)}")
    if not isinstance(dim, Sequence) or len(dim) != 2:
        raise RuntimeError(f"{name}(): dim must be a pair of axes, got {dim!r}")
    rows, columns = (axis(name, d, a._array.ndim) for d in dim)
    if rows == columns:
        raise RuntimeError(f"{name}(): the axes of rows and columns must differ, got {dim!r}")
    if ord == "fro":
        return reductions.norm2(a, axis=(rows, columns), keepdims=keepdim)
    if ord in (1, -1, math.inf, -math.inf):
        summed, left = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = reductions.sum_(arithmetic.absolute(a), axis=summed, keepdims=True)
        return _extreme(name, sums, left, ord > 0, keepdim, (rows, columns))
    if ord not in ("nuc", 2, -2):
        raise RuntimeError(f"{name}(): ord must be 'fro', 'nuc', inf, -inf, 1, -1, 2 or -2, got {ord!r}")
    values = spectral.svd(np.moveaxis(a, (rows, columns), (-2, -1)))[1]
    if ord == "nuc":
        found = reductions.sum_(values, axis=-1)
    else:
        found = _extreme(name, values, values.ndim - 1, ord == 2, False, (values.ndim - 1,))
    return np.expand_dims(found, tuple(sorted((rows, columns)))) if keepdim else found


def _extreme(name: str, x: Any, where: int, largest: bool, keepdim: bool, gone: tuple[int, ...]) -> Any:
    if not x._array.shape[where]:
        raise RuntimeError(f"{name}(): a matrix without elements has no such norm")
    found = (reductions.amax if largest else reductions.amin)(x, axis=where, keepdims=True)
    return found if keepdim else np.squeeze(found, gone)


@accepts_axis
def linalg_norm(
    A: Any, ord: float | str | None = None, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """`vector_norm` or `matrix_norm`, as the arguments say (``linalg.norm``).

    Without ``ord`` it is the 2-norm of all elements (along ``dim``). With ``ord`` one axis means vectors and two mean
    matrices; without ``dim`` the tensor has to be a vector or a matrix.
    """
    name = "linalg.norm"
    ndim = tensor(name, A, "A")._array.ndim
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype)
    if dim is None and ndim not in (1, 2):
        raise ShapeError(f"{name}(): with ord and without dim A must be a vector or a matrix, got {ndim} dimensions")
    count = ndim if dim is None else len(dim) if isinstance(dim, Sequence) else 1
    if count not in (1, 2):
        raise RuntimeError(f"{name}(): with ord, dim must name one or two axes, got {dim!r}")
    if count == 2:
        return matrix_norm(A, ord, (0, 1) if dim is None else dim, keepdim, dtype=dtype)  # type: ignore[arg-type]
    return vector_norm(A, ord, dim, keepdim, dtype=dtype)


@accepts_axis
def norm(input: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    """The ``p``-norm of all elements, or along ``dim``; its gradient at 0 is 0.

    Args:
        input (Tensor): floating.
        p (number, inf, -inf, "fro" or "nuc"): "fro" is the 2-norm; "nuc" sums singular values and needs matrices.
        dim (int or tuple of ints, optional)
        dtype (optional): in which to compute.
    """
    a = _floating("norm", input if dtype is None else cast(input, dtype=np.dtype(dtype)), None)
    if p == "nuc":
        if dim is None and a._array.ndim != 2:
            raise ShapeError(f"norm(): p='nuc' without dim needs a matrix, got shape {list(a._array.shape)}")
        return matrix_norm(a, "nuc", (0, 1) if dim is None else dim, keepdim)
    if isinstance(p, str) and p != "fro":
        raise RuntimeError(f"norm(): p must be a number, 'fro' or 'nuc', got {p!r}")
    return _vector_norm(a, 2.0 if p in ("fro", None) else float(p), axes("norm", dim, a._array.ndim), keepdim)


def cond(A: Any, p: float | str | None = None) -> Any:
    """The condition number: the norm of A times that of its inverse; inf for a singular matrix.

    Args:
        A (Tensor): matrices, square unless ``p`` is 2 or -2.
        p: as in `matrix_norm`; ``None`` is 2, the largest singular value over the smallest.

    Raises:
        RuntimeError: an order that is none of these.

    >>> import tinygrad_cn as tg
    >>> tg.linalg.cond(tg.tensor([[1., 0.], [0., 2.]]))
    tensor(2.)
    """
    name = "linalg.cond"
    shape = matrix(name, A)._array.shape
    if p is None or p in (2, -2):
        values = spectral.svd(A)[1]
        if not shape[-1] or not shape[-2]:
            return A._wrap(np.zeros_like(A._array, shape=shape[:-2]))
        top, least = values[..., 0], values[..., -1]
        return top / least if p in (None, 2) else least / top
    if shape[-1] != shape[-2]:
        raise ShapeError(f"{name}(): with p={p!r} the matrices must be square, got shape {list(shape)}")
    if p not in ("fro", "nuc", 1, -1, math.inf, -math.inf):
        raise RuntimeError(f"{name}(): p must be None, 'fro', 'nuc', inf, -inf, 1, -1, 2 or -2, got {p!r}")
    if not A._array.size:
        return A._wrap(np.zeros_like(A._array, shape=shape[:-2]))
    inverse, info = inv_ex(A)
    product = matrix_norm(A, p) * matrix_norm(np.where((info._array != 0)[..., None, None], 1, inverse), p)
    return np.where(info._array != 0, A._array.dtype.type(math.inf), product)
