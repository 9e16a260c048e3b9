"""Derivatives of functions as functions: they may be nested, mapped, and differentiated in turn."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cn.autograd.pulling import pulled, zeros_for_none
from tinygrad_cn.functions.joining import stack
from tinygrad_cn.functions.shaping import clone
from tinygrad_cn.grad_mode import enable_grad
from tinygrad_cn.graph import Handle, Leaf
from tinygrad_cn.utils._pytree import tree_flatten, tree_map, tree_unflatten

__all__ = ["grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "vjp"]

Argnums = int | tuple[int, ...]


def _fresh(tree: Any) -> tuple[list[Any], Any]:
    """Copies of the Tensors of ``tree`` that are traced, tied to where they come from; and the tree of them."""
    leaves, spec = tree_flatten(tree)
    for leaf in leaves:
        if not isinstance(leaf, Handle):
            raise TypeError(f"derivatives are taken by Tensors, but got {type(leaf).__name__}")
    copies = [clone(x) if x.requires_grad else x.detach().clone().requires_grad_() for x in leaves]
    return copies, tree_unflatten(copies, spec)


def _freed(tree: Any, ours: list[Any]) -> Any:
    """``tree`` without the graph, where the graph leads to none but our own leaves."""
    own = {x._node for x in ours if isinstance(x._node, Leaf)}
    return tree_map(lambda x: x if not isinstance(x, Handle) or _reaches_others(x, own) else x.detach(), tree)  # type: ignore[attr-defined]


def _reaches_others(tensor: Any, own: set[Any]) -> bool:
    """Whether a leaf that is not among ``own`` requires a gradient of ``tensor``."""
    seen, waiting = set(), [tensor._node]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if isinstance(node, Leaf) and node not in own:
            return True
        waiting.extend(node.parents)
    return False


def grad_and_value(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that gives the gradient of ``func`` and its value.

    Args:
        func: returns a Tensor of one element; with ``has_aux`` a pair of it and anything.
        argnums (int or tuple of ints): which arguments; each a Tensor or a structure of Tensors.
        has_aux: the result is (gradient, (value, aux)).

    Raises:
        RuntimeError: ``func`` returns no Tensor of one element.

    >>> import tinygrad_cn as tg
    >>> grad_and_value(lambda x: x**3)(tg.tensor(2.0))
    (tensor(12.), tensor(8.))
    """

    @functools.wraps(func)
    def derived(*args: Any, **kwargs: Any) -> Any:
        several = isinstance(argnums, tuple)
        places: tuple[int, ...] = argnums if isinstance(argnums, tuple) else (argnums,)
        for place in places:
            if not -len(args) <= place < len(args):
                raise RuntimeError(f"grad: argnums {argnums} does not fit {len(args)} positional arguments")
        with enable_grad():
            inputs, trees = _fresh([args[place] for place in places])
            replaced = list(args)
            for place, tree in zip(places, trees, strict=True):
                replaced[place] = tree
            result = func(*replaced, **kwargs)
            value, aux = result if has_aux else (result, None)
            if not isinstance(value, Handle) or value._array.size != 1:
                got = f"shape {list(value._array.shape)}" if isinstance(value, Handle) else type(value).__name__
                raise RuntimeError(f"grad: func must return a Tensor of a single element, got {got}")
            gradients = zeros_for_none(pulled([value], inputs, [None]), inputs)
            found = tree_unflatten(gradients, tree_flatten(trees)[1])
        found, value, aux = _freed(found, inputs), _freed(value, inputs), _freed(aux, inputs)
        return (tuple(found) if several else found[0]), ((value, aux) if has_aux else value)

    return derived


def grad(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that gives the gradient of ``func``; see `grad_and_value`.

    >>> import tinygrad_cn as tg
    >>> grad(grad(lambda x: x**3))(tg.tensor(2.0))
    tensor(12.)
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def derived(*args: Any, **kwargs: Any) -> Any:
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return derived


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The value of ``func`` and the function that pulls a cotangent of it back to ``primals``.

    Args:
        func: takes the primals, returns a structure of Tensors; with ``has_aux`` a pair of it and anything.

    Returns:
        ``(output, pull)``, or ``(output, pull, aux)``; ``pull`` returns one gradient for each primal.

    >>> import tinygrad_cn as tg
    >>> output, pull = vjp(lambda x: x * x, tg.tensor([1.0, 2.0]))
    >>> pull(tg.ones(2))
    (tensor([2., 4.]),)
    """
    with enable_grad():
        inputs, trees = _fresh(list(primals))
        result = func(*trees)
        output, aux = result if has_aux else (result, None)
    outputs = [out for out in tree_flatten(output)[0] if isinstance(out, Handle)]

    def pull(*cotangents: Any, **ignored: Any) -> Any:
        given = tree_flatten(cotangents)[0]
        if len(given) != len(outputs):
            raise RuntimeError(f"vjp: func has {len(outputs)} outputs, but got {len(given)} cotangents")
        with enable_grad():
            found = zeros_for_none(pulled(outputs, inputs, given), inputs)
        return tuple(_freed(tree_unflatten(found, tree_flatten(trees)[1]), inputs))

    shown = _freed(output, inputs)
    return (shown, pull, _freed(aux, inputs)) if has_aux else (shown, pull)


def jvp(func: Callable[..., Any], primals: tuple[Any, ...], tangents: tuple[Any, ...], *, has_aux: bool = False) -> Any:
    """The value of ``func`` and the product of its Jacobian with ``tangents``, by differentiating a pullback.

    Returns:
        ``(output, product)``, or ``(output, product, aux)``.

    >>> import tinygrad_cn as tg
    >>> jvp(lambda x: x * x, (tg.tensor(3.0),), (tg.tensor(1.0),))
    (tensor(9.), tensor(6.))
    """
    if len(primals) != len(tangents):
        raise RuntimeError(f"jvp: {len(primals)} primals but {len(tangents)} tangents; give one for each")
    with enable_grad():
        inputs, trees = _fresh(list(primals))
        result = func(*trees)
        output, aux = result if has_aux else (result, None)
        outputs, spec = tree_flatten(output)
        directions = tree_flatten(list(tangents))[0]
        # g -> g J is linear in g; its own pullback, applied to the tangents, is J v.
        dummies = [out._wrap(np.zeros_like(out._array)).requires_grad_() for out in outputs]
        back = pulled(outputs, inputs, dummies)
        reached = [(b, v) for b, v in zip(back, directions, strict=True) if b is not None]
        product = zeros_for_none(pulled([b for b, _ in reached], dummies, [v for _, v in reached]), outputs)
    ours = inputs + dummies
    shown = (_freed(output, ours), _freed(tree_unflatten(product, spec), ours))
    return (*shown, _freed(aux, ours)) if has_aux else shown


def jacrev(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False, **options: Any) -> Callable[..., Any]:
    """The function that gives the Jacobian of ``func``, a row for each element of its output.

    Args:
        func: returns a Tensor or a structure of Tensors; with ``has_aux`` a pair of it and anything.
        argnums (int or tuple of ints): which arguments, each a Tensor or a structure of Tensors.
        options: PyTorch's ``chunk_size`` and the like, taken and without meaning here.

    Shape:
        each Jacobian: output shape + input shape.

    >>> import tinygrad_cn as tg
    >>> jacrev(lambda x: x * x)(tg.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """

    @functools.wraps(func)
    def derived(*args: Any, **kwargs: Any) -> Any:
        places: tuple[int, ...] = argnums if isinstance(argnums, tuple) else (argnums,)
        with enable_grad():
            inputs, trees = _fresh([args[place] for place in places])
            replaced = list(args)
            for place, tree in zip(places, trees, strict=True):
                replaced[place] = tree
            result = func(*replaced, **kwargs)
            output, aux = result if has_aux else (result, None)
            outputs, out_spec = tree_flatten(output)
            in_spec = tree_flatten(trees)[1]
            blocks = []
            for out in outputs:
                if not isinstance(out, Handle):
                    raise RuntimeError(f"jacrev: func must return Tensors, got {type(out).__name__}")
                elements = out.reshape(-1).unbind(0)  # type: ignore[attr-defined]
                rows = [zeros_for_none(pulled([element], inputs, [None]), inputs) for element in elements]
                columns: list[Any] = []
                for i, x in enumerate(inputs):
                    if rows:
                        jacobian = stack([row[i] for row in rows])
                    else:
                        jacobian = x._wrap(np.zeros((0, *x._array.shape), x._array.dtype))
                    columns.append(jacobian.reshape((*out._array.shape, *x._array.shape)))
                tree = tree_unflatten(columns, in_spec)
                blocks.append(tuple(tree) if isinstance(argnums, tuple) else tree[0])
        found = _freed(tree_unflatten(blocks, out_spec), inputs)
        return (found, _freed(aux, inputs)) if has_aux else found

    return derived


def jacfwd(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False, **options: Any) -> Callable[..., Any]:
    """As `jacrev`, whose numbers it gives: there is one way to differentiate here."""
    return jacrev(func, argnums, has_aux)


def hessian(func: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The function that gives the second derivatives of ``func``.

    >>> import tinygrad_cn as tg
    >>> hessian(lambda x: (x**3).sum())(tg.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacrev(jacrev(func, argnums), argnums)
