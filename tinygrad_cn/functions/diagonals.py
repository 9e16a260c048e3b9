"""Transposes and diagonals of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn.errors import ShapeError
from tinygrad_cn.functions._arguments import axis, tensor
from tinygrad_cn.inplace import assign, set_item
from tinygrad_cn.ops import diagonals as ops
from tinygrad_cn.ops import reductions, shape

__all__ = [
    "adjoint",
    "diag",
    "diag_embed",
    "diagflat",
    "diagonal",
    "diagonal_scatter",
    "fill_diagonal_",
    "hermitian",
    "reversed_axes",
    "trace",
    "transposed",
]


def reversed_axes(input: Any) -> Any:
    """A view with all axes in reverse order (``Tensor.T``)."""
    return shape.transpose(input, axes=tuple(range(input._array.ndim))[::-1])


def transposed(input: Any) -> Any:
    """A view with the last two axes swapped (``Tensor.mT``).

    Raises:
        RuntimeError: there are fewer than two axes.
    """
    if tensor("mT", input)._array.ndim < 2:
        raise RuntimeError(f"mT: needs at least 2 dimensions, got shape {list(input._array.shape)}")
    return shape.swapaxes(input, axis1=-2, axis2=-1)


def adjoint(input: Any) -> Any:
    """The conjugate transpose of matrices, which for real numbers is the transpose: a view. Shape: (..., n, m) ->
    (..., m, n).

    >>> import tinygrad_cn as tg
    >>> tg.adjoint(tg.tensor([[1, 2], [3, 4]]))
    tensor([[1, 3],
            [2, 4]])
    """
    return transposed(input)


def hermitian(input: Any) -> Any:
    """The conjugate transpose of one matrix (``Tensor.H``); a 0-d tensor as it is.

    Raises:
        RuntimeError: it is neither a matrix nor 0-d.
    """
    ndim = tensor("H", input)._array.ndim
    if ndim not in (0, 2):
        raise RuntimeError(f"H: expects a matrix, got shape {list(input._array.shape)}; use .mH for batches")
    return reversed_axes(input)


# --------------------------------------------------------------------------------------- diagonals


def _plane(name: str, ndim: int, dim1: int, dim2: int) -> tuple[int, int]:
    first, second = axis(name, dim1, ndim), axis(name, dim2, ndim)
    if first == second:
        raise RuntimeError(f"{name}(): the two dimensions must differ, got {dim1} and {dim2}")
    return first, second


def diagonal(input: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """A view of the diagonals of the planes of two axes, on a new last axis.

    Args:
        input (Tensor): of at least 2 dimensions.
        offset (int): 0 for the main diagonal, positive above it, negative below.
        dim1, dim2 (int): the axes of the planes.

    Raises:
        RuntimeError: both axes are the same one.

    >>> import tinygrad_cn as tg
    >>> tg.diagonal(tg.arange(9).reshape(3, 3), 1)
    tensor([1, 5])
    """
    first, second = _plane("diagonal", tensor("diagonal", input)._array.ndim, dim1, dim2)
    return ops.diagonal(input, offset=int(offset), axis1=first, axis2=second)


def diag_embed(input: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """Matrices of zeros with the last axis of ``input`` on their diagonals, spanned by two new axes.

    Shape:
        (..., n) -> (..., n + |offset|, n + |offset|).

    >>> import tinygrad_cn as tg
    >>> tg.diag_embed(tg.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    old = tensor("diag_embed", input)._array.shape
    first, second = _plane("diag_embed", len(old) + 1, dim1, dim2)
    if not old:
        raise IndexError("diag_embed(): needs at least 1 dimension, got a 0-d tensor")
    side = old[-1] + abs(offset)
    sizes = list(old[:-1])
    for place in sorted((first, second)):
        sizes.insert(place, side)
    return ops.embed_diagonal(input, offset=offset, axis1=first, axis2=second, shape=tuple(sizes))


def diag(input: Any, diagonal: int = 0) -> Any:
    """The matrix with a vector on its diagonal, or a copy of the diagonal of a matrix.

    Raises:
        RuntimeError: neither a vector nor a matrix.

    >>> import tinygrad_cn as tg
    >>> tg.diag(tg.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    ndim = tensor("diag", input)._array.ndim
    if ndim == 1:
        return diag_embed(input, diagonal)
    if ndim == 2:
        return shape.copy(ops.diagonal(input, offset=diagonal, axis1=0, axis2=1))
    raise RuntimeError(f"diag(): expects a vector or a matrix, got shape {list(input._array.shape)}; see diagonal()")


def diagflat(input: Any, offset: int = 0) -> Any:
    """The matrix with all elements of ``input`` on its diagonal."""
    count = tensor("diagflat", input)._array.size
    return diag_embed(shape.reshape(input, shape=(count,)), offset)


def diagonal_scatter(input: Any, src: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """``input`` with its `diagonal` replaced by ``src``.

    Raises:
        ShapeError: ``src`` has not the shape of the diagonal.
    """
    result = shape.copy(tensor("diagonal_scatter", input))
    target = diagonal(result, offset, dim1, dim2)
    if tensor("diagonal_scatter", src, "src")._array.shape != target._array.shape:
        raise ShapeError(
            f"diagonal_scatter(): src must have the shape of the diagonal, {list(target._array.shape)}, not "
            f"{list(src._array.shape)}"
        )
    assign(target, src, "diagonal_scatter")
    return result


def fill_diagonal_(input: Any, fill_value: float, wrap: bool = False) -> Any:
    """Write one value onto the main diagonal of a tensor whose axes meet in it; ``wrap``: again below a tall matrix.

    Raises:
        RuntimeError: fewer than 2 dimensions; more than 2 of different sizes.

    >>> import tinygrad_cn as tg
    >>> tg.zeros(2, 2).fill_diagonal_(1)
    tensor([[1., 0.],
            [0., 1.]])
    """
    sizes = tensor("fill_diagonal_", input)._array.shape
    if len(sizes) < 2 or (len(sizes) > 2 and len(set(sizes)) > 1):
        raise RuntimeError(f"fill_diagonal_(): expects a matrix, or axes of one size; got shape {list(sizes)}")
    line = np.arange(min(sizes))
    index = (line,) * len(sizes)
    if wrap and len(sizes) == 2 and sizes[0] > sizes[1]:
        index = np.divmod(np.arange(0, sizes[0] * sizes[1], sizes[1] + 1), sizes[1])
    return set_item(input, index, np.asarray(fill_value).astype(input._array.dtype), "fill_diagonal_")


def trace(input: Any) -> Any:
    """The sum of the diagonal of a matrix.

    Raises:
        RuntimeError: the input is no matrix.
    """
    if tensor("trace", input)._array.ndim != 2:
        raise RuntimeError(f"trace(): expects a matrix, got shape {list(input._array.shape)}")
    line = ops.diagonal(input, offset=0, axis1=0, axis2=1)
    if line._array.dtype.kind in "biu":
        return line.sum()
    return reductions.sum_(line, axis=None, keepdims=False)
