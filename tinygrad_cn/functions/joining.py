"""Joining tensors and taking them apart along an axis."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.errors import ShapeError
from tinygrad_cn.functions._arguments import axis, tensor
from tinygrad_cn.graph import Handle
from tinygrad_cn.ops import indexing, shape


def _listed(name: str, tensors: Any) -> list[Any]:
    if isinstance(tensors, Handle):
        tensors = list(tensors)  # type: ignore[call-overload]
    found = [tensor(name, t, f"tensors[{i}]") for i, t in enumerate(tensors)]
    if not found:
        raise RuntimeError(f"{name}(): expected a non-empty list of Tensors")
    return found


def cat(tensors: Any, dim: int = 0, **kwargs: Any) -> Any:
    """Tensors joined along an axis that they have; their other sizes must be equal.

    Args:
        tensors (sequence of Tensors): empty 1-d tensors are passed over, as in PyTorch.
        dim (int): the axis.

    Raises:
        ShapeError: other sizes differ.
    """
    dim = kwargs.pop("axis", dim)
    if kwargs:
        raise TypeError(f"cat(): unexpected arguments {', '.join(kwargs)}")
    found = _listed("cat", tensors)
    kept = [t for t in found if t._array.shape != (0,)] or found[:1]
    first = kept[0]._array.shape
    if not first:
        raise RuntimeError("cat(): 0-d tensors cannot be joined; use stack()")
    number = axis("cat", dim, len(first))
    for i, t in enumerate(kept):
        other = t._array.shape
        if len(other) != len(first) or any(
            a != b for k, (a, b) in enumerate(zip(first, other, strict=True)) if k != number
        ):
            raise ShapeError(
                f"cat(): sizes must match except in dimension {number}, but tensor 0 has shape {list(first)} and "
                "tensor "
                f"{i} has shape {list(other)}"
            )
    return shape.concatenate(*kept, axis=number)


def stack(tensors: Any, dim: int = 0, **kwargs: Any) -> Any:
    """Tensors of one shape joined along a new axis.

    Raises:
        ShapeError: shapes differ.
    """
    dim = kwargs.pop("axis", dim)
    found = _listed("stack", tensors)
    first = found[0]._array.shape
    for i, t in enumerate(found):
        if t._array.shape != first:
            raise ShapeError(
                f"stack(): tensors must have one shape, but tensor 0 has {list(first)} and tensor {i} has "
                f"{list(t._array.shape)}"
            )
    number = axis("stack", dim, len(first) + 1)
    return shape.concatenate(*(shape.expand_dims(t, axis=number) for t in found), axis=number)


def _part(input: Any, number: int, start: int, stop: int) -> Any:
    return indexing.getitem(input, index=(slice(None),) * number + (slice(start, stop),))


def split(tensor: Any, split_size_or_sections: Any = None, dim: int = 0, *, split_size: Any = None) -> tuple[Any, ...]:
    """Views of parts of a given size along ``dim`` (the last may be smaller), or of the given sizes.

    Args:
        tensor (Tensor)
        split_size_or_sections (int or list of int)
        dim (int)
        split_size (int or list of int): its name in the method.

    Raises:
        RuntimeError: the sizes do not add up.
        TypeError: no sizes.
    """
    size = split_size_or_sections if split_size is None else split_size
    if size is None:
        raise TypeError("split(): expects the size of the parts, or the list of their sizes")
    array = tensor._array
    if array.ndim == 0:
        raise RuntimeError("split(): a 0-d tensor cannot be split")
    number = axis("split", dim, array.ndim)
    n = array.shape[number]
    if isinstance(size, Sequence):
        return split_with_sizes(tensor, size, dim)
    if size < 0 or (size == 0 and n):
        raise RuntimeError(f"split(): split_size must be positive, got {size}")
    return (
        tuple(_part(tensor, number, i, min(i + size, n)) for i in range(0, n, size))
        if n
        else (_part(tensor, number, 0, 0),)
    )


def split_with_sizes(input: Any, split_sizes: Sequence[int], dim: int = 0) -> tuple[Any, ...]:
    """Views of parts of the given sizes along ``dim``.

    Raises:
        RuntimeError: the sizes do not add up.
    """
    array = tensor("split_with_sizes", input)._array
    number = axis("split_with_sizes", dim, array.ndim)
    sizes = [int(s) for s in split_sizes]
    if any(s < 0 for s in sizes) or sum(sizes) != array.shape[number]:
        raise RuntimeError(
            f"split_with_sizes(): sizes {sizes} must be at least 0 and add up to {array.shape[number]}, the size of "
            f"dim {dim}"
        )
    ends = np.cumsum([0, *sizes]).tolist()
    return tuple(_part(input, number, a, b) for a, b in itertools.pairwise(ends))


def chunk(input: Any, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    """At most ``chunks`` views of equal size along ``dim`` (the last may be smaller)."""
    if chunks <= 0:
        raise RuntimeError(f"chunk(): chunks must be at least 1, got {chunks}")
    array = tensor("chunk", input)._array
    if array.ndim == 0:
        raise RuntimeError("chunk(): a 0-d tensor cannot be split")
    n = array.shape[axis("chunk", dim, array.ndim)]
    if n == 0:
        return tuple(_part(input, axis("chunk", dim, array.ndim), 0, 0) for _ in range(chunks))
    return split(input, -(-n // chunks), dim)


def unbind(input: Any, dim: int = 0) -> tuple[Any, ...]:
    """Views of the slices along ``dim``, without that axis."""
    array = tensor("unbind", input)._array
    if array.ndim == 0:
        raise RuntimeError("unbind(): a 0-d tensor has no axis to take apart")
    number = axis("unbind", dim, array.ndim)
    before = (slice(None),) * number
    return tuple(indexing.getitem(input, index=(*before, i)) for i in range(array.shape[number]))


concat = concatenate = cat
