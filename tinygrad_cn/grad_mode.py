"""Switching the recording of gradients off and on: context managers that are decorators too.

The mode is a context variable: each thread and each asyncio task has its own, and a pool's threads do not leak it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any

from tinygrad_cn.graph import grad_mode

__all__ = [
    "enable_grad",
    "inference_mode",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "no_grad",
    "set_grad_enabled",
]

_inference: ContextVar[bool] = ContextVar("tinygrad_cn_inference", default=False)


class _Mode:
    """A recording mode, as a context manager (reusable and nestable) and as a decorator."""

    recording = True

    def __init__(self) -> None:
        self._tokens: list[Token[bool]] = []

    def __enter__(self) -> None:
        self._tokens.append(grad_mode.set(self.recording))

    def __exit__(self, *exception: Any) -> None:
        grad_mode.reset(self._tokens.pop())

    def _fresh(self) -> _Mode:
        """A manager of its own for each call of a decorated function."""
        return type(self)()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.isclass(function):
            raise TypeError(f"{type(self).__name__} decorates functions; decorate the methods of {function.__name__}")
        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def generator(*args: Any, **kwargs: Any) -> Any:
                """Runs each step of the generator in the mode, and its caller in the caller's own."""
                steps = function(*args, **kwargs)
                advance: Callable[[Any], Any] = steps.send
                given: Any = None
                try:
                    while True:
                        with self._fresh():
                            item = advance(given)
                        try:
                            advance, given = steps.send, (yield item)
                        except GeneratorExit:
                            raise
                        except BaseException as error:
                            advance, given = steps.throw, error
                except StopIteration as stop:
                    return stop.value
                finally:
                    with self._fresh():
                        steps.close()

            return generator

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with self._fresh():
                return function(*args, **kwargs)

        return wrapper


class no_grad(_Mode):
    """Compute without recording: results do not require gradients, and nothing is kept for a backward pass.

    >>> import tinygrad_cn as tg
    >>> x = tg.ones(2, requires_grad=True)
    >>> with tg.no_grad():
    ...     (x * 2).requires_grad
    False
    """

    recording = False

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        self = object.__new__(cls)
        if function is None:
            return self
        self._tokens = []
        return self(function)  # used as @no_grad without parentheses

    def __init__(self, function: Callable[..., Any] | None = None) -> None:
        super().__init__()


class enable_grad(no_grad):
    """Record again inside a `no_grad`."""

    recording = True


class set_grad_enabled(_Mode):
    """Switch recording on or off, at once; as a context manager, until its end."""

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.recording = bool(mode)
        self._tokens.append(grad_mode.set(self.recording))
        self._entered = False

    def __enter__(self) -> None:
        if self._entered or not self._tokens:
            self._tokens.append(grad_mode.set(self.recording))
        self._entered = True

    def _fresh(self) -> _Mode:
        mode = enable_grad() if self.recording else no_grad()
        return mode

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        grad_mode.reset(self._tokens.pop())  # as a decorator it switches nothing at once
        return super().__call__(function)

    def __repr__(self) -> str:
        return f"set_grad_enabled(mode={self.recording})"


class inference_mode(_Mode):
    """`no_grad` under the name that PyTorch gives its stricter form; ``inference_mode(False)`` records."""

    def __new__(cls, mode: Any = True) -> Any:
        self = object.__new__(cls)
        if callable(mode):
            self.__init__(True)  # type: ignore[misc]
            return self(mode)
        return self

    def __init__(self, mode: Any = True) -> None:
        super().__init__()
        self.mode = bool(mode)
        self.recording = not self.mode
        self._outer: list[Token[bool]] = []

    def __enter__(self) -> None:
        super().__enter__()
        self._outer.append(_inference.set(self.mode))

    def __exit__(self, *exception: Any) -> None:
        _inference.reset(self._outer.pop())
        super().__exit__(*exception)

    def _fresh(self) -> _Mode:
        return inference_mode(self.mode)


def is_grad_enabled() -> bool:
    """Whether operations are being recorded."""
    return grad_mode.get()


def is_inference_mode_enabled() -> bool:
    """Whether an `inference_mode` is in force."""
    return _inference.get()
