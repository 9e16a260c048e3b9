"""The types of tensors on a GPU by name: no tensor is of them, and none can be made."""

from __future__ import annotations

from typing import Any, NoReturn

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
]


class _OnGPU(type):
    """The type of such types."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return False

    def __call__(cls, *args: Any) -> NoReturn:
        raise TypeError(
            f"cuda.{cls.__name__}: tinygrad_cn computes on the CPU; take {cls.__name__} if not cuda.is_available()"
        )


class FloatTensor(metaclass=_OnGPU):
    """float32 tensors on a GPU.

    >>> import tinygrad_cn as tg
    >>> isinstance(tg.ones(2), tg.cuda.FloatTensor)
    False
    """


class DoubleTensor(metaclass=_OnGPU):
    """float64 tensors on a GPU."""


class HalfTensor(metaclass=_OnGPU):
    """float16 tensors on a GPU."""


class LongTensor(metaclass=_OnGPU):
    """int64 tensors on a GPU."""


class IntTensor(metaclass=_OnGPU):
    """int32 tensors on a GPU."""


class ShortTensor(metaclass=_OnGPU):
    """int16 tensors on a GPU."""


class CharTensor(metaclass=_OnGPU):
    """int8 tensors on a GPU."""


class ByteTensor(metaclass=_OnGPU):
    """uint8 tensors on a GPU."""


class BoolTensor(metaclass=_OnGPU):
    """bool tensors on a GPU."""
