"""``torch.compiler`` by name: nothing is being compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_cn.compilation import compile, ignore

__all__ = ["allow_in_graph", "compile", "disable", "is_compiling", "is_dynamo_compiling", "reset"]


def is_compiling() -> bool:
    """False."""
    return False


def is_dynamo_compiling() -> bool:
    """False."""
    return False


def disable(fn: Any = None, recursive: bool = True, **options: Any) -> Any:
    """The decorated function itself, with or without options."""
    return ignore(fn)


def allow_in_graph(fn: Callable[..., Any]) -> Callable[..., Any]:
    """``fn`` itself."""
    return fn


def reset() -> None:
    """Nothing: nothing was compiled."""
