"""Hooks on tensors: functions called with gradients on their way."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cn.graph import Handle, Leaf, Node

__all__ = ["HookHandle", "add_hook", "add_leaf_hook"]


class HookHandle:
    """What registering a hook returns: ``remove()`` takes the hook away again.

    Args:
        hooks: a list of hooks, or a dictionary of hooks by number.
        hook: the hook, or its number.
    """

    def __init__(self, hooks: list[Any] | dict[int, Any], hook: Any) -> None:
        self._hooks, self._hook = hooks, hook

    @property
    def id(self) -> int:
        """The hook's number."""
        return self._hook if isinstance(self._hooks, dict) else id(self._hook)

    def remove(self) -> None:
        """Take the hook away; a second call does nothing."""
        if isinstance(self._hooks, dict):
            self._hooks.pop(self._hook, None)
        elif self._hook in self._hooks:
            self._hooks.remove(self._hook)

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.remove()


def add_hook(node: Node | None, hook: Callable[[Any], Any], wrap: Callable[[Any], Any]) -> HookHandle:
    """Have ``node`` show its gradient to ``hook`` and take what it returns instead.

    Raises:
        RuntimeError: there is no node: the tensor does not require grad.
    """
    if node is None:
        raise RuntimeError("register_hook(): the tensor does not require grad, so no gradient will reach it")

    def call(g: Any, traced: bool) -> Any:  # must not hold the node, which holds it
        result = hook(g if traced else wrap(np.asarray(g)))
        if result is None:
            return g
        if not isinstance(result, Handle):
            raise TypeError(f"a hook must return a Tensor or None, not {type(result).__name__}")
        if tuple(result._array.shape) != tuple(g.shape):
            raise RuntimeError(
                f"a hook returned a gradient of shape {list(result._array.shape)} for a tensor of shape {list(g.shape)}"
            )
        return result if traced else result._array

    if node.hooks is None:
        node.hooks = []
    node.hooks.append(call)
    return HookHandle(node.hooks, call)


def add_leaf_hook(tensor: Any, hook: Callable[[Any], None]) -> HookHandle:
    """Call ``hook(tensor)`` after a gradient was added to the leaf ``tensor``.

    Raises:
        RuntimeError: it is no leaf that requires grad.
    """
    node = tensor._current()
    if not isinstance(node, Leaf):
        raise RuntimeError("register_post_accumulate_grad_hook(): only for leaf tensors that require grad")
    reference = weakref.ref(tensor)  # the leaf must not keep its tensor alive

    def call() -> None:
        alive = reference()
        if alive is not None:
            hook(alive)

    if node.after is None:
        node.after = []
    node.after.append(call)
    return HookHandle(node.after, call)
