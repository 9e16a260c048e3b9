"""Finding the operation whose gradient is the first NaN, and the line that called it."""

from __future__ import annotations

import linecache
import sys
import weakref
from contextvars import ContextVar
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from tinygrad_cn import observing
from tinygrad_cn.graph import Handle, Node

__all__ = ["detect_anomaly", "is_anomaly_check_nan_enabled", "is_anomaly_enabled", "set_detect_anomaly"]


class _Mode(NamedTuple):
    """Whether anomalies are looked for, and whether NaN counts as one."""

    enabled: bool = False
    check_nan: bool = True


_OFF = _Mode()
_mode: ContextVar[_Mode] = ContextVar("tinygrad_cn_anomaly_mode", default=_OFF)
#: The node that is being pulled: nodes made meanwhile, in a recorded sweep, come from its line.
_pulled: ContextVar[Node | None] = ContextVar("tinygrad_cn_anomaly_pulled", default=None)

#: The lines (file, number, function) that led to a node, the caller of the operation last.
_lines: weakref.WeakKeyDictionary[Node, tuple[tuple[str, int, str], ...]] = weakref.WeakKeyDictionary()

_PACKAGE = Path(__file__).parent.parent
#: Folders of the package itself: nn and optim stand beside it in the repository.
_OURS = tuple(
    str(folder) + "/"
    for folder in (_PACKAGE, _PACKAGE.resolve(), *(_PACKAGE.resolve().parent / n for n in ("nn", "optim")))
)


def _note(node: Node) -> None:
    """Remember where a node was made."""
    if not _mode.get().enabled:
        return
    source = _pulled.get()
    if source is not None:
        found = _lines.get(source)
        if found is not None:
            _lines[node] = found
        return
    frame: FrameType | None = sys._getframe(1)
    lines = []
    while frame is not None:
        code = frame.f_code
        if not code.co_filename.startswith(_OURS):
            lines.append((code.co_filename, frame.f_lineno, code.co_name))
        frame = frame.f_back
    _lines[node] = tuple(reversed(lines))


def _pull(node: Node, g: Any, traced: bool, wanted: Any) -> Any:
    """Pull, and refuse NaN."""
    mode = _mode.get()
    if not mode.enabled:
        return node.pull(g, traced, wanted)
    token = _pulled.set(node)
    try:
        found = node.pull(g, traced, wanted)
    finally:
        _pulled.reset(token)
    if mode.check_nan:
        for i, term in enumerate(found):
            array = term._array if isinstance(term, Handle) else term
            if array is not None and array.dtype.kind in "fc" and np.isnan(array).any():
                raise RuntimeError(_explained(node, i, array))
    return found


def _explained(node: Node, i: int, array: Any) -> str:
    count = int(np.isnan(array).sum())
    text = (
        f"Function {node.name()!r} returned nan values in its {i}th output: {count} of the {array.size} elements of "
        f"the gradient, of shape {list(array.shape)}, are NaN"
    )
    lines = _lines.get(node)
    if not lines:
        return f"{text}. Where it was called is not known: that was before anomaly detection was switched on"
    shown = [f'  File "{file}", line {number}, in {name}\n{_source(file, number)}' for file, number, name in lines[-6:]]
    return f"{text}. The operation was called here:\n" + "".join(shown).rstrip()


def _source(file: str, number: int) -> str:
    line = linecache.getline(file, number).strip()
    return f"    {line}\n" if line else ""


class set_detect_anomaly:
    """Switch anomaly detection on or off, at once; as a context manager, until its end.

    Args:
        mode (bool)
        check_nan (bool): whether a NaN in a gradient raises.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = _mode.get()
        _switch(_Mode(bool(mode), bool(check_nan)))

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exception: Any) -> None:
        _switch(self._before)


def _switch(mode: _Mode) -> None:
    before = _mode.get().enabled
    _mode.set(mode)
    if mode.enabled and not before:
        observing.enter(_note, _pull)
    elif before and not mode.enabled:
        observing.leave(_note, _pull)


class detect_anomaly:
    """Within a block, have the backward pass raise at the first NaN and name the forward line that it comes from.

    Args:
        check_nan (bool): whether a NaN in a gradient raises.

    The forward pass has to run within the block too, for its lines to be known. It makes both slower: use it to
    search.

    >>> import tinygrad_cn as tg
    >>> x = tg.tensor([-1.], requires_grad=True)
    >>> with tg.autograd.detect_anomaly():
    ...     y = x.sqrt().sum()
    ...     try:
    ...         y.backward()
    ...     except RuntimeError as error:
    ...         print(str(error).split(":")[0])
    Function 'SqrtBackward0' returned nan values in its 0th output
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan
        self._outer: list[_Mode] = []

    def __enter__(self) -> None:
        self._outer.append(_mode.get())
        _switch(_Mode(True, self.check_nan))

    def __exit__(self, *exception: Any) -> None:
        _switch(self._outer.pop())


def is_anomaly_enabled() -> bool:
    """Whether anomaly detection is on."""
    return _mode.get().enabled


def is_anomaly_check_nan_enabled() -> bool:
    """Whether it looks for NaN."""
    return _mode.get().check_nan
