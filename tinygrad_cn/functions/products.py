"""Products of vectors, matrices and tensors."""

from __future__ import annotations

from string import ascii_letters
from typing import Any

import numpy as np

from tinygrad_cn.errors import DTypeError, ShapeError
from tinygrad_cn.functions._arguments import accepts_factors_between, raw, tensor
from tinygrad_cn.functions.arithmetic import add, mul
from tinygrad_cn.graph import Handle
from tinygrad_cn.op import cast
from tinygrad_cn.ops import linear_algebra


def _check(name: str, a: Any, b: Any, first: int | None = None, second: int | None = None) -> None:
    """Both are Tensors of one dtype, with the given numbers of dimensions.

    Raises:
        ShapeError, DTypeError
    """
    x, y = tensor(name, a)._array, tensor(name, b, "other")._array
    if x.dtype != y.dtype:
        raise DTypeError(f"{name}(): the tensors have dtypes {x.dtype} and {y.dtype}; convert one with .to(dtype)")
    for number, array in ((first, x), (second, y)):
        if number is not None and array.ndim != number:
            raise ShapeError(f"{name}(): expected a tensor with {number} dimensions, got shape {list(array.shape)}")


def matmul(input: Any, other: Any) -> Any:
    """The matrix product over the last two axes, broadcast over the others; vectors as in NumPy's ``@``.

    Shape:
        (..., n, k) @ (..., k, m) -> (..., n, m); (k,) @ (k,) -> ().

    Raises:
        ShapeError: the inner sizes differ, or a tensor is 0-d.
        DTypeError: the dtypes differ.
    """
    _check("matmul", input, other)
    x, y = input._array.shape, other._array.shape
    if not x or not y:
        raise ShapeError(f"matmul(): both tensors need at least 1 dimension, got shapes {list(x)} and {list(y)}")
    if x[-1] != y[-2 if len(y) > 1 else -1]:
        raise ShapeError(
            f"matmul(): the inner sizes differ: {list(x)} has {x[-1]} on its last axis, {list(y)} has "
            f"{y[-2 if len(y) > 1 else -1]} on its {'second to last' if len(y) > 1 else 'only'} axis"
        )
    return linear_algebra.matmul(input, other)


def mm(input: Any, mat2: Any) -> Any:
    """The product of two matrices. Shape: (n, k), (k, m) -> (n, m)."""
    _check("mm", input, mat2, 2, 2)
    return matmul(input, mat2)


def bmm(input: Any, mat2: Any) -> Any:
    """The products of two batches of matrices. Shape: (b, n, k), (b, k, m) -> (b, n, m)."""
    _check("bmm", input, mat2, 3, 3)
    if input._array.shape[0] != mat2._array.shape[0]:
        raise ShapeError(f"bmm(): batch sizes differ: {list(input._array.shape)} and {list(mat2._array.shape)}")
    return matmul(input, mat2)


def mv(input: Any, vec: Any) -> Any:
    """The product of a matrix and a vector. Shape: (n, k), (k,) -> (n,)."""
    _check("mv", input, vec, 2, 1)
    return matmul(input, vec)


def dot(input: Any, tensor: Any) -> Any:
    """The inner product of two vectors. Shape: (k,), (k,) -> ()."""
    _check("dot", input, tensor, 1, 1)
    return matmul(input, tensor)


def outer(input: Any, vec2: Any) -> Any:
    """The outer product of two vectors. Shape: (n,), (m,) -> (n, m)."""
    for value in (input, vec2):
        if tensor("outer", value)._array.ndim != 1:
            raise ShapeError(f"outer(): expected vectors, got shape {list(value._array.shape)}")
    return mul(input.unsqueeze(1), vec2)


@accepts_factors_between("beta", "alpha", tensors=3)
def addmm(input: Any, mat1: Any, mat2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """beta * input + alpha * (mat1 @ mat2); with ``beta`` 0 the input is not read."""
    return _plus(input, mm(mat1, mat2), beta, alpha)


@accepts_factors_between("beta", "alpha", tensors=3)
def addmv(input: Any, mat: Any, vec: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """beta * input + alpha * (mat @ vec)."""
    return _plus(input, mv(mat, vec), beta, alpha)


@accepts_factors_between("beta", "alpha", tensors=3)
def baddbmm(input: Any, batch1: Any, batch2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """beta * input + alpha * (batch1 @ batch2), for batches of matrices."""
    return _plus(input, bmm(batch1, batch2), beta, alpha)


def _plus(input: Any, product: Any, beta: float, alpha: float) -> Any:
    if product._array.dtype.kind in "biu":
        beta, alpha = int(beta), int(alpha)
    if alpha != 1:
        product = mul(product, alpha)
    if beta == 0:
        return product
    result = add(input if beta == 1 else mul(input, beta), product)
    if result._array.shape != product._array.shape:
        raise ShapeError(
            f"the input of shape {list(input._array.shape)} does not broadcast to the product's shape "
            f"{list(product._array.shape)}"
        )
    return result


def einsum(equation: Any, *operands: Any) -> Any:
    """The Einstein sum: products summed over the indices that the result lacks.

    Args:
        equation (str): such as ``"bij,bjk->bik"``; ``...`` stands for batch axes. Or, in NumPy's other form, the first
            operand: each is followed by a list of integers below 52 and ``...``, the last list is the result's.
        operands (Tensors): one for each term.

    Raises:
        ShapeError: the equation does not fit the operands, or an index has two sizes.
    """
    if isinstance(equation, Handle):
        equation, operands = _equation((equation, *operands))
    if len(operands) == 1 and isinstance(operands[0], list | tuple):
        operands = tuple(operands[0])
    arrays = [raw(tensor("einsum", x, f"operands[{i}]")) for i, x in enumerate(operands)]
    try:
        terms, out = linear_algebra.spelled_out(equation, [a.ndim for a in arrays])
    except ValueError as error:
        raise ShapeError(str(error)) from None
    if all(a.dtype.kind in "biu" for a in arrays) and _sums_alone(terms, out):
        operands = tuple(cast(x, dtype=np.dtype(np.int64)) for x in operands)  # integers are summed in int64
    return linear_algebra.einsum(*operands, terms=terms, result=out)


def _equation(pairs: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """The equation and the operands of tensors that are each followed by the list of their axes."""

    def term(axes: Any) -> str:
        if not all(a is ... or 0 <= a < len(ascii_letters) for a in axes):
            raise ShapeError(f"einsum(): axes are named by integers from 0 to 51 and ..., got {list(axes)}")
        return "".join("..." if a is ... else ascii_letters[a] for a in axes)

    count = len(pairs) // 2
    terms = [term(axes) for axes in pairs[1 : 2 * count : 2]]
    result = f"->{term(pairs[-1])}" if len(pairs) % 2 else ""
    return ",".join(terms) + result, pairs[0 : 2 * count : 2]


def _sums_alone(terms: tuple[str, ...], out: str) -> bool:
    """Whether some index stands in one term only and not in the result: it is summed before any product."""
    return any(c not in out and sum(c in t for t in terms) == 1 for term in terms for c in term)


ger = outer
