"""Derivatives of functions, as functions: Jacobians, Hessians, and their products with vectors.

Every function here takes ``func`` and its inputs (a Tensor or a tuple of Tensors) and calls ``func(*inputs)`` on copies
that require gradients. Results have the structure of the inputs, of the outputs, or of both, as in PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_cn.autograd.pulling import pulled, zeros_for_none
from tinygrad_cn.functions.joining import stack
from tinygrad_cn.functions.shaping import clone, reshape
from tinygrad_cn.grad_mode import enable_grad, is_grad_enabled, set_grad_enabled
from tinygrad_cn.graph import Handle

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Tensors = tuple[Any, ...]


# ---------------------------------------------------------------------------- inputs and outputs


def _listed(name: str, what: str, value: Any) -> tuple[Tensors, bool]:
    """``value`` as a tuple of Tensors, and whether it was one.

    Raises:
        TypeError: it holds something else.
    """
    several = isinstance(value, tuple)
    items = value if several else (value,)
    for i, item in enumerate(items):
        if not isinstance(item, Handle):
            place = f"item {i} of the {what}" if several else f"the {what}"
            raise TypeError(f"{name}(): {place} must be a Tensor, not {type(item).__name__}")
    return items, several


def _prepared(inputs: Tensors, create_graph: bool) -> Tensors:
    """Copies that require gradients, tied to where the inputs come from when the result is to be differentiable."""
    found = []
    for x in inputs:
        tied = create_graph and x.requires_grad
        found.append(clone(x) if tied else x.detach().clone().requires_grad_())
    return tuple(found)


def _called(name: str, func: Callable[..., Any], inputs: Tensors, strict: bool) -> tuple[Tensors, bool]:
    outputs, several = _listed(name, "result of func", func(*inputs))
    if strict:
        for i, out in enumerate(outputs):
            if not out.requires_grad:
                raise RuntimeError(
                    f"{name}(): output {i} of func does not require gradients: it depends on no input in a "
                    "differentiable way, which strict=True does not allow"
                )
    return outputs, several


def _vector(name: str, v: Any, like: Tensors, what: str) -> Tensors:
    """``v``, of the shapes of ``like``; ones for a single element.

    Raises:
        RuntimeError: it is missing, or does not fit.
    """
    if v is None:
        if len(like) != 1 or like[0]._array.size != 1:
            raise RuntimeError(f"{name}(): v can only be None if {what} is a single Tensor with a single element")
        return (like[0]._wrap(np.ones_like(like[0]._array)),)
    items, _ = _listed(name, "vector v", tuple(v) if isinstance(v, list) else v)
    if len(items) != len(like):
        raise RuntimeError(f"{name}(): v has {len(items)} Tensors, but {what} has {len(like)}")
    for i, (a, b) in enumerate(zip(items, like, strict=True)):
        if a._array.shape != b._array.shape:
            raise RuntimeError(
                f"{name}(): v has shape {list(a._array.shape)} in place {i}, but {what} has {list(b._array.shape)}"
            )
    return items


def _scalar(name: str, outputs: Tensors, several: bool) -> None:
    if several:
        raise RuntimeError(f"{name}(): func must return a single Tensor, not a tuple")
    if outputs[0]._array.size != 1:
        raise RuntimeError(
            f"{name}(): func must return a single element, got shape {list(outputs[0]._array.shape)}; reduce it first"
        )


def _filled(name: str, grads: Sequence[Any], like: Tensors, strict: bool, create_graph: bool, what: str) -> Tensors:
    """Zeros in place of ``None``.

    Raises:
        RuntimeError: with ``strict``, there is one, or a result that cannot be differentiated though it is to be.
    """
    for i, g in enumerate(grads):
        if strict and g is None:
            raise RuntimeError(f"{name}(): {what} is independent of input {i}, which strict=True does not allow")
        if strict and create_graph and not g.requires_grad:
            raise RuntimeError(
                f"{name}(): the derivative of {what} by input {i} is constant, so that it cannot be "
                "differentiated again, which strict=True does not allow"
            )
    return zeros_for_none(grads, like)


def _finished(values: Tensors, several: bool, create_graph: bool) -> Any:
    """The values in the structure asked for, cut off from the graph unless they are to be differentiated."""
    if not create_graph:
        values = tuple(v.detach() for v in values)
    return values if several else values[0]


# ------------------------------------------------------------------------------------ first order


def vjp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """``func(*inputs)``, and the product of a vector with its Jacobian: one backward pass.

    Args:
        func: takes and returns Tensors.
        inputs (Tensor or tuple of Tensors)
        v (Tensor or tuple of Tensors): of the shapes of the outputs; may be left away for a single element.
        create_graph (bool): make the results differentiable.
        strict (bool): refuse outputs that are independent of an input, in place of zeros.

    Raises:
        RuntimeError: ``v`` does not fit the outputs.

    >>> import tinygrad_cn as tg
    >>> tg.autograd.functional.vjp(lambda x: x * x, tg.tensor([1., 2.]), tg.tensor([1., 10.]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    given, several = _listed("vjp", "inputs", inputs)
    with enable_grad():
        ins = _prepared(given, create_graph)
        outputs, several_out = _called("vjp", func, ins, strict)
        gs = _vector("vjp", v, outputs, "the output of func")
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = pulled(outputs, ins, gs, create_graph, False)
        found = _filled("vjp", found, ins, strict, create_graph, "the output of func")
    return _finished(outputs, several_out, create_graph), _finished(found, several, create_graph)


def jvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """``func(*inputs)``, and the product of its Jacobian with a vector: two backward passes.

    The backward pass is linear in the cotangent u, so its derivative by u in the direction v is the product sought
    (J. Townsend, "A new trick for calculating Jacobian vector products", 2017).

    Args:
        func: takes and returns Tensors, and is twice differentiable.
        inputs (Tensor or tuple of Tensors)
        v (Tensor or tuple of Tensors): of the shapes of the inputs; may be left away for a single element.
        create_graph (bool): make the results differentiable.
        strict (bool): refuse outputs that are independent of an input, in place of zeros.

    >>> import tinygrad_cn as tg
    >>> tg.autograd.functional.jvp(lambda x: x * x, tg.tensor([1., 2.]), tg.tensor([1., 10.]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    given, _ = _listed("jvp", "inputs", inputs)
    with enable_grad():
        ins = _prepared(given, create_graph)
        direction = _vector("jvp", v, ins, "the input of func")
        outputs, several_out = _called("jvp", func, ins, strict)
        us = tuple(o._wrap(np.zeros_like(o._array)).requires_grad_() for o in outputs)
        back = pulled(outputs, ins, us, True, True)
        if strict:
            _filled("jvp", back, ins, True, False, "the output of func")
        reached = [(b, d) for b, d in zip(back, direction, strict=True) if b is not None]
        found = pulled([b for b, _ in reached], us, [d for _, d in reached], create_graph, False)
        found = _filled("jvp", found, us, False, False, "the gradient")
    return _finished(outputs, several_out, create_graph), _finished(found, several_out, create_graph)


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The derivatives of every element of the output by every element of the input: one backward pass for each element.

    Args:
        func: takes and returns Tensors.
        inputs (Tensor or tuple of Tensors)
        create_graph (bool): make the result differentiable.
        strict (bool): refuse outputs that are independent of an input, in place of zeros.
        vectorize (bool): accepted, without ``strict``.
        strategy ("reverse-mode" or "forward-mode"): accepted; the result is the same.

    Returns:
        Tensor of shape (*output, *input); a tuple over the inputs, or over the outputs, or of tuples, where there are
        several.

    >>> import tinygrad_cn as tg
    >>> tg.autograd.functional.jacobian(lambda x: x * x, tg.tensor([1., 2.]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    _checked_strategy("jacobian", strategy, strict, vectorize)
    given, several = _listed("jacobian", "inputs", inputs)
    with enable_grad():
        ins = _prepared(given, create_graph)
        outputs, several_out = _called("jacobian", func, ins, strict)
        blocks = tuple(_block(out, i, ins, strict, create_graph) for i, out in enumerate(outputs))
    rows = tuple(_finished(block, several, create_graph) for block in blocks)
    return rows if several_out else rows[0]


def _checked_strategy(name: str, strategy: str, strict: bool, vectorize: bool) -> None:
    if strategy not in ("reverse-mode", "forward-mode"):
        raise ValueError(f"{name}(): strategy must be 'reverse-mode' or 'forward-mode', got {strategy!r}")
    if strict and (vectorize or strategy == "forward-mode"):
        raise RuntimeError(f"{name}(): strict=True goes neither with vectorize=True nor with strategy='forward-mode'")


def _block(out: Any, i: int, ins: Tensors, strict: bool, create_graph: bool) -> Tensors:
    """The derivatives of one output by all inputs."""
    shape = out._array.shape
    columns: list[list[Any]] = [[] for _ in ins]
    for j in range(out._array.size):
        unit = np.zeros_like(out._array, order="C")
        unit.reshape(-1)[j] = 1
        found = pulled((out,), ins, (out._wrap(unit),), create_graph, True)
        found = _filled("jacobian", found, ins, strict, create_graph, f"output {i} of func")
        for column, g in zip(columns, found, strict=True):
            column.append(g)
    return tuple(
        reshape(stack(column), shape + x._array.shape) if column else x._wrap(_empty(x, shape))
        for x, column in zip(ins, columns, strict=True)
    )


def _empty(x: Any, shape: tuple[int, ...]) -> Any:
    return np.zeros_like(x._array, shape=shape + x._array.shape)


# ----------------------------------------------------------------------------------- second order


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The second derivatives of a function of a single element.

    Args:
        func: takes Tensors and returns one of a single element.
        inputs (Tensor or tuple of Tensors)
        create_graph (bool): make the result differentiable.
        strict (bool): refuse a function whose gradient is independent of an input, in place of zeros.
        vectorize (bool): accepted, without ``strict``.
        outer_jacobian_strategy ("reverse-mode" or "forward-mode"): accepted; the result is the same.

    Returns:
        Tensor of shape (*input, *input); a tuple of tuples of such blocks for several inputs.

    >>> import tinygrad_cn as tg
    >>> tg.autograd.functional.hessian(lambda x: x.prod(), tg.tensor([2., 3.]))
    tensor([[0., 1.],
            [1., 0.]])
    """
    _checked_strategy("hessian", outer_jacobian_strategy, strict, vectorize)
    given, several = _listed("hessian", "inputs", inputs)

    def gradient(*ins: Any) -> Tensors:
        outputs, several_out = _called("hessian", func, ins, strict)
        _scalar("hessian", outputs, several_out)
        ones = (outputs[0]._wrap(np.ones_like(outputs[0]._array)),)
        return _filled("hessian", pulled(outputs, ins, ones, True, True), ins, strict, strict, "the output of func")

    blocks = jacobian(gradient, given, create_graph=create_graph, strict=strict)
    return blocks if several else blocks[0][0]


def _second(
    name: str, func: Callable[..., Any], inputs: Any, v: Any, create_graph: bool, strict: bool
) -> tuple[Any, Any]:
    """The value, and the Hessian times a vector (on either side: it is symmetric), as the gradient of <gradient, v>."""
    given, several = _listed(name, "inputs", inputs)
    with enable_grad():
        ins = _prepared(given, create_graph)
        direction = _vector(name, v, ins, "the input of func")
        outputs, several_out = _called(name, func, ins, strict)
        _scalar(name, outputs, several_out)
        ones = (outputs[0]._wrap(np.ones_like(outputs[0]._array)),)
        first = _filled(name, pulled(outputs, ins, ones, True, True), ins, strict, strict, "the output of func")
        found = pulled(first, ins, direction, create_graph, False)
        found = _filled(name, found, ins, strict, create_graph, "the gradient of func")
    return _finished(outputs, False, create_graph), _finished(found, several, create_graph)


def vhp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """``func(*inputs)``, and the product of a vector with its Hessian: a backward pass over a backward pass.

    Args:
        func: takes Tensors and returns one of a single element.
        inputs (Tensor or tuple of Tensors)
        v (Tensor or tuple of Tensors): of the shapes of the inputs; may be left away for a single element.
        create_graph (bool): make the results differentiable.
        strict (bool): refuse a function whose gradient is independent of an input, in place of zeros.

    >>> import tinygrad_cn as tg
    >>> tg.autograd.functional.vhp(lambda x: (x ** 3).sum(), tg.tensor([1., 2.]), tg.tensor([1., 10.]))
    (tensor(9.), tensor([  6., 120.]))
    """
    return _second("vhp", func, inputs, v, create_graph, strict)


def hvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """``func(*inputs)``, and the product of its Hessian with a vector; the Hessian is symmetric, so this is `vhp`.

    >>> import tinygrad_cn as tg
    >>> tg.autograd.functional.hvp(lambda x: (x ** 3).sum(), tg.tensor([1., 2.]), tg.tensor([1., 10.]))
    (tensor(9.), tensor([  6., 120.]))
    """
    return _second("hvp", func, inputs, v, create_graph, strict)
