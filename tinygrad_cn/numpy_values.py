"""NumPy's functions that order, search, count, integrate and average, on Tensors: adapters with NumPy's signatures.

What NumPy and PyTorch define differently (the median of an even number of elements, equal NaN) is NumPy's here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cn.functions import histograms, ordering, reduction, running, signs, special, statistics
from tinygrad_cn.graph import Handle
from tinygrad_cn.op import cast
from tinygrad_cn.ops import arithmetic, comparison, floating, reductions, shape

__all__ = ["VALUES", "VALUE_UFUNCS"]

_NO = np._NoValue


def _raw(x: Any) -> Any:
    return x._array if isinstance(x, Handle) else x


def _tensor(x: Any) -> Any:
    return x if isinstance(x, Handle) else Handle._wrap(np.asarray(x))


def _floating(a: Any) -> Any:
    """Integers as float64, as NumPy has it."""
    a = _tensor(a)
    return a if a._array.dtype.kind == "f" else cast(a, dtype=np.dtype(np.float64))


def _keeps(keepdims: Any) -> bool:
    return bool(keepdims) and keepdims is not _NO


def _refuse(name: str, **given: Any) -> None:
    extra = [key for key, value in given.items() if value is not None and value is not False and value is not _NO]
    if extra:
        raise TypeError(f"np.{name} on a Tensor does not take {', '.join(extra)}; use the tinygrad_cn function instead")


def _one_axis(name: str, axis: Any) -> Any:
    if isinstance(axis, tuple | list):
        raise TypeError(f"np.{name} on a Tensor takes one axis, got {axis}")
    return axis


def _constant(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose results carry no gradient: NumPy's own, on the plain arrays."""

    def adapter(*args: Any, **kwargs: Any) -> Any:
        found = function(*map(_raw, args), **{key: _raw(value) for key, value in kwargs.items()})
        if isinstance(found, tuple):
            return type(found)(*map(_tensor, found)) if hasattr(found, "_fields") else tuple(map(_tensor, found))
        return _tensor(found)

    return adapter


# ----------------------------------------------------------------------------------------- ordering


def _sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    _refuse("sort", order=order)
    if axis is None:
        a, axis = shape.reshape(a, shape=(a._array.size,)), 0
    return reduction.sort(a, dim=axis).values


def _quantile(name: str, function: Callable[..., Any], scale: float) -> Callable[..., Any]:
    def adapter(
        a: Any,
        q: Any,
        axis: Any = None,
        out: Any = None,
        overwrite_input: bool = False,
        method: str = "linear",
        keepdims: Any = False,
        *,
        weights: Any = None,
        interpolation: Any = None,
    ) -> Any:
        _refuse(name, out=out, weights=weights, interpolation=interpolation)
        a = _floating(a)
        if isinstance(q, Handle):
            levels = arithmetic.divide(q, scale)
        else:
            levels = a._wrap(np.asarray(np.divide(q, scale), dtype=a._array.dtype))
        return function(a, levels, _one_axis(name, axis), _keeps(keepdims), interpolation=method)

    return adapter


def _median(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def adapter(a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: Any = False) -> Any:
        _refuse(name, out=out)
        return function(_floating(a), 0.5, _one_axis(name, axis), _keeps(keepdims), interpolation="midpoint")

    return adapter


# -------------------------------------------------------------------------------- sums and averages


def _nansum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **other: Any) -> Any:
    _refuse("nansum", out=out, **other)
    return reduction.nansum(a, axis, _keeps(keepdims), dtype=dtype)


def _nanmean(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **other: Any) -> Any:
    _refuse("nanmean", dtype=dtype, out=out, **other)
    return statistics.nanmean(_floating(a), axis, _keeps(keepdims))


def _nanprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **other: Any) -> Any:
    _refuse("nanprod", dtype=dtype, out=out, **other)
    whole = arithmetic.where(comparison.isnan(a), 1, a)
    return reductions.prod(whole, axis=_one_axis("nanprod", axis), keepdims=_keeps(keepdims))


def _ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    _refuse("ptp", out=out)
    options = {"axis": axis, "keepdims": _keeps(keepdims)}
    return arithmetic.subtract(reductions.amax(a, **options), reductions.amin(a, **options))


def _average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False) -> Any:
    _refuse("average", returned=returned)
    a = _floating(a)
    if weights is None:
        return reductions.mean(a, axis=axis, keepdims=_keeps(keepdims))
    weights = _floating(weights)
    if weights._array.shape != a._array.shape:
        axis = _one_axis("average", axis)
        if axis is None or weights._array.shape != (a._array.shape[axis],):
            raise TypeError(
                f"np.average on a Tensor of shape {a._array.shape} takes weights of that shape, or a vector along one "
                f"axis, got {weights._array.shape}"
            )
        weights = shape.reshape(weights, shape=(-1,) + (1,) * (a._array.ndim - 1 - axis % a._array.ndim))
    weights = shape.broadcast_to(weights, shape=a._array.shape)
    options = {"axis": axis, "keepdims": _keeps(keepdims)}
    total = reductions.sum_(arithmetic.multiply(a, weights), **options)
    return arithmetic.divide(total, reductions.sum_(weights, **options))


def _cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    _refuse("cov", y=y, dtype=dtype)
    m = _floating(m)
    if not rowvar and m._array.ndim == 2 and m._array.shape[0] != 1:
        m = shape.transpose(m)
    correction = (0 if bias else 1) if ddof is None else ddof
    weights = [w if w is None else _tensor(w) for w in (fweights, aweights)]
    return statistics.cov(m, correction=correction, fweights=weights[0], aweights=weights[1])


def _corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    _refuse("corrcoef", y=y, dtype=dtype)
    x = _floating(x)
    return statistics.corrcoef(shape.transpose(x) if not rowvar and x._array.ndim == 2 else x)


# -------------------------------------------------------------------------- differences, integrals


def _edge(a: Any, value: Any, axis: int) -> Any:
    """What is put before or after: a number stands for a slice of it."""
    if value is _NO:
        return None
    value = _tensor(value)
    if value._array.ndim == 0:
        size = list(a._array.shape)
        size[axis] = 1
        value = shape.broadcast_to(value, shape=tuple(size))
    return value


def _diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = _NO, append: Any = _NO) -> Any:
    a = _tensor(a)
    return running.diff(a, n, axis, _edge(a, prepend, axis), _edge(a, append, axis))


def _trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    return running.trapezoid(_tensor(y), None if x is None else _tensor(x), dx=dx, dim=axis)


def _gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    f = _floating(f)
    axes = tuple(range(f._array.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    steps = varargs * len(axes) if len(varargs) == 1 else varargs or (1,) * len(axes)
    spacing = [_tensor(s) if np.ndim(_raw(s)) else float(_raw(s)) for s in steps]
    found = running.gradient(f, spacing=spacing, dim=axes, edge_order=edge_order)
    return found[0] if len(found) == 1 else found


VALUES: dict[Callable[..., Any], Callable[..., Any]] = {
    np.sort: _sort,
    np.quantile: _quantile("quantile", ordering.quantile, 1),
    np.nanquantile: _quantile("nanquantile", ordering.nanquantile, 1),
    np.percentile: _quantile("percentile", ordering.quantile, 100),
    np.nanpercentile: _quantile("nanpercentile", ordering.nanquantile, 100),
    np.median: _median("median", ordering.quantile),
    np.nanmedian: _median("nanmedian", ordering.nanquantile),
    np.nansum: _nansum,
    np.nanmean: _nanmean,
    np.nanprod: _nanprod,
    np.ptp: _ptp,
    np.average: _average,
    np.cov: _cov,
    np.corrcoef: _corrcoef,
    np.diff: _diff,
    np.trapezoid: _trapezoid,
    np.gradient: _gradient,
    np.i0: lambda x: special.i0(x),
    np.angle: lambda z, deg=False: arithmetic.multiply(floating.angle(z), 180 / np.pi) if deg else floating.angle(z),
    np.nan_to_num: lambda x, copy=True, nan=0.0, posinf=None, neginf=None: arithmetic.nan_to_num(
        _tensor(x), nan=nan, posinf=posinf, neginf=neginf
    ),
    np.bincount: lambda x, weights=None, minlength=0: histograms.bincount(
        _tensor(x), None if weights is None else _tensor(weights), minlength
    ),
    # results without a gradient
    np.digitize: _constant(np.digitize),
    np.flatnonzero: _constant(np.flatnonzero),
    np.isin: _constant(np.isin),
    np.isneginf: lambda x, out=None: floating.isneginf(x),
    np.isposinf: lambda x, out=None: floating.isposinf(x),
    np.isreal: lambda x: floating.isreal(x),
    np.nonzero: lambda a: tuple(map(_tensor, np.nonzero(_raw(a)))),
    np.searchsorted: _constant(np.searchsorted),
    np.unique: _constant(np.unique),
}

#: Ufuncs that are not themselves the forward functions of ops.
VALUE_UFUNCS: dict[np.ufunc, Callable[..., Any]] = {
    np.frexp: lambda x: tuple(signs.frexp(x)),
    np.lcm: floating.lcm,
    np.ldexp: lambda x, y: signs.ldexp(_tensor(x), _tensor(y)),
}
