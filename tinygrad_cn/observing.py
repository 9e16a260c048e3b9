"""Where the engine lets itself be watched: when an op has run, when a node is made, and when it pulls.

All places are ``None`` almost always, and then cost one look. Who watches (counting of multiply-adds, hooks on saved
tensors, checkpointing, anomaly detection) enters through `watching`; whether the calling thread is meant, the watcher
finds out by itself.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["made", "pulling", "ran", "watching"]

#: Called with an op, its arrays, parameters and result when it has run on tensors; not for the small elementwise ops.
ran: Callable[..., None] | None = None

#: Called with every node that an op has just made.
made: Callable[[Any], None] | None = None
#: Called in place of ``node.pull``: ``pulling(node, g, traced, wanted)`` returns the cotangents.
pulling: Callable[..., Any] | None = None

_lock = threading.Lock()
_ran: list[Callable[..., None]] = []
_made: list[Callable[[Any], None]] = []
_pulling: list[Callable[..., Any]] = []


def _tell_all_ran(op: Any, arrays: Any, params: Any, out: Any) -> None:
    for watcher in tuple(dict.fromkeys(_ran)):
        watcher(op, arrays, params, out)


def _tell_all(node: Any) -> None:
    for watcher in tuple(dict.fromkeys(_made)):
        watcher(node)


def _pull_through(node: Any, g: Any, traced: bool, wanted: Any) -> Any:
    watchers = tuple(dict.fromkeys(_pulling))
    return watchers[-1](node, g, traced, wanted) if watchers else node.pull(g, traced, wanted)


def enter(
    on_made: Callable[[Any], None] | None = None,
    on_pull: Callable[..., Any] | None = None,
    on_run: Callable[..., None] | None = None,
) -> None:
    """Have the functions called from now on; every call needs a `leave` with the same ones."""
    with _lock:
        _made.extend([on_made] if on_made else [])
        _pulling.extend([on_pull] if on_pull else [])
        _ran.extend([on_run] if on_run else [])
        _refresh()


def leave(
    on_made: Callable[[Any], None] | None = None,
    on_pull: Callable[..., Any] | None = None,
    on_run: Callable[..., None] | None = None,
) -> None:
    """Take back one `enter`."""
    with _lock:
        if on_made:
            _made.remove(on_made)
        if on_pull:
            _pulling.remove(on_pull)
        if on_run:
            _ran.remove(on_run)
        _refresh()


def _refresh() -> None:
    global made, pulling, ran
    made = _tell_all if _made else None
    pulling = _pull_through if _pulling else None
    ran = _tell_all_ran if _ran else None


@contextlib.contextmanager
def watching(
    on_made: Callable[[Any], None] | None = None,
    on_pull: Callable[..., Any] | None = None,
    on_run: Callable[..., None] | None = None,
) -> Iterator[None]:
    """`enter` and `leave` around a block."""
    enter(on_made, on_pull, on_run)
    try:
        yield
    finally:
        leave(on_made, on_pull, on_run)
