"""What nodes hold in place of their saved values: nothing any more, or what a hook made of them."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cn import storage
from tinygrad_cn.graph import Handle, Node, grad_mode

__all__ = ["RELEASED", "Hooks", "Packed", "Parcel"]


class Hooks:
    """A pair of functions: ``pack`` takes a saved tensor, ``unpack`` gives it back from what ``pack`` returned."""

    __slots__ = ("pack", "unpack")

    def __init__(self, pack: Callable[[Any], Any], unpack: Callable[[Any], Any]) -> None:
        self.pack = pack
        self.unpack = unpack


class Released:
    """In place of the values of a node whose graph was freed."""

    __slots__ = ()

    def opened(self, node: Node) -> tuple[Any, ...]:
        """
        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(
            f"{node.name()}: trying to go backward through the graph a second time, but what it saved has been freed. "
            "Pass retain_graph=True to the first backward() or grad() if you need a second one"
        )

    def keep_apart(self, array: Any) -> None:
        """There is nothing to copy."""


RELEASED = Released()


class Parcel:
    """One saved array, packed."""

    __slots__ = ("dtype", "hooks", "origin", "owner", "packed", "shape")

    def __init__(self, array: Any, hooks: Hooks) -> None:
        self.hooks = hooks
        self.shape = array.shape
        self.dtype = array.dtype
        self.origin = weakref.ref(array)
        self.owner = weakref.ref(storage.owner(array))
        self._pack(array)

    def _pack(self, array: Any) -> None:
        token = grad_mode.set(False)  # what the hook computes is not part of the graph
        try:
            self.packed = self.hooks.pack(Handle._result_class._wrap(array))
        finally:
            grad_mode.reset(token)

    def open(self, name: str, tick: int) -> Any:
        """The array again.

        Raises:
            TypeError, RuntimeError: ``unpack`` returned something else; it is the same memory, written in place since.
        """
        token = grad_mode.set(False)
        try:
            found = self.hooks.unpack(self.packed)
        finally:
            grad_mode.reset(token)
        if not isinstance(found, Handle):
            raise TypeError(f"{name}: the unpack hook must return a Tensor, not {type(found).__name__}")
        array = found._array
        if array.shape != self.shape or array.dtype != self.dtype:
            raise RuntimeError(
                f"{name}: the unpack hook returned a tensor of shape {list(array.shape)} and dtype {array.dtype} for "
                f"one of shape {list(self.shape)} and dtype {self.dtype}"
            )
        if storage.owner(array) is self.owner() and storage.overwritten(array, tick):
            raise RuntimeError(
                f"{name}: a tensor of shape {list(array.shape)} that it saved was changed in place by "
                f"{storage.writer(array)} afterwards, and the hooks gave back its very memory; save a clone()"
            )
        return array

    def keep_apart(self, array: Any) -> None:
        """Pack a copy, if this is about memory of ``array``, which is about to be written in place."""
        origin = self.origin()
        if origin is not None and np.may_share_memory(origin, array):
            self._pack(origin.copy())


class Packed:
    """The saved values of a node with every array in a `Parcel`."""

    __slots__ = ("values",)

    def __init__(self, values: tuple[Any, ...], hooks: Hooks) -> None:
        self.values = tuple(_packed(value, hooks) for value in values)

    def opened(self, node: Node) -> tuple[Any, ...]:
        """The values with the arrays in their places again."""
        name = node.name()
        return tuple(_opened(value, name, node.tick) for value in self.values)

    def keep_apart(self, array: Any) -> None:
        """Pack copies of what is about to be written in place."""
        for value in self.values:
            for item in value if isinstance(value, tuple) else (value,):
                if isinstance(item, Parcel):
                    item.keep_apart(array)


def _packed(value: Any, hooks: Hooks) -> Any:
    if isinstance(value, np.ndarray):
        return Parcel(value, hooks)
    if type(value) is tuple:
        return tuple(_packed(item, hooks) for item in value)
    return value


def _opened(value: Any, name: str, tick: int) -> Any:
    if isinstance(value, Parcel):
        return value.open(name, tick)
    if type(value) is tuple:
        return tuple(_opened(item, name, tick) for item in value)
    return value
