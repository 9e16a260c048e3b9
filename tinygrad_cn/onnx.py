"""What programs ask about ONNX files, answered: models are saved by `save`, and none is exported."""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = ["export", "is_in_onnx_export"]


def is_in_onnx_export() -> bool:
    """False: nothing is being exported.

    >>> is_in_onnx_export()
    False
    """
    return False


def export(*args: Any, **kwargs: Any) -> NoReturn:
    """Refused.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError("onnx.export(): tinygrad_cn writes no ONNX files; save the model's state_dict() with save()")
