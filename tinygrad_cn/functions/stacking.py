"""Tensors side by side and on top of each other, and taken apart again; axes added in front to make room."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.functions._arguments import axis, index_array, tensor
from tinygrad_cn.functions.joining import _listed, _part, cat, chunk, split, split_with_sizes
from tinygrad_cn.graph import Handle
from tinygrad_cn.ops import indexing, shape

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "block_diag",
    "column_stack",
    "dsplit",
    "dstack",
    "hsplit",
    "hstack",
    "row_stack",
    "tensor_split",
    "unsafe_chunk",
    "unsafe_split",
    "unsafe_split_with_sizes",
    "vsplit",
    "vstack",
]


def _each(name: str, grow: Any, tensors: tuple[Any, ...]) -> Any:
    """``grow`` of one tensor, or a tuple of it for several (separate or in one sequence)."""
    if len(tensors) == 1 and isinstance(tensors[0], Handle):
        return grow(tensors[0])
    if len(tensors) == 1 and isinstance(tensors[0], tuple | list):
        tensors = tuple(tensors[0])
    return tuple(grow(tensor(name, t, f"tensors[{i}]")) for i, t in enumerate(tensors))


def _grown(x: Any, ndim: int) -> Any:
    old = x._array.shape
    if len(old) >= ndim:
        return x
    if ndim == 3:
        return shape.reshape(x, shape={0: (1, 1, 1), 1: (1, *old, 1), 2: (*old, 1)}[len(old)])
    return shape.reshape(x, shape=(1,) * (ndim - len(old)) + old)


def atleast_1d(*tensors: Any) -> Any:
    """Each tensor with at least 1 dimension: one result for one tensor, a tuple for several."""
    return _each("atleast_1d", lambda x: _grown(x, 1), tensors)


def atleast_2d(*tensors: Any) -> Any:
    """Each tensor with at least 2 dimensions: (n,) becomes (1, n)."""
    return _each("atleast_2d", lambda x: _grown(x, 2), tensors)


def atleast_3d(*tensors: Any) -> Any:
    """Each tensor with at least 3 dimensions: (n,) becomes (1, n, 1), (n, m) becomes (n, m, 1)."""
    return _each("atleast_3d", lambda x: _grown(x, 3), tensors)


# ----------------------------------------------------------------------------------------- joining


def hstack(tensors: Any) -> Any:
    """Tensors joined along axis 1 (vectors along their only axis).

    >>> import tinygrad_cn as tg
    >>> tg.hstack([tg.tensor([1, 2]), tg.tensor([3])])
    tensor([1, 2, 3])
    """
    found = [_grown(t, 1) for t in _listed("hstack", tensors)]
    return cat(found, 0 if found[0]._array.ndim == 1 else 1)


def vstack(tensors: Any) -> Any:
    """Tensors joined along axis 0; vectors are rows.

    >>> import tinygrad_cn as tg
    >>> tg.vstack([tg.tensor([1, 2]), tg.tensor([3, 4])])
    tensor([[1, 2],
            [3, 4]])
    """
    return cat([_grown(t, 2) for t in _listed("vstack", tensors)], 0)


def dstack(tensors: Any) -> Any:
    """Tensors joined along axis 2; matrices are planes in depth."""
    return cat([_grown(t, 3) for t in _listed("dstack", tensors)], 2)


def column_stack(tensors: Any) -> Any:
    """Tensors joined along axis 1; vectors are columns."""
    found = [
        shape.reshape(t, shape=(t._array.size, 1)) if t._array.ndim < 2 else t for t in _listed("column_stack", tensors)
    ]
    return cat(found, 1)


def block_diag(*tensors: Any) -> Any:
    """The matrix with the given ones (vectors are rows) along its diagonal, zero elsewhere.

    Raises:
        RuntimeError: a tensor has more than 2 dimensions.

    >>> import tinygrad_cn as tg
    >>> tg.block_diag(tg.ones(1, 2), tg.ones(2, 1))
    tensor([[1., 1., 0.],
            [0., 0., 1.],
            [0., 0., 1.]])
    """
    blocks = []
    for i, block in enumerate(tensors):
        if tensor("block_diag", block, f"tensors[{i}]")._array.ndim > 2:
            raise RuntimeError(f"block_diag(): tensors[{i}] has shape {list(block._array.shape)}; at most 2 dimensions")
        blocks.append(_grown(block, 2))
    if not blocks:
        raise RuntimeError("block_diag(): expected at least one Tensor")
    width = sum(b._array.shape[1] for b in blocks)
    rows, left = [], 0
    for block in blocks:
        n = block._array.shape[1]
        rows.append(shape.pad(block, widths=[(0, 0), (left, width - left - n)], value=0))
        left += n
    return shape.concatenate(*rows, axis=0)


# --------------------------------------------------------------------------------------- splitting


def tensor_split(input: Any, indices_or_sections: Any = None, dim: int = 0, **kwargs: Any) -> tuple[Any, ...]:
    """Views of parts along ``dim``: so many of nearly equal size, or cut at the given positions.

    Args:
        input (Tensor)
        indices_or_sections (int, sequence of ints, or integer Tensor): the number of parts, or where to cut.
        dim (int): the axis.

    Raises:
        RuntimeError: the number of parts is not positive; the tensor is 0-d.

    >>> import tinygrad_cn as tg
    >>> tg.tensor_split(tg.arange(5), 2)
    (tensor([0, 1, 2]), tensor([3, 4]))
    """
    asked = kwargs.pop("sections", kwargs.pop("indices", indices_or_sections))
    if kwargs or asked is None:
        raise TypeError(
            f"tensor_split(): unexpected or missing arguments {', '.join(kwargs)}; give sections or indices"
        )
    array = tensor("tensor_split", input)._array
    if array.ndim == 0:
        raise RuntimeError("tensor_split(): a 0-d tensor cannot be split")
    number = axis("tensor_split", dim, array.ndim)
    if isinstance(asked, Handle):
        if asked._array.ndim > 1 or asked._array.dtype != np.int64:
            raise RuntimeError(
                "tensor_split(): indices or sections in a tensor must be int64 and 0-d or 1-d, got "
                f"{asked._array.dtype} of shape {list(asked._array.shape)}"
            )
        asked = index_array("tensor_split", asked).tolist()
    n = array.shape[number]
    if isinstance(asked, Sequence):
        cuts = [int(i) for i in asked]
        index = [slice(a, b) for a, b in itertools.pairwise([0, *cuts, n])]
        before = (slice(None),) * number
        return tuple(indexing.getitem(input, index=(*before, s)) for s in index)
    count = int(asked.__index__())
    if count <= 0:
        raise RuntimeError(f"tensor_split(): the number of sections must be positive, got {count}")
    small, more = divmod(n, count)
    ends = [i * small + min(i, more) for i in range(count + 1)]
    return tuple(_part(input, number, a, b) for a, b in itertools.pairwise(ends))


def _split_along(name: str, input: Any, asked: Any, least: int, dim: int) -> tuple[Any, ...]:
    shape_ = tensor(name, input)._array.shape
    if len(shape_) < least:
        raise RuntimeError(f"{name}(): needs at least {least} dimensions, got shape {list(shape_)}")
    if isinstance(asked, Handle):
        asked = index_array(name, asked).tolist()
    if not isinstance(asked, Sequence):
        count = int(asked.__index__())
        if count <= 0 or shape_[dim] % count:
            raise RuntimeError(
                f"{name}(): dim {dim} of size {shape_[dim]} does not divide into {count} equal parts; see "
                "tensor_split()"
            )
    return tensor_split(input, asked, dim)


def hsplit(input: Any, indices_or_sections: Any = None, **kwargs: Any) -> tuple[Any, ...]:
    """`tensor_split` along axis 1 (of a vector along its only axis); a number of parts must divide the size."""
    asked = _asked("hsplit", indices_or_sections, kwargs)
    dim = 0 if tensor("hsplit", input)._array.ndim == 1 else 1
    return _split_along("hsplit", input, asked, 1, dim)


def vsplit(input: Any, indices_or_sections: Any = None, **kwargs: Any) -> tuple[Any, ...]:
    """`tensor_split` along axis 0 of a tensor of at least 2 dimensions; a number of parts must divide the size."""
    return _split_along("vsplit", input, _asked("vsplit", indices_or_sections, kwargs), 2, 0)


def dsplit(input: Any, indices_or_sections: Any = None, **kwargs: Any) -> tuple[Any, ...]:
    """`tensor_split` along axis 2 of a tensor of at least 3 dimensions; a number of parts must divide the size."""
    return _split_along("dsplit", input, _asked("dsplit", indices_or_sections, kwargs), 3, 2)


def _asked(name: str, value: Any, keywords: dict[str, Any]) -> Any:
    value = keywords.pop("sections", keywords.pop("indices", value))
    if keywords or value is None:
        raise TypeError(f"{name}(): unexpected or missing arguments {', '.join(keywords)}; give sections or indices")
    return value


def unsafe_split(input: Any, split_size: Any, dim: int = 0) -> tuple[Any, ...]:
    """`split`: its parts are views, which need no second kind here to be written in place with gradients right."""
    return split(input, split_size, dim)


def unsafe_split_with_sizes(input: Any, split_sizes: Sequence[int], dim: int = 0) -> tuple[Any, ...]:
    """`split_with_sizes`."""
    return split_with_sizes(input, split_sizes, dim)


def unsafe_chunk(input: Any, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    """`chunk`."""
    return chunk(input, chunks, dim)


row_stack = vstack
