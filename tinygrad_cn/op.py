"""Ops: a forward function on raw arrays, and for each differentiable input a rule in one line of NumPy.

    tanh     = elementwise("tanh", np.tanh, x=lambda g, out: g * (1 - out * out))
    multiply = elementwise("multiply", np.multiply, x=lambda g, y: g * y, y=lambda g, x: g * x)

The keyword says which input is differentiated. The parameters of a rule say what a node keeps alive for it, and
nothing else is kept: ``g`` is the cotangent, ``out`` the result, the name of an input its array, ``x_shape`` and
``x_dtype`` only that much of input ``x``, any other name a keyword parameter of the forward function.

Called with raw arrays an op is its forward function. Called with Tensors it runs the forward function on their
arrays and records a `Record` when a gradient may be asked for. Rules are written with NumPy functions and with ops,
so the same rule runs on raw arrays in a first-order sweep and on Tensors when the sweep is itself recorded.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from tinygrad_cn import dtypes, observing
from tinygrad_cn.errors import DTypeError, LinAlgError, ShapeError, UnsupportedOperand
from tinygrad_cn.floating_point import quiet, run_quietly
from tinygrad_cn.graph import Handle, Node, Pick, grad_mode
from tinygrad_cn.record import Plan, Record
from tinygrad_cn.views import View

__all__ = ["Op", "cast", "elementwise", "op", "registry"]

#: Every op by name. The NumPy protocols, the generated documentation and the tests read it.
registry: dict[str, Op] = {}

_FLOAT32 = np.dtype(np.float32)
_FLOAT64 = np.dtype(np.float64)


class Op:
    """A differentiable function of arrays. Arrays are positional, parameters are keywords.

    Args:
        name: the op's name in NumPy's vocabulary.
        forward: the function on raw arrays.
        rules: for each differentiable input, by its name, the rule that pulls the cotangent back to it.
        joint: one rule for all inputs, whose gradients share work: ``joint(g, needs, ...)`` returns a gradient
            (or ``None``) for each input; ``needs[i]`` tells whether input ``i``'s is asked for.
        composite: the same function spelled in other ops; used instead of ``joint`` when the sweep is recorded.
        broadcasts: elementwise: inputs are broadcast, and gradients are summed back by the sweep.
        promotes: the inputs that are brought to one dtype first.
        floating: integer inputs are computed in the default floating dtype.
        view: the result shares the memory of the first input (or may).
        outputs: the forward function returns a tuple of this many arrays.
        aux: the forward function returns (out, something that a rule asks for by the name ``aux``).
        label: the name that ``grad_fn`` shows.
    """

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        rules: dict[str, Callable[..., Any]],
        *,
        joint: Callable[..., Any] | None = None,
        composite: Callable[..., Any] | None = None,
        broadcasts: bool = False,
        promotes: Sequence[str] = (),
        floating: bool = False,
        view: bool = False,
        outputs: int = 1,
        aux: bool = False,
        label: str | None = None,
    ) -> None:
        self.name = name
        self.forward = forward
        self.rules = rules
        self.joint = joint
        self.composite = composite
        self.broadcasts = broadcasts
        self.floating = floating
        self.view = view
        self.outputs = outputs
        self.aux = aux
        self.label = label or "".join(part.capitalize() for part in name.split("_"))
        self.inputs, self.defaults, self.variadic = _signature(forward)
        self._unifies = bool(promotes) or floating
        self._positions = tuple(self.inputs.index(p) for p in promotes or self.inputs) if not self.variadic else ()
        self._differentiable = sum(1 << self.inputs.index(n) for n in rules) if joint is None else -1
        self._plans: dict[int, Plan] = {}
        if name in registry:
            raise ValueError(f"an op named {name!r} is registered already; choose another name")
        registry[name] = self

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    # ------------------------------------------------------------------------------------- calling

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        if self._unifies and not self._unified(inputs):
            inputs = self._promoted(inputs)
        like = None
        arrays = []
        parents = []
        mask, bit = 0, 1
        for x in inputs:
            if isinstance(x, Handle):
                if x._view is not None:
                    x._view.refresh(x)
                if like is None:
                    like = x
                arrays.append(x._array)
                node = x._node
                if node is not None and self._differentiable & bit:
                    mask |= bit
                    parents.append(node)
            else:
                arrays.append(x)
            bit <<= 1
        if like is None:
            out = self.forward(*inputs, **params)
            return out[0] if self.aux else out
        out = self._run(arrays, params)
        if self.aux:
            out, params["aux"] = out
        if observing.ran is not None:
            observing.ran(self, arrays, params, out)
        recorded = mask and grad_mode.get()
        if self.outputs > 1:
            return self._several(like, self._record(mask, parents, arrays, params, out) if recorded else None, out)
        if isinstance(out, np.generic):
            out = np.asarray(out)
        result = like._wrap(out, self._record(mask, parents, arrays, params, out) if recorded else None)
        if self.view and out.base is not None:
            self._link(result, inputs[0], params)
        return result

    def _run(self, arrays: Sequence[Any], params: dict[str, Any]) -> Any:
        try:
            try:
                return run_quietly(self.forward, *arrays, **params)
            except RuntimeError:
                return quiet(self.forward, *arrays, **params)
        except (ShapeError, LinAlgError):
            raise
        except ValueError as error:
            raise ShapeError(self._explain(error, arrays)) from None
        except TypeError as error:
            kinds = ", ".join(str(getattr(a, "dtype", type(a).__name__)) for a in arrays)
            raise DTypeError(f"{self.name}: {error} (the inputs are: {kinds})") from None

    def _explain(self, error: ValueError, arrays: Iterable[Any]) -> str:
        shapes = [tuple(np.shape(a)) for a in arrays]
        text = " and ".join(map(str, shapes))
        if self.broadcasts:
            return (
                f"{self.name}: shapes {text} cannot be broadcast together; counted from the last axis, sizes must be "
                "equal or 1. Reshape, unsqueeze or transpose one of them"
            )
        if re.match(r"\w+(\(\))?: ", str(error)):
            return str(error)  # a kernel, which names its shapes itself
        return f"{self.name}: {error} (the inputs have shapes {text})"

    def _several(self, like: Handle, whole: Node | None, outs: tuple[Any, ...]) -> tuple[Any, ...]:
        outs = tuple(np.asarray(out) if isinstance(out, np.generic) else out for out in outs)
        if whole is None:
            return tuple(like._wrap(out) for out in outs)
        whole.shape = tuple(out.shape for out in outs)
        return tuple(
            like._wrap(out, Pick(whole, i, out.shape) if out.dtype.kind in "fc" else None) for i, out in enumerate(outs)
        )

    def _link(self, result: Handle, parent: Any, params: dict[str, Any]) -> None:
        """Note that ``result`` is a view of ``parent``, if it is one: reshape, for one, may have had to copy."""
        base, array = result._array.base, parent._array
        if base is array or (base is array.base and base is not None) or np.may_share_memory(result._array, array):
            result._view = View(parent, self, params, grad_mode.get())

    # ----------------------------------------------------------------------------------- recording

    def record(self, inputs: Sequence[Any], arrays: Sequence[Any], params: dict[str, Any], out: Any) -> Node | None:
        """The node of ``out = forward(*arrays, **params)``, or ``None`` when no input is traced."""
        mask, bit = 0, 1
        parents = []
        for x in inputs:
            if isinstance(x, Handle) and x._node is not None and self._differentiable & bit:
                mask |= bit
                parents.append(x._node)
            bit <<= 1
        return self._record(mask, parents, arrays, params, out) if mask else None

    def _record(
        self, mask: int, parents: list[Node], arrays: Sequence[Any], params: dict[str, Any], out: Any
    ) -> Node | None:
        plan = (None if self.variadic else self._plans.get(mask)) or self.plan(mask, len(arrays))
        saved = plan.save(arrays, out, params)
        return Record(self, plan, tuple(parents), saved, out.shape if self.outputs == 1 else ())

    def plan(self, mask: int, count: int) -> Plan:
        """What to save and run when the inputs of ``mask`` are traced."""
        key = mask if not self.variadic else mask | 1 << count
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) > 1000:  # concatenations of ever new lengths
                self._plans.clear()
            plan = self._plans[key] = Plan(self, tuple(i for i in range(count) if mask >> i & 1))
        return plan

    def _unified(self, inputs: Sequence[Any]) -> bool:
        """Whether the inputs to be brought to one dtype are all float32, or all float64, already."""
        dtype = None
        for i in range(len(inputs)) if self.variadic else self._positions:
            x = inputs[i]
            if isinstance(x, Handle):
                kind = x._array.dtype
                if kind is not dtype and (dtype is not None or (kind is not _FLOAT32 and kind is not _FLOAT64)):
                    return False
                dtype = kind
            elif type(x) is not float and type(x) is not int:
                return not any(isinstance(y, Handle) for y in inputs)
        return True

    def _promoted(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """``inputs`` with those named by ``promotes`` brought to one dtype, by PyTorch's rules."""
        positions = range(len(inputs)) if self.variadic else self._positions
        operands = []
        for i in positions:
            x = inputs[i]
            if isinstance(x, Handle):
                operands.append(x._array)
            elif isinstance(x, np.ndarray | np.generic | int | float | complex):
                operands.append(x)
            elif not hasattr(x, "__array_function__"):
                raise UnsupportedOperand(
                    f"{self.name}: input {i} is of type {type(x).__name__}; expected a Tensor, an array or a number"
                )
        dtype = dtypes.result_dtype(*operands)
        if self.floating and dtype.kind in "biu":
            dtype = dtypes.default_float.dtype
        changed = list(inputs)
        for i in positions:
            x = inputs[i]
            if isinstance(x, Handle):
                if x._array.dtype != dtype:
                    changed[i] = cast(x, dtype=dtype)
            elif isinstance(x, np.ndarray | np.generic) and x.dtype != dtype:
                changed[i] = np.asarray(x).astype(dtype)
            elif isinstance(x, int) and dtype.kind in "iu":
                changed[i] = np.asarray(x).astype(dtype)  # wraps around where it does not fit
        return tuple(changed)


class UnaryOp(Op):
    """An elementwise op of one input without parameters: the general path unrolled. A test holds them together."""

    def __call__(self, x: Any) -> Any:
        if not isinstance(x, Handle):
            return self.forward(x)
        array = x._array
        dtype = array.dtype
        if dtype is not _FLOAT32 and dtype is not _FLOAT64:
            return Op.__call__(self, x)
        if x._view is not None:
            x._view.refresh(x)
        try:
            out = run_quietly(self.forward, array)
        except RuntimeError:
            out = quiet(self.forward, array)
        except TypeError:
            return Op.__call__(self, x)  # explains it
        if not isinstance(out, np.ndarray) and isinstance(out, np.generic):
            out = np.asarray(out)
        parent = x._node
        if parent is None or not self._differentiable or not grad_mode.get():
            return x._wrap(out)
        plan = self._plans.get(1) or self.plan(1, 1)
        return x._wrap(out, Record(self, plan, (parent,), plan.keep((array, out)), out.shape))


class BinaryOp(Op):
    """An elementwise op of two inputs without parameters: the general path unrolled. A test holds them together."""

    def __call__(self, x: Any, y: Any) -> Any:
        first = second = None
        if isinstance(x, Handle):
            like = x
            a = x._array
            dtype = a.dtype
            if isinstance(y, Handle):
                b = y._array
                if b.dtype is not dtype:
                    return Op.__call__(self, x, y)
                if y._view is not None:
                    y._view.refresh(y)
                second = y._node
            elif type(y) is float or type(y) is int:
                b = y
            else:
                return Op.__call__(self, x, y)
            if x._view is not None:
                x._view.refresh(x)
            first = x._node
        elif isinstance(y, Handle):
            if type(x) is not float and type(x) is not int:
                return Op.__call__(self, x, y)
            like = y
            a = x
            b = y._array
            dtype = b.dtype
            if y._view is not None:
                y._view.refresh(y)
            second = y._node
        else:
            return self.forward(x, y)
        if dtype is not _FLOAT32 and dtype is not _FLOAT64:
            return Op.__call__(self, x, y)
        try:
            out = run_quietly(self.forward, a, b)
        except ValueError as error:
            raise ShapeError(self._explain(error, (a, b))) from None
        except RuntimeError:
            out = quiet(self.forward, a, b)
        except TypeError:
            return Op.__call__(self, x, y)  # explains it
        if not isinstance(out, np.ndarray) and isinstance(out, np.generic):
            out = np.asarray(out)
        if (first is None and second is None) or not grad_mode.get():
            return like._wrap(out)
        if second is None:
            mask, parents = 1, (first,)
        elif first is None:
            mask, parents = 2, (second,)
        else:
            mask, parents = 3, (first, second)  # type: ignore[assignment]
        mask &= self._differentiable
        if mask != 3 and len(parents) != mask.bit_count():
            return like._wrap(out, self.record((x, y), (a, b), {}, out))
        plan = self._plans.get(mask) or self.plan(mask, 2)
        record = Record(self, plan, parents, plan.keep((a, b, out)), out.shape)  # type: ignore[arg-type]
        return like._wrap(out, record)


def _signature(forward: Callable[..., Any]) -> tuple[tuple[str, ...], dict[str, Any], bool]:
    """The names of a forward function's arrays, the defaults of its parameters, and whether it takes ``*arrays``."""
    if isinstance(forward, np.ufunc):
        return ("x", "y", "z")[: forward.nin], {}, False
    code = forward.__code__
    names = code.co_varnames[: code.co_argcount]
    keywords = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    defaults = dict.fromkeys(keywords) | (forward.__kwdefaults__ or {})
    variadic = bool(code.co_flags & inspect.CO_VARARGS)
    return names, defaults, variadic


def op(name: str, forward: Callable[..., Any], *, joint: Any = None, **options: Any) -> Op:
    """Define and register an op: keywords that name inputs are rules, the others are options of `Op`."""
    inputs = _signature(forward)[0]
    rules = {key: options.pop(key) for key in inputs if key in options}
    return Op(name, forward, rules, joint=joint, **options)


def elementwise(name: str, forward: Callable[..., Any], **options: Any) -> Op:
    """Define and register an elementwise op: inputs are broadcast and brought to one dtype.

    One or two inputs without parameters get the unrolled call.
    """
    inputs, defaults, _ = _signature(forward)
    rules = {key: options.pop(key) for key in inputs if key in options}
    options.setdefault("promotes", inputs)
    kind = Op if defaults or len(inputs) > 2 else (UnaryOp, BinaryOp)[len(inputs) - 1]
    return kind(name, forward, rules, broadcasts=True, **options)


def _cast(x: Any, *, dtype: np.dtype) -> Any:
    return x.astype(dtype)


def _cast_back(g: Any, x_dtype: np.dtype) -> Any:
    return cast(g, dtype=x_dtype)


class _CastOp(Op):
    """The cast: a result that is no floating number carries no gradient."""

    def _record(
        self, mask: int, parents: list[Node], arrays: Sequence[Any], params: dict[str, Any], out: Any
    ) -> Node | None:
        return super()._record(mask, parents, arrays, params, out) if out.dtype.kind in "fc" else None


cast = _CastOp("cast", _cast, {"x": _cast_back}, label="ToCopy")
