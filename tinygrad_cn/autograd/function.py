"""Functions with a gradient of one's own: a static ``forward`` and a static ``backward``, as in PyTorch."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_cn import observing, storage
from tinygrad_cn.backward import grad
from tinygrad_cn.errors import ShapeError
from tinygrad_cn.grad_mode import enable_grad, no_grad
from tinygrad_cn.graph import Handle, Node, Pick, grad_mode, unbroadcast
from tinygrad_cn.op import cast
from tinygrad_cn.packing import Hooks, Parcel

__all__ = ["Function", "FunctionContext", "FunctionCtx", "once_differentiable"]


def _nothing() -> None:
    """Stands in for a reference to a node before there is one."""


class FunctionContext:
    """The ``ctx`` that ``forward`` leaves things on for ``backward``.

    Attributes:
        needs_input_grad (tuple of bools): for each argument of ``forward``, whether its gradient is asked for.
    """

    def __init__(self) -> None:
        self.needs_input_grad: tuple[bool, ...] = ()
        self._to_save: tuple[Any, ...] = ()
        self._not_differentiable: set[int] = set()
        self._dirty: tuple[Any, ...] = ()
        self._materialize = True
        self._node: Callable[[], FunctionNode | None] = _nothing  # a weak reference: the node holds the context

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep inputs or outputs for ``backward``, which finds them in ``saved_tensors``.

        Raises:
            TypeError: something is neither a Tensor nor ``None``.
        """
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, Handle):
                raise TypeError(
                    f"save_for_backward keeps Tensors and None, not {type(tensor).__name__}; set other values as "
                    "attributes of ctx"
                )
        self._to_save = tensors

    save_for_forward = save_for_backward

    def mark_non_differentiable(self, *outputs: Any) -> None:
        """Say that these outputs carry no gradient."""
        self._not_differentiable = {id(output) for output in outputs}

    def mark_dirty(self, *inputs: Any) -> None:
        """Say that these inputs were written in place and are returned."""
        self._dirty = inputs

    def set_materialize_grads(self, value: bool) -> None:
        """Whether ``backward`` gets zeros (the default) or ``None`` for outputs that no gradient reached."""
        self._materialize = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What ``save_for_backward`` kept.

        Raises:
            RuntimeError: the graph was freed; a kept tensor was written in place.
        """
        node = self._node()
        return () if node is None else node.unpack()


FunctionCtx = FunctionContext  # PyTorch's name


class FunctionNode(Node):
    """The node of a `Function`: calls its ``backward``."""

    __slots__ = ("arguments", "ctx", "dtypes", "function", "metas", "saved")

    def __init__(
        self, function: type[Function], ctx: FunctionContext, parents: tuple[Node, ...], arguments: list[int]
    ) -> None:
        super().__init__(parents, ())
        self.function = function
        self.ctx = ctx
        self.arguments = arguments  # the positions of the traced ones among forward's arguments
        self.dtypes: dict[int, Any] = {}  # of the traced arguments, by position
        self.metas: list[tuple[tuple[int, ...], Any]] = []  # shape and dtype of each output
        self.saved: list[tuple[Any, Any]] | None = []  # (tensor or array, node or output index)

    def name(self) -> str:
        return f"{self.function.__name__}Backward"

    def keep(self, tensors: Sequence[Any], outputs: dict[int, int]) -> None:
        """Keep tensors without making a cycle: an output is kept as its array and its place."""
        assert self.saved is not None
        for tensor in tensors:
            if tensor is not None and id(tensor) in outputs:
                self.saved.append((tensor._array, outputs[id(tensor)]))
            else:
                self.saved.append((tensor, None))

    def pack(self, hooks: Hooks) -> None:
        """Hold what ``hooks`` make of the saved arrays in place of these."""
        packed: list[tuple[Any, Any]] = []
        for value, place in self.saved or ():
            array, node = (value, None) if place is not None or value is None else (value._array, value._node)
            packed.append((None if array is None else (Parcel(array, hooks), node), place))
        self.saved = packed

    def unpack(self) -> tuple[Any, ...]:
        if self.saved is None:
            raise RuntimeError(
                f"{self.name()}: trying to go backward through the graph a second time, but what it saved has been "
                "freed. "
                "Pass retain_graph=True to the first backward() or grad()"
            )
        found = []
        for value, place in self.saved:
            if type(value) is tuple:  # packed
                parcel, node = value
                value = parcel.open(self.name(), self.tick)
                if place is None:
                    value = Handle._result_class._wrap(value, node)
            array: Any = value if place is not None else getattr(value, "_array", None)
            if array is not None and storage.overwritten(array, self.tick):
                raise RuntimeError(
                    f"{self.name()}: a tensor of shape {array.shape} that it saved was changed in place by "
                    f"{storage.writer(array)} afterwards; save a clone()"
                )
            if place is not None:
                several = len(self.metas) > 1
                value = Handle._result_class._wrap(value, Pick(self, place, array.shape) if several else self)
            found.append(value)
        return tuple(found)

    def release(self) -> None:
        if self.saved:
            self.saved = None

    def pull(self, g: Any, traced: bool, wanted: set[Node] | None) -> Sequence[Any]:
        wrap = Handle._result_class._wrap
        cotangents = g if isinstance(g, dict) else {0: g}
        given: list[Any] = []
        for i, (shape, dtype) in enumerate(self.metas):
            c = cotangents.get(i)
            if c is not None:
                given.append(c if traced else wrap(np.asarray(c)))
            elif self.ctx._materialize:
                given.append(wrap(np.zeros(shape, dtype=dtype)))
            else:
                given.append(None)
        results = self.function.backward(self.ctx, *given) if self._has_backward() else self._transposed(given)
        results = results if isinstance(results, tuple) else (results,)
        count = len(self.ctx.needs_input_grad)
        if len(results) > count and all(r is None for r in results[count:]):
            results = results[:count]
        if len(results) != count:
            raise RuntimeError(
                f"{self.name()}: backward returned {len(results)} gradients, but forward took {count} arguments; "
                "return one for "
                "each, None for those that have none"
            )
        return [
            self._checked(results[i], i, parent, traced) for i, parent in zip(self.arguments, self.parents, strict=True)
        ]

    def _has_backward(self) -> bool:
        return self.function.backward is not Function.backward or self.function.jvp is Function.jvp

    def _transposed(self, cotangents: Sequence[Any]) -> tuple[Any, ...]:
        """Gradients from ``jvp``, which is linear in the tangents: its own gradient by them is the backward pass."""
        tangents: list[Any] = [None] * len(self.ctx.needs_input_grad)
        with enable_grad():
            for i, parent in zip(self.arguments, self.parents, strict=True):
                zeros = np.zeros(parent.shape, dtype=self.dtypes[i])
                tangents[i] = Handle._result_class._wrap(zeros).requires_grad_()
            outputs = self.function.jvp(self.ctx, *tangents)
            outputs = outputs if isinstance(outputs, tuple) else (outputs,)
            live = [(o, g) for o, g in zip(outputs, cotangents, strict=True) if o is not None and g is not None]
            wanted = [tangents[i] for i in self.arguments]
            found = grad([o for o, _ in live], wanted, [g for _, g in live], create_graph=True, allow_unused=True)
        for i, gradient in zip(self.arguments, found, strict=True):
            tangents[i] = gradient
        return tuple(tangents)

    def _checked(self, result: Any, position: int, parent: Node, traced: bool) -> Any:
        if result is None:
            return None
        if not isinstance(result, Handle):
            raise TypeError(f"{self.name()}: backward must return Tensors or None, not {type(result).__name__}")
        shape = result._array.shape
        if shape != parent.shape:
            if _expands(parent.shape, shape):
                result = unbroadcast(result, parent.shape)
            else:
                raise ShapeError(
                    f"{self.name()}: backward returned a gradient of shape {list(shape)} for argument {position} of "
                    "shape "
                    f"{list(parent.shape)}"
                )
        if result._array.dtype != self.dtypes[position]:
            result = cast(result, dtype=self.dtypes[position])
        return result if traced else result._array


def _expands(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    """Whether an array of shape ``small`` broadcasts to ``large``."""
    try:
        return np.broadcast_shapes(small, large) == large
    except ValueError:
        return False


class Function:
    """A function with a gradient of one's own. Subclass it, write ``forward`` and ``backward``, call ``apply``.

    ``forward(ctx, *args)`` computes with recording off and leaves what ``backward`` needs on ``ctx``; or
    ``forward(*args)`` computes, and ``setup_context(ctx, inputs, output)`` does the leaving.
    ``backward(ctx, *grads)`` gets a gradient for each output and returns one for each argument; when it is written with
    Tensor operations, gradients of gradients work too.

    >>> import tinygrad_cn as tg
    >>> class Square(tg.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return 2 * x * g
    >>> x = tg.tensor(3., requires_grad=True)
    >>> Square.apply(x).backward()
    >>> x.grad
    tensor(6.)
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the result."""
        raise NotImplementedError("a Function needs a static forward(ctx, *args)")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Compute the gradients of the arguments from those of the outputs."""
        raise NotImplementedError(
            "a Function needs a static backward(ctx, *grad_outputs) for its gradient to be asked for"
        )

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """Compute the derivatives of the outputs in the direction of ``grad_inputs``; without a ``backward``, gradients
        come from here too."""
        raise NotImplementedError("a Function needs a static jvp(ctx, *grad_inputs) for its forward derivative")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Leave on ``ctx`` what ``backward`` needs, when ``forward`` takes no ``ctx``."""
        raise NotImplementedError

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Call the function on ``args`` and record it."""
        ctx = FunctionContext()
        nodes = []
        for arg in args:
            if isinstance(arg, Handle) and arg._view is not None:
                arg._view.refresh(arg)
            nodes.append(arg._node if isinstance(arg, Handle) else None)
        ctx.needs_input_grad = tuple(node is not None for node in nodes)
        recording = grad_mode.get() and any(ctx.needs_input_grad)
        with no_grad():
            if cls.setup_context is Function.setup_context:
                output = cls.forward(ctx, *args, **kwargs)
            else:
                output = cls.forward(*args, **kwargs)
                cls.setup_context(ctx, args, output)
        arguments = [i for i, node in enumerate(nodes) if node is not None]
        node = FunctionNode(cls, ctx, tuple(n for n in nodes if n is not None), arguments)
        node.dtypes = {i: args[i]._array.dtype for i in arguments}
        ctx._node = weakref.ref(node)
        several = isinstance(output, tuple | list)
        outputs = list(output) if several else [output]
        places: dict[int, int] = {}
        results: list[Any] = []
        inputs = {id(arg) for arg in args if isinstance(arg, Handle)}
        dirty = {id(tensor) for tensor in ctx._dirty}
        for i, out in enumerate(outputs):
            if not isinstance(out, Handle):
                node.metas.append(((), None))
                results.append(out)
                continue
            array = out._array
            node.metas.append((array.shape, array.dtype))
            places[id(out)] = i
            if id(out) in dirty:
                storage.stamp(array, cls.__name__)
                results.append(out)
            else:
                results.append(out._wrap(array) if id(out) in inputs or recording else out)
        node.keep(
            ctx._to_save, {} if not recording else {k: v for k, v in places.items() if k not in inputs or k in dirty}
        )
        ctx._to_save = ()
        if recording:
            node.tick = storage.tick()
            node.shape = node.metas[0][0] if len(outputs) == 1 else ()
            for i, (out, result) in enumerate(zip(outputs, results, strict=True)):
                if (
                    isinstance(result, Handle)
                    and id(out) not in ctx._not_differentiable
                    and result._array.dtype.kind in "fc"
                ):
                    result._node = Pick(node, i, result._array.shape) if len(outputs) > 1 else node
            if observing.made is not None:
                observing.made(node)
        return tuple(results) if several else results[0]


class _OnceOnly(Function):
    """Passes a gradient through and refuses a gradient of it; ``tie`` is what the gradient depends on."""

    @staticmethod
    def forward(ctx: Any, tie: Any, gradient: Any) -> Any:
        return gradient

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable; write its backward "
            "with Tensor operations and take the mark away"
        )


def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a ``backward`` that is not written in Tensor operations: nothing of it is recorded.

    A gradient of the gradient is then refused, where without the mark it would be silently wrong.

    Args:
        fn: the static ``backward(ctx, *grad_outputs)`` of a `Function`.

    >>> import numpy as np
    >>> import tinygrad_cn as tg
    >>> class Cube(tg.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.x = x.detach().numpy()
    ...         return tg.from_numpy(ctx.x**3)
    ...     @staticmethod
    ...     @once_differentiable
    ...     def backward(ctx, g):
    ...         return tg.from_numpy(g.numpy() * 3 * ctx.x**2)
    >>> x = tg.tensor([2.], requires_grad=True)
    >>> Cube.apply(x.clone()).backward(tg.ones(1))
    >>> x.grad
    tensor([12.])
    """

    @functools.wraps(fn)
    def once(ctx: Any, *grad_outputs: Any) -> Any:
        with no_grad():
            results = fn(ctx, *grad_outputs)
        tie = next((g for g in grad_outputs if isinstance(g, Handle) and g._node is not None), None)
        if tie is None or not grad_mode.get():
            return results
        several = isinstance(results, tuple)
        marked = tuple(
            _OnceOnly.apply(tie, result) if isinstance(result, Handle) else result
            for result in (results if several else (results,))
        )
        return marked if several else marked[0]

    return once
