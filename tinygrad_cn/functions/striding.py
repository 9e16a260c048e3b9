"""A tensor's memory read with other sizes and strides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad_cn import storage
from tinygrad_cn.functions._arguments import tensor
from tinygrad_cn.ops import striding

__all__ = ["as_strided"]


def as_strided(input: Any, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Any:
    """A view of the memory of a contiguous tensor with the given sizes and strides.

    Where places of the view share an element it is read-only, and the gradient adds up.

    Args:
        input (Tensor): contiguous.
        size (ints): the shape of the view.
        stride (ints): how many elements apart neighbours along each axis are.
        storage_offset (int, optional): which element of the memory comes first; by default the input's first.

    Raises:
        RuntimeError: the view would leave the tensor, which may itself be part of a larger one; strides that are
            negative or not one for each size; a tensor that is not contiguous.

    >>> import tinygrad_cn as tg
    >>> tg.as_strided(tg.arange(6), (2, 2), (3, 2))
    tensor([[0, 2],
            [3, 5]])
    """
    array = tensor("as_strided", input)._array
    sizes, steps = tuple(int(n) for n in size), tuple(int(n) for n in stride)
    if len(sizes) != len(steps):
        raise RuntimeError(f"as_strided(): {len(sizes)} sizes and {len(steps)} strides; give one for each axis")
    if any(n < 0 for n in sizes) or any(n < 0 for n in steps):
        raise RuntimeError(f"as_strided(): sizes {list(sizes)} and strides {list(steps)} must not be negative")
    if not array.flags.c_contiguous:
        raise RuntimeError(
            f"as_strided(): the input of shape {list(array.shape)} is not contiguous; call .contiguous()"
        )
    offset = 0 if storage_offset is None else int(storage_offset) - _offset(array)
    last = offset + sum((n - 1) * step for n, step in zip(sizes, steps, strict=True))
    if 0 not in sizes and (offset < 0 or last >= array.size):
        raise RuntimeError(
            f"as_strided(): sizes {list(sizes)}, strides {list(steps)} and storage_offset {storage_offset} leave the "
            f"{array.size} elements of the input of shape {list(array.shape)}"
        )
    return striding.strided(input, shape=sizes, strides=steps, offset=offset if 0 not in sizes else 0)


def _offset(array: Any) -> int:
    base = storage.owner(array)
    return 0 if base is array else int((array.ctypes.data - base.ctypes.data) // array.itemsize)
