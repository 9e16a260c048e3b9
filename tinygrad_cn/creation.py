"""Making tensors: from data, of constants, of ranges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn import dtypes
from tinygrad_cn.functions._arguments import given_shape, raw
from tinygrad_cn.graph import Handle
from tinygrad_cn.size import as_device
from tinygrad_cn.tensor import Tensor

__all__ = [
    "arange",
    "as_tensor",
    "asarray",
    "empty",
    "empty_like",
    "eye",
    "from_dlpack",
    "from_numpy",
    "full",
    "full_like",
    "is_tensor",
    "linspace",
    "logspace",
    "numel",
    "ones",
    "ones_like",
    "scalar_tensor",
    "tensor",
    "tril_indices",
    "triu_indices",
    "zeros",
    "zeros_like",
]


def made(array: np.ndarray, requires_grad: bool = False) -> Tensor:
    """The Tensor over ``array``, a leaf."""
    result = Tensor._wrap(array)
    return result.requires_grad_() if requires_grad else result


def _array(data: Any, dtype: Any) -> np.ndarray:
    """The array of ``data``: Python numbers take the default dtypes, arrays keep theirs."""
    target = dtypes.to_numpy(dtype)
    if isinstance(data, Handle):
        return np.array(data._array, dtype=target)
    if isinstance(data, np.ndarray | np.generic):
        array = np.array(data, dtype=target)
    else:
        array = _from_python(data, target)
    dtypes.from_numpy(array.dtype)
    return array


def _from_python(data: Any, target: np.dtype | None) -> np.ndarray:
    if isinstance(data, Sequence) and not isinstance(data, str):
        data = _unwrapped(data)
    try:
        array = np.array(data)
    except ValueError:
        raise ValueError(
            "tensor(): the nested sequences have different lengths; every row must have the same length"
        ) from None
    if array.dtype == object or array.dtype.kind in "US":
        raise TypeError(f"tensor(): cannot make numbers of {type(data).__name__} data: {str(data)[:60]}")
    if target is None:
        numbers = array.dtype.kind == "f" and not _has_arrays(data)
        if numbers or (array.size == 0 and array.dtype.kind == "f"):
            target = dtypes.get_default_dtype().dtype
        elif array.dtype.kind == "c" and not _has_arrays(data):
            target = dtypes.get_default_dtype().to_complex().dtype
    return array if target is None else array.astype(target)


def _unwrapped(data: Any) -> Any:
    """Tensors inside nested lists become arrays."""
    if isinstance(data, Handle):
        return data._array if data._array.ndim else data._array[()]
    if isinstance(data, list | tuple):
        return [_unwrapped(item) for item in data]
    return data


def _has_arrays(data: Any) -> bool:
    """Whether the first number in nested lists came with a NumPy dtype of its own."""
    while isinstance(data, list | tuple) and data:
        data = data[0]
    return isinstance(data, np.ndarray | np.generic) and not isinstance(data, float)


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """A tensor with a copy of ``data``.

    Args:
        data: a number, nested lists of numbers, an array, or a Tensor.
        dtype (dtype, optional): by default that of the data; Python floats take the default dtype.
        requires_grad (bool): whether gradients are to flow to it.

    Raises:
        ValueError: rows of different lengths.
        TypeError: data that are no numbers.
        RuntimeError: a gradient is asked for integers.

    >>> import tinygrad_cn as tg
    >>> tg.tensor([[1, 2], [3, 4]], dtype=tg.float64)
    tensor([[1., 2.],
            [3., 4.]], dtype=float64)
    """
    as_device(device)
    return made(_array(data, dtype), requires_grad)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """``data`` as a Tensor, sharing memory (and keeping the graph) where no conversion is needed."""
    as_device(device)
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    if isinstance(data, np.ndarray):
        dtypes.from_numpy(data.dtype)
        target = dtypes.to_numpy(dtype)
        return made(data if target is None or data.dtype == target else data.astype(target))
    return tensor(data, dtype=dtype)


def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """``obj`` as a Tensor; ``copy`` says whether memory may or must not be shared."""
    result = tensor(obj, dtype=dtype) if copy else as_tensor(obj, dtype, device)
    return result.requires_grad_() if requires_grad else result


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """The Tensor that shares ``ndarray``'s memory.

    Raises:
        TypeError: it is no array, or its dtype has no tensor type.
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"from_numpy(): expected a numpy.ndarray, got {type(ndarray).__name__}")
    dtypes.from_numpy(ndarray.dtype)
    return made(ndarray)


def from_dlpack(ext_tensor: Any) -> Tensor:
    """The Tensor that shares the memory of an object with ``__dlpack__`` (an array of another library)."""
    return made(np.from_dlpack(ext_tensor))


def _filled(maker: Any, size: Any, dtype: Any, device: Any, requires_grad: bool, *value: Any) -> Tensor:
    as_device(device)
    shape = given_shape(size)
    if any(n < 0 for n in shape):
        raise RuntimeError(f"sizes must not be negative, got {list(shape)}")
    return made(maker(shape, *value, dtype=dtypes.to_numpy(dtype or dtypes.get_default_dtype())), requires_grad)


def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **kwargs: Any) -> Tensor:
    """Zeros of the given sizes (separate, or one sequence), in the default dtype unless given."""
    return _filled(np.zeros, _sizes(size, kwargs), dtype, device, requires_grad)


def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **kwargs: Any) -> Tensor:
    """Ones of the given sizes."""
    return _filled(np.ones, _sizes(size, kwargs), dtype, device, requires_grad)


def empty(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False, **kwargs: Any) -> Tensor:
    """An uninitialised tensor of the given sizes."""
    return _filled(np.empty, _sizes(size, kwargs), dtype, device, requires_grad)


_IGNORED = ("out", "layout", "memory_format", "pin_memory", "names")


def _sizes(size: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    given = kwargs.pop("size", None)
    for name in _IGNORED:
        kwargs.pop(name, None)
    if kwargs:
        raise TypeError(f"unexpected arguments: {', '.join(kwargs)}")
    return size if given is None else (given,)


def full(
    size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, **kwargs: Any
) -> Tensor:
    """A tensor of one value, in the value's dtype unless given."""
    value = raw(fill_value)
    kind = dtypes.to_numpy(dtype) if dtype is not None else dtypes.scalar_dtype(np.asarray(value).item())
    return _filled(_full, (size,), kind, device, requires_grad, value)


def _full(shape: tuple[int, ...], value: Any, dtype: Any) -> np.ndarray:
    """An array of one value; a number that an integer dtype does not hold wraps around."""
    return np.full(shape, np.asarray(value).astype(dtype))


def _like(maker: Any, input: Any, dtype: Any, device: Any, requires_grad: bool, *value: Any) -> Tensor:
    as_device(device)
    return made(maker(input._array.shape, *value, dtype=dtypes.to_numpy(dtype) or input._array.dtype), requires_grad)


def zeros_like(input: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, **_: Any) -> Tensor:
    """Zeros of ``input``'s shape and dtype."""
    return _like(np.zeros, input, dtype, device, requires_grad)


def ones_like(input: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, **_: Any) -> Tensor:
    """Ones of ``input``'s shape and dtype."""
    return _like(np.ones, input, dtype, device, requires_grad)


def empty_like(input: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, **_: Any) -> Tensor:
    """An uninitialised tensor of ``input``'s shape and dtype."""
    return _like(np.empty, input, dtype, device, requires_grad)


def full_like(
    input: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, **_: Any
) -> Tensor:
    """A tensor of one value, of ``input``'s shape and dtype."""
    return _like(_full, input, dtype, device, requires_grad, raw(fill_value))


def scalar_tensor(s: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A 0-d tensor of one number, in the default dtype unless given."""
    return full((), s, dtype=dtype or dtypes.get_default_dtype(), requires_grad=requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones on the diagonal of an (n, m) matrix of zeros."""
    if n < 0 or (m is not None and m < 0):
        raise RuntimeError(f"eye(): sizes must not be negative, got n={n}, m={m}")
    return made(np.eye(n, m, dtype=dtypes.to_numpy(dtype or dtypes.get_default_dtype())), requires_grad)


def arange(
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The numbers from ``start`` up to (without) ``end`` in steps of ``step``: integers if all of them are.

    Raises:
        RuntimeError: the step is 0 or leads away from ``end``.
    """
    if end is None:
        start, end = 0, start
    start, end, step = (_bound("arange", v) for v in (start, end, step))
    if step == 0 or (end - start) * step < 0 or not math.isfinite(start) or not math.isfinite(end):
        raise RuntimeError(f"arange(): step {step} does not lead from {start} to {end}")
    if dtype is None:
        floating = any(isinstance(v, float | np.floating) for v in (start, end, step))
        dtype = dtypes.get_default_dtype() if floating else dtypes.int64
    kind = dtypes.as_dtype(dtype).dtype
    if kind == np.int64:  # as in PyTorch: for this dtype the count too is that of the bounds as integers
        start, end, step = int(start), int(end), int(step)
    count = math.ceil((end - start) / step)
    if kind.kind in "iu":
        start, step = int(start), int(step)
    wide = np.float64 if any(isinstance(v, float | np.floating) for v in (start, step)) else np.int64
    return made((start + np.arange(count, dtype=wide) * step).astype(kind), requires_grad)


def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """``steps`` evenly spaced numbers from ``start`` to ``end``, both included.

    Raises:
        RuntimeError: a negative number of steps.
    """
    kind = dtypes.as_dtype(dtype or dtypes.get_default_dtype()).dtype
    start, end = _bound("linspace", start), _bound("linspace", end)
    if kind.kind in "iu":
        start, end = int(start), int(end)
    steps = _count("linspace", steps)
    if kind == np.float32 and steps > 1:  # the step is rounded to float32, as in PyTorch; each point is rounded once
        with np.errstate(all="ignore"):
            first, last = np.float32(start), np.float32(end)
            step = float((last - first) / np.float32(steps - 1))
        return made(_from_both_ends(float(first), float(last), step, steps).astype(kind), requires_grad)
    return made(_evenly(start, end, steps).astype(kind), requires_grad)


def _count(name: str, steps: Any) -> int:
    if not isinstance(steps, int | np.integer):
        raise TypeError(f"{name}(): steps must be an int, not {type(steps).__name__}")
    if steps < 0:
        raise RuntimeError(f"{name}(): the number of steps must not be negative, got {steps}")
    return int(steps)


def _bound(name: str, value: Any) -> Any:
    """A number, or the one in a 0-d tensor."""
    if isinstance(value, Handle):
        if value._array.ndim:
            raise RuntimeError(f"{name}(): the bounds must be numbers or 0-d tensors, got shape {value._array.shape}")
        return value._array.item()
    return value


def _evenly(start: Any, end: Any, steps: int) -> np.ndarray:
    """``steps`` numbers from ``start`` to ``end``, counted from the nearer end so that both come out exact."""
    if steps == 1:
        return np.asarray([start], dtype=np.float64)
    return _from_both_ends(start, end, (end - start) / max(steps - 1, 1), steps)


def _from_both_ends(start: Any, end: Any, step: float, steps: int) -> np.ndarray:
    index = np.arange(steps, dtype=np.float64)
    return np.where(index < steps // 2, start + step * index, end - step * (steps - 1 - index))


def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """``base`` to the powers of `linspace`."""
    kind = dtypes.as_dtype(dtype or dtypes.get_default_dtype()).dtype
    start, end = _bound("logspace", start), _bound("logspace", end)
    if kind.kind in "iu":
        start, end = int(start), int(end)
    return made(np.power(float(base), _evenly(start, end, _count("logspace", steps))).astype(kind), requires_grad)


def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, layout: Any = None
) -> Tensor:
    """The rows and columns of the lower triangle of a (row, col) matrix, row by row. Shape: (2, count)."""
    return _triangle("tril_indices", np.tril, row, col, offset, dtype, device)


def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, layout: Any = None
) -> Tensor:
    """The rows and columns of the upper triangle of a (row, col) matrix, row by row. Shape: (2, count)."""
    return _triangle("triu_indices", np.triu, row, col, offset, dtype, device)


def _triangle(name: str, keep: Any, row: int, col: int, offset: int, dtype: Any, device: Any) -> Tensor:
    as_device(device)
    if row < 0 or col < 0:
        raise RuntimeError(f"{name}(): sizes must not be negative, got row={row}, col={col}")
    kind = dtypes.as_dtype(dtype or dtypes.int64).dtype
    return made(np.stack(np.nonzero(keep(np.ones((row, col), dtype=bool), offset))).astype(kind))


def is_tensor(obj: Any) -> bool:
    """Whether ``obj`` is a Tensor."""
    return isinstance(obj, Tensor)


def numel(input: Any) -> int:
    """The number of elements."""
    return input._array.size
