"""Reverse-mode differentiation: nodes, the order to visit them in, and the sweep. Knows no Tensor and no op.

A node records one application of an op. Its ``parents`` are the nodes of the inputs that are traced; given the
cotangent ``g`` of its output (the gradient of the final scalar with respect to it), it pulls back one cotangent
for each parent. The sweep visits nodes from the outputs down, adds up what arrives at each, and pulls.

Why the order matters: a node may pull back only when the contributions of *all* its consumers have been added.
Parents are made before their children, so the time of making, counted by one clock, is such an order: visiting by
descending ``tick`` never meets a parent before the last of its children.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from tinygrad_cn import observing, storage
from tinygrad_cn.errors import ShapeError

__all__ = ["Handle", "Leaf", "Node", "Pick", "grad_mode", "sweep", "unbroadcast"]

#: Whether ops record nodes. A context variable: every thread and every asyncio task has its own.
grad_mode: ContextVar[bool] = ContextVar("tinygrad_cn_grad_mode", default=True)

#: The reference count of an array that only the sweep holds: its ``g``, `Leaf.accumulate`'s, getrefcount's own.
#: Such an array becomes the gradient without a copy. Later Pythons borrow references, so counts mean less: copy.
_UNSHARED = 3 if sys.version_info < (3, 14) else 0

Array = Any  # a NumPy array (or one of a library that speaks NumPy's protocols); a Handle under create_graph


class Handle:
    """What the graph and the ops need to know of a Tensor: an array, the node that made it, and its view link.

    ``_node`` is ``None`` for a constant, a `Leaf` for a tensor that requires a gradient, else the node that made it.
    ``_view`` links a view to the tensor whose memory it shares (see `tinygrad_cn.views`).
    """

    __slots__ = ("_array", "_grad", "_node", "_view")

    _array: Any
    _node: Node | None
    _view: Any
    _grad: Handle | None
    _result_class: type[Handle]  # the class of what ops return: Tensor, also for a Parameter

    def __init_subclass__(cls) -> None:
        if Handle in cls.__bases__:
            Handle._result_class = cls

    @classmethod
    def _wrap(cls, array: Array, node: Node | None = None) -> Any:
        """A new tensor over ``array`` itself (no copy), made by ``node``."""
        tensor = object.__new__(cls._result_class)
        tensor._array = array
        tensor._node = node
        tensor._view = None
        tensor._grad = None
        return tensor


class Node:
    """One application of an op: its parents, and how to pull a cotangent back to them."""

    __slots__ = ("__weakref__", "hooks", "kept", "parents", "shape", "tick")

    broadcasts = False  # an elementwise op: the sweep sums a gradient down to its input's shape

    def __init__(self, parents: tuple[Node, ...], shape: tuple[int, ...]) -> None:
        self.parents = parents
        self.shape = shape
        self.tick = storage.tick()
        self.hooks: list[Callable[[Array, bool], Array]] | None = None
        self.kept: Keeper | None = None  # where `retain_grad` puts the gradient

    def name(self) -> str:
        """The name of what it pulls back."""
        return type(self).__name__

    def pull(self, g: Array, traced: bool, wanted: set[Node] | None) -> Sequence[Array | None]:
        """One cotangent for each of ``parents`` (``None``: zero). ``traced``: ``g`` is a Handle, record the work."""
        raise NotImplementedError

    def release(self) -> None:
        """Let go of the saved values; a second pull raises."""

    def __repr__(self) -> str:
        return f"<{self.name()}>"

    @property
    def next_functions(self) -> tuple[tuple[Node, int], ...]:
        """The nodes that this one passes gradients to, as pairs (node, 0)."""
        return tuple((parent, 0) for parent in self.parents)


class Keeper:
    """A place for the gradient of a tensor, shared by the tensor's handles and its node."""

    __slots__ = ("grad", "make")

    def __init__(self, make: Callable[[Array], Handle], grad: Handle | None = None) -> None:
        self.make = make
        self.grad = grad


class Leaf(Node):
    """The node of a tensor that requires a gradient and was made by no op: where gradients are added up.

    The gradient lives here and the tensor reads it here, so neither needs a reference back.
    """

    __slots__ = ("after", "place")

    def __init__(self, shape: tuple[int, ...], make: Callable[[Array], Handle], grad: Handle | None = None) -> None:
        super().__init__((), shape)
        self.place = Keeper(make, grad)
        self.after: list[Callable[[], None]] | None = None  # post-accumulate hooks

    def name(self) -> str:
        return "AccumulateGrad"

    def accumulate(self, g: Array, traced: bool) -> None:
        """Add ``g`` to the gradient."""
        place = self.place
        known = place.grad
        if traced:
            place.grad = g if known is None else known + g
        elif known is None:
            if type(g) is np.ndarray and g.base is None and g.flags.writeable and sys.getrefcount(g) <= _UNSHARED:
                place.grad = place.make(g)
            else:
                place.grad = place.make(np.array(g))
        elif known._node is not None:
            place.grad = known + place.make(np.asarray(g))  # type: ignore[operator]
        else:
            np.add(known._array, g, out=known._array)
            storage.stamp(known._array, "backward")
        if self.after is not None:
            for hook in self.after:
                hook()


class Pick(Node):
    """One output of a node with several: passes its cotangent on into the ``index``-th place."""

    __slots__ = ("index",)

    def __init__(self, whole: Node, index: int, shape: tuple[int, ...]) -> None:
        super().__init__((whole,), shape)
        self.index = index

    def name(self) -> str:
        return self.parents[0].name()


# ------------------------------------------------------------------------------------------- order


def reachable(roots: Iterable[Node]) -> list[Node]:
    """All nodes below ``roots``, children before parents."""
    seen = set(roots)
    stack = list(seen)
    order = []
    while stack:
        node = stack.pop()
        order.append(node)
        for parent in node.parents:
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)
    order.sort(key=_made_at, reverse=True)
    return order


def _made_at(node: Node) -> int:
    return node.tick


def on_the_way(order: list[Node], targets: Iterable[Node]) -> set[Node]:
    """The nodes of ``order`` from which one of ``targets`` can be reached, the targets included."""
    way = set(targets)
    for node in reversed(order):
        if node not in way and any(parent in way for parent in node.parents):
            way.add(node)
    return way


# ------------------------------------------------------------------------------------------- sweep


def sweep(
    seeds: Iterable[tuple[Node, Array]],
    targets: Sequence[Node] | None = None,
    *,
    traced: bool = False,
    release: bool = True,
) -> dict[Node, Array]:
    """Pull the cotangents ``seeds`` back through the graph.

    Without ``targets`` gradients are accumulated at all leaves. With ``targets`` only nodes on the way to them are
    visited, nothing is accumulated, and the gradients that arrive at the targets are returned.

    Args:
        seeds: pairs (node, cotangent).
        traced: cotangents are Handles and the sweep itself is recorded (``create_graph``).
        release: let nodes free what they saved as soon as they are done.
    """
    token = grad_mode.set(traced)
    try:
        with np.errstate(all="ignore"):
            return _sweep(seeds, targets, traced, release)
    finally:
        grad_mode.reset(token)


def _sweep(
    seeds: Iterable[tuple[Node, Array]], targets: Sequence[Node] | None, traced: bool, release: bool
) -> dict[Node, Array]:
    grads: dict[Node, Array] = {}
    ours: set[Node] = set()  # the nodes whose gradient is a sum that we allocated: later terms are added in place
    for node, g in seeds:
        _add(grads, ours, node, g)
    order = reachable(grads)
    wanted = None if targets is None else on_the_way(order, targets)
    asked = set() if targets is None else set(targets)
    results: dict[Node, Array] = {}
    watched = observing.pulling

    for node in order:
        g = grads.pop(node, None)
        if g is None or (wanted is not None and node not in wanted):
            continue
        if node.hooks is not None:
            for hook in list(node.hooks):
                g = hook(g, traced)
        if node.kept is not None:
            known, kept = node.kept.grad, g if traced else node.kept.make(np.array(g))
            node.kept.grad = kept if known is None else known + kept  # type: ignore[operator]
        if node in asked:
            results[node] = g
        if not node.parents:
            if wanted is None and isinstance(node, Leaf):
                node.accumulate(g, traced)
            continue
        if type(node) is Pick:
            _put(grads, node, g)
            continue
        for parent, term in zip(
            node.parents,
            node.pull(g, traced, wanted) if watched is None else watched(node, g, traced, wanted),
            strict=True,
        ):
            if term is None or (wanted is not None and parent not in wanted):
                continue
            if term.shape != parent.shape:
                if not node.broadcasts:
                    raise ShapeError(
                        f"{node.name()}: its rule returned a gradient of shape {tuple(term.shape)} for an input of "
                        f"shape {parent.shape}; a gradient has the shape of its input"
                    )
                term = unbroadcast(term, parent.shape)
            _add(grads, ours, parent, term)
            del term
        if release:
            node.release()
    return results


def _add(grads: dict[Node, Array], ours: set[Node], node: Node, term: Array) -> None:
    """Add ``term`` to the gradient of ``node``. The first term may be shared and is never written into."""
    known = grads.get(node)
    if known is None:
        grads[node] = term
    elif node in ours and type(known) is np.ndarray:
        known += term
    else:
        grads[node] = known + term
        ours.add(node)


def _put(grads: dict[Node, Array], pick: Pick, g: Array) -> None:
    """Put the cotangent of one output among those of the node that has several."""
    whole = pick.parents[0]
    outputs = grads.setdefault(whole, {})
    known = outputs.get(pick.index)
    outputs[pick.index] = g if known is None else known + g


def unbroadcast(g: Array, shape: tuple[int, ...]) -> Array:
    """Sum ``g`` over the axes along which an array of ``shape`` was broadcast: the adjoint of broadcasting."""
    extra = g.ndim - len(shape)
    if extra:
        g = np.add.reduce(g, axis=tuple(range(extra)))
    axes = tuple([axis for axis, size in enumerate(shape) if size == 1 and g.shape[axis] != 1])
    return np.add.reduce(g, axis=axes, keepdims=True) if axes else g
