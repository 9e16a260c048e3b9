"""The graph as its users see it: nodes, and hooks on what nodes save (``tinygrad_cn.autograd.graph``)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar, Token
from typing import Any

import numpy as np

from tinygrad_cn import observing
from tinygrad_cn.graph import Handle, Node
from tinygrad_cn.packing import Hooks

__all__ = ["Node", "disable_saved_tensors_hooks", "save_on_cpu", "saved_tensors_hooks"]

#: The hooks in force in this thread or task, the innermost last.
_in_force: ContextVar[tuple[Hooks, ...]] = ContextVar("tinygrad_cn_saved_tensors_hooks", default=())
#: Why hooks must not be entered, if they must not.
_forbidden: ContextVar[str | None] = ContextVar("tinygrad_cn_saved_tensors_hooks_forbidden", default=None)


def _pack(node: Any) -> None:
    hooks = _in_force.get()
    if hooks and hasattr(node, "pack"):
        node.pack(hooks[-1])


class saved_tensors_hooks:
    """Have two functions keep what operations save for the backward pass: a context manager.

    Args:
        pack_hook: called with every tensor that an operation saves; what it returns is kept in its place.
        unpack_hook: called with that when the gradient needs the tensor, which it must return.

    The tensor given to ``pack_hook`` shares its memory with the one saved, and is detached. Hooks run with recording
    off. Of nested pairs the innermost is used. Gradients of gradients work as without hooks.

    Raises:
        RuntimeError: `disable_saved_tensors_hooks` is in force.

    >>> import tinygrad_cn as tg
    >>> x = tg.tensor([2., 3.], requires_grad=True)
    >>> with tg.autograd.graph.saved_tensors_hooks(lambda t: t.numpy().tolist(), lambda saved: tg.tensor(saved)):
    ...     y = x * x
    >>> y.sum().backward()
    >>> x.grad
    tensor([4., 6.])
    """

    def __init__(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook
        self._tokens: list[Token[tuple[Hooks, ...]]] = []

    def __enter__(self) -> None:
        reason = _forbidden.get()
        if reason is not None:
            raise RuntimeError(reason)
        self._tokens.append(_in_force.set((*_in_force.get(), Hooks(self.pack_hook, self.unpack_hook))))
        observing.enter(_pack)

    def __exit__(self, *exception: Any) -> None:
        observing.leave(_pack)
        _in_force.reset(self._tokens.pop())


class save_on_cpu(saved_tensors_hooks):
    """Keep saved tensors in main memory, as copies: here everything is, so this only sets them apart from later writes.

    Args:
        pin_memory (bool): accepted, for CUDA.
        device_type (str): accepted, for CUDA.
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(lambda saved: np.array(saved._array), lambda kept: Handle._result_class._wrap(kept))


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Refuse `saved_tensors_hooks` within a block, with this message.

    Raises:
        RuntimeError: hooks are in force already.
    """
    if _in_force.get():
        raise RuntimeError(error_message)
    token = _forbidden.set(error_message)
    try:
        yield
    finally:
        _forbidden.reset(token)
