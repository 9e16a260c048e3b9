"""Running extremes and sums of exponentials, differences of neighbours, trapezoids, numerical gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn import dtypes
from tinygrad_cn.errors import DTypeError, ShapeError
from tinygrad_cn.functions._arguments import axis, raw, tensor
from tinygrad_cn.functions.results import ValuesIndices
from tinygrad_cn.graph import Handle
from tinygrad_cn.op import cast
from tinygrad_cn.ops import arithmetic, comparison, indexing, reductions, running, shape

# ------------------------------------------------------------------------------------- running ones


def _running_extreme(name: str, extreme: np.ufunc, input: Any, dim: int) -> ValuesIndices:
    array = tensor(name, input)._array
    number = axis(name, dim, array.ndim)
    if array.ndim == 0 or array.size == 0:
        return ValuesIndices(shape.copy(input), input._wrap(np.zeros(array.shape, dtype=np.int64)))
    best = extreme.accumulate(array, axis=number)
    place = np.arange(array.shape[number]).reshape((-1,) + (1,) * (array.ndim - 1 - number))
    index = np.maximum.accumulate(np.where((array == best) | (array != array), place, 0), axis=number)
    return ValuesIndices(indexing.take_along_axis(input, index=index, axis=number), input._wrap(index))


def cummax(input: Any, dim: int) -> ValuesIndices:
    """The named pair (values, indices) of the largest element so far along ``dim``; the latest of equal ones.

    >>> import tinygrad_cn as tg
    >>> tg.cummax(tg.tensor([1., 3., 2.]), dim=0).values
    tensor([1., 3., 3.])
    """
    return _running_extreme("cummax", np.maximum, input, dim)


def cummin(input: Any, dim: int) -> ValuesIndices:
    """The named pair (values, indices) of the smallest element so far along ``dim``; the latest of equal ones."""
    return _running_extreme("cummin", np.minimum, input, dim)


def logcumsumexp(input: Any, dim: int) -> Any:
    """The logarithm of the running sum of exponentials along ``dim``, without overflow.

    Raises:
        DTypeError: the tensor is not floating.
    """
    array = tensor("logcumsumexp", input)._array
    if array.dtype.kind != "f":
        raise DTypeError(f"logcumsumexp(): takes a floating tensor, not {array.dtype}; convert with .float()")
    number = axis("logcumsumexp", dim, array.ndim)
    return running.logcumsumexp(input, axis=number) if array.ndim else shape.copy(input)


# -------------------------------------------------------------------------------------- differences


def _part(x: Any, number: int, start: int | None, stop: int | None) -> Any:
    return indexing.getitem(x, index=(slice(None),) * number + (slice(start, stop),))


def _steps(x: Any, number: int) -> Any:
    """Each element along an axis less the one before."""
    later, earlier = _part(x, number, 1, None), _part(x, number, None, -1)
    return (comparison.not_equal if x._array.dtype.kind == "b" else arithmetic.subtract)(later, earlier)


def diff(input: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """The ``n``-th differences of neighbours along ``dim``; of bools, whether they differ.

    Args:
        input (Tensor): with at least one axis.
        n (int): how many times differences are taken; 0 gives ``input`` itself.
        dim (int)
        prepend (Tensor, optional): put before ``input`` along ``dim`` first.
        append (Tensor, optional): put after it.

    Raises:
        RuntimeError: a tensor without axes; a negative ``n``; shapes that do not fit.
    """
    array = tensor("diff", input)._array
    if array.ndim == 0:
        raise RuntimeError("diff(): takes a tensor with at least one axis")
    if n < 0:
        raise RuntimeError(f"diff(): n must not be negative, got {n}")
    number = axis("diff", dim, array.ndim)
    for extra in (prepend, append):
        if extra is None:
            continue
        other = tensor("diff", extra, "prepend and append")._array
        if other.ndim != array.ndim or any(
            a != b for i, (a, b) in enumerate(zip(array.shape, other.shape, strict=True)) if i != number
        ):
            raise ShapeError(
                f"diff(): a tensor of shape {other.shape} cannot be put before or after one of shape {array.shape} "
                f"along dim {dim}"
            )
    if n == 0:
        return shape.copy(input)
    pieces = [piece for piece in (prepend, input, append) if piece is not None]
    x = shape.concatenate(*pieces, axis=number) if len(pieces) > 1 else input
    for _ in range(min(n, x._array.shape[number])):
        x = _steps(x, number)
    return x


# ------------------------------------------------------------------------------------------ integrals


def _panels(name: str, y: Any, x: Any, dx: Any, dim: int) -> tuple[Any, int]:
    """The areas of the trapezoids along an axis, and its number."""
    array = tensor(name, y, "y")._array
    if array.ndim == 0:
        raise IndexError(f"{name}(): dim {dim} of a tensor without axes")
    number = axis(name, dim, array.ndim)
    pairs = arithmetic.add(_part(y, number, 1, None), _part(y, number, None, -1))
    if array.dtype.kind == "b" or (isinstance(x, Handle) and x._array.dtype.kind == "b"):
        raise DTypeError(f"{name}(): takes numbers, not bools; convert with .float()")
    if x is None:
        return arithmetic.multiply(pairs, dx / 2), number
    points = tensor(name, x, "x")._array
    if points.ndim == 1:
        if points.size != array.shape[number]:
            raise ShapeError(f"{name}(): {points.size} points x for {array.shape[number]} values along dim {dim}")
        x = shape.reshape(x, shape=(-1,) + (1,) * (array.ndim - 1 - number))
    elif points.ndim == 0:
        raise ShapeError(f"{name}(): x must have at least one axis")
    along = number - array.ndim + max(x._array.ndim, array.ndim)
    place = along - (max(x._array.ndim, array.ndim) - x._array.ndim)
    widths = _steps(x, max(place, 0))
    return arithmetic.multiply(arithmetic.multiply(pairs, widths), 0.5), along


def trapezoid(y: Any, x: Any = None, *, dx: Any = 1, dim: int = -1) -> Any:
    """The integral of ``y`` along ``dim`` by the trapezoidal rule.

    Args:
        y (Tensor): the values.
        x (Tensor, optional): the points; a vector, or broadcast against ``y``.
        dx (number): the distance of neighbouring points, when ``x`` is not given.
        dim (int)

    >>> import tinygrad_cn as tg
    >>> tg.trapezoid(tg.tensor([1., 2., 4.]))
    tensor(4.5000)
    """
    panels, number = _panels("trapezoid", y, x, raw(dx), dim)
    return reductions.sum_(panels, axis=number)


def cumulative_trapezoid(y: Any, x: Any = None, *, dx: Any = 1, dim: int = -1) -> Any:
    """The running integral of ``y`` along ``dim`` by the trapezoidal rule: one element less than ``y`` has."""
    panels, number = _panels("cumulative_trapezoid", y, x, raw(dx), dim)
    return reductions.cumsum(panels, axis=number)


trapz = trapezoid

# -------------------------------------------------------------------------------- numerical gradients


def _spacings(input: Any, spacing: Any, dims: Sequence[int]) -> list[Any]:
    """For each of the axes a step, or a vector of coordinates."""
    if spacing is None:
        spacing = 1
    if not isinstance(spacing, tuple | list):
        if isinstance(spacing, Handle):
            raise TypeError("gradient(): spacing must be a number, or a sequence of numbers or Tensors")
        return [spacing] * len(dims)
    if len(spacing) != len(dims):
        raise RuntimeError(f"gradient(): {len(spacing)} spacings for {len(dims)} axes")
    for s, d in zip(spacing, dims, strict=True):
        if isinstance(s, Handle) and s._array.shape != (input._array.shape[d],):
            raise ShapeError(
                f"gradient(): the coordinates along dim {d} must be a vector of {input._array.shape[d]} elements, got "
                f"shape {s._array.shape}"
            )
    return list(spacing)


def _slope(x: Any, number: int, step: Any, edge_order: int) -> Any:
    """The derivative along one axis: central inside, one-sided of the given order at both ends."""

    if not isinstance(step, Handle):
        n = x._array.shape[number]
        step = x._wrap(np.arange(n, dtype=x._array.dtype) * step)
    size = (-1,) + (1,) * (x._array.ndim - 1 - number)
    widths = shape.reshape(_steps(step, 0), shape=size)
    slopes = arithmetic.divide(_steps(x, number), widths)
    left, right = _part(widths, 0, None, -1), _part(widths, 0, 1, None)
    first, second = _part(slopes, number, None, -1), _part(slopes, number, 1, None)
    total = arithmetic.add(left, right)
    inside = arithmetic.divide(
        arithmetic.add(arithmetic.multiply(first, right), arithmetic.multiply(second, left)), total
    )
    head, tail = _part(slopes, number, None, 1), _part(slopes, number, -1, None)
    if edge_order == 2:  # the parabola through three points: its slope at the first is s1 + (s1 - s2) h1 / (h1 + h2)
        bend = arithmetic.divide(arithmetic.subtract(second, first), total)
        head = arithmetic.subtract(head, arithmetic.multiply(_part(bend, number, None, 1), _part(widths, 0, None, 1)))
        tail = arithmetic.add(tail, arithmetic.multiply(_part(bend, number, -1, None), _part(widths, 0, -1, None)))
    return shape.concatenate(head, inside, tail, axis=number)


def gradient(input: Any, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1) -> tuple[Any, ...]:
    """The numerical derivatives along axes, by second-order central differences inside.

    Args:
        input (Tensor): at least ``edge_order`` + 1 elements along each of the axes.
        spacing (number, or sequence of numbers or Tensors): the step along all or each of the axes, or coordinates.
        dim (int or tuple of ints, optional): the axes; all by default.
        edge_order (int): 1 or 2, the order of the one-sided differences at the ends.

    Returns:
        tuple of Tensors: one for each axis, of ``input``'s shape.

    Raises:
        RuntimeError: too few elements; an axis named twice; another ``edge_order``.

    >>> import tinygrad_cn as tg
    >>> tg.gradient(tg.tensor([1., 4., 9.]))
    (tensor([3., 4., 5.]),)
    """
    array = tensor("gradient", input)._array
    if edge_order not in (1, 2):
        raise RuntimeError(f"gradient(): edge_order must be 1 or 2, got {edge_order}")
    listed = range(array.ndim) if dim is None else (dim if isinstance(dim, tuple | list) else (dim,))
    dims = [axis("gradient", d, array.ndim) for d in listed]
    if len(set(dims)) != len(dims):
        raise RuntimeError(f"gradient(): dim {tuple(listed)} names an axis more than once")
    for d in dims:
        if array.shape[d] < edge_order + 1:
            raise RuntimeError(
                f"gradient(): needs at least {edge_order + 1} elements along each axis, but the shape is {array.shape}"
            )
    steps = _spacings(input, spacing, dims)
    x = input if array.dtype.kind == "f" else cast(input, dtype=dtypes.default_float.dtype)
    return tuple(_slope(x, d, step, edge_order) for d, step in zip(dims, steps, strict=True))
