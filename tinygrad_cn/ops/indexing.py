"""Reading and writing parts of arrays. Indices are constants: they carry no gradient.

`getitem` and `embed` are adjoint to each other, and so are `take_along_axis` and `put_along_axis`; each is the
other's rule, which closes the set under differentiation.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cn.graph import unbroadcast
from tinygrad_cn.op import Op, op

Shape = tuple[int, ...]


def is_basic(index: Any) -> bool:
    """Whether ``index`` selects a view (integers, slices, ``None``, ``...``), every element at most once."""
    items = index if isinstance(index, tuple) else (index,)
    return all(i is None or i is Ellipsis or (isinstance(i, slice | int) and not isinstance(i, bool)) for i in items)


def _embed(x: Any, *, index: Any, shape: Shape) -> Any:
    """Zeros of ``shape`` with ``x`` added in at ``index``; repeated indices add up."""
    out = np.zeros_like(x, shape=shape)
    if is_basic(index):
        out[index] = x
        return out
    if isinstance(index, np.ndarray) and index.dtype.kind in "iu":
        return _embed_rows(out, index, x)
    if isinstance(index, np.ndarray) and index.dtype == bool:
        out[index] = x
        return out
    np.add.at(out, index, x)
    return out


def _embed_rows(out: Any, index: Any, x: Any) -> Any:
    """Add rows of ``x`` into rows of ``out``: sorted by target, each run of equal targets is one reduction."""
    rows = index.reshape(-1)
    if not rows.size or not x.size:
        return out
    x = x.reshape(rows.shape + out.shape[1:])
    rows = np.where(rows < 0, rows + len(out), rows)
    order = np.argsort(rows, kind="stable")
    rows = rows[order]
    starts = np.flatnonzero(np.concatenate(([True], rows[1:] != rows[:-1])))
    out[rows[starts]] = np.add.reduceat(x[order], starts, axis=0)
    return out


def _getitem(x: Any, *, index: Any) -> Any:
    part = x[index]
    if isinstance(part, np.generic):  # one element: an ellipsis makes it a 0-d view instead of a copied number
        part = x[(*index, ...) if isinstance(index, tuple) else (index, ...)]
    elif not part.flags.c_contiguous and part.base is not x and not np.may_share_memory(part, x):
        # NumPy lays what arrays select out with their axes first; in PyTorch it is contiguous, and then viewed
        part = np.ascontiguousarray(part)
    return part


getitem: Op = op(
    "getitem",
    _getitem,
    x=lambda g, x_shape, index: embed(g, index=index, shape=x_shape),
    view=True,
    label="Slice",
)
embed: Op = op("embed", _embed, x=lambda g, index: getitem(g, index=index), label="IndexPut")


def _write(x: Any, value: Any, *, index: Any) -> Any:
    """Write ``value`` into ``x`` itself: the one forward function that changes its input."""
    x[index] = value
    return x


def _cleared(g: Any, x_shape: Shape, index: Any) -> Any:
    written = np.zeros(x_shape, dtype=bool)
    written[index] = True
    return np.where(written, 0, g)


def _written(g: Any, value_shape: Shape, x_shape: Shape, index: Any) -> Any:
    """The cotangents of the written places, 0 for a value that a later one replaced: the last of several remains."""
    part = getitem(g, index=index)
    if not is_basic(index):
        places = np.arange(math.prod(x_shape)).reshape(x_shape)[index]
        order = np.arange(places.size)
        last = np.empty(math.prod(x_shape), dtype=np.intp)
        last[places.ravel()] = order
        remains = last[places] == order.reshape(places.shape)
        if not remains.all():
            part = np.where(remains, part, 0)
    return unbroadcast(_lifted(part, value_shape), value_shape)


write = op("write", _write, x=_cleared, value=_written, label="CopySlices")


def _lifted(g: Any, shape: Shape) -> Any:
    """``g`` with leading axes of size 1 that a written value may have had in excess."""
    return np.reshape(g, (1,) * (len(shape) - g.ndim) + tuple(g.shape)) if g.ndim < len(shape) else g


def _write_view(x: Any, value: Any, *, view: Any, params: dict[str, Any]) -> Any:
    """``x`` after ``value`` was written through the view ``view(x, **params)``: the memory holds it already."""
    return x


def _outside(g: Any, x_shape: Shape, view: Any, params: dict[str, Any]) -> Any:
    written = np.zeros(x_shape, dtype=bool)
    view.forward(written, **params)[...] = True
    return np.where(written, 0, g)


write_view = op(
    "write_view",
    _write_view,
    x=_outside,
    value=lambda g, view, params: view(g, **params),
    label="CopySlices",
)

# ------------------------------------------------------------------------------------- along an axis


def _grid(index: Any, axis: int) -> tuple[Any, ...]:
    """``index`` along ``axis`` with open grids along the others: the full index that it abbreviates."""
    grids = list(np.ogrid[tuple(slice(n) for n in index.shape)])
    grids[axis] = index
    return tuple(grids)


take_along_axis: Op = op(
    "take_along_axis",
    lambda x, *, index, axis: x[_grid(index, axis)] if x.ndim else x[...][np.zeros_like(index, dtype=bool) | True],
    x=lambda g, x_shape, index, axis: put_along_axis(g, index=index, axis=axis, shape=x_shape),
    label="Gather",
)


def _put_along_axis(x: Any, *, index: Any, axis: int, shape: Shape) -> Any:
    out = np.zeros_like(x, shape=shape)
    if index.ndim and index.shape[axis] == 1:  # one element of each line: no index repeats
        out[_grid(index, axis)] = x
    elif index.size:
        np.add.at(out, _grid(index, axis), x)
    return out


#: Zeros of ``shape`` with ``x`` added in at ``index`` along ``axis``.
put_along_axis: Op = op(
    "put_along_axis",
    _put_along_axis,
    x=lambda g, index, axis: take_along_axis(g, index=index, axis=axis),
    label="ScatterAdd",
)
