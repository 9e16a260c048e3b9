"""Products over chosen axes: inner, Kronecker and cross products, contractions, sums of products added to a tensor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.errors import ShapeError
from tinygrad_cn.functions._arguments import accepts_factors_between, axis, tensor
from tinygrad_cn.functions.arithmetic import mul
from tinygrad_cn.functions.products import _check, _plus, bmm, dot, matmul, outer
from tinygrad_cn.ops import arithmetic, comparison, indexing, reductions, shape

__all__ = ["addbmm", "addr", "cross", "inner", "kron", "linalg_cross", "tensordot", "vdot", "vecdot"]


def vdot(input: Any, other: Any) -> Any:
    """The inner product of two vectors. Shape: (k,), (k,) -> ()."""
    return dot(input, other)


def inner(input: Any, other: Any) -> Any:
    """Products summed over the last axes of both; with a 0-d tensor the plain product.

    Shape:
        (..., k), (*, k) -> (..., *).

    Raises:
        ShapeError: the last sizes differ.
    """
    _check("inner", input, other)
    x, y = input._array.shape, other._array.shape
    if not x or not y:
        return mul(input, other)
    if x[-1] != y[-1]:
        raise ShapeError(f"inner(): the last sizes differ: shapes {list(x)} and {list(y)}")
    return tensordot(input, other, ([-1], [-1]))


def tensordot(a: Any, b: Any, dims: Any = 2) -> Any:
    """Products summed over pairs of axes.

    Args:
        a, b (Tensors)
        dims (int, or two sequences of ints): the last so many axes of ``a`` with the first of ``b``, or pairs.

    Raises:
        ShapeError: paired axes have different sizes.

    >>> import tinygrad_cn as tg
    >>> tg.tensordot(tg.ones(2, 3), tg.ones(3, 4), dims=1).shape
    Size([2, 4])
    """
    _check("tensordot", a, b)
    x, y = a._array.shape, b._array.shape
    if hasattr(dims, "_array"):
        dims = dims._array.tolist()
    if isinstance(dims, Sequence):
        first, second = dims
        left = [axis("tensordot", d, len(x)) for d in ((first,) if isinstance(first, int) else first)]
        right = [axis("tensordot", d, len(y)) for d in ((second,) if isinstance(second, int) else second)]
    else:
        count = int(dims)
        if count < 0 or count > min(len(x), len(y)):
            raise RuntimeError(f"tensordot(): dims is {count} for shapes {list(x)} and {list(y)}")
        left, right = list(range(len(x) - count, len(x))), list(range(count))
    if len(left) != len(right) or len(set(left)) != len(left) or len(set(right)) != len(right):
        raise RuntimeError(f"tensordot(): dims {dims} must name as many different axes of both")
    if any(x[i] != y[j] for i, j in zip(left, right, strict=True)):
        if any(x[i] != y[j] and 1 not in (x[i], y[j]) for i, j in zip(left, right, strict=True)):
            raise ShapeError(
                f"tensordot(): paired axes must have one size, got shapes {list(x)}, {list(y)} and dims {dims}"
            )
        pairs = [(i, j) for i, j in zip(left, right, strict=True) if x[i] != y[j]]  # one is 1: it is broadcast
        a = _summed(a, tuple(i for i, j in pairs if y[j] == 1))
        b = _summed(b, tuple(j for i, j in pairs if x[i] == 1))
        x, y = a._array.shape, b._array.shape
    kept_x = [i for i in range(len(x)) if i not in left]
    kept_y = [j for j in range(len(y)) if j not in right]
    summed = math.prod(x[i] for i in left)
    rows, columns = math.prod(x[i] for i in kept_x), math.prod(y[j] for j in kept_y)
    first = shape.reshape(shape.transpose(a, axes=(*kept_x, *left)), shape=(rows, summed))
    second = shape.reshape(shape.transpose(b, axes=(*right, *kept_y)), shape=(summed, columns))
    return shape.reshape(matmul(first, second), shape=(*(x[i] for i in kept_x), *(y[j] for j in kept_y)))


def _summed(x: Any, axes: tuple[int, ...]) -> Any:
    if not axes:
        return x
    dtype = x._array.dtype
    total = reductions.sum_(x, axis=axes, keepdims=True)
    return total if total._array.dtype == dtype else total.to(dtype)


def kron(input: Any, other: Any) -> Any:
    """The Kronecker product: each element of ``input`` times the whole of ``other``, as blocks.

    >>> import tinygrad_cn as tg
    >>> tg.kron(tg.tensor([1, 2]), tg.tensor([1, 10]))
    tensor([ 1, 10,  2, 20])
    """
    x, y = tensor("kron", input)._array.shape, tensor("kron", other, "other")._array.shape
    ndim = max(len(x), len(y))
    x, y = (1,) * (ndim - len(x)) + x, (1,) * (ndim - len(y)) + y
    left = shape.reshape(input, shape=tuple(n for size in x for n in (size, 1)))
    right = shape.reshape(other, shape=tuple(n for size in y for n in (1, size)))
    return shape.reshape(mul(left, right), shape=tuple(n * m for n, m in zip(x, y, strict=True)))


def cross(input: Any, other: Any, dim: int | None = None) -> Any:
    """The cross product of vectors of three along ``dim``: by default the first axis of size 3.

    Raises:
        RuntimeError: the axis has not three elements.

    >>> import tinygrad_cn as tg
    >>> tg.cross(tg.tensor([1, 0, 0]), tg.tensor([0, 1, 0]), dim=0)
    tensor([0, 0, 1])
    """
    if dim is None:
        sizes = tensor("cross", input)._array.shape
        if 3 not in sizes:
            raise RuntimeError(f"cross(): no axis of size 3 in shape {list(sizes)}")
        dim = sizes.index(3)
    return _cross("cross", input, other, dim)


def linalg_cross(input: Any, other: Any, *, dim: int = -1) -> Any:
    """The cross product of vectors of three along ``dim`` (``linalg.cross``)."""
    return _cross("linalg.cross", input, other, dim)


def _cross(name: str, a: Any, b: Any, dim: int) -> Any:
    x, y = tensor(name, a)._array.shape, tensor(name, b, "other")._array.shape
    if len(x) != len(y):
        raise ShapeError(f"{name}(): the tensors must have as many dimensions, got shapes {list(x)} and {list(y)}")
    number = axis(name, dim, len(x))
    if not x or x[number] != 3 or y[number] != 3:
        raise ShapeError(f"{name}(): dim {dim} must have size 3 in both, got shapes {list(x)} and {list(y)}")
    before = (slice(None),) * number
    following, next_but_one = (*before, np.array([1, 2, 0])), (*before, np.array([2, 0, 1]))
    return arithmetic.subtract(
        arithmetic.multiply(indexing.getitem(a, index=following), indexing.getitem(b, index=next_but_one)),
        arithmetic.multiply(indexing.getitem(a, index=next_but_one), indexing.getitem(b, index=following)),
    )


def vecdot(x: Any, y: Any, *, dim: int = -1) -> Any:
    """Inner products along ``dim``, broadcast over the others (``linalg.vecdot``).

    Raises:
        DTypeError: the dtypes differ.
    """
    _check("linalg.vecdot", x, y)
    product = mul(x, y)
    number = axis("linalg.vecdot", dim, product._array.ndim)
    if not product._array.ndim:
        return product
    sizes = [
        t._array.shape[number - product._array.ndim] for t in (x, y) if t._array.ndim >= product._array.ndim - number
    ]
    if len(sizes) < 2 or sizes[0] != sizes[1]:
        raise ShapeError(
            f"linalg.vecdot(): dim {dim} must have one size in both, got shapes {list(x._array.shape)} and "
            f"{list(y._array.shape)}"
        )
    return product.sum(number)


@accepts_factors_between("beta", "alpha", tensors=3)
def addbmm(input: Any, batch1: Any, batch2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """beta * input + alpha * (the sum over the batch of batch1 @ batch2)."""
    product = bmm(batch1, batch2)
    total = product.sum(0)
    return _plus(input, total.to(product._array.dtype), beta, alpha)


@accepts_factors_between("beta", "alpha", tensors=3)
def addr(input: Any, vec1: Any, vec2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """beta * input + alpha * (the outer product of vec1 and vec2)."""
    product = outer(vec1, vec2)
    if product._array.dtype.kind == "b" and tensor("addr", input)._array.dtype.kind == "b":
        return comparison.logical_or(
            comparison.logical_and(input, bool(beta)), comparison.logical_and(product, bool(alpha))
        )
    return _plus(input, product, beta, alpha)
