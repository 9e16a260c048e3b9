"""Which NumPy functions work on Tensors, and what each means: read by ``__array_ufunc__`` and ``__array_function__``.

A ufunc is found through the op whose forward function it is. Other functions stand in `FUNCTIONS`, each as an
adapter with NumPy's signature over ops. Rules are written in these functions, so what a rule needs is here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cn.graph import Handle
from tinygrad_cn.inplace import assign
from tinygrad_cn.matrix_protocols import MATRIX_FUNCTIONS
from tinygrad_cn.numpy_arranging import ARRANGING
from tinygrad_cn.numpy_values import VALUE_UFUNCS, VALUES
from tinygrad_cn.op import registry
from tinygrad_cn.ops import arithmetic, comparison, indexing, linear_algebra, reductions, shape, trigonometric

__all__ = ["FUNCTIONS", "REDUCTIONS", "UFUNCS", "array_function", "array_ufunc"]

UFUNCS: dict[np.ufunc, Callable[..., Any]] = {
    operation.forward: operation for operation in registry.values() if isinstance(operation.forward, np.ufunc)
} | {
    np.degrees: trigonometric.rad2deg,
    np.fabs: arithmetic.absolute,
    np.float_power: arithmetic.power,
    np.matmul: linear_algebra.matmul,
    np.power: arithmetic.power,
    np.radians: trigonometric.deg2rad,
    np.reciprocal: arithmetic.reciprocal,
    **VALUE_UFUNCS,
}


def raw(x: Any) -> Any:
    """The array of a Tensor; anything else as it is."""
    return x._array if isinstance(x, Handle) else x


def _refuse(name: str, given: dict[str, Any]) -> None:
    extra = [key for key, value in given.items() if value is not None and value is not np._NoValue]
    if extra:
        raise TypeError(f"np.{name} on a Tensor does not take {', '.join(extra)}; use the tinygrad_cn function instead")


def _reduction(operation: Any, name: str) -> Callable[..., Any]:
    def reduce(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **other: Any
    ) -> Any:
        _refuse(name, {"out": out, **other})
        if dtype is not None:
            a = a.to(dtype)
        return operation(a, axis=axis, keepdims=bool(keepdims) and keepdims is not np._NoValue)

    return reduce


def _extreme(operation: Any, name: str) -> Callable[..., Any]:
    def reduce(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, **other: Any) -> Any:
        _refuse(name, {"out": out, **other})
        return operation(a, axis=axis, keepdims=bool(keepdims) and keepdims is not np._NoValue)

    return reduce


def _spread(operation: Any, name: str) -> Callable[..., Any]:
    def reduce(
        a: Any,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        ddof: float = 0,
        keepdims: Any = False,
        **other: Any,
    ) -> Any:
        correction = other.pop("correction", ddof)
        _refuse(name, {"dtype": dtype, "out": out, **other})
        return operation(a, axis=axis, correction=correction, keepdims=bool(keepdims) and keepdims is not np._NoValue)

    return reduce


def _index(operation: Any) -> Callable[..., Any]:
    return lambda a, axis=None, out=None, *, keepdims=False: operation(
        a, axis=axis, keepdims=bool(keepdims) and keepdims is not np._NoValue
    )


def _running(operation: Any, name: str) -> Callable[..., Any]:
    def run(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
        _refuse(name, {"out": out})
        if dtype is not None:
            a = a.to(dtype)
        return operation(shape.reshape(a, shape=(-1,)), axis=0) if axis is None else operation(a, axis=axis)

    return run


def _in_rows(name: str, order: str) -> None:
    if order != "C":
        raise TypeError(f"np.{name} on a Tensor reads in rows, order='C'; transpose it for order={order!r}")


def _reshape(a: Any, /, shape_: Any = None, order: str = "C", **other: Any) -> Any:
    target = other.pop("shape", shape_)
    _refuse("reshape", other)
    _in_rows("reshape", order)
    return shape.reshape(a, shape=target)


def _ravel(a: Any, order: str = "C") -> Any:
    _in_rows("ravel", order)
    return shape.reshape(a, shape=(-1,))


def _moveaxis(a: Any, source: Any, destination: Any) -> Any:
    return shape.transpose(a, axes=_moved(a.ndim, source, destination))


def _moved(ndim: int, source: Any, destination: Any) -> tuple[int, ...]:
    sources = [s % ndim for s in (source if isinstance(source, tuple | list) else (source,))]
    destinations = [d % ndim for d in (destination if isinstance(destination, tuple | list) else (destination,))]
    order = [n for n in range(ndim) if n not in sources]
    for d, s in sorted(zip(destinations, sources, strict=True)):
        order.insert(d, s)
    return tuple(order)


def _take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    return indexing.take_along_axis(arr, index=raw(indices), axis=axis % arr.ndim)


def _like(maker: Callable[..., Any]) -> Callable[..., Any]:
    """``np.zeros_like`` and its kin: a constant Tensor of the prototype's (or the given) dtype and shape."""

    def make(a: Any, *args: Any, **kwargs: Any) -> Any:
        return a._wrap(maker(raw(a), *map(raw, args), **kwargs))

    return make


def _concatenate(arrays: Any, axis: int | None = 0, out: Any = None, **other: Any) -> Any:
    _refuse("concatenate", {"out": out, **other})
    if axis is None:
        return shape.concatenate(*(np.reshape(a, (-1,)) for a in arrays), axis=0)
    return shape.concatenate(*arrays, axis=axis)


def _stack(arrays: Any, axis: int = 0, out: Any = None) -> Any:
    _refuse("stack", {"out": out})
    return shape.concatenate(*(np.expand_dims(a, axis) for a in arrays), axis=axis)


def _clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None) -> Any:
    _refuse("clip", {"out": out})
    return arithmetic.clip(a, a_min if min is None else min, a_max if max is None else max)


def _where(condition: Any, *choices: Any) -> Any:
    if not choices:
        return tuple(condition._wrap(i) for i in np.nonzero(raw(condition)))
    return arithmetic.where(condition, *choices)


def _round(a: Any, decimals: int = 0, out: Any = None) -> Any:
    _refuse("round", {"out": out})
    if decimals == 0:
        return arithmetic.rint(a)
    return arithmetic.rint(a * 10.0**decimals) / 10.0**decimals


def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    bounds = np.split(np.arange(ary.shape[axis]), indices_or_sections)
    before = (slice(None),) * (axis % ary.ndim)
    starts = np.cumsum([0] + [len(b) for b in bounds]).tolist()
    return [indexing.getitem(ary, index=(*before, slice(a, b))) for a, b in itertools.pairwise(starts)]


def _dot(a: Any, b: Any, out: Any = None) -> Any:
    _refuse("dot", {"out": out})
    if np.ndim(raw(a)) == 0 or np.ndim(raw(b)) == 0:
        return arithmetic.multiply(a, b)
    if np.ndim(raw(b)) <= 2:
        return linear_algebra.matmul(a, b)
    return ARRANGING[np.tensordot](a, b, axes=([-1], [-2]))


def _pad(array: Any, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Any:
    if mode != "constant":
        raise TypeError("np.pad on a Tensor pads with a constant; use tinygrad_cn.nn.functional.pad for other modes")
    widths = [(int(a), int(b)) for a, b in np.broadcast_to(pad_width, (array.ndim, 2))]
    return shape.pad(array, widths=widths, value=constant_values)


def _einsum(subscripts: str, *operands: Any, optimize: Any = None, out: Any = None) -> Any:
    _refuse("einsum", {"out": out})
    terms, result = linear_algebra.spelled_out(subscripts, [np.ndim(raw(x)) for x in operands])
    return linear_algebra.einsum(*operands, terms=terms, result=result)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    # reductions
    np.sum: _reduction(reductions.sum_, "sum"),
    np.mean: _reduction(reductions.mean, "mean"),
    np.prod: _reduction(reductions.prod, "prod"),
    np.var: _spread(reductions.variance, "var"),
    np.std: _spread(reductions.deviation, "std"),
    np.max: _extreme(reductions.amax, "max"),
    np.amax: _extreme(reductions.amax, "amax"),
    np.min: _extreme(reductions.amin, "min"),
    np.amin: _extreme(reductions.amin, "amin"),
    np.all: _extreme(comparison.all_, "all"),
    np.any: _extreme(comparison.any_, "any"),
    np.argmax: _index(comparison.argmax),
    np.argmin: _index(comparison.argmin),
    np.argsort: lambda a, axis=-1, **_: comparison.argsort(a, axis=axis),
    np.count_nonzero: lambda a, axis=None: comparison.count_nonzero(a, axis=axis),
    np.cumsum: _running(reductions.cumsum, "cumsum"),
    np.cumprod: _running(reductions.cumprod, "cumprod"),
    # shapes
    np.reshape: _reshape,
    np.ravel: _ravel,
    np.transpose: lambda a, axes=None: shape.transpose(a, axes=None if axes is None else tuple(axes)),
    np.swapaxes: lambda a, axis1, axis2: shape.swapaxes(a, axis1=axis1, axis2=axis2),
    np.moveaxis: _moveaxis,
    np.squeeze: lambda a, axis=None: shape.squeeze(a, axis=axis),
    np.expand_dims: lambda a, axis: shape.expand_dims(a, axis=axis),
    np.broadcast_to: lambda array, shape_=None, subok=False, **kw: shape.broadcast_to(
        array, shape=tuple(kw.get("shape", shape_))
    ),
    np.flip: lambda m, axis=None: shape.flip(m, axis=axis),
    np.roll: lambda a, shift, axis=None: shape.roll(a, shift=shift, axis=axis),
    np.copy: lambda a, order="K", subok=False: shape.copy(a),
    np.tile: lambda A, reps: shape.tile(A, reps=_reps(A, reps)),
    np.tril: lambda m, k=0: shape.tril(m, k=k),
    np.triu: lambda m, k=0: shape.triu(m, k=k),
    np.pad: _pad,
    # joining and splitting
    np.concatenate: _concatenate,
    np.stack: _stack,
    np.split: _split,
    # choosing
    np.where: _where,
    np.clip: _clip,
    np.round: _round,
    np.take_along_axis: _take_along_axis,
    np.sinc: trigonometric.sinc,
    np.isclose: lambda a, b, rtol=1e-5, atol=1e-8, equal_nan=False: arithmetic.isclose(
        a, b, rtol=rtol, atol=atol, equal_nan=equal_nan
    ),
    # products
    np.dot: _dot,
    np.einsum: _einsum,
    # made like a Tensor
    np.zeros_like: _like(np.zeros_like),
    np.ones_like: _like(np.ones_like),
    np.empty_like: _like(np.empty_like),
    np.full_like: _like(np.full_like),
    # questions about an array
    np.shape: lambda a: tuple(a.shape),
    np.ndim: lambda a: a.ndim,
    np.size: lambda a, axis=None: raw(a).size if axis is None else a.shape[axis],
    np.array_equal: lambda a, b, equal_nan=False: np.array_equal(raw(a), raw(b), equal_nan=equal_nan),
    np.allclose: lambda a, b, **kw: np.allclose(raw(a), raw(b), **kw),
    np.may_share_memory: lambda a, b, max_work=None: np.may_share_memory(raw(a), raw(b)),
    np.shares_memory: lambda a, b, max_work=None: np.shares_memory(raw(a), raw(b)),
    np.result_type: lambda *xs: np.result_type(*map(raw, xs)),
    np.iscomplexobj: lambda x: np.iscomplexobj(raw(x)),
    np.array_repr: lambda a, *_, **__: repr(a),
    np.array_str: lambda a, *_, **__: str(a),
    # linear algebra
    **MATRIX_FUNCTIONS,
    **ARRANGING,
    **VALUES,
}


def _reps(x: Any, reps: Any) -> tuple[int, ...]:
    reps = (reps,) if isinstance(reps, int) else tuple(reps)
    return (1,) * (x.ndim - len(reps)) + reps


#: ``np.add.reduce`` and its kin.
REDUCTIONS: dict[np.ufunc, Callable[..., Any]] = {
    np.add: FUNCTIONS[np.sum],
    np.multiply: FUNCTIONS[np.prod],
    np.maximum: FUNCTIONS[np.max],
    np.minimum: FUNCTIONS[np.min],
    np.logical_and: FUNCTIONS[np.all],
    np.logical_or: FUNCTIONS[np.any],
}


def array_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A ufunc applied to Tensors: the op that it stands for."""
    out = kwargs.pop("out", None)
    if method == "__call__" and ufunc in UFUNCS and not kwargs:
        result = UFUNCS[ufunc](*inputs)
    elif method == "reduce" and ufunc in REDUCTIONS:
        kwargs.setdefault("axis", 0)
        result = REDUCTIONS[ufunc](*inputs, **kwargs)
    else:
        call = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
        options = f" with {', '.join(kwargs)}" if kwargs else ""
        raise TypeError(
            f"np.{call}{options} has no gradient rule for Tensors. Supported ufuncs: "
            f"{', '.join(sorted(u.__name__ for u in UFUNCS))} (the list is tinygrad_cn.protocols.UFUNCS). Use "
            ".detach().numpy() to compute on the plain array, or define an autograd.Function"
        )
    return result if out is None else _into(out, result)


def _into(out: tuple[Any, ...], result: Any) -> Any:
    """``out=``: written in place when it is a Tensor; a plain array cannot carry the gradient."""
    (target,) = out
    if isinstance(target, Handle):
        if result.dtype == target.dtype:  # type: ignore[attr-defined]
            return assign(target, result, "out=")  # copies what the op saved of the target
        return target.copy_(result)  # type: ignore[attr-defined]
    if result._node is not None:
        raise TypeError("out= is a NumPy array, but the result carries a gradient that it cannot hold; leave out= away")
    target[...] = result._array
    return target


def array_function(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A NumPy function applied to Tensors: the adapter in `FUNCTIONS`."""
    try:
        adapter = FUNCTIONS[function]
    except KeyError:
        raise TypeError(
            f"{getattr(function, '__module__', 'np')}.{getattr(function, '__name__', function)} is not defined for "
            "Tensors; the functions that are stand in tinygrad_cn.protocols.FUNCTIONS. Use .detach().numpy() to "
            "compute "
            "on the plain array, or a function of tinygrad_cn"
        ) from None
    return adapter(*args, **kwargs)
