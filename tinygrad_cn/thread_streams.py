"""One stream of random words for the program, and another in its place within threads that ask for their own."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrad_cn.mersenne import MersenneStream

__all__ = ["OwnStream", "ThreadStreams", "own_stream"]

_thread = threading.local()


class OwnStream(MersenneStream):
    """The stream of one thread, which knows whether anything was done with it.

    >>> OwnStream().moved
    True
    """

    moved: bool

    def _words(self, n: int) -> np.ndarray:
        self.moved = True
        return super()._words(n)

    def _reseed(self, seed: int) -> None:
        self.moved = True
        super()._reseed(seed)


@contextlib.contextmanager
def own_stream(stream: MersenneStream) -> Iterator[None]:
    """Within the block the default generator draws from ``stream``, in this thread only.

    A worker thread of a data loader runs in it: it neither disturbs the numbers that the training draws nor do other
    threads disturb its own.

    Args:
        stream: what to draw from.
    """
    before = getattr(_thread, "stream", None)
    _thread.stream = stream
    try:
        yield
    finally:
        _thread.stream = before


class ThreadStreams(MersenneStream):
    """What a default generator is made with: it works on the stream of the thread that asks."""

    def __init__(self) -> None:
        self.device = "cpu"
        self._main = MersenneStream()

    @property
    def _stream(self) -> MersenneStream:
        return getattr(_thread, "stream", None) or self._main

    @property
    def _lock(self) -> Any:  # type: ignore[override]
        return self._stream._lock

    @property
    def _seed(self) -> int:  # type: ignore[override]
        return self._stream._seed

    @property
    def _cached_normal(self) -> float | None:
        return self._stream._cached_normal

    @_cached_normal.setter
    def _cached_normal(self, value: float | None) -> None:
        self._stream._cached_normal = value

    @property
    def _engine(self) -> np.random.MT19937:
        return self._stream._engine

    def _reseed(self, seed: int) -> None:
        self._stream._reseed(seed)

    def _words(self, n: int) -> np.ndarray:
        return self._stream._words(n)
