"""A Tensor in the graph: whether gradients flow to it, where they are kept, who is told."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cn import backward, storage
from tinygrad_cn.graph import Handle, Keeper, Leaf
from tinygrad_cn.hooks import HookHandle, add_hook, add_leaf_hook

__all__ = ["Gradients"]


class Gradients:
    """Everything about a tensor's gradient."""

    __slots__ = ()

    _array: np.ndarray
    _node: Any
    _view: Any
    _grad: Any
    _wrap: Any

    def _current(self) -> Any:
        """The node, brought up to date if this is a view of memory that was written in place."""
        if self._view is not None:
            self._view.refresh(self)
        return self._node

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to it."""
        return self._current() is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Say whether a gradient is wanted for this leaf.

        Raises:
            RuntimeError: it holds integers, or is no leaf and gradients are to be switched off.
        """
        node = self._current()
        if requires_grad and node is None:
            if self._array.dtype.kind not in "fc":
                raise RuntimeError(
                    f"only floating tensors can require gradients, this one has dtype {self._array.dtype}; convert "
                    "it with "
                    ".float() first"
                )
            self._node = Leaf(self._array.shape, Handle._wrap, self._grad)
            self._grad = None
        elif not requires_grad and node is not None:
            if not isinstance(node, Leaf):
                raise RuntimeError("requires_grad can be switched off for leaf tensors only; use .detach()")
            self._grad = node.place.grad
            self._node = None
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made it."""
        node = self._current()
        return node is None or isinstance(node, Leaf)

    @property
    def grad_fn(self) -> Any:
        """The node of the operation that made it; ``None`` for a leaf."""
        node = self._current()
        return None if isinstance(node, Leaf) else node

    @property
    def grad(self) -> Any:
        """The gradient that backward passes have added up; ``None`` before the first."""
        node = self._node
        if node is None:
            return self._grad
        if isinstance(node, Leaf):
            return node.place.grad
        if node.kept is None:
            warnings.warn(
                "the .grad of a tensor that is no leaf is not filled by backward(); call .retain_grad() on it first",
                UserWarning,
                stacklevel=2,
            )
            return None
        return node.kept.grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            if not isinstance(value, Handle):
                raise TypeError(f"grad must be a Tensor or None, not {type(value).__name__}")
            if value._array.shape != self._array.shape:
                raise RuntimeError(
                    f"a gradient has the shape of its tensor: {list(self._array.shape)}, not {list(value._array.shape)}"
                )
            if value._array.dtype != self._array.dtype:
                raise RuntimeError(
                    f"a gradient has the dtype of its tensor: {self._array.dtype}, not {value._array.dtype}"
                )
        node = self._node
        if node is None:
            self._grad = value
        elif isinstance(node, Leaf):
            node.place.grad = value
        else:
            node.kept = Keeper(Handle._wrap, value)

    @grad.deleter
    def grad(self) -> None:
        self.grad = None

    def backward(
        self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
    ) -> None:
        """Add the gradient of this tensor to the ``.grad`` of the leaves it was computed from.

        Args:
            gradient (Tensor, optional): the gradient with respect to this tensor; 1 for a single element.
            retain_graph (bool): keep what the graph saved, for another pass.
            create_graph (bool): record the pass itself, for gradients of gradients.
            inputs (sequence of Tensors, optional): only these get their ``.grad``.

        Raises:
            RuntimeError: no gradient is given for several elements; nothing requires grad; the graph was freed.
        """
        backward.backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    def retain_grad(self) -> None:
        """Have backward passes fill ``.grad`` although this is no leaf."""
        node = self._current()
        if node is None:
            raise RuntimeError("retain_grad(): the tensor does not require grad, so no gradient will reach it")
        if not isinstance(node, Leaf) and node.kept is None:
            node.kept = Keeper(Handle._wrap)

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad` was called on a tensor that is no leaf."""
        node = self._current()
        return node is not None and not isinstance(node, Leaf) and node.kept is not None

    def register_hook(self, hook: Callable[[Any], Any]) -> HookHandle:
        """Call ``hook(gradient)`` when the gradient is known; what it returns, if anything, takes its place.

        Raises:
            RuntimeError: the tensor does not require grad.
        """
        return add_hook(self._current(), hook, Handle._wrap)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Any], None]) -> HookHandle:
        """Call ``hook(tensor)`` after a gradient was added to this leaf's ``.grad``.

        Raises:
            RuntimeError: it is no leaf that requires grad.
        """
        return add_leaf_hook(self, hook)

    def detach(self) -> Any:
        """A constant tensor over the same memory."""
        return self._wrap(self._array)

    def detach_(self) -> Any:
        """Forget how it was made."""
        if self._view is not None:
            raise RuntimeError("detach_(): a view cannot be detached in place; use .detach()")
        self._node = None
        return self

    @property
    def data(self) -> Any:
        """A constant tensor over the same memory; assigning replaces the memory and no gradient is told.

        As in PyTorch, a write through it goes past the record: a sweep reads what it left, whatever was saved before.
        `detach` gives a constant tensor whose writes are noticed.
        """
        return self._wrap(storage.apart(self._array))

    @data.setter
    def data(self: Any, value: Any) -> None:
        node = self._node
        new, old = value._array, self._array
        alike = new.shape == old.shape and new.strides == old.strides and new.dtype == old.dtype
        if alike and np.may_share_memory(new, old) and new.ctypes.data == old.ctypes.data:
            return  # x.data = x.data.clamp_(0, 1): the memory is in place, and what it stands on would only pile up
        self._array = new
        if isinstance(node, Leaf):
            node.shape = value._array.shape

    @property
    def _version(self) -> int:
        return storage.version(self._array)
