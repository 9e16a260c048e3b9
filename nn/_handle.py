"""Hooks kept in order under numbers, and the handle that takes one out again."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from typing import Any, Self

__all__ = ["HookDict", "RemovableHandle", "add_hook"]

HookDict = OrderedDict[int, Any]

_next_id = itertools.count().__next__


class RemovableHandle:
    """What registering a hook returns: ``remove()`` takes the hook out; in a ``with`` block that is done at its end."""

    def __init__(self, hooks_dict: HookDict) -> None:
        self.id = _next_id()
        self._hooks = hooks_dict

    def remove(self) -> None:
        """Take the hook out. A second call does nothing."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.remove()


def add_hook(hooks: HookDict, hook: Any, prepend: bool = False) -> RemovableHandle:
    """Put ``hook`` at the end of ``hooks``, or at the front."""
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle
