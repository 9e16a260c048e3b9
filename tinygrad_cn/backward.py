"""`backward` and `grad`: from tensors to a sweep over their graph, and back to tensors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_cn.errors import ShapeError
from tinygrad_cn.graph import Handle, Leaf, Node, sweep

__all__ = ["backward", "grad"]


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, Iterable) and not isinstance(value, Handle) else [value]


def _node(tensor: Any) -> Node | None:
    if tensor._view is not None:
        tensor._view.refresh(tensor)
    return tensor._node


def _seeds(name: str, outputs: list[Any], cotangents: Any, traced: bool) -> list[tuple[Node, Any]]:
    """Pairs (node, cotangent): the given gradients, or 1 for outputs of a single element.

    Raises:
        RuntimeError: an output does not require grad, or has several elements and no gradient was given.
    """
    given = [None] * len(outputs) if cotangents is None else _listed(cotangents)
    if len(given) != len(outputs):
        raise RuntimeError(f"{name}: {len(outputs)} outputs but {len(given)} gradients; give one for each, or None")
    seeds = []
    for i, (output, g) in enumerate(zip(outputs, given, strict=True)):
        if not isinstance(output, Handle):
            raise TypeError(f"{name}: output {i} must be a Tensor, not {type(output).__name__}")
        array = output._array
        node = _node(output)
        if node is None:
            raise RuntimeError(
                f"{name}: element {i} of tensors does not require grad and does not have a grad_fn: no input of its "
                "computation had requires_grad=True, or it was computed under no_grad(), detached, or made of integers"
            )
        if g is None:
            if array.size != 1:
                raise RuntimeError(
                    f"{name}: grad can be implicitly created only for scalar outputs, but output {i} has shape "
                    f"{list(array.shape)}; reduce it first, as with .sum() or .mean(), or pass gradient= of its shape"
                )
            seed = np.ones_like(array)
            seeds.append((node, output._wrap(seed) if traced else seed))
            continue
        if not isinstance(g, Handle):
            g = output._wrap(np.asarray(g, dtype=array.dtype))
        if g._array.shape != array.shape:
            raise ShapeError(
                f"{name}: the gradient of output {i} must have its shape {list(array.shape)}, got "
                f"{list(g._array.shape)}"
            )
        if g._array.dtype != array.dtype:
            g = g.to(output.dtype)  # type: ignore[attr-defined]
        seeds.append((node, g if traced else g._array))
    return seeds


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the gradients of ``tensors`` to the ``.grad`` of the leaves that they were computed from.

    Args:
        tensors (Tensor or sequence of Tensors)
        grad_tensors (Tensor or sequence, optional): the gradient with respect to each; 1 for single elements.
        retain_graph (bool, optional): keep what the graph saved; by default what ``create_graph`` says.
        create_graph (bool): record the sweep, for gradients of gradients.
        inputs (Tensor or sequence, optional): only these get their ``.grad``.

    Raises:
        RuntimeError: no gradient is given for several elements; nothing requires grad; the graph was freed.
    """
    seeds = _seeds("backward()", _listed(tensors), grad_tensors, create_graph)
    release = not (create_graph if retain_graph is None else retain_graph)
    if inputs is None:
        sweep(seeds, traced=create_graph, release=release)
        return
    wanted = _listed(inputs)
    if not wanted:
        raise RuntimeError("backward(): inputs is empty; leave it away to reach all leaves")
    nodes = _targets("backward()", wanted)
    found = sweep(seeds, nodes, traced=create_graph, release=release)
    for tensor, node in zip(wanted, nodes, strict=True):
        g = found.pop(node, None)
        if g is None:
            continue
        if isinstance(node, Leaf):
            node.accumulate(g, create_graph)
        elif node.kept is None:  # else the sweep has put it there
            tensor.grad = g if create_graph else tensor._wrap(np.array(g))


def _targets(name: str, inputs: list[Any]) -> list[Node]:
    nodes = []
    for i, tensor in enumerate(inputs):
        if not isinstance(tensor, Handle):
            raise TypeError(f"{name}: input {i} must be a Tensor, not {type(tensor).__name__}")
        node = _node(tensor)
        if node is None:
            raise RuntimeError(f"{name}: input {i} of shape {list(tensor._array.shape)} does not require grad")
        nodes.append(node)
    return nodes


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of ``outputs`` with respect to ``inputs``; no ``.grad`` is touched.

    Args:
        outputs (Tensor or sequence of Tensors)
        inputs (Tensor or sequence of Tensors): leaves or intermediate results.
        grad_outputs (Tensor or sequence, optional): the gradient with respect to each output; 1 for single elements.
        retain_graph (bool, optional): keep what the graph saved; by default what ``create_graph`` says.
        create_graph (bool): record the sweep, so that the gradients can be differentiated.
        only_inputs (bool): PyTorch's first name for what is always so; ``False`` changes nothing.
        allow_unused (bool, optional): give ``None`` for an input that the outputs do not depend on.
        is_grads_batched (bool): ``grad_outputs`` has one more axis in front; one sweep for each entry.
        materialize_grads (bool): give zeros instead of ``None``.

    Returns:
        tuple of Tensors: one for each input.

    Raises:
        RuntimeError: an input is not used and neither ``allow_unused`` nor ``materialize_grads`` is set.

    >>> import tinygrad_cn as tg
    >>> x = tg.tensor(2., requires_grad=True)
    >>> (first,) = tg.autograd.grad(x ** 3, x, create_graph=True)
    >>> tg.autograd.grad(first, x)
    (tensor(12.),)
    """
    outs, ins = _listed(outputs), _listed(inputs)
    if allow_unused is None:
        allow_unused = materialize_grads
    elif not allow_unused and materialize_grads:
        raise ValueError("grad(): materialize_grads needs allow_unused to be True or left away")
    if is_grads_batched:
        return _batched(outs, ins, grad_outputs, retain_graph, create_graph, allow_unused, materialize_grads)
    seeds = _seeds("grad()", outs, grad_outputs, create_graph)
    nodes = _targets("grad()", ins)
    release = not (create_graph if retain_graph is None else retain_graph)
    found = sweep(seeds, nodes, traced=create_graph, release=release)
    results: list[Any] = []
    for i, (tensor, node) in enumerate(zip(ins, nodes, strict=True)):
        g = found.get(node)
        if g is None:
            if not allow_unused:
                raise RuntimeError(
                    f"grad(): input {i} of shape {list(tensor._array.shape)} was not used in the graph of the "
                    "outputs; pass "
                    "allow_unused=True for None in its place, or materialize_grads=True for zeros"
                )
            results.append(tensor._wrap(np.zeros_like(tensor._array)) if materialize_grads else None)
        else:
            results.append(g if create_graph else tensor._wrap(np.array(g)))
    return tuple(results)


def _batched(
    outs: list[Any], ins: list[Any], cotangents: Any, retain: Any, create: bool, unused: bool, zeros: bool
) -> tuple[Any, ...]:
    given = _listed(cotangents)
    count = len(given[0])
    rows = [
        grad(outs, ins, [g[i] for g in given], True if i + 1 < count else retain, create, unused, False, zeros)
        for i in range(count)
    ]
    columns: list[Any] = []
    for column in zip(*rows, strict=True):
        if column[0] is None:
            columns.append(None)
            continue
        first = column[0]
        parts = [g.unsqueeze(0) for g in column]
        columns.append(first._wrap(np.concatenate([p._array for p in parts])) if not create else np.concatenate(parts))
    return tuple(columns)
