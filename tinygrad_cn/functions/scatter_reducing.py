"""Elements sent to the same place and reduced there: sums, means, products, extremes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn.functions._arguments import tensor
from tinygrad_cn.functions.scattering import _positions, _sources
from tinygrad_cn.functions.selecting import _aligned, _cut, _one_dtype
from tinygrad_cn.inplace import set_item
from tinygrad_cn.ops import arithmetic, indexing, reductions, scattering, shape

__all__ = ["index_reduce", "scatter_reduce"]


def scatter_reduce(input: Any, dim: int, index: Any, src: Any, reduce: str, *, include_self: bool = True) -> Any:
    """Elements of ``src`` sent to positions ``index`` of ``input`` along ``dim`` and reduced there.

    Args:
        input (Tensor)
        dim (int): the axis.
        index (integer Tensor): where along ``dim`` each element of ``src`` goes.
        src (Tensor): of at least ``index``'s size along every axis.
        reduce (str): "sum", "mean", "prod", "amax" or "amin". Ties of extremes share the gradient evenly.
        include_self (bool): whether the elements of ``input`` take part where something is sent.

    Raises:
        IndexError: a position is out of range.
        RuntimeError: another ``reduce``, or dtypes that differ.

    >>> import tinygrad_cn as tg
    >>> tg.scatter_reduce(tg.zeros(2), 0, tg.tensor([0, 0, 1]), tg.tensor([1., 3., 5.]), "mean", include_self=False)
    tensor([2., 5.])
    """
    if reduce not in ("sum", "mean", "prod", "amax", "amin"):
        raise RuntimeError(f"scatter_reduce(): reduce must be sum, mean, prod, amax or amin, got {reduce!r}")
    number, positions = _aligned("scatter_reduce", input, dim, index)
    _one_dtype("scatter_reduce", input, tensor("scatter_reduce", src, "src"))
    if positions.size == 0:
        return shape.copy(input)
    if any(n > m for n, m in zip(positions.shape, src._array.shape, strict=False)) or any(
        n > m for k, (n, m) in enumerate(zip(positions.shape, input._array.shape, strict=False)) if k != number
    ):
        raise RuntimeError(
            f"scatter_reduce(): index of shape {list(positions.shape)} must not exceed src {list(src._array.shape)}, "
            f"nor input {list(input._array.shape)} apart from dim {dim}"
        )
    if input._array.ndim == 0:
        result = _reduced(
            shape.reshape(input, shape=(1,)),
            0,
            positions.reshape(-1),
            shape.reshape(src, shape=(src._array.size,)),
            reduce,
            include_self,
        )
        return shape.reshape(result, shape=())
    if positions.ndim == 0:
        positions, src = positions.reshape(1), shape.reshape(src, shape=(1,))
    return _reduced(input, number, positions, _cut(src, positions.shape), reduce, include_self)


def index_reduce(input: Any, dim: int, index: Any, source: Any, reduce: str, *, include_self: bool = True) -> Any:
    """Slices of ``source`` sent to positions ``index`` of ``input`` along ``dim`` and reduced there.

    Args:
        input (Tensor)
        dim (int): the axis.
        index (integer vector): a position for each slice of ``source``.
        source (Tensor): of ``input``'s shape but for ``dim``.
        reduce (str): "mean", "prod", "amax" or "amin".
        include_self (bool): whether the elements of ``input`` take part where something is sent.

    Raises:
        IndexError: a position is out of range.
        RuntimeError: another ``reduce``, or dtypes that differ.
    """
    if reduce not in ("mean", "prod", "amax", "amin"):
        raise RuntimeError(f"index_reduce(): reduce must be mean, prod, amax or amin, got {reduce!r}")
    number, positions = _positions("index_reduce", input, dim, index)
    source = _sources("index_reduce", input, number, positions, source)
    whole = shape.reshape(input, shape=(1,)) if input._array.ndim == 0 else input
    if positions.size == 0 or source._array.size == 0:
        return shape.copy(input)
    line = positions.reshape([-1 if k == number else 1 for k in range(source._array.ndim)])
    result = _reduced(whole, number, np.broadcast_to(line, source._array.shape), source, reduce, include_self)
    return shape.reshape(result, shape=input._array.shape) if whole is not input else result


def _reduced(x: Any, number: int, index: np.ndarray, src: Any, reduce: str, include_self: bool) -> Any:
    """``x`` reduced with the elements of ``src`` that ``index``, of its shape, sends to it along an axis."""
    sizes = x._array.shape
    places = indexing._grid(index, number)
    if reduce == "prod":
        return _product(x, np.ravel_multi_index(np.broadcast_arrays(*places), sizes).reshape(-1), src, include_self)
    touched = np.zeros(sizes, dtype=bool)
    touched[places] = True
    if not include_self:
        x = arithmetic.where(touched, _neutral(reduce, x._array.dtype), x)
    if reduce in ("amax", "amin"):
        extreme = scattering.scatter_max if reduce == "amax" else scattering.scatter_min
        return extreme(x, src, index=index, axis=number)
    total = arithmetic.add(x, indexing.put_along_axis(src, index=index, axis=number, shape=sizes))
    if reduce == "sum":
        return total
    counts = indexing.put_along_axis.forward(
        np.ones(index.shape, dtype=np.int64), index=index, axis=number, shape=sizes
    )
    counts = np.maximum(counts + int(include_self), 1)
    if x._array.dtype.kind in "biu":
        return x._wrap(total._array // counts.astype(x._array.dtype))
    return arithmetic.divide(total, counts.astype(x._array.dtype))


def _neutral(reduce: str, dtype: np.dtype) -> Any:
    """What a reduction leaves unchanged."""
    if reduce in ("sum", "mean"):
        return dtype.type(0)
    if dtype.kind == "b":
        return dtype.type(reduce == "amin")
    if dtype.kind == "f":
        return dtype.type(-np.inf if reduce == "amax" else np.inf)
    limits = np.iinfo(dtype)
    return dtype.type(limits.min if reduce == "amax" else limits.max)


def _product(x: Any, targets: np.ndarray, src: Any, include_self: bool) -> Any:
    """Products through a table: a row for each place that anything is sent to, the place's own element first.

    So the gradient is that of `prod`, which is exact where factors are 0, to any order.
    """
    values = shape.reshape(src, shape=(src._array.size,))
    order = np.argsort(targets, kind="stable")
    rows, starts, counts = np.unique(targets[order], return_index=True, return_counts=True)
    row = np.repeat(np.arange(rows.size), counts)
    column = 1 + np.arange(targets.size) - np.repeat(starts, counts)
    table_shape = (rows.size, 1 + int(counts.max()))
    filled = np.zeros(table_shape, dtype=bool)
    filled[row, column] = True
    sent = indexing.embed(indexing.getitem(values, index=order), index=(row, column), shape=table_shape)
    flat = shape.reshape(x, shape=(x._array.size,))
    one = x._array.dtype.type(1)
    own = shape.reshape(indexing.getitem(flat, index=rows), shape=(rows.size, 1))
    first = np.zeros(table_shape, dtype=bool)
    first[:, 0] = include_self
    factors = arithmetic.where(first, own, arithmetic.where(filled, sent, one))
    products = reductions.prod(factors, axis=1, keepdims=False)
    if products._array.dtype != x._array.dtype:
        products = products.to(x._array.dtype)
    return shape.reshape(set_item(shape.copy(flat), rows, products, "scatter_reduce"), shape=x._array.shape)
