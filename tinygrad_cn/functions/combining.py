"""Tensors broadcast against each other, grids and combinations of their elements, elements repeated and turned."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.errors import ShapeError
from tinygrad_cn.functions._arguments import axis, index_array, tensor
from tinygrad_cn.functions.joining import stack
from tinygrad_cn.functions.shaping import expand
from tinygrad_cn.graph import unbroadcast
from tinygrad_cn.ops import indexing, shape
from tinygrad_cn.size import Size

__all__ = [
    "broadcast_shapes",
    "broadcast_tensors",
    "cartesian_prod",
    "combinations",
    "meshgrid",
    "repeat_interleave",
    "rot90",
    "sum_to_size",
    "unravel_index",
]


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that tensors of the given shapes broadcast to.

    Raises:
        ShapeError: they do not broadcast.

    >>> import tinygrad_cn as tg
    >>> tg.broadcast_shapes((3, 1), (4,))
    Size([3, 4])
    """
    found = [(s,) if isinstance(s, int) else tuple(s) for s in shapes]
    if any(n < 0 for s in found for n in s):
        raise ShapeError(f"broadcast_shapes(): sizes must not be negative, got {', '.join(map(str, found))}")
    try:
        return Size(np.broadcast_shapes(*found))
    except ValueError:
        raise ShapeError(
            f"broadcast_shapes(): {', '.join(map(str, found))} do not broadcast: counted from the last axis, sizes "
            "must be equal or 1"
        ) from None


def broadcast_tensors(*tensors: Any) -> tuple[Any, ...]:
    """Views of the tensors, expanded to one shape.

    >>> import tinygrad_cn as tg
    >>> [t.shape for t in tg.broadcast_tensors(tg.ones(3, 1), tg.ones(4))]
    [Size([3, 4]), Size([3, 4])]
    """
    if len(tensors) == 1 and isinstance(tensors[0], tuple | list):
        tensors = tuple(tensors[0])
    found = [tensor("broadcast_tensors", t, f"tensors[{i}]") for i, t in enumerate(tensors)]
    target = broadcast_shapes(*(t._array.shape for t in found))
    return tuple(expand(t, target) for t in found)


def sum_to_size(input: Any, *size: Any) -> Any:
    """The sum over the axes along which a tensor of shape ``size`` was broadcast: what undoes broadcasting.

    Raises:
        ShapeError: ``size`` does not broadcast to the input's shape.
    """
    target = tuple(size[0]) if len(size) == 1 and not isinstance(size[0], int) else tuple(size)
    old = tensor("sum_to_size", input)._array.shape
    extra = len(old) - len(target)
    if extra < 0 or any(n not in (1, m) for n, m in zip(target, old[extra:], strict=True)):
        raise ShapeError(f"sum_to_size(): shape {list(target)} does not broadcast to {list(old)}")
    if not target:
        return input.sum()
    if input._array.dtype.kind in "biu" and target != old:  # sums of integers are taken in int64
        input = input.to(np.dtype(np.int64))
    return unbroadcast(input, target) if target != old else input


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Any, ...]:
    """Views of vectors, each expanded over a grid spanned by all of them.

    Args:
        tensors (vectors or 0-d Tensors, separate or in one sequence)
        indexing (str): "ij" (the default): the first vector runs along axis 0; "xy": along axis 1.

    Raises:
        RuntimeError: no tensors, tensors of more dimensions or of different dtypes, another ``indexing``.

    >>> import tinygrad_cn as tg
    >>> tg.meshgrid(tg.tensor([1, 2]), tg.tensor([3, 4, 5]), indexing="ij")[0]
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    if len(tensors) == 1 and isinstance(tensors[0], tuple | list):
        tensors = tuple(tensors[0])
    if not tensors:
        raise RuntimeError("meshgrid(): expects at least one Tensor")
    if indexing not in (None, "ij", "xy"):
        raise RuntimeError(f"meshgrid(): indexing must be 'ij' or 'xy', got {indexing!r}")
    found = [tensor("meshgrid", t, f"tensors[{i}]") for i, t in enumerate(tensors)]
    if any(t._array.ndim > 1 for t in found):
        raise RuntimeError(f"meshgrid(): expects vectors, got shapes {[list(t._array.shape) for t in found]}")
    if len({t._array.dtype for t in found}) > 1:
        raise RuntimeError(f"meshgrid(): expects one dtype, got {[str(t._array.dtype) for t in found]}")
    places = list(range(len(found)))
    if indexing == "xy" and len(found) > 1:
        places[:2] = [1, 0]
    sizes = [1] * len(found)
    for place, t in zip(places, found, strict=True):
        sizes[place] = t._array.size
    grids = []
    for place, t in zip(places, found, strict=True):
        line = [1] * len(found)
        line[place] = t._array.size
        grids.append(expand(shape.reshape(t, shape=tuple(line)), tuple(sizes)))
    return tuple(grids)


def cartesian_prod(*tensors: Any) -> Any:
    """All tuples of one element of each vector, as rows; of one vector: itself.

    >>> import tinygrad_cn as tg
    >>> tg.cartesian_prod(tg.tensor([1, 2]), tg.tensor([3, 4]))
    tensor([[1, 3],
            [1, 4],
            [2, 3],
            [2, 4]])
    """
    for i, t in enumerate(tensors):
        if tensor("cartesian_prod", t, f"tensors[{i}]")._array.ndim != 1:
            raise RuntimeError(f"cartesian_prod(): expects vectors, tensors[{i}] has shape {list(t._array.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    grids = meshgrid(*tensors, indexing="ij")
    return stack([shape.reshape(g, shape=(g._array.size,)) for g in grids], dim=1)


def combinations(input: Any, r: int = 2, with_replacement: bool = False) -> Any:
    """All combinations of ``r`` elements of a vector, as rows, in the order of their positions.

    Raises:
        RuntimeError: the input is no vector, or ``r`` is negative.

    >>> import tinygrad_cn as tg
    >>> tg.combinations(tg.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    if tensor("combinations", input)._array.ndim != 1:
        raise RuntimeError(f"combinations(): expects a vector, got shape {list(input._array.shape)}")
    if r < 0:
        raise RuntimeError(f"combinations(): r must not be negative, got {r}")
    if r == 0:
        return input.new_empty((0,))
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = np.array(list(choose(range(input._array.size), r)), dtype=np.int64).reshape(-1, r)
    return indexing.getitem(input, index=rows)


def repeat_interleave(
    input: Any, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Any:
    """Each element (or slice along ``dim``) repeated ``repeats`` times in place.

    Args:
        input (Tensor)
        repeats (int or integer Tensor): how often, for all or for each of them.
        dim (int, optional): the axis; the flattened tensor by default.
        output_size (int, optional): the size that results.

    With one argument, an integer vector: position i, as often as its i-th element says.

    Raises:
        RuntimeError: repeats that are negative, of more than one dimension, or do not match the axis.

    >>> import tinygrad_cn as tg
    >>> tg.repeat_interleave(tg.tensor([1, 2]), tg.tensor([2, 1]))
    tensor([1, 1, 2])
    """
    name = "repeat_interleave"
    array = tensor(name, input)._array
    if repeats is None:
        counts = index_array(name, input)
        if counts.ndim != 1:
            raise RuntimeError(f"{name}(): repeats must be a vector, got shape {list(counts.shape)}")
        return input._wrap(np.repeat(np.arange(counts.size), _counts(name, counts)))
    if dim is None:
        input, number = shape.reshape(input, shape=(array.size,)), 0
        array = input._array
    else:
        number = axis(name, dim, array.ndim)
        if array.ndim == 0:
            input = shape.reshape(input, shape=(1,))
            array = input._array
    counts = _counts(name, index_array(name, repeats))
    n = array.shape[number]
    if counts.ndim > 1 or (counts.ndim and counts.size not in (1, n)):
        raise RuntimeError(
            f"{name}(): repeats of shape {list(counts.shape)} for dim of size {n}; give one number or {n}"
        )
    positions = np.repeat(np.arange(n), counts)
    if output_size is not None and output_size != positions.size:
        raise RuntimeError(f"{name}(): output_size is {output_size}, but the repeats add up to {positions.size}")
    return indexing.getitem(input, index=(slice(None),) * number + (positions,))


def _counts(name: str, counts: np.ndarray) -> np.ndarray:
    if counts.dtype not in (np.int64, np.int32):
        raise RuntimeError(f"{name}(): repeats must be int64 or int32, got {counts.dtype}")
    if counts.size and counts.min() < 0:
        raise RuntimeError(f"{name}(): repeats must not be negative")
    return counts


def rot90(input: Any, k: int = 1, dims: Sequence[int] = (0, 1)) -> Any:
    """A copy turned by ``k`` quarters in the plane of two axes, from the first towards the second.

    Raises:
        RuntimeError: not two different axes.

    >>> import tinygrad_cn as tg
    >>> tg.rot90(tg.tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
    """
    ndim = tensor("rot90", input)._array.ndim
    if len(dims) != 2:
        raise RuntimeError(f"rot90(): expects two dims, got {list(dims)}")
    if ndim < 2:
        raise RuntimeError(f"rot90(): needs at least 2 dimensions, got shape {list(input._array.shape)}")
    first, second = (axis("rot90", d, ndim) for d in dims)
    if first == second:
        raise RuntimeError(f"rot90(): the two dims must differ, got {list(dims)}")
    quarters = k % 4
    if quarters == 0:
        return shape.copy(input)
    if quarters == 2:
        return shape.flip(input, axis=(first, second))
    if quarters == 1:
        return shape.swapaxes(shape.flip(input, axis=second), axis1=first, axis2=second)
    return shape.flip(shape.swapaxes(input, axis1=first, axis2=second), axis=second)


def unravel_index(indices: Any, shape: Any) -> tuple[Any, ...]:
    """The coordinates, one Tensor for each axis, of flat positions in a tensor of ``shape``.

    Raises:
        TypeError: the positions are no integers.

    >>> import tinygrad_cn as tg
    >>> tg.unravel_index(tg.tensor([5]), (2, 3))
    (tensor([1]), tensor([2]))
    """
    flat = index_array("unravel_index", tensor("unravel_index", indices, "indices")).astype(np.int64)
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    if any(not isinstance(n, int) for n in sizes):
        raise TypeError(f"unravel_index(): shape must hold ints, got {sizes}")
    if any(n < 0 for n in sizes):
        raise ValueError(f"unravel_index(): sizes must not be negative, got {sizes}")
    coordinates = []
    for n in reversed(sizes):
        flat, place = np.divmod(flat, n) if n else (flat, flat)
        coordinates.append(indices._wrap(np.asarray(place)))
    return tuple(reversed(coordinates))
