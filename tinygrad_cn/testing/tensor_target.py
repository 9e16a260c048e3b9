"""Functions of Tensors, Modules and autograd Functions as targets of the gradient checker."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinygrad_cn import random
from tinygrad_cn.autograd import Function
from tinygrad_cn.backward import grad
from tinygrad_cn.grad_mode import enable_grad
from tinygrad_cn.graph import Handle, Leaf
from tinygrad_cn.nn import Module
from tinygrad_cn.testing.target import Arrays, Cotangents, Target

__all__ = ["GradientTarget", "TensorTarget", "tensors_in"]


def tensors_in(value: Any) -> Iterator[Any]:
    """The Tensors in nested tuples, lists and dicts, in order."""
    if isinstance(value, Handle):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors_in(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from tensors_in(item)


def _floating(tensor: Any) -> bool:
    return tensor._array.dtype.kind == "f"


class TensorTarget(Target):
    """A function called as ``fn(*inputs)``: differentiated by the Tensors among the inputs that require gradients.

    The very Tensors of the caller are used: for each evaluation they are given other arrays, and get their own back
    afterwards. So a function that reads a parameter which it holds sees the change, and nothing is left behind. What
    else the function holds (the parameters and buffers of modules, constants) takes on the precision of the arrays.

    Args:
        fn (callable, Module, or subclass of `autograd.Function`)
        inputs (Tensor or sequence): its arguments; others than Tensors are passed through.

    Attributes:
        checked (list of Tensors): those to differentiate by.

    Raises:
        ValueError: nothing is there to differentiate by.
    """

    takes_complex = True
    takes_single = True
    takes_undefined = True

    def __init__(self, fn: Callable[..., Any], inputs: Any) -> None:
        self.args: tuple[Any, ...] = tuple(inputs) if isinstance(inputs, tuple | list) else (inputs,)
        self.fn = fn.apply if isinstance(fn, type) and issubclass(fn, Function) else fn
        self.name = _name_of(fn)
        self.modules = list(_modules_held(fn, self.args))
        self.checked: list[Any] = []
        names: list[str] = []
        for label, tensor in _candidates(fn, self.args):
            if not any(tensor is known for known in self.checked):
                self.checked.append(tensor)
                names.append(label)
        if not self.checked:
            raise ValueError(
                "gradcheck expects at least one input tensor to require gradient, but none of them has "
                "requires_grad=True"
            )
        self.input_names: Sequence[str] = tuple(names)
        self.held = [
            t
            for t in _tensors_held(fn, self.args, self.modules)
            if _floating(t) and not any(t is known for known in self.checked)
        ]
        self.outputs: list[int] | None = None  # the places of the outputs that carry a gradient
        self.random_state = random.get_rng_state()
        self.draws = True  # random numbers, as far as is known
        self._look_once()

    def _look_once(self) -> None:
        """Call the function as it is, to see whether it draws random numbers: putting those back takes its time."""
        kind = np.result_type(*(t._array.dtype for t in self.checked))
        with self._placed([t._array.astype(kind) for t in self.checked]):
            self._outputs()
            self.draws = not np.array_equal(random.get_rng_state(), self.random_state)

    @property
    def arrays(self) -> Arrays:
        """Where the inputs stand now, as they are."""
        return tuple(np.asarray(t._array) for t in self.checked)

    # ------------------------------------------------------------------------------- evaluation

    @contextmanager
    def _placed(self, arrays: Sequence[np.ndarray]) -> Iterator[None]:
        """The Tensors hold ``arrays`` inside, as leaves that require gradients, and all else takes their precision."""
        kind = arrays[0].dtype
        kept = [(t, t._array, t._node, t._view, t._grad) for t in (*self.checked, *self.held)]
        buffers = [(module, dict(module._buffers)) for module in self.modules if module._buffers]
        state = random.get_rng_state() if self.draws else None
        try:
            for tensor, array in zip(self.checked, arrays, strict=True):
                node = Leaf(array.shape, Handle._wrap)
                node.hooks = None if tensor._node is None else tensor._node.hooks
                tensor._array, tensor._node, tensor._view, tensor._grad = array, node, None, None
            for tensor in self.held:
                tensor._array, tensor._node, tensor._view = tensor._array.astype(kind), None, None
            for module, own in buffers:
                for name, buffer in own.items():
                    if buffer is not None:  # copies, for a forward pass may write them
                        array = buffer._array
                        own_kind = kind if array.dtype.kind == "f" else array.dtype
                        module._buffers[name] = buffer._wrap(array.astype(own_kind))
            if self.draws:
                random.set_rng_state(self.random_state)
            with enable_grad():
                yield
        finally:
            if state is not None:
                random.set_rng_state(state)
            for tensor, array, node_, view, gradient in kept:
                tensor._array, tensor._node, tensor._view, tensor._grad = array, node_, view, gradient
            for module, own in buffers:
                module._buffers.clear()
                module._buffers.update(own)

    def _called(self) -> Any:
        """What the function returns."""
        return self.fn(*self.args)

    def _outputs(self) -> list[Any]:
        found = [t for t in tensors_in(self._called()) if t._array.dtype.kind in "fc"]
        if self.outputs is None:
            traced = [i for i, t in enumerate(found) if t.requires_grad]
            self.outputs = traced or list(range(len(found)))
        return [found[i] for i in self.outputs]

    def value(self, arrays: Sequence[np.ndarray]) -> Arrays:
        """The floating outputs that carry a gradient (all, if none does)."""
        with self._placed(arrays):
            return tuple(np.asarray(t._array) for t in self._outputs())

    def pullback(self, arrays: Sequence[np.ndarray], cotangents: Cotangents) -> tuple[np.ndarray | None, ...]:
        """By a backward sweep over a graph recorded anew."""
        with self._placed(arrays):
            pairs = [
                (t, Handle._wrap(g))
                for t, g in zip(self._outputs(), cotangents, strict=True)
                if g is not None and t.requires_grad
            ]
            if not pairs:
                return (None,) * len(self.checked)
            found = grad([t for t, _ in pairs], self.checked, [g for _, g in pairs], allow_unused=True)
            return tuple(None if g is None else g._array for g in found)

    def batched_pullback(
        self, arrays: Sequence[np.ndarray], cotangents: Sequence[np.ndarray]
    ) -> tuple[np.ndarray | None, ...]:
        """By ``autograd.grad(..., is_grads_batched=True)``."""
        with self._placed(arrays):
            pairs = [(t, Handle._wrap(g)) for t, g in zip(self._outputs(), cotangents, strict=True) if t.requires_grad]
            if not pairs:
                return (None,) * len(self.checked)
            found = grad(
                [t for t, _ in pairs], self.checked, [g for _, g in pairs], allow_unused=True, is_grads_batched=True
            )
            return tuple(None if g is None else g._array for g in found)

    def pushforward(self, arrays: Sequence[np.ndarray], tangents: Sequence[np.ndarray]) -> Arrays:
        """By two backward sweeps: the gradient is linear in the cotangent, and its gradient by that is wanted."""
        with self._placed(arrays):
            outputs = self._outputs()
            cotangents = [Handle._wrap(np.zeros_like(t._array)).requires_grad_() for t in outputs]
            pairs = [(t, g) for t, g in zip(outputs, cotangents, strict=True) if t.requires_grad]
            if not pairs:
                return tuple(np.zeros_like(t._array) for t in outputs)
            first = grad(
                [t for t, _ in pairs], self.checked, [g for _, g in pairs], create_graph=True, materialize_grads=True
            )
            traced = [(g, Handle._wrap(v)) for g, v in zip(first, tangents, strict=True) if g.requires_grad]
            if not traced:
                return tuple(np.zeros_like(t._array) for t in outputs)
            found = grad([g for g, _ in traced], cotangents, [v for _, v in traced], materialize_grads=True)
            return tuple(g._array for g in found)


class GradientTarget(TensorTarget):
    """The gradient of a target, as a function of the same inputs and of the cotangents: to check second derivatives.

    Args:
        first (TensorTarget): the function.
        cotangents (sequence of Tensors): of its outputs.
    """

    def __init__(self, first: TensorTarget, cotangents: Sequence[Any]) -> None:
        self.first, self.cotangents = first, list(cotangents)
        self.name = f"the gradient of {first.name}"
        self.modules, self.held = first.modules, first.held
        self.checked = [*first.checked, *self.cotangents]
        self.input_names = (*first.input_names, *(f"cotangent {i}" for i in range(len(self.cotangents))))
        self.outputs = None
        self.random_state, self.draws = first.random_state, first.draws
        self._look_once()

    def _called(self) -> Any:
        outputs = self.first._outputs()
        pairs = [(t, g) for t, g in zip(outputs, self.cotangents, strict=True) if t.requires_grad]
        if not pairs:
            return ()
        return grad(
            [t for t, _ in pairs], self.first.checked, [g for _, g in pairs], create_graph=True, materialize_grads=True
        )


# ---------------------------------------------------------------------- what a function holds, and its names


def _name_of(fn: Any) -> str:
    if isinstance(fn, Module):
        return type(fn).__name__
    if isinstance(fn, functools.partial):
        return _name_of(fn.func)
    owner = getattr(fn, "__self__", None)
    if isinstance(owner, type) and issubclass(owner, Function):
        return owner.__name__
    return getattr(fn, "__name__", type(fn).__name__)


def _argument_names(fn: Any, count: int) -> list[str]:
    """The parameters' names as far as they are known, else the positions."""
    names = [str(i) for i in range(count)]
    called = fn.forward if isinstance(fn, Module) else fn
    if isinstance(called, type) or isinstance(getattr(called, "__self__", None), type):
        return names
    try:
        parameters = list(inspect.signature(called).parameters.values())
    except (TypeError, ValueError):
        return names
    for i, parameter in enumerate(parameters[:count]):
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            names[i] = f"{i} ({parameter.name})"
        else:
            break
    return names


def _candidates(fn: Any, args: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    """The Tensors to differentiate by, with their names."""
    inputs: list[tuple[str, Any]] = []
    for label, arg in zip(_argument_names(fn, len(args)), args, strict=True):
        inside = list(tensors_in(arg))
        for i, tensor in enumerate(inside):
            if _floating(tensor):
                inputs.append((label if isinstance(arg, Handle) else f"{label}[{i}]", tensor))
    asked = [(label, tensor) for label, tensor in inputs if tensor.requires_grad]
    yield from asked if asked or not isinstance(fn, Module) else inputs
    if isinstance(fn, Module):
        for name, parameter in fn.named_parameters():
            if parameter.requires_grad and _floating(parameter):
                yield name, parameter


def _closed_over(fn: Any) -> Iterator[Any]:
    """What a function reaches without being given it."""
    while isinstance(fn, functools.partial):
        yield from fn.args
        yield from fn.keywords.values()
        fn = fn.func
    owner = getattr(fn, "__self__", None)
    if owner is not None:
        yield owner
    if inspect.ismethod(fn):
        fn = fn.__func__
    if inspect.isfunction(fn):
        try:
            variables = inspect.getclosurevars(fn)
        except ValueError:  # a cell that is still empty
            return
        yield from variables.nonlocals.values()
        yield from variables.globals.values()


def _modules_held(fn: Any, args: tuple[Any, ...]) -> Iterator[Module]:
    for value in (fn, *args, *_closed_over(fn)):
        if isinstance(value, Module):
            yield from value.modules()


def _tensors_held(fn: Any, args: tuple[Any, ...], modules: list[Module]) -> Iterator[Any]:
    seen: set[int] = set()
    sources: list[Any] = [args, list(_closed_over(fn))]
    for module in modules:
        sources += [dict(module._parameters), dict(vars(module))]
    for source in sources:
        for tensor in tensors_in(source):
            if id(tensor) not in seen:
                seen.add(id(tensor))
                yield tensor
