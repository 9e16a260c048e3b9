"""``autocast``: regions in which PyTorch would compute some operations in half precision; here nothing is cast."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from tinygrad_cn.dtypes import bfloat16, float16

__all__ = ["autocast", "get_autocast_dtype", "is_autocast_available", "is_autocast_enabled"]

_DEVICES = ("cpu", "cuda", "mps", "xpu")


def is_autocast_available(device_type: str) -> bool:
    """False: NumPy multiplies matrices fast in float32 and float64 only."""
    return False


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """False: nothing is ever cast."""
    return False


def get_autocast_dtype(device_type: str = "cpu") -> Any:
    """The dtype that PyTorch would cast to: bfloat16 on the CPU, float16 on a GPU."""
    return bfloat16 if device_type == "cpu" else float16


class autocast:
    """A region, or a decorator of functions, in which every operation keeps the dtype of its operands.

    A program written for mixed precision runs and computes in float32, which is the more exact of the two. It is told
    so by a warning, unless ``enabled`` is False.

    Args:
        device_type: ``"cpu"``, ``"cuda"``, ``"mps"`` or ``"xpu"``.
        dtype (dtype, optional): what PyTorch would cast to; taken, and without meaning here.
        enabled: False asks for what happens anyway.
        cache_enabled: taken, and without meaning here.

    Raises:
        RuntimeError: an unknown ``device_type``.

    >>> import tinygrad_cn as tg
    >>> with tg.autocast("cpu", enabled=False):
    ...     (tg.ones(1, 2) @ tg.ones(2, 1)).dtype
    float32
    """

    def __init__(
        self,
        device_type: str,
        dtype: Any = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ) -> None:
        if device_type not in _DEVICES:
            raise RuntimeError(f"autocast(): device_type must be one of {', '.join(_DEVICES)}; got {device_type!r}")
        self.device = device_type
        self.fast_dtype = get_autocast_dtype(device_type) if dtype is None else dtype
        self._enabled = False
        if enabled:
            warnings.warn(
                f"autocast({device_type!r}): tinygrad_cn has no mixed precision; the region keeps the dtypes of its "
                "operands (float32 as a rule). enabled=False says so and silences this.",
                stacklevel=2,
            )

    def __enter__(self) -> autocast:
        return self

    def __exit__(self, *exception: Any) -> None:
        return None

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return run
