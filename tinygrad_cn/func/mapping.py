"""`vmap`: a function of single examples, made into one of batches."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tinygrad_cn.functions.joining import stack
from tinygrad_cn.functions.selecting import select
from tinygrad_cn.graph import Handle
from tinygrad_cn.utils._pytree import TreeSpec, tree_flatten, tree_map, tree_unflatten

__all__ = ["vmap"]


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """``func`` called on each slice of its arguments, and its results stacked.

    The slices are taken one after another: the results and the gradients are those of PyTorch's, the time is that of
    a loop. What can be written with broadcasting is faster that way.

    Args:
        func: takes and returns Tensors, also nested in tuples, lists and dictionaries.
        in_dims (int, None or a structure of them): the axis of each argument to map over; ``None``: it is passed whole.
        out_dims (int or a structure of ints): where the new axis goes in each result.
        randomness: ``"same"`` is refused; with ``"different"`` and ``"error"`` every slice draws its own numbers.
        chunk_size: taken, and without meaning here.

    Raises:
        ValueError: nothing to map over, sizes that differ, or ``randomness="same"``.

    >>> import tinygrad_cn as tg
    >>> dots = vmap(tg.dot)
    >>> dots(tg.ones(3, 2), tg.ones(3, 2))
    tensor([2., 2., 2.])
    """
    if randomness not in ("error", "different"):
        raise ValueError(f"vmap: randomness must be 'error' or 'different', got {randomness!r}")

    @functools.wraps(func)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        leaves, spec = tree_flatten(args)
        axes = _axes(in_dims, args, spec)
        named, named_spec = tree_flatten(kwargs)  # keyword arguments are mapped over their first axis
        leaves, axes = leaves + named, axes + [0 if isinstance(leaf, Handle) else None for leaf in named]
        size = _size(leaves, axes)
        results, structure = [], None
        for index in range(size):
            sliced = [
                leaf if axis is None else select(leaf, axis, index) for leaf, axis in zip(leaves, axes, strict=True)
            ]
            positional = tree_unflatten(sliced[: len(sliced) - len(named)], spec)
            result = func(*positional, **tree_unflatten(sliced[len(sliced) - len(named) :], named_spec))
            flat, structure = tree_flatten(result)
            results.append(flat)
        if structure is None:
            raise ValueError("vmap: the mapped axis has size 0, so that the shapes of the results are not known")
        return _stacked(results, structure, out_dims)

    return mapped


def _axes(in_dims: Any, args: tuple[Any, ...], spec: TreeSpec) -> list[int | None]:
    """The axis for each leaf of ``args``: ``in_dims``, spread over what is nested below it."""

    def spread(dims: Any, value: Any) -> list[int | None]:
        if dims is None or isinstance(dims, int):
            leaves = tree_flatten(value)[0]
            return [dims if isinstance(leaf, Handle) else None for leaf in leaves]
        inner = dims.values() if isinstance(dims, dict) else dims
        values = [value[key] for key in dims] if isinstance(dims, dict) else value
        if len(inner) != len(values):
            raise ValueError(f"vmap: in_dims {in_dims} does not have the structure of the arguments")
        return [axis for d, v in zip(inner, values, strict=True) for axis in spread(d, v)]

    return spread(list(in_dims) if isinstance(in_dims, tuple) else in_dims, args)


def _size(leaves: list[Any], axes: list[int | None]) -> int:
    sizes = {leaf.shape[axis] for leaf, axis in zip(leaves, axes, strict=True) if axis is not None}
    if not sizes:
        raise ValueError("vmap: no argument is mapped over; give in_dims an axis for at least one Tensor")
    if len(sizes) > 1:
        raise ValueError(f"vmap: the mapped axes must have one size, got {', '.join(map(str, sorted(sizes)))}")
    return int(sizes.pop())


def _stacked(results: list[list[Any]], structure: TreeSpec, out_dims: Any) -> Any:
    columns = [list(column) for column in zip(*results, strict=True)]
    axes = [out_dims] * len(columns) if isinstance(out_dims, int) else tree_flatten(out_dims)[0]
    if len(axes) != len(columns):
        raise ValueError(f"vmap: out_dims {out_dims} has {len(axes)} axes, but func returned {len(columns)} Tensors")
    for column in columns:
        if not isinstance(column[0], Handle):
            raise ValueError(f"vmap: func must return Tensors, but returned {type(column[0]).__name__}")
    return tree_map(
        lambda place: stack(columns[place], axes[place]), tree_unflatten(list(range(len(columns))), structure)
    )
