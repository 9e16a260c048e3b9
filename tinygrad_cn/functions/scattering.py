"""Writing slices and elements at given positions: a new tensor for each; the in-place twins write the tensor itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn.errors import ShapeError
from tinygrad_cn.functions._arguments import axis, index_array, tensor
from tinygrad_cn.functions.selecting import _bool, _in_range, _one_dtype, gather, raw_index, select
from tinygrad_cn.graph import Handle
from tinygrad_cn.inplace import assign, set_item
from tinygrad_cn.ops import arithmetic, indexing, shape

__all__ = [
    "argwhere",
    "fill",
    "index_add",
    "index_copy",
    "index_fill",
    "index_put",
    "masked_scatter",
    "put",
    "select_scatter",
    "slice_scatter",
    "take",
    "take_along_dim",
]


def argwhere(input: Any) -> Any:
    """Where the elements are nonzero: one row of indices each."""
    array = tensor("argwhere", input)._array
    return input._wrap(np.argwhere(array))


def fill(input: Any, value: Any) -> Any:
    """A tensor of ``input``'s shape and dtype, full of ``value`` (a number or a 0-d tensor)."""
    return set_item(shape.copy(tensor("fill", input)), ..., _scalar("fill", input, value), "fill")


# --------------------------------------------------------------------------- slices along an axis


def _positions(name: str, input: Any, dim: int, index: Any) -> tuple[int, np.ndarray]:
    """The axis and the vector of positions along it.

    Raises:
        IndexError: a position is out of range; the index has several dimensions.
    """
    array = tensor(name, input)._array
    number = axis(name, dim, array.ndim)
    positions = index_array(name, tensor(name, index, "index"))
    if positions.dtype not in (np.int64, np.int32):
        raise TypeError(f"{name}(): the index must be int64 or int32, got {positions.dtype}")
    if positions.ndim > 1:
        raise IndexError(f"{name}(): index must be a vector or 0-d, got shape {list(positions.shape)}")
    positions = positions.reshape(-1)
    size = array.shape[number] if array.ndim else 1
    _in_range(name, positions, size, dim, -size if name == "index_fill" else 0)
    return number, positions


def _sources(name: str, input: Any, number: int, positions: np.ndarray, source: Any) -> Any:
    """``source``, checked to have one slice for each position, each like the slices of ``input``."""
    _one_dtype(name, input, tensor(name, source, "source"))
    array, given = input._array, source._array
    if array.ndim == 0:
        if given.size != positions.size or given.ndim > 1 or positions.size != 1:
            raise ShapeError(f"{name}(): a 0-d tensor takes one position and one element, got {list(given.shape)}")
        return shape.reshape(source, shape=(1,))
    wanted = (*array.shape[:number], positions.size, *array.shape[number + 1 :])
    if given.ndim == 0 and wanted == (1,):
        return shape.reshape(source, shape=(1,))
    if given.shape != wanted:
        raise ShapeError(
            f"{name}(): source must have shape {list(wanted)} (input {list(array.shape)}, {positions.size} positions "
            f"along dim {number}), not {list(given.shape)}"
        )
    return source


def index_add(input: Any, dim: int, index: Any, source: Any, *, alpha: float = 1) -> Any:
    """``input`` with ``alpha`` times the slices of ``source`` added at positions ``index`` along ``dim``.

    Repeated positions add up.

    Args:
        input (Tensor)
        dim (int): the axis.
        index (integer vector): a position for each slice of ``source``.
        source (Tensor): of ``input``'s shape but for ``dim``.
        alpha (number)

    Raises:
        IndexError: a position is out of range.
        ShapeError: the shapes do not fit.

    >>> import tinygrad_cn as tg
    >>> tg.index_add(tg.zeros(3), 0, tg.tensor([0, 0, 2]), tg.tensor([1., 2., 3.]))
    tensor([3., 0., 3.])
    """
    number, positions = _positions("index_add", input, dim, index)
    source = _sources("index_add", input, number, positions, source)
    if alpha != 1:
        if input._array.dtype.kind in "biu" and not isinstance(alpha, int):
            raise RuntimeError(f"index_add(): alpha {alpha} must be an int for tensors of dtype {input._array.dtype}")
        source = arithmetic.multiply(source, alpha)
    if input._array.ndim == 0:
        return arithmetic.add(input, shape.reshape(source, shape=()))
    rows = shape.swapaxes(source, axis1=0, axis2=number)
    sizes = list(input._array.shape)
    sizes[0], sizes[number] = sizes[number], sizes[0]
    spread = indexing.embed(rows, index=positions, shape=tuple(sizes))
    return arithmetic.add(input, shape.swapaxes(spread, axis1=0, axis2=number))


def index_copy(input: Any, dim: int, index: Any, source: Any) -> Any:
    """``input`` with the slices of ``source`` written at positions ``index`` along ``dim``.

    Positions should differ: which of several slices for one position remains is not promised.

    Raises:
        IndexError: a position is out of range.
        ShapeError: the shapes do not fit.
    """
    number, positions = _positions("index_copy", input, dim, index)
    source = _sources("index_copy", input, number, positions, source)
    result = shape.copy(input)
    if input._array.ndim == 0:
        return set_item(result, (), shape.reshape(source, shape=()), "index_copy")
    return set_item(result, (slice(None),) * number + (positions,), source, "index_copy")


def index_fill(input: Any, dim: int, index: Any, value: Any) -> Any:
    """``input`` with ``value`` (a number or a 0-d tensor) written at positions ``index`` along ``dim``.

    Raises:
        IndexError: a position is out of range.
    """
    number, positions = _positions("index_fill", input, dim, index)
    positions = np.unique(positions)  # written once, so that the value's gradient counts each place once
    value = _scalar("index_fill", input, value)
    result = shape.copy(input)
    if input._array.ndim == 0:
        return set_item(result, (), value, "index_fill") if positions.size else result
    return set_item(result, (slice(None),) * number + (positions,), value, "index_fill")


def _scalar(name: str, input: Any, value: Any) -> Any:
    if isinstance(value, Handle):
        if value._array.ndim:
            raise RuntimeError(f"{name}(): value must be a number or a 0-d tensor, got {list(value._array.shape)}")
        return value if value._array.dtype == input._array.dtype else value.to(input._array.dtype)  # type: ignore[attr-defined]
    return np.asarray(value).astype(input._array.dtype)[()]


def select_scatter(input: Any, src: Any, dim: int, index: int) -> Any:
    """``input`` with the slice at position ``index`` of axis ``dim`` replaced by ``src``.

    Raises:
        ShapeError: ``src`` has not the shape of the slice.
    """
    result = shape.copy(tensor("select_scatter", input))
    return _replaced("select_scatter", result, select(result, dim, index), src)


def slice_scatter(
    input: Any, src: Any, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Any:
    """``input`` with ``input[start:end:step]`` along ``dim`` replaced by ``src``.

    Raises:
        ShapeError: ``src`` has not the shape of the slice.
    """
    result = shape.copy(tensor("slice_scatter", input))
    number = axis("slice_scatter", dim, result._array.ndim)
    if step <= 0:
        raise RuntimeError(f"slice_scatter(): step must be positive, got {step}")
    part = indexing.getitem(result, index=(slice(None),) * number + (slice(start, end, step),))
    return _replaced("slice_scatter", result, part, src)


def _replaced(name: str, result: Any, part: Any, src: Any) -> Any:
    if tensor(name, src, "src")._array.shape != part._array.shape:
        raise ShapeError(
            f"{name}(): src must have the shape of the slice, {list(part._array.shape)}, not {list(src._array.shape)}"
        )
    if src._array.dtype != result._array.dtype:
        src = src.to(result._array.dtype)
    assign(part, src, name)
    return result


# ------------------------------------------------------------------------- elements anywhere


def index_put(input: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    """``input`` with ``input[indices] = values``, or added there: then repeated positions add up.

    Args:
        input (Tensor)
        indices (tuple of integer or bool Tensors): one for each of the first axes.
        values (Tensor): broadcast to the selected region.
        accumulate (bool): add instead of writing.

    Raises:
        IndexError: an index is out of range.
        RuntimeError: the dtypes differ.

    >>> import tinygrad_cn as tg
    >>> tg.index_put(tg.zeros(3), (tg.tensor([1, 1]),), tg.tensor([2., 3.]), accumulate=True)
    tensor([0., 5., 0.])
    """
    _one_dtype("index_put", tensor("index_put", input), tensor("index_put", values, "values"))
    if not isinstance(indices, tuple | list):
        raise TypeError(f"index_put(): indices must be a tuple of Tensors, not {type(indices).__name__}")
    array = input._array
    index = raw_index(tuple(slice(None) if i is None else i for i in indices), array.shape)
    if not accumulate:
        return set_item(shape.copy(input), index, values, "index_put")
    region = np.shape(array[index])
    try:
        values = shape.broadcast_to(values, shape=region)
    except ValueError:
        raise ShapeError(
            f"index_put(): values of shape {list(values._array.shape)} do not broadcast to the region {list(region)}"
        ) from None
    return arithmetic.add(input, indexing.embed(values, index=index, shape=array.shape))


def masked_scatter(input: Any, mask: Any, source: Any) -> Any:
    """``input`` with the elements of ``source``, in order, written where ``mask`` is true.

    Raises:
        RuntimeError: the mask is not bool, the dtypes differ, or ``source`` has too few elements.
    """
    _bool("masked_scatter", mask)
    _one_dtype("masked_scatter", tensor("masked_scatter", input), tensor("masked_scatter", source, "source"))
    sizes = np.broadcast_shapes(input._array.shape, mask._array.shape)
    where = np.broadcast_to(mask._array, sizes)
    count = int(np.count_nonzero(where))
    if source._array.size < count:
        raise RuntimeError(f"masked_scatter(): source has {source._array.size} elements for {count} places")
    result = shape.copy(shape.broadcast_to(input, shape=sizes))
    taken = indexing.getitem(shape.reshape(source, shape=(source._array.size,)), index=(slice(0, count),))
    if result._array.ndim == 0:
        return set_item(result, (), shape.reshape(taken, shape=()), "masked_scatter") if count else result
    return set_item(result, where, taken, "masked_scatter")


def _flat(name: str, input: Any, index: Any) -> np.ndarray:
    positions = index_array(name, tensor(name, index, "index"))
    if positions.dtype != np.int64:
        raise IndexError(f"{name}(): the index must be int64, got {positions.dtype}; convert it with .long()")
    size = input._array.size
    if positions.size and (positions.min() < -size or positions.max() >= size):
        worst = positions.min() if positions.min() < -size else positions.max()
        raise IndexError(f"{name}(): index {worst} is out of range for a tensor of {size} elements")
    return np.where(positions < 0, positions + size, positions)


def put(input: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    """``input`` with the elements of ``source`` written (or added) at flat positions ``index``.

    Raises:
        IndexError: a position is out of range.
        RuntimeError: the numbers of positions and elements, or the dtypes, differ.
    """
    _one_dtype("put", tensor("put", input), tensor("put", source, "source"))
    positions = _flat("put", input, index).reshape(-1)
    if positions.size != source._array.size:
        raise ShapeError(f"put(): {positions.size} positions for {source._array.size} elements")
    old = input._array.shape
    flat = shape.reshape(input, shape=(input._array.size,))
    values = shape.reshape(source, shape=(source._array.size,))
    if accumulate:
        result = arithmetic.add(flat, indexing.embed(values, index=positions, shape=flat._array.shape))
    else:
        result = set_item(shape.copy(flat), positions, values, "put")
    return shape.reshape(result, shape=old)


def take(input: Any, index: Any) -> Any:
    """The elements at flat positions ``index``, in its shape.

    Raises:
        IndexError: a position is out of range.

    >>> import tinygrad_cn as tg
    >>> tg.take(tg.tensor([[4, 3, 5], [6, 7, 8]]), tg.tensor([0, 2, 5]))
    tensor([4, 5, 8])
    """
    positions = _flat("take", tensor("take", input), index)
    flat = shape.reshape(input, shape=(input._array.size,))
    return indexing.getitem(flat, index=positions)


def take_along_dim(input: Any, indices: Any, dim: int | None = None) -> Any:
    """Elements picked along ``dim`` by ``indices``, which is broadcast against ``input`` along the other axes.

    Args:
        input (Tensor)
        indices (integer Tensor): of as many dimensions; with ``dim`` ``None`` flat positions.

    Raises:
        IndexError: a position is out of range.
    """
    name = "take_along_dim"
    positions = index_array(name, tensor(name, indices, "indices"))
    if positions.dtype != np.int64:
        raise RuntimeError(f"{name}(): indices must be int64, got {positions.dtype}; convert them with .long()")
    if dim is None:
        flat = shape.reshape(tensor(name, input), shape=(input._array.size,))
        return gather(flat, 0, indices._wrap(_flat(name, input, indices).reshape(-1)))
    array = tensor(name, input)._array
    number = axis(name, dim, array.ndim)
    if positions.ndim != array.ndim:
        raise RuntimeError(
            f"{name}(): indices must have as many dimensions as input, got {list(positions.shape)} and "
            f"{list(array.shape)}"
        )
    try:
        sizes = list(np.broadcast_shapes(*((*s[:number], 1, *s[number + 1 :]) for s in (array.shape, positions.shape))))
    except ValueError:
        raise ShapeError(
            f"{name}(): shapes {list(array.shape)} and {list(positions.shape)} do not broadcast beside dim {dim}"
        ) from None
    own, asked = list(sizes), list(sizes)
    if array.ndim:
        own[number], asked[number] = array.shape[number], positions.shape[number]
        positions = np.where(positions < 0, positions + own[number], positions)
    source = shape.broadcast_to(input, shape=tuple(own))
    return gather(source, number, indices._wrap(np.broadcast_to(positions, asked)))
