"""What programs ask about GPUs, answered: there is none."""

from __future__ import annotations

from typing import Any, NoReturn

from tinygrad_cn.cuda import amp
from tinygrad_cn.cuda.legacy import (
    BoolTensor,
    ByteTensor,
    CharTensor,
    DoubleTensor,
    FloatTensor,
    HalfTensor,
    IntTensor,
    LongTensor,
    ShortTensor,
)

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
    "amp",
    "current_device",
    "device_count",
    "empty_cache",
    "get_device_capability",
    "get_device_name",
    "get_device_properties",
    "is_available",
    "is_bf16_supported",
    "is_initialized",
    "manual_seed",
    "manual_seed_all",
    "max_memory_allocated",
    "memory_allocated",
    "memory_reserved",
    "reset_peak_memory_stats",
    "set_device",
    "synchronize",
]


_initialized = False  # programs that keep a GPU's random state look at it


def is_available() -> bool:
    """False: tinygrad_cn computes on the CPU.

    >>> import tinygrad_cn as tg
    >>> tg.device("cuda" if tg.cuda.is_available() else "cpu")
    device(type='cpu')
    """
    return False


def is_initialized() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Nothing: there is no GPU's generator to seed; `tinygrad_cn.manual_seed` seeds the one there is."""


def manual_seed_all(seed: int) -> None:
    """Nothing, as `manual_seed`."""


def empty_cache() -> None:
    """Nothing: there is no cache."""


def synchronize(device: Any = None) -> None:
    """Nothing: all work is done when a call returns."""


def current_device() -> NoReturn:
    """Refused.

    Raises:
        RuntimeError: always.
    """
    _refuse("current_device")


def is_bf16_supported() -> bool:
    """False."""
    return False


def memory_allocated(device: Any = None) -> int:
    """0: there is no memory of a GPU."""
    return 0


def max_memory_allocated(device: Any = None) -> int:
    """0."""
    return 0


def memory_reserved(device: Any = None) -> int:
    """0."""
    return 0


def reset_peak_memory_stats(device: Any = None) -> None:
    """Nothing: no memory is counted."""


def get_device_properties(device: Any = None) -> NoReturn:
    """Refused.

    Raises:
        RuntimeError: always.
    """
    _refuse("get_device_properties")


def get_device_capability(device: Any = None) -> NoReturn:
    """Refused.

    Raises:
        RuntimeError: always.
    """
    _refuse("get_device_capability")


def set_device(device: Any) -> NoReturn:
    """Refused.

    Raises:
        RuntimeError: always.
    """
    _refuse("set_device")


def get_device_name(device: Any = None) -> NoReturn:
    """Refused.

    Raises:
        RuntimeError: always.
    """
    _refuse("get_device_name")


def _refuse(name: str) -> NoReturn:
    raise RuntimeError(f"cuda.{name}(): tinygrad_cn computes on the CPU; ask cuda.is_available() first")
