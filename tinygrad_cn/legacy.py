"""What makes tensors since PyTorch's first years: a type for each dtype, and `range`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cn import dtypes
from tinygrad_cn.tensor import Tensor, array_of_sizes_or_data

__all__ = [
    "BoolTensor",
    "ByteTensor",
    "CharTensor",
    "DoubleTensor",
    "FloatTensor",
    "HalfTensor",
    "IntTensor",
    "LongTensor",
    "ShortTensor",
    "range",
]


class _OneDtype(type):
    """The type of such types: a Tensor is an instance of the one for its dtype."""

    _legacy_dtype: dtypes.dtype

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and instance._array.dtype == cls._legacy_dtype.dtype

    def __call__(cls, *args: Any) -> Tensor:
        array = array_of_sizes_or_data(args, cls._legacy_dtype.dtype)
        if array.dtype != cls._legacy_dtype.dtype:
            raise TypeError(f"{cls.__name__}(): expects {cls._legacy_dtype}, got {array.dtype}; convert it with .to()")
        tensor: Tensor = Tensor._wrap(array)
        return tensor


class FloatTensor(metaclass=_OneDtype):
    """float32 tensors, made of sizes (uninitialised) or of data.

    >>> import tinygrad_cn as tg
    >>> tg.FloatTensor([1, 2])
    tensor([1., 2.])
    >>> isinstance(tg.ones(2), tg.FloatTensor)
    True
    """

    _legacy_dtype = dtypes.float32


class DoubleTensor(metaclass=_OneDtype):
    """float64 tensors."""

    _legacy_dtype = dtypes.float64


class HalfTensor(metaclass=_OneDtype):
    """float16 tensors."""

    _legacy_dtype = dtypes.float16


class LongTensor(metaclass=_OneDtype):
    """int64 tensors."""

    _legacy_dtype = dtypes.int64


class IntTensor(metaclass=_OneDtype):
    """int32 tensors."""

    _legacy_dtype = dtypes.int32


class ShortTensor(metaclass=_OneDtype):
    """int16 tensors."""

    _legacy_dtype = dtypes.int16


class CharTensor(metaclass=_OneDtype):
    """int8 tensors."""

    _legacy_dtype = dtypes.int8


class ByteTensor(metaclass=_OneDtype):
    """uint8 tensors."""

    _legacy_dtype = dtypes.uint8


class BoolTensor(metaclass=_OneDtype):
    """bool tensors."""

    _legacy_dtype = dtypes.bool_


def range(start: Any = 0, end: Any = None, step: Any = 1, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """The numbers from ``start`` up to ``end`` itself, of the default dtype: what `arange` succeeded.

    Raises:
        RuntimeError: the step is 0 or leads away from ``end``.

    >>> import tinygrad_cn as tg
    >>> tg.range(1, 3)
    tensor([1., 2., 3.])
    """
    if end is None:
        start, end = 0, start
    if step == 0 or (end - start) * step < 0:
        raise RuntimeError(f"range(): step {step} does not lead from {start} to {end}")
    numbers = start + np.arange(math.floor((end - start) / step) + 1) * step
    made: Tensor = Tensor._wrap(numbers.astype(dtypes.as_dtype(dtype or dtypes.get_default_dtype()).dtype))
    return made.requires_grad_(requires_grad)
