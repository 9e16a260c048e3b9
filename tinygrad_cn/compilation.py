"""Compilers that are not there: every function is already what it would be compiled to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = [
    "ScriptModule",
    "_assert",
    "_overload",
    "_overload_method",
    "_script_if_tracing",
    "annotate",
    "compile",
    "export",
    "ignore",
    "is_scripting",
    "is_tracing",
    "script",
    "script_method",
    "trace",
    "trace_module",
    "unused",
    "wrap",
]


def compile(model: Any = None, **options: Any) -> Any:
    """``model`` itself; without one, a decorator that returns what it decorates.

    Args:
        model (Module or function, optional)
        options: taken, and without meaning here.

    >>> import tinygrad_cn as tg
    >>> @tg.compile(fullgraph=True)
    ... def double(x):
    ...     return x + x
    >>> double(tg.tensor(2))
    tensor(4)
    """
    return _same if model is None else model


def script(obj: Any, **options: Any) -> Any:
    """``obj`` itself."""
    return obj


def trace(func: Any, example_inputs: Any = None, **options: Any) -> Any:
    """``func`` itself; the example inputs are not needed."""
    return func


def trace_module(mod: Any, inputs: Any = None, **options: Any) -> Any:
    """``mod`` itself; the example inputs are not needed."""
    return mod


def script_method(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` itself."""
    return function


def wrap(fn_or_name: Any) -> Any:
    """``fn_or_name`` itself: nothing traces symbolically, so nothing needs to be kept out of it."""
    return fn_or_name


def export(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` itself."""
    return function


def unused(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` itself."""
    return function


def ignore(function: Any = None, **options: Any) -> Any:
    """The decorated function itself, with or without options."""
    return function if callable(function) else _same


def annotate(the_type: Any, the_value: Any) -> Any:
    """``the_value`` itself."""
    return the_value


class ScriptModule:
    """What scripting would make of a module: nothing is one."""


def is_scripting() -> bool:
    """False: no program is ever being compiled."""
    return False


def is_tracing() -> bool:
    """False."""
    return False


def _assert(condition: Any, message: str) -> None:
    """The statement ``assert condition, message`` as a function.

    Raises:
        AssertionError: the condition does not hold.
    """
    assert condition, message


def _same(model: Any) -> Any:
    return model


# What PyTorch's own vision models decorate with: every form of a function stands, and the last definition counts.
_overload = _overload_method = _script_if_tracing = _same
