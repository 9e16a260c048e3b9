"""Views: tensors that share the memory of another one, kept right when that memory is written in place.

Writing through a view changes its root (the tensor that is no view) and with it every other view. The write gives
the root a new node (see `tinygrad_cn.inplace`); each other view notices that its root's node is no longer the one
it was made from, and has its op recorded again on its parent.
"""

from __future__ import annotations

from typing import Any

from tinygrad_cn.graph import Handle, Leaf, Node

__all__ = ["View"]


class View:
    """How a view was made: ``op(parent, **params)``, sharing the memory of ``root``."""

    __slots__ = ("graded", "memory", "op", "params", "parent", "root", "seen")

    def __init__(self, parent: Handle, op: Any, params: dict[str, Any], graded: bool) -> None:
        link = parent._view
        self.parent = parent
        self.memory = parent._array
        self.root: Handle = parent if link is None else link.root
        self.op = op
        self.params = params
        self.seen: Node | None = self.root._node
        self.graded = graded and (link is None or link.graded)  # made while gradients were recorded

    def refresh(self, tensor: Handle) -> None:
        """Record the view again if its root's memory got a new node since."""
        node = self.root._node
        if node is self.seen:
            return
        self.seen = node
        if isinstance(node, Leaf):  # requires_grad_() on the root does not reach back to its views
            return
        self.check_parent()
        if self.parent._view is not None:
            self.parent._view.refresh(self.parent)
        tensor._node = self.op.record((self.parent,), (self.parent._array,), self.params, tensor._array)

    def check_parent(self) -> None:
        """Refuse when the parent was itself given another shape (or other memory) in place since.

        Raises:
            RuntimeError: it was.
        """
        if self.parent._array is not self.memory:
            raise RuntimeError(
                "a view is used or written whose base was reshaped in place since (t_(), squeeze_(), .data = ...), and "
                "one of them was written with gradients recorded; make the view after reshaping, or use the "
                "out-of-place form"
            )
