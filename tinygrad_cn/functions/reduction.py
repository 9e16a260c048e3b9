"""Reductions over all elements or along axes: sums, means, spreads, extremes, products, norms."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from tinygrad_cn import dtypes
from tinygrad_cn.functions._arguments import accepts_axis, axes, axis, tensor
from tinygrad_cn.functions.arithmetic import maximum, minimum
from tinygrad_cn.functions.results import MinMax, ValuesIndices
from tinygrad_cn.op import cast
from tinygrad_cn.ops import arithmetic, comparison, indexing, reductions, shape

Dim = int | tuple[int, ...] | None


def _in_dtype(input: Any, dtype: Any, *, integers: bool) -> Any:
    """``input`` in the asked dtype; sums and products (``integers``) of small integers are taken in int64."""
    kind = input._array.dtype
    if dtype is not None:
        target = dtypes.to_numpy(dtype)
    elif integers and kind.kind in "biu" and kind != np.int64:
        target = np.dtype(np.int64)
    else:
        return input
    return cast(input, dtype=target) if target != kind else input


def _floating(name: str, input: Any) -> Any:
    if tensor(name, input)._array.dtype.kind not in "fc":
        raise RuntimeError(
            f"{name}(): needs a floating dtype, got {input._array.dtype}; convert with .float() or pass dtype="
        )
    return input


@accepts_axis
def sum(input: Any, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The sum of all elements, or along ``dim``.

    Args:
        input (Tensor)
        dim (int or tuple of ints, optional): the axes to sum over; all by default.
        keepdim (bool): keep the summed axes with size 1.
        dtype (dtype, optional): convert to it first. Small integers are summed in int64.

    Raises:
        IndexError: there is no such axis.

    >>> import tinygrad_cn as tg
    >>> tg.sum(tg.tensor([[1., 2.], [3., 4.]]), dim=0)
    tensor([4., 6.])
    """
    a = _in_dtype(tensor("sum", input), dtype, integers=True)
    return reductions.sum_(a, axis=axes("sum", dim, a._array.ndim), keepdims=keepdim)


@accepts_axis
def nansum(input: Any, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The sum with NaN taken as 0."""
    return sum(arithmetic.where(comparison.isnan(tensor("nansum", input)), 0, input), dim, keepdim, dtype=dtype)


@accepts_axis
def mean(input: Any, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The mean of all elements, or along ``dim``.

    Raises:
        RuntimeError: the tensor holds integers and no ``dtype`` is given.
    """
    a = _floating("mean", _in_dtype(tensor("mean", input), dtype, integers=False))
    return reductions.mean(a, axis=axes("mean", dim, a._array.ndim), keepdims=keepdim)


def _spread(name: str, operation: Any, input: Any, dim: Any, unbiased: Any, correction: Any, keepdim: bool) -> Any:
    if isinstance(dim, bool):  # var(input, unbiased)
        dim, unbiased = None, dim
    if unbiased is not None:
        if correction is not None:
            raise RuntimeError(f"{name}(): give unbiased or correction, not both")
        correction = int(unbiased)
    a = _floating(name, input)
    return operation(
        a, axis=axes(name, dim, a._array.ndim), correction=1 if correction is None else correction, keepdims=keepdim
    )


@accepts_axis
def var(
    input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
) -> Any:
    """The variance: squared distances from the mean, summed and divided by n - ``correction`` (1 by default)."""
    return _spread("var", reductions.variance, input, dim, unbiased, correction, keepdim)


@accepts_axis
def std(
    input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
) -> Any:
    """The standard deviation, the square root of the variance; its gradient at a constant is 0."""
    return _spread("std", reductions.deviation, input, dim, unbiased, correction, keepdim)


@accepts_axis
def var_mean(
    input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
) -> tuple[Any, Any]:
    """The pair (variance, mean)."""
    where = None if isinstance(dim, bool) else dim
    return var(input, dim, unbiased, keepdim, correction=correction), mean(input, where, keepdim)


@accepts_axis
def std_mean(
    input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
) -> tuple[Any, Any]:
    """The pair (standard deviation, mean)."""
    where = None if isinstance(dim, bool) else dim
    return std(input, dim, unbiased, keepdim, correction=correction), mean(input, where, keepdim)


@accepts_axis
def prod(input: Any, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The product of all elements, or along ``dim``; its gradient is exact where factors are 0."""
    a = _in_dtype(tensor("prod", input), dtype, integers=True)
    return reductions.prod(a, axis=None if dim is None else axes("prod", dim, a._array.ndim), keepdims=keepdim)


# ---------------------------------------------------------------------------------------- extremes


def _nonempty(name: str, array: Any, where: Any) -> None:
    if reductions.reduced_count(array.shape, where) == 0:
        raise IndexError(f"{name}(): expected a reduction over elements, but the input of shape {array.shape} has none")


@accepts_axis
def amax(input: Any, dim: Any = (), keepdim: bool = False) -> Any:
    """The largest element, of all or along ``dim``; ties share the gradient evenly."""
    array = tensor("amax", input)._array
    where = axes("amax", dim, array.ndim)
    _nonempty("amax", array, where)
    return reductions.amax(input, axis=where, keepdims=keepdim)


@accepts_axis
def amin(input: Any, dim: Any = (), keepdim: bool = False) -> Any:
    """The smallest element, of all or along ``dim``; ties share the gradient evenly."""
    array = tensor("amin", input)._array
    where = axes("amin", dim, array.ndim)
    _nonempty("amin", array, where)
    return reductions.amin(input, axis=where, keepdims=keepdim)


@accepts_axis
def aminmax(input: Any, *, dim: int | None = None, keepdim: bool = False) -> MinMax:
    """The named pair (min, max)."""
    return MinMax(amin(input, dim, keepdim), amax(input, dim, keepdim))


def _chosen(name: str, positions: Any, input: Any, dim: int, keepdim: bool) -> ValuesIndices:
    """Values picked along ``dim`` by index: the gradient goes to the one element that was picked."""
    array = tensor(name, input)._array
    number = axis(name, dim, array.ndim)
    if array.ndim == 0:
        return ValuesIndices(shape.copy(input), input._wrap(np.zeros((), dtype=np.int64)))
    if array.shape[number] == 0:
        raise IndexError(f"{name}(): dim {dim} has size 0; there is nothing to choose from")
    index = np.expand_dims(positions(array, number), number)
    values = indexing.take_along_axis(input, index=index, axis=number)
    indices = input._wrap(index)
    if not keepdim:
        values, indices = shape.squeeze(values, axis=number), input._wrap(np.squeeze(index, number))
    return ValuesIndices(values, indices)


def max(input: Any, dim: Any = None, keepdim: bool = False, **kwargs: Any) -> Any:
    """The largest element; with ``dim`` the named pair (values, indices); with a second tensor `maximum`.

    Over all elements ties share the gradient; along ``dim`` it goes to the element whose index is returned.
    """
    return _max_or_min("max", amax, maximum, np.argmax, input, dim, keepdim, kwargs)


def min(input: Any, dim: Any = None, keepdim: bool = False, **kwargs: Any) -> Any:
    """The smallest element; with ``dim`` the named pair (values, indices); with a second tensor `minimum`."""
    return _max_or_min("min", amin, minimum, np.argmin, input, dim, keepdim, kwargs)


def _max_or_min(
    name: str, all_of: Any, of_two: Any, positions: Any, input: Any, dim: Any, keepdim: Any, kwargs: dict[str, Any]
) -> Any:
    other = kwargs.pop("other", None)
    dim = kwargs.pop("axis", dim)
    keepdim = kwargs.pop("keepdims", keepdim)
    if kwargs:
        raise TypeError(f"{name}(): unexpected arguments {', '.join(kwargs)}; it takes dim and keepdim, or other")
    if other is not None or hasattr(dim, "_array"):
        return of_two(input, dim if other is None else other)
    if dim is None:
        return all_of(input)
    return _chosen(name, positions, input, dim, keepdim)


# --------------------------------------------------------------------------- logarithms and norms


@accepts_axis
def logsumexp(input: Any, dim: Dim, keepdim: bool = False) -> Any:
    """log of the sum of exp along ``dim``, without overflow; where all is -inf the gradient is 0."""
    a = tensor("logsumexp", input)
    if a._array.dtype.kind in "biu":
        a = cast(a, dtype=dtypes.default_float.dtype)
    return reductions.logsumexp(a, axis=axes("logsumexp", dim, a._array.ndim), keepdims=keepdim)


# -------------------------------------------------------------------------------------- running


def cumsum(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """The running sum along ``dim``."""
    a = _in_dtype(tensor("cumsum", input), dtype, integers=True)
    number = axis("cumsum", dim, a._array.ndim)
    return reductions.cumsum(a, axis=number) if a._array.ndim else shape.copy(a)


def cumprod(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """The running product along ``dim``; its gradient is exact where factors are 0."""
    a = _in_dtype(tensor("cumprod", input), dtype, integers=True)
    number = axis("cumprod", dim, a._array.ndim)
    return reductions.cumprod(a, axis=number) if a._array.ndim else shape.copy(a)


def argsort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """The indices that sort ``input`` along ``dim``."""
    return sort(input, dim=dim, descending=descending, stable=stable).indices


def sort(input: Any, dim: int = -1, descending: bool = False, *, stable: bool = False) -> ValuesIndices:
    """The named pair (values, indices) of ``input`` sorted along ``dim``; always stable, NaN last."""
    array = tensor("sort", input)._array
    number = axis("sort", dim, array.ndim)
    if array.ndim == 0:
        return ValuesIndices(shape.copy(input), input._wrap(np.zeros((), dtype=np.int64)))
    if descending:  # reversing twice keeps equal elements in their order
        back = np.flip(array, number)
        index = array.shape[number] - 1 - np.flip(np.argsort(back, axis=number, kind="stable"), number)
    else:
        index = np.argsort(array, axis=number, kind="stable")
    return ValuesIndices(indexing.take_along_axis(input, index=index, axis=number), input._wrap(index))


def topk(input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> ValuesIndices:
    """The named pair (values, indices) of the ``k`` largest (or smallest) elements along ``dim``.

    Raises:
        RuntimeError: there are fewer than ``k``.
    """
    array = tensor("topk", input)._array
    number = axis("topk", dim, array.ndim)
    count = array.shape[number] if array.ndim else 1
    if not 0 <= k <= count:
        raise RuntimeError(f"topk(): k is {k}, but dim {dim} of shape {array.shape} has {count} elements")
    values, indices = sort(input, dim=number, descending=largest)
    if array.ndim == 0:
        return ValuesIndices(values, indices)
    first = (builtins.slice(None),) * number + (builtins.slice(0, k),)
    index = np.ascontiguousarray(indices._array[first])
    return ValuesIndices(indexing.take_along_axis(input, index=index, axis=number), input._wrap(index))
