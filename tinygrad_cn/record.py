"""Records: the nodes that ops make, and the plan that says what such a node saves and runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_cn import observing, storage
from tinygrad_cn.graph import Handle, Node, Pick, sweep
from tinygrad_cn.node_names import backward_name
from tinygrad_cn.packing import RELEASED, Hooks, Packed

if TYPE_CHECKING:
    from tinygrad_cn.op import Op

__all__ = ["Plan", "Record"]

#: Where a saved value comes from, when it is not one of the inputs (then: its position).
_OUT, _ALL_INPUTS, _PARAMETER, _AUX = -1, -2, -3, -4

#: PyTorch's names for what a node keeps of its first and of its second input.
_FIRST = ("_saved_self", "_saved_input", "_saved_mat1")
_SECOND = ("_saved_other", "_saved_weight", "_saved_mat2", "_saved_exponent")


class Plan:
    """What a node saves and runs when a given set of its op's inputs is traced: worked out once, used at each call.

    Attributes:
        traced: the positions of the traced inputs, which are the node's parents.
        saves: the names of what is saved.
        sources: for each, the position of the input that it is, or where else it comes from.
        save: ``(arrays, out, params) -> saved``.
        keep: ``(x, y, out) -> saved`` for ops without parameters.
        calls: pairs (rule, saved -> the rule's arguments after the cotangent).
        holds_arrays: whether there is anything worth freeing.
    """

    __slots__ = ("calls", "holds_arrays", "keep", "save", "saves", "sources", "traced")

    def __init__(self, op: Op, traced: tuple[int, ...]) -> None:
        self.traced = traced
        if op.joint is not None:
            rules = [op.joint]
            wants = [_parameters(op.joint)[2:]]
        else:
            rules = [op.rules[op.inputs[i]] for i in traced]
            wants = [_parameters(rule)[1:] for rule in rules]
        names = dict.fromkeys(name for want in wants for name in want)
        if op.composite is not None:  # the spelled-out function needs what the op was given
            names |= dict.fromkeys(op.inputs if not op.variadic else ("arrays",))
            names |= dict.fromkeys(op.defaults)
        self.saves = tuple(names)
        located = [_locate(op, name) for name in self.saves]
        self.sources = tuple(source for source, _ in located)
        self.save = _together([getter for _, getter in located])
        self.holds_arrays = any(source != _PARAMETER for source in self.sources)
        pool = {**{i: i for i in range(len(op.inputs))}, _OUT: len(op.inputs)}
        self.keep: Callable[..., Any] = _not_only_arrays
        if not op.variadic and all(source in pool for source in self.sources):
            self.keep = _picker([pool[source] for source in self.sources], len(pool))
        self.calls = tuple(
            (rule, _picker([self.saves.index(name) for name in want], len(self.saves)))
            for rule, want in zip(rules, wants, strict=True)
        )


def _not_only_arrays(pool: tuple[Any, ...]) -> tuple[Any, ...]:
    raise AssertionError("an op of the unrolled kinds saves its inputs and its result only")


def _parameters(rule: Callable[..., Any]) -> tuple[str, ...]:
    code = rule.__code__
    return code.co_varnames[: code.co_argcount]


def _locate(op: Op, name: str) -> tuple[int, Callable[..., Any]]:
    """Where the value that a rule calls ``name`` comes from, and the function that fetches it."""
    if name == "out":
        return _OUT, lambda arrays, out, params: out
    if op.aux and name == "aux":
        return _AUX, lambda arrays, out, params: params["aux"]
    if op.variadic and name == "arrays":
        return _ALL_INPUTS, lambda arrays, out, params: tuple(arrays)
    if op.variadic and name == "shapes":
        return _PARAMETER, lambda arrays, out, params: tuple([np.shape(a) for a in arrays])
    if name in op.inputs:
        i = op.inputs.index(name)
        return i, lambda arrays, out, params: arrays[i]
    if name in op.defaults:
        default = op.defaults[name]
        return _PARAMETER, lambda arrays, out, params: params.get(name, default)
    base, _, attribute = name.rpartition("_")
    if base in op.inputs and attribute in ("shape", "dtype"):
        i = op.inputs.index(base)
        if attribute == "shape":
            return _PARAMETER, lambda arrays, out, params: getattr(arrays[i], "shape", ())  # a number has none
        return _PARAMETER, lambda arrays, out, params: arrays[i].dtype
    raise TypeError(
        f"{op.name}: a rule asks for {name!r}, which is neither g, out, an input ({', '.join(op.inputs)}), its _shape "
        f"or _dtype, nor a parameter ({', '.join(op.defaults)})"
    )


def _together(getters: Sequence[Callable[..., Any]]) -> Callable[..., tuple[Any, ...]]:
    """One function that fetches all values; the short lists, which are almost all, without a loop."""
    if len(getters) == 1:
        (first,) = getters
        return lambda arrays, out, params: (first(arrays, out, params),)
    if len(getters) == 2:
        first, second = getters
        return lambda arrays, out, params: (first(arrays, out, params), second(arrays, out, params))
    return lambda arrays, out, params: tuple([get(arrays, out, params) for get in getters])


def _picker(positions: Sequence[int], count: int) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """The function that takes those positions out of a tuple of ``count``."""
    if not positions:
        return lambda values: ()
    if list(positions) == list(range(count)):
        return lambda values: values
    first, last = positions[0], positions[-1] + 1
    if list(positions) == list(range(first, last)):
        return itemgetter(slice(first, last))
    return itemgetter(*positions)


class Record(Node):
    """A node made by an op."""

    __slots__ = ("op", "plan", "saved", "shown")

    shown: str | None  # the label of a function made of several ops, on the last of its nodes

    def __init__(self, op: Op, plan: Plan, parents: tuple[Node, ...], saved: Any, shape: Any) -> None:
        self.op = op
        self.plan = plan
        self.parents = parents
        self.saved = saved
        self.shape = shape
        self.tick = storage.tick()
        self.hooks = None
        self.kept = None
        self.shown = None
        if observing.made is not None:
            observing.made(self)

    def name(self) -> str:
        if self.shown is not None:
            return f"{self.shown}Backward0"
        saved = dict(zip(self.plan.saves, self.saved, strict=True)) if type(self.saved) is tuple else {}
        return backward_name(self.op.label, self.shape, saved)

    def __getattr__(self, name: str) -> Any:
        """What is kept for the backward pass, by PyTorch's names: ``_saved_self``, ``_saved_other`` and the like."""
        wanted = {"_saved_result": _OUT, **dict.fromkeys(_FIRST, 0), **dict.fromkeys(_SECOND, 1)}.get(name)
        if wanted is None or wanted not in self.plan.sources:
            raise AttributeError(f"{self.name()} has no attribute {name!r}")
        saved = self.saved if type(self.saved) is tuple else self.saved.opened(self)
        return self._tied(saved)[self.plan.sources.index(wanted)]

    @property
    def broadcasts(self) -> bool:  # type: ignore[override]
        return self.op.broadcasts

    def release(self) -> None:
        if self.plan.holds_arrays:
            self.saved = RELEASED

    def pack(self, hooks: Hooks) -> None:
        """Hold what ``hooks`` make of the saved arrays in place of these."""
        if self.plan.holds_arrays:
            self.saved = Packed(self.saved, hooks)

    # --------------------------------------------------------------------------------------- pulling

    def pull(self, g: Any, traced: bool, wanted: set[Node] | None) -> Sequence[Any]:
        saved = self.saved
        if type(saved) is not tuple:
            saved = saved.opened(self)
        elif storage.latest > self.tick:
            self._check_fresh()
        op = self.op
        if op.outputs > 1:
            g = self._complete(g)
        if traced:
            if op.composite is not None:
                return self._pull_composite(op.composite, g, saved)
            saved = self._tied(saved)
        if op.joint is not None:
            return self._pull_joint(g, saved, wanted)
        if wanted is None:
            return [rule(g, *pick(saved)) for rule, pick in self.plan.calls]
        return [
            rule(g, *pick(saved)) if parent in wanted else None
            for parent, (rule, pick) in zip(self.parents, self.plan.calls, strict=True)
        ]

    def _pull_joint(self, g: Any, saved: tuple[Any, ...], wanted: set[Node] | None) -> list[Any]:
        traced = self.plan.traced
        ((rule, pick),) = self.plan.calls
        count = traced[-1] + 1 if self.op.variadic else len(self.op.inputs)
        needs = [False] * count
        for i, parent in zip(traced, self.parents, strict=True):
            needs[i] = wanted is None or parent in wanted
        gradients = rule(g, needs, *pick(saved))
        return [gradients[i] for i in traced]

    def _pull_composite(self, composite: Callable[..., Any], g: Any, saved: tuple[Any, ...]) -> list[Any]:
        """The gradient of the spelled-out function, from fresh ties to the parents (they may depend on each other)."""
        values = dict(zip(self.plan.saves, saved, strict=True))
        op = self.op
        arrays = list(values["arrays"] if op.variadic else [values[name] for name in op.inputs])
        ties = [Tie(parent) for parent in self.parents]
        handle = type(g) if not isinstance(g, tuple) else type(g[0])
        for i, tie in zip(self.plan.traced, ties, strict=True):
            arrays[i] = handle._wrap(arrays[i], tie)
        out = composite(*arrays, **{name: values[name] for name in op.defaults})
        outs, gs = (out, g) if op.outputs > 1 else ((out,), (g,))
        seeds = [(o._node, c) for o, c in zip(outs, gs, strict=True) if isinstance(o, Handle) and o._node is not None]
        found = sweep(seeds, ties, traced=True, release=False)
        return [found.get(tie) for tie in ties]

    def _tied(self, saved: tuple[Any, ...]) -> tuple[Any, ...]:
        """The saved arrays as Handles tied to the nodes that they came from, so that rules on them are recorded."""
        plan, wrap = self.plan, Handle._result_class._wrap
        node_of = dict(zip(plan.traced, self.parents, strict=True))
        tied = []
        for source, value in zip(plan.sources, saved, strict=True):
            if source == _OUT:
                value = self._tied_out(value)
            elif source == _ALL_INPUTS:
                value = tuple(wrap(v, node_of[i]) if i in node_of else v for i, v in enumerate(value))
            elif source in node_of:
                value = wrap(value, node_of[source])
            tied.append(value)
        return tuple(tied)

    def _tied_out(self, out: Any) -> Any:
        wrap = Handle._result_class._wrap
        if self.op.outputs == 1:
            return wrap(out, self)
        return tuple(wrap(o, Pick(self, i, o.shape)) if o.dtype.kind in "fc" else o for i, o in enumerate(out))

    def _complete(self, g: dict[int, Any]) -> tuple[Any, ...]:
        """The cotangents of all outputs, zero where none arrived."""
        like = next(iter(g.values()))
        return tuple(g[i] if i in g else np.zeros_like(like, shape=shape) for i, shape in enumerate(self.shape))

    # ------------------------------------------------------------------------------------- staleness

    def _check_fresh(self) -> None:
        for name, array in self._saved_arrays():
            if storage.overwritten(array, self.tick):
                what = "its result" if name == "out" else f"its input {name!r}"
                raise RuntimeError(
                    f"{self.name()}: {what}, of shape {array.shape}, is needed for the gradient but was changed in "
                    f"place by {storage.writer(array)} after the op {self.op.name!r} had saved it. Write to a "
                    "clone() instead, use the out-of-place form, or write after the backward pass"
                )

    def _saved_arrays(self) -> Iterator[tuple[str, Any]]:
        for name, value in zip(self.plan.saves, self.saved, strict=True):
            for item in value if isinstance(value, tuple) else (value,):
                if isinstance(item, np.ndarray) and item.size:  # an empty one cannot have changed
                    yield name, item

    def keep_apart(self, array: Any) -> None:
        """Replace saved values that share ``array``'s memory by copies, just before it is written in place."""
        if type(self.saved) is not tuple:
            self.saved.keep_apart(array)
            return
        self.saved = tuple(
            [v.copy() if isinstance(v, np.ndarray) and np.may_share_memory(v, array) else v for v in self.saved]
        )


class Tie(Node):
    """A node that passes its cotangent on unchanged: a place to stop a sweep that is run inside another."""

    __slots__ = ()

    def __init__(self, parent: Node) -> None:
        super().__init__((parent,), parent.shape)

    def pull(self, g: Any, traced: bool, wanted: set[Node] | None) -> Sequence[Any]:
        return (g,)
