"""Reading and writing parts: indexing, gathering, scattering, masking."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from tinygrad_cn.functions._arguments import axis, index_array, raw, tensor
from tinygrad_cn.graph import Handle
from tinygrad_cn.inplace import set_item
from tinygrad_cn.op import cast
from tinygrad_cn.ops import arithmetic, indexing


def raw_index(index: Any, shape: tuple[int, ...]) -> Any:
    """A Python index (with Tensors, lists, ranges in it) as NumPy takes it.

    Raises:
        IndexError: out of range, or of a wrong type.
        TypeError: a bound of a slice is no integer.
    """
    if isinstance(index, tuple):
        return tuple([_raw_item(i) for i in index])
    return _raw_item(index)


def _raw_item(item: Any) -> Any:
    if isinstance(item, Handle):
        array = item._array
        if array.dtype.kind not in "biu":
            raise IndexError(f"tensors used as indices must hold integers or bools, got {array.dtype}")
        if array.ndim == 0 and array.dtype.kind != "b":
            return int(array)
        return array.view(bool) if array.dtype == np.uint8 else array
    if isinstance(item, list | range):
        return np.asarray([raw(i) for i in item]) if len(item) else np.zeros(0, dtype=np.int64)
    if isinstance(item, slice):
        return slice(_bound(item.start), _bound(item.stop), _bound(item.step))
    return item


def _bound(value: Any) -> Any:
    """A bound of a slice: a tensor as the integer that it holds. NumPy refuses what is none."""
    return operator.index(value) if isinstance(value, Handle) else value  # type: ignore[arg-type]


def getitem(input: Any, index: Any) -> Any:
    """``input[index]``: basic indices give a view, arrays of integers or bools a copy, as in NumPy and PyTorch.

    Raises:
        IndexError: the index is out of range.
    """
    shape = input._array.shape
    found = raw_index(index, shape)
    try:
        return indexing.getitem(input, index=found)
    except IndexError as error:
        raise IndexError(f"{error} (the tensor has shape {list(shape)})") from None


def setitem(input: Any, index: Any, value: Any) -> None:
    """``input[index] = value``.

    Raises:
        IndexError: the index is out of range.
        ShapeError: the value does not broadcast to the selected region.
    """
    if not isinstance(value, Handle | np.ndarray | int | float | bool | np.generic):
        value = np.asarray(value)
    shape = input._array.shape
    try:
        set_item(input, raw_index(index, shape), value)
    except IndexError as error:
        raise IndexError(f"{error} (the tensor has shape {list(shape)})") from None


def index_select(input: Any, dim: int, index: Any) -> Any:
    """The slices of ``input`` at the positions ``index`` along ``dim``.

    Raises:
        IndexError: a position is out of range.
    """
    array = tensor("index_select", input)._array
    number = axis("index_select", dim, array.ndim)
    positions = index_array("index_select", index)
    if positions.ndim > 1:
        raise IndexError(f"index_select(): index must be a vector, got shape {list(positions.shape)}")
    if array.ndim == 0:
        return input.clone()
    _in_range("index_select", positions, array.shape[number], dim)
    return getitem(input, (slice(None),) * number + (np.atleast_1d(positions),))


def _in_range(name: str, index: np.ndarray, size: int, dim: int, low: int = 0) -> None:
    if index.size and (index.min() < low or index.max() >= size):
        worst = index.min() if index.min() < low else index.max()
        raise IndexError(f"{name}(): index {worst} is out of range for dim {dim} of size {size}")


def _aligned(name: str, input: Any, dim: int, index: Any) -> tuple[int, np.ndarray]:
    array = tensor(name, input)._array
    number = axis(name, dim, array.ndim)
    positions = index_array(name, index)
    if positions.size == 0:
        return number, positions
    if max(positions.ndim, 1) != max(array.ndim, 1):
        raise IndexError(
            f"{name}(): index must have as many dimensions as input, got shapes {list(positions.shape)} and "
            f"{list(array.shape)}"
        )
    _in_range(name, positions, array.shape[number] if array.ndim else 1, dim)
    return number, positions


def gather(input: Any, dim: int, index: Any, *, sparse_grad: bool = False) -> Any:
    """Elements picked along ``dim``: out[i][j] = input[index[i][j]][j] for ``dim`` 0, and likewise for others.

    Raises:
        IndexError: an index is out of range; an index of a wrong shape.
    """
    number, positions = _aligned("gather", input, dim, index)
    array = input._array
    for k, (n, m) in enumerate(zip(positions.shape, array.shape, strict=False)):
        if k != number and n > m and positions.size:
            raise IndexError(
                f"gather(): index of shape {list(positions.shape)} is larger than input {list(array.shape)} in dim {k}"
            )
    if positions.size == 0:  # of any shape, as in PyTorch
        return getitem(input.reshape(-1), positions.astype(np.int64))
    if array.ndim == 0:
        return input.expand(positions.shape).clone() if positions.ndim else input.clone()
    if positions.ndim == 0:
        return getitem(input, positions)
    return indexing.take_along_axis(input, index=positions, axis=number)


def scatter_add(input: Any, dim: int, index: Any, src: Any) -> Any:
    """``input`` with ``src`` added at the positions ``index`` along ``dim``; repeated positions add up."""
    number, positions = _aligned("scatter_add", input, dim, index)
    _one_dtype("scatter_add", input, tensor("scatter_add", src, "src"))
    source = _cut(src, positions.shape)
    if input._array.ndim == 0:
        return arithmetic.add(input, source.reshape(()))
    spread = indexing.put_along_axis(source, index=positions, axis=number, shape=input._array.shape)
    return arithmetic.add(input, spread)


def scatter(input: Any, dim: int, index: Any, src: Any = None, *, value: Any = None, reduce: str | None = None) -> Any:
    """``input`` with the elements of ``src`` (or ``value``) written at the positions ``index`` along ``dim``.

    Raises:
        IndexError: an index is out of range.
    """
    if src is None:
        src = value
    if reduce == "add":
        source = src if isinstance(src, Handle) else input.new_full(raw(index).shape, src)
        return scatter_add(input, dim, index, source)
    if reduce is not None:
        raise RuntimeError(f"scatter(): reduce must be None or 'add', got {reduce!r}; see scatter_reduce")
    number, positions = _aligned("scatter", input, dim, index)
    if isinstance(src, Handle):
        _one_dtype("scatter", input, src)
    result = input.clone()
    if positions.size == 0:
        return result
    source = _cut(src, positions.shape) if isinstance(src, Handle) else src
    if input._array.ndim == 0:
        return set_item(result, (), source.reshape(()) if hasattr(source, "reshape") else source, "scatter")
    if positions.ndim == 0:
        positions = positions.reshape(1)
    return set_item(result, indexing._grid(positions, number), source, "scatter")


def _one_dtype(name: str, input: Any, src: Any) -> None:
    if src._array.dtype != input._array.dtype:
        raise RuntimeError(
            f"{name}(): src must have the dtype of input, {input._array.dtype}, not {src._array.dtype}; convert it"
        )


def _cut(src: Any, shape: tuple[int, ...]) -> Any:
    """The leading part of ``src`` that an index of ``shape`` refers to."""
    if src._array.shape == shape:
        return src
    return indexing.getitem(src, index=tuple(slice(0, n) for n in shape))


def masked_fill(input: Any, mask: Any, value: Any) -> Any:
    """``input`` with ``value`` wherever ``mask`` is true.

    Raises:
        RuntimeError: the mask is not bool; the value is a tensor with dimensions.
    """
    _bool("masked_fill", mask)
    if isinstance(value, Handle):
        if value._array.ndim:
            raise RuntimeError(
                f"masked_fill(): value must be a number or a 0-d tensor, got shape {list(value._array.shape)}"
            )
        if value._array.dtype != tensor("masked_fill", input)._array.dtype:
            value = cast(value, dtype=input._array.dtype)
    elif input._array.dtype.kind in "biu" and isinstance(value, float) and not value.is_integer():
        raise RuntimeError(f"masked_fill(): value {value} cannot be held by dtype {input._array.dtype}")
    else:
        value = input._array.dtype.type(value)
    return arithmetic.where(mask, value, input)


def _bool(name: str, mask: Any) -> None:
    if tensor(name, mask, "mask")._array.dtype.kind != "b":
        raise RuntimeError(f"{name}(): mask must be a bool tensor, got {mask._array.dtype}; compare it, or use .bool()")


def masked_select(input: Any, mask: Any) -> Any:
    """The elements of ``input`` where ``mask`` is true, as a vector."""
    _bool("masked_select", mask)
    shape = np.broadcast_shapes(tensor("masked_select", input)._array.shape, mask._array.shape)
    return getitem(input.expand(shape), np.broadcast_to(mask._array, shape))


def nonzero(input: Any, *, as_tuple: bool = False) -> Any:
    """Where the elements are nonzero: one row of indices each, or a tuple of index vectors."""
    found = np.nonzero(np.atleast_1d(tensor("nonzero", input)._array))
    if as_tuple:
        return tuple(input._wrap(i) for i in found)
    return input._wrap(np.stack(found, axis=1)[:, : input._array.ndim])


def select(input: Any, dim: int, index: int) -> Any:
    """The slice at position ``index`` of axis ``dim``, a view without that axis."""
    number = axis("select", dim, tensor("select", input)._array.ndim)
    return getitem(input, (slice(None),) * number + (int(index),))


def narrow(input: Any, dim: int, start: Any, length: int) -> Any:
    """The ``length`` slices from ``start`` on along ``dim``, a view."""
    array = tensor("narrow", input)._array
    number = axis("narrow", dim, array.ndim)
    n = array.shape[number]
    if isinstance(start, Handle) and (start._array.ndim or start._array.dtype.kind not in "iu"):
        raise RuntimeError(
            f"narrow(): start must be an integer or a 0-d tensor of one, got {start._array.dtype} of shape "
            f"{list(start._array.shape)}"
        )
    start = int(start)
    if not -n <= start <= n or length < 0 or (start % n if start < 0 else start) + length > n:
        raise RuntimeError(f"narrow(): start {start} and length {length} do not fit into dim {dim} of size {n}")
    start = start + n if start < 0 else start
    return getitem(input, (slice(None),) * number + (slice(start, start + length),))
