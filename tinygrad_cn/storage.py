"""The write clock: who wrote a buffer last, shared by all views of it.

Every recorded node and every in-place write takes a tick of one clock. A value that a node saved is
stale exactly when its buffer was written at a later tick than the node was made. Nothing is stored per
tensor: only buffers that were written in place at least once have an entry, so programs that never write
in place pay for nothing.
"""

from __future__ import annotations

import functools
import itertools
import weakref
from typing import Any

import numpy as np

__all__ = ["last_write", "latest", "owner", "stamp", "tick", "version", "writer"]

tick = itertools.count(1).__next__

#: The tick of the latest in-place write anywhere: nodes made after it need no check at all.
latest = 0


class _Write:
    """The writes of a buffer: when and by whom the last was, how many there were."""

    __slots__ = ("count", "reference", "tick", "writer")

    def __init__(self, reference: weakref.ref[Any]) -> None:
        self.reference = reference  # its callback forgets the entry together with the buffer
        self.tick = self.count = 0
        self.writer = "nothing"


_writes: dict[int, _Write] = {}


def owner(array: Any) -> Any:
    """The array at the end of the chain of bases: the one that stands for the memory that views share."""
    base = array.base
    while isinstance(base, np.ndarray):
        array, base = base, base.base
    return array


def stamp(array: Any, writer: str = "an in-place operation") -> None:
    """Note that ``array``'s buffer has just been written, by the operation named ``writer``."""
    global latest
    latest = now = tick()
    buffer = owner(array)
    key = id(buffer)
    write = _writes.get(key)
    if write is None:
        write = _writes[key] = _Write(weakref.ref(buffer, functools.partial(_forget, key)))
    write.tick = now
    write.count += 1
    write.writer = writer


def _forget(key: int, reference: Any) -> None:
    _writes.pop(key, None)


def last_write(array: Any) -> int:
    """The tick at which ``array``'s buffer was last written in place; 0 if it never was."""
    write = _writes.get(id(owner(array)))
    return 0 if write is None else write.tick


def writer(array: Any) -> str:
    """The name of the operation that wrote ``array``'s buffer last."""
    write = _writes.get(id(owner(array)))
    return "nothing" if write is None else write.writer


def version(array: Any) -> int:
    """How many times ``array``'s buffer was written in place."""
    write = _writes.get(id(owner(array)))
    return 0 if write is None else write.count
