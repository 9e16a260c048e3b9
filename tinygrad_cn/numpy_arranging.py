"""NumPy's functions that arrange, join, split, pick and contract, on Tensors: adapters with NumPy's signatures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_cn import fft
from tinygrad_cn.functions import combining, diagonals, joining, scattering, shaping, stacking, tensor_products
from tinygrad_cn.graph import Handle
from tinygrad_cn.ops import reductions, shape

__all__ = ["ARRANGING"]


def _tensor(x: Any) -> Any:
    """``x`` as a Tensor: NumPy's functions take arrays and numbers beside Tensors."""
    return x if isinstance(x, Handle) else Handle._wrap(np.asarray(x))


def _tensors(arrays: Any) -> list[Any]:
    return [_tensor(x) for x in arrays]


def _joined(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda tup, *, dtype=None, casting="same_kind": _converted(function(_tensors(tup)), dtype)


def _converted(result: Any, dtype: Any) -> Any:
    return result if dtype is None else result.to(dtype)


def _plain(value: Any) -> Any:
    """Positions or counts as NumPy has them."""
    if isinstance(value, Handle):
        return value._array
    return value if isinstance(value, int) else np.asarray(value)


def _sections(value: Any) -> Any:
    value = _plain(value)
    return value.tolist() if isinstance(value, np.ndarray) else value


def _trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None) -> Any:
    line = diagonals.diagonal(_converted(a, dtype), offset, axis1, axis2)
    return reductions.sum_(line, axis=-1, keepdims=False)


def _take(a: Any, indices: Any, axis: int | None = None, out: Any = None, mode: str = "raise") -> Any:
    if mode != "raise" or out is not None:
        raise TypeError("np.take on a Tensor takes neither mode nor out; wrap or clip the indices first")
    positions = np.asarray(_plain(indices))
    a = _tensor(a)
    if axis is None:
        return shape.reshape(a, shape=(a._array.size,))[positions]
    return a[(slice(None),) * (axis % a.ndim) + (positions,)]


def _repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    counts = np.asarray(_plain(repeats)).astype(np.int64)
    return combining.repeat_interleave(a, counts, axis)


def _array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    return list(stacking.tensor_split(ary, _sections(indices_or_sections), axis))


def _meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Any, ...]:
    if sparse:
        raise TypeError("np.meshgrid on Tensors has no sparse grids; unsqueeze the vectors instead")
    grids = combining.meshgrid(*(_tensor(x).reshape(-1) for x in xi), indexing=indexing)
    return tuple(shape.copy(g) for g in grids) if copy else grids


def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    dims = axes if isinstance(axes, int) else [[d] if isinstance(d, int) else list(d) for d in axes]
    return tensor_products.tensordot(_tensor(a), _tensor(b), dims)


def _outer(a: Any, b: Any, out: Any = None) -> Any:
    a, b = _tensor(a), _tensor(b)
    return a.reshape(-1, 1) * b.reshape(1, -1)


def _vdot(a: Any, b: Any, /) -> Any:
    a, b = _tensor(a), _tensor(b)
    return tensor_products.vdot(a.reshape(-1), b.reshape(-1))


def _cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    a, b = _tensor(a), _tensor(b)
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = combining.broadcast_tensors(shaping.movedim(a, axisa, -1), shaping.movedim(b, axisb, -1))
    return shaping.movedim(tensor_products.linalg_cross(a, b), -1, axisc)


def _unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    return joining.unbind(x, axis)


def _rot90(m: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Any:
    return combining.rot90(m, k, tuple(axes))


#: Part of `tinygrad_cn.protocols.FUNCTIONS`.
ARRANGING: dict[Callable[..., Any], Callable[..., Any]] = {
    np.array_split: _array_split,
    np.argwhere: scattering.argwhere,
    np.atleast_1d: lambda *arys: stacking.atleast_1d(*_tensors(arys)),
    np.atleast_2d: lambda *arys: stacking.atleast_2d(*_tensors(arys)),
    np.atleast_3d: lambda *arys: stacking.atleast_3d(*_tensors(arys)),
    np.broadcast_arrays: lambda *args, subok=False: combining.broadcast_tensors(*_tensors(args)),
    np.column_stack: lambda tup: stacking.column_stack(_tensors(tup)),
    np.cross: _cross,
    np.diag: lambda v, k=0: diagonals.diag(v, k),
    np.diagflat: lambda v, k=0: diagonals.diagflat(v, k),
    np.diagonal: lambda a, offset=0, axis1=0, axis2=1: diagonals.diagonal(a, offset, axis1, axis2),
    np.dsplit: lambda ary, indices_or_sections: list(stacking.dsplit(ary, _sections(indices_or_sections))),
    np.dstack: lambda tup: stacking.dstack(_tensors(tup)),
    np.fft.fftshift: lambda x, axes=None: fft.fftshift(x, axes),
    np.fft.ifftshift: lambda x, axes=None: fft.ifftshift(x, axes),
    np.fliplr: lambda m: shaping.fliplr(m),
    np.flipud: lambda m: shaping.flipud(m),
    np.hsplit: lambda ary, indices_or_sections: list(stacking.hsplit(ary, _sections(indices_or_sections))),
    np.hstack: _joined(stacking.hstack),
    np.inner: lambda a, b: tensor_products.inner(_tensor(a), _tensor(b)),
    np.kron: lambda a, b: tensor_products.kron(_tensor(a), _tensor(b)),
    np.matrix_transpose: diagonals.transposed,
    np.meshgrid: _meshgrid,
    np.outer: _outer,
    np.real: lambda val: val,
    np.repeat: _repeat,
    np.rot90: _rot90,
    np.take: _take,
    np.tensordot: _tensordot,
    np.trace: _trace,
    np.unstack: _unstack,
    np.vdot: _vdot,
    np.vsplit: lambda ary, indices_or_sections: list(stacking.vsplit(ary, _sections(indices_or_sections))),
    np.vstack: _joined(stacking.vstack),
}
