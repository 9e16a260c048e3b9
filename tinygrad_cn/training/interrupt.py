"""Ctrl-C, or a polite request to end, while training."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

__all__ = ["Interrupt"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """Turns the first Ctrl-C, or SIGTERM, into a question that can be asked where stopping is safe.

    An exception could strike half-way through an optimizer's step and leave weights that no step made. The second
    signal does what it always did: it interrupts at once. Outside the main thread, where Python handles no signals,
    nothing is changed and the answer is always no.

    Attributes:
        signal: the signal that came, or ``None``.

    Example:
        >>> import os, signal
        >>> with Interrupt() as interrupted:
        ...     os.kill(os.getpid(), signal.SIGINT)
        ...     interrupted()
        True
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self._previous: dict[signal.Signals, Any] = {}

    def __call__(self) -> bool:
        return self.signal is not None

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():
            self._previous = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.signal = signal.Signals(number)
        self._restore()

    def _restore(self) -> None:
        while self._previous:
            number, handler = self._previous.popitem()
            signal.signal(number, handler)
