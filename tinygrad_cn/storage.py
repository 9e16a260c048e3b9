"""The write clock: who wrote a buffer last, shared by all views of it.

Every recorded node and every in-place write takes a tick of one clock. A value that a node saved is
stale exactly when its memory was written at a later tick than the node was made: where only a part of a buffer was
written, a value that lies elsewhere in it stays fresh. Nothing is stored per tensor: only buffers that were written in
place at least once have an entry, so programs that never write in place pay for nothing.
"""

from __future__ import annotations

import functools
import itertools
import weakref
from collections import deque
from typing import Any

import numpy as np

__all__ = ["apart", "latest", "overwritten", "owner", "stamp", "tick", "version", "writer"]

tick = itertools.count(1).__next__

#: The tick of the latest in-place write anywhere: nodes made after it need no check at all.
latest = 0


#: So many writes of parts of a buffer are remembered; of earlier ones it is taken that they touched everything.
_REMEMBERED = 256

#: How hard it may be to find out whether two strided parts of a buffer meet, in NumPy's measure of work.
_EFFORT = 10_000


#: What an index is made of that selects a view.
_BASIC = {int, slice, type(None), type(Ellipsis)}


class _Part:
    """Where a written part of a buffer lies: an index of it, or an address: neither keeps it from being freed."""

    __slots__ = ("__array_interface__", "index", "tick")

    def __init__(self, now: int, array: Any = None, index: tuple[Any, ...] = ()) -> None:
        self.tick = now
        self.index = index
        if array is not None:
            self.__array_interface__ = array.__array_interface__

    def meets(self, array: Any) -> bool:
        part = view(owner(array), self.index) if self.index else np.asarray(self)
        try:
            return np.shares_memory(part, array, max_work=_EFFORT)  # type: ignore[arg-type]  # any int is right
        except np.exceptions.TooHardError:
            return True


def view(array: Any, index: tuple[Any, ...]) -> Any:
    """What a basic index selects, as a view also where it is one element."""
    return array[index] if Ellipsis in index else array[(*index, ...)]


class _Write:
    """The writes of a buffer: when and by whom the last was, how many there were, and what parts they touched."""

    __slots__ = ("count", "parts", "reference", "tick", "whole", "writer")

    def __init__(self, reference: weakref.ref[Any]) -> None:
        self.reference = reference  # its callback forgets the entry together with the buffer
        self.tick = self.count = self.whole = 0  # whole: when all of it was written last
        self.parts: deque[_Part] = deque()
        self.writer = "nothing"


_writes: dict[int, _Write] = {}


def owner(array: Any) -> Any:
    """The array at the end of the chain of bases: the one that stands for the memory that views share."""
    base = array.base
    while isinstance(base, np.ndarray):
        array, base = base, base.base
    return array


def apart(array: Any) -> Any:
    """The same memory with a clock of its own: writes through the one are not noted as writes of the other."""
    try:
        return np.from_dlpack(array)  # its base is no array, so the chain of bases ends at it
    except (BufferError, TypeError, ValueError):  # read-only where NumPy cannot say so, or a dtype that DLPack lacks
        return array


def stamp(array: Any, writer: str = "an in-place operation", index: Any = ()) -> None:
    """Note that the operation named ``writer`` has just written ``array[index]``: without an index, all of it."""
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
    items = index if type(index) is tuple else (index,)
    if not _BASIC.issuperset(map(type, items)):
        items = ()  # no view: anywhere in the array
    if not items and array.size == buffer.size:
        write.whole = now
        write.parts.clear()
        return
    if array is buffer:
        write.parts.append(_Part(now, None, items))
    else:
        write.parts.append(_Part(now, view(array, items) if items else array))
    if len(write.parts) > _REMEMBERED:
        write.whole = write.parts.popleft().tick


def _forget(key: int, reference: Any) -> None:
    _writes.pop(key, None)


def overwritten(array: Any, since: int) -> bool:
    """Whether some of ``array``'s memory was written in place after the tick ``since``."""
    write = _writes.get(id(owner(array)))
    if write is None or write.tick <= since:
        return False
    return write.whole > since or any(part.tick > since and part.meets(array) for part in write.parts)


def writer(array: Any) -> str:
    """The name of the operation that wrote ``array``'s buffer last."""
    write = _writes.get(id(owner(array)))
    return "nothing" if write is None else write.writer


def version(array: Any) -> int:
    """How many times ``array``'s buffer was written in place."""
    write = _writes.get(id(owner(array)))
    return 0 if write is None else write.count
