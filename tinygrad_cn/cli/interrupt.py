"""Ctrl-C while training."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType


class Interrupt:
    """Turns the first Ctrl-C into a question that can be asked where stopping is safe.

    An exception could strike half-way through an optimizer's step and leave weights that no step made.
    A second Ctrl-C does interrupt at once.

    Example::

        >>> import os
        >>> with Interrupt() as interrupted:
        ...     os.kill(os.getpid(), signal.SIGINT)
        ...     interrupted()
        True
    """

    def __init__(self) -> None:
        self._struck = False

    def __call__(self) -> bool:
        return self._struck

    def __enter__(self) -> Interrupt:
        self._previous = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGINT, self._previous)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._struck = True
        signal.signal(signal.SIGINT, self._previous)
