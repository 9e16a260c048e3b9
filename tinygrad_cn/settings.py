"""PyTorch's switches that mean nothing, or one thing, here: programs may set them and read them back."""

from __future__ import annotations

from typing import Any

from tinygrad_cn import dtypes
from tinygrad_cn.size import device

__all__ = [
    "are_deterministic_algorithms_enabled",
    "get_default_device",
    "get_float32_matmul_precision",
    "set_default_device",
    "set_default_tensor_type",
    "set_float32_matmul_precision",
    "set_flush_denormal",
    "set_num_interop_threads",
    "set_warn_always",
    "typename",
    "use_deterministic_algorithms",
]

_PRECISIONS = ("highest", "high", "medium")
_state: dict[str, Any] = {"precision": "highest", "deterministic": False}


def set_float32_matmul_precision(precision: str) -> None:
    """Taken: products of float32 matrices are computed in float32 whatever is asked.

    Raises:
        ValueError: not one of ``"highest"``, ``"high"``, ``"medium"``.
    """
    if precision not in _PRECISIONS:
        raise ValueError(f"set_float32_matmul_precision(): must be one of {', '.join(_PRECISIONS)}; got {precision!r}")
    _state["precision"] = precision


def get_float32_matmul_precision() -> str:
    """What was set last; ``"highest"`` at first."""
    return str(_state["precision"])


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Taken: every algorithm here is deterministic."""
    _state["deterministic"] = bool(mode)


def are_deterministic_algorithms_enabled() -> bool:
    """What was set last; False at first."""
    return bool(_state["deterministic"])


def set_default_device(device_: Any) -> None:
    """Taken for the CPU, which is the one device.

    Raises:
        RuntimeError: another device.
    """
    if device_ is not None and device(device_).type != "cpu":
        raise RuntimeError(f"set_default_device({device_!r}): tinygrad_cn computes on the CPU")


def get_default_device() -> device:
    """The CPU."""
    return device("cpu")


def set_default_tensor_type(t: Any) -> None:
    """The older form of `set_default_dtype`: takes ``FloatTensor``, ``DoubleTensor``, ``HalfTensor`` or their names.

    Raises:
        TypeError: another type.
    """
    name = t if isinstance(t, str) else getattr(t, "__name__", repr(t))
    known = {"FloatTensor": dtypes.float32, "DoubleTensor": dtypes.float64, "HalfTensor": dtypes.float16}
    if name.rpartition(".")[2] not in known or "cuda" in name:
        raise TypeError(f"set_default_tensor_type(): expects one of {', '.join(known)}; got {t!r}")
    dtypes.set_default_dtype(known[name.rpartition(".")[2]])


def set_flush_denormal(mode: bool) -> bool:
    """False: denormal numbers are kept, whatever is asked."""
    return False


def set_num_interop_threads(threads: int) -> None:
    """Taken: operations run one after another."""


def set_warn_always(b: bool) -> None:
    """Taken: Python's ``warnings`` decides what is shown."""


def typename(obj: Any) -> str:
    """The name of an object's type, with its module.

    >>> typename(1)
    'int'
    """
    if hasattr(obj, "type") and hasattr(obj, "requires_grad"):
        return str(obj.type())
    kind = obj if isinstance(obj, type) else type(obj)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
