"""Shapes and axes: reshaping, permuting, expanding, flattening, flipping, repeating."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tinygrad_cn.errors import ShapeError
from tinygrad_cn.functions._arguments import axes, axis, given_shape, listed, tensor
from tinygrad_cn.ops import shape as ops


def _inferred(name: str, old: tuple[int, ...], new: tuple[int, ...]) -> tuple[int, ...]:
    """``new`` with its -1 worked out.

    Raises:
        ShapeError: the numbers of elements differ.
    """
    count = math.prod(old)
    if min(new, default=0) < -1 or new.count(-1) > 1:
        raise ShapeError(f"{name}(): shape {list(new)} is invalid: sizes are at least 0, and only one may be -1")
    if -1 in new:
        known = math.prod(n for n in new if n != -1)
        if known == 0 or count % known:
            raise ShapeError(
                f"{name}(): shape {list(new)} is invalid for an input of {count} elements (shape {list(old)})"
            )
        return tuple(count // known if n == -1 else n for n in new)
    if math.prod(new) != count:
        raise ShapeError(
            f"{name}(): shape {list(new)} has {math.prod(new)} elements, but the input of shape {list(old)} has {count}"
        )
    return new


def reshape(input: Any, *shape: Any, **kwargs: Any) -> Any:
    """The same elements in another shape: a view where the memory allows, else a copy.

    Args:
        input (Tensor)
        shape (ints, or one sequence of ints): one size may be -1, and is worked out.

    Raises:
        ShapeError: the numbers of elements differ.
    """
    old = tensor("reshape", input)._array.shape
    return ops.reshape(input, shape=_inferred("reshape", old, listed("reshape", shape, kwargs, "shape")))


def view(input: Any, *shape: Any, **kwargs: Any) -> Any:
    """The same memory in another shape (or read as another dtype of the same size).

    Raises:
        ShapeError: the numbers of elements differ.
        RuntimeError: the memory is not laid out so that a view is possible.
    """
    if kwargs:
        shape = (kwargs.pop("dtype", None) or kwargs.pop("size"),)
    if len(shape) == 1 and hasattr(shape[0], "is_floating_point") and not hasattr(shape[0], "_array"):
        return input._wrap(input._array.view(shape[0].dtype))
    array = tensor("view", input)._array
    new = _inferred("view", array.shape, given_shape(shape))
    result = ops.reshape(input, shape=new)
    if result._view is None and array.size:
        raise RuntimeError(
            f"view(): shape {list(new)} is not compatible with the strides of an input of shape {list(array.shape)} "
            "(an axis would span memory that is not evenly spaced); use .reshape(...) instead, or .contiguous() first"
        )
    return result


def view_as(input: Any, other: Any) -> Any:
    """`view` in ``other``'s shape."""
    return view(input, other._array.shape)


def reshape_as(input: Any, other: Any) -> Any:
    """`reshape` to ``other``'s shape."""
    return reshape(input, other._array.shape)


def transpose(input: Any, dim0: int, dim1: int) -> Any:
    """A view with two axes swapped."""
    ndim = tensor("transpose", input)._array.ndim
    first, second = axis("transpose", dim0, ndim), axis("transpose", dim1, ndim)
    return ops.swapaxes(input, axis1=first, axis2=second) if ndim else ops.reshape(input, shape=())


def t(input: Any) -> Any:
    """The transpose of a matrix; a vector or a 0-d tensor as it is.

    Raises:
        RuntimeError: more than two dimensions.
    """
    ndim = tensor("t", input)._array.ndim
    if ndim > 2:
        raise RuntimeError(f"t(): expects at most 2 dimensions, got {ndim}; use transpose(dim0, dim1) or .mT")
    return ops.transpose(input, axes=tuple(range(ndim))[::-1])


def permute(input: Any, *dims: Any, **kwargs: Any) -> Any:
    """A view with the axes in another order.

    Raises:
        RuntimeError: ``dims`` is no permutation of the axes.
    """
    ndim = tensor("permute", input)._array.ndim
    asked = listed("permute", dims, kwargs, "dims")
    order = tuple(axis("permute", d, ndim) for d in asked)
    if sorted(order) != list(range(ndim)):
        raise RuntimeError(f"permute(): dims {asked} is not an ordering of the {ndim} axes of the input")
    return ops.transpose(input, axes=order)


def movedim(input: Any, source: Any, destination: Any) -> Any:
    """A view with axes moved to new places, the others keeping their order."""
    ndim = tensor("movedim", input)._array.ndim
    sources = [axis("movedim", s, ndim) for s in (source if isinstance(source, Sequence) else (source,))]
    targets = [axis("movedim", d, ndim) for d in (destination if isinstance(destination, Sequence) else (destination,))]
    if len(sources) != len(targets) or len(set(sources)) != len(sources) or len(set(targets)) != len(targets):
        raise RuntimeError(
            f"movedim(): source {source} and destination {destination} must be distinct axes, equally many"
        )
    order = [n for n in range(ndim) if n not in sources]
    for d, s in sorted(zip(targets, sources, strict=True)):
        order.insert(d, s)
    return ops.transpose(input, axes=tuple(order))


def squeeze(input: Any, dim: Any = None) -> Any:
    """A view without the axes of size 1 (all of them, or those of ``dim`` that have size 1)."""
    array = tensor("squeeze", input)._array
    if dim is None:
        return ops.squeeze(input, axis=None)
    asked = axes("squeeze", dim, array.ndim)
    chosen = (asked,) if isinstance(asked, int) else asked or ()
    return ops.squeeze(input, axis=tuple(a for a in chosen if array.shape[a] == 1))


def unsqueeze(input: Any, dim: int) -> Any:
    """A view with a new axis of size 1 at ``dim``."""
    ndim = tensor("unsqueeze", input)._array.ndim
    return ops.expand_dims(input, axis=axis("unsqueeze", dim, ndim + 1))


def expand(input: Any, *sizes: Any, implicit: bool = False, **kwargs: Any) -> Any:
    """A view with axes of size 1 repeated without copying; -1 keeps a size, new axes come in front.

    Raises:
        ShapeError: an axis that is not 1 would change.
    """
    old = tensor("expand", input)._array.shape
    new = listed("expand", sizes, kwargs, "size")
    extra = len(new) - len(old)
    if extra < 0:
        raise ShapeError(
            f"expand(): {len(new)} sizes {list(new)} for an input of shape {list(old)}; give at least {len(old)}"
        )
    full = tuple(old[i - extra] if n == -1 and i >= extra else n for i, n in enumerate(new))
    if any(n < 0 for n in full) or any(o not in (1, n) for o, n in zip(old, full[extra:], strict=True)):
        raise ShapeError(f"expand(): shape {list(old)} cannot be expanded to {list(new)}: only axes of size 1 can grow")
    return ops.broadcast_to(input, shape=full)


def expand_as(input: Any, other: Any) -> Any:
    """`expand` to ``other``'s shape."""
    return expand(input, other._array.shape)


def broadcast_to(input: Any, size: Any) -> Any:
    """`expand` to ``size``."""
    return expand(input, size)


def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """Axes ``start_dim`` to ``end_dim`` joined into one; a 0-d tensor becomes 1-d.

    Raises:
        RuntimeError: ``start_dim`` comes after ``end_dim``.
    """
    shape = tensor("flatten", input)._array.shape
    start, end = axis("flatten", start_dim, len(shape)), axis("flatten", end_dim, len(shape))
    if start > end:
        raise RuntimeError(f"flatten(): start_dim {start_dim} comes after end_dim {end_dim}")
    if not shape:
        return ops.reshape(input, shape=(1,))
    if start == end:
        return input
    return ops.reshape(input, shape=(*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


def ravel(input: Any) -> Any:
    """All elements in one axis."""
    return ops.reshape(tensor("ravel", input), shape=(-1,) if input._array.size else (0,))


def unflatten(input: Any, dim: int, sizes: Sequence[int]) -> Any:
    """One axis split into several; one of ``sizes`` may be -1."""
    shape = tensor("unflatten", input)._array.shape
    number = axis("unflatten", dim, len(shape))
    sizes = _inferred("unflatten", (shape[number],), tuple(int(n) for n in sizes))
    return ops.reshape(input, shape=shape[:number] + sizes + shape[number + 1 :])


def flip(input: Any, *dims: Any, **kwargs: Any) -> Any:
    """A copy with the order of elements reversed along ``dims``."""
    asked = listed("flip", dims, kwargs, "dims")
    found = axes("flip", asked, tensor("flip", input)._array.ndim)
    return ops.flip(input, axis=() if found is None and asked == () else found)


def fliplr(input: Any) -> Any:
    """`flip` along axis 1."""
    if tensor("fliplr", input)._array.ndim < 2:
        raise RuntimeError(f"fliplr(): needs at least 2 dimensions, got shape {input._array.shape}")
    return flip(input, 1)


def flipud(input: Any) -> Any:
    """`flip` along axis 0."""
    if tensor("flipud", input)._array.ndim < 1:
        raise RuntimeError("flipud(): needs at least 1 dimension")
    return flip(input, 0)


def roll(input: Any, shifts: Any, dims: Any = None) -> Any:
    """Elements shifted around the end along ``dims`` (or in the flattened tensor)."""
    ndim = tensor("roll", input)._array.ndim
    shifts = tuple(shifts) if isinstance(shifts, Sequence) else (int(shifts),)
    if dims is None or dims == ():
        if len(shifts) != 1:
            raise RuntimeError(f"roll(): {len(shifts)} shifts without dims; give as many dims as shifts")
        return ops.roll(input, shift=shifts[0], axis=None)
    if not ndim:
        raise IndexError(f"roll(): dims {dims} of a 0-d tensor, which has no axes; leave dims away")
    where = tuple(axis("roll", d, ndim) for d in (dims if isinstance(dims, Sequence) else (dims,)))
    if len(where) != len(shifts):
        raise RuntimeError(f"roll(): {len(shifts)} shifts for {len(where)} dims; give as many dims as shifts")
    return ops.roll(input, shift=shifts, axis=where)


def repeat(input: Any, *repeats: Any, **kwargs: Any) -> Any:
    """The tensor laid out ``repeats`` times along each axis; new axes come in front.

    Raises:
        RuntimeError: fewer repeats than axes.
    """
    reps = listed("repeat", repeats, kwargs, "repeats")
    ndim = tensor("repeat", input)._array.ndim
    if len(reps) < ndim:
        raise RuntimeError(f"repeat(): {len(reps)} repeats {list(reps)} for {ndim} dimensions; give at least {ndim}")
    if any(n < 0 for n in reps):
        raise RuntimeError(f"repeat(): repeats {list(reps)} must not be negative")
    return ops.tile(input, reps=reps)


def tile(input: Any, *dims: Any, **kwargs: Any) -> Any:
    """`repeat`, with 1 in front of ``dims`` when they are fewer than the axes."""
    reps = listed("tile", dims, kwargs, "dims")
    return repeat(input, (1,) * (tensor("tile", input)._array.ndim - len(reps)) + reps)


def clone(input: Any, *, memory_format: Any = None) -> Any:
    """A copy with memory of its own; gradients pass through."""
    return ops.copy(tensor("clone", input))


def tril(input: Any, diagonal: int = 0) -> Any:
    """The lower triangles of matrices, zero above the ``diagonal``-th diagonal."""
    _matrix("tril", input)
    return ops.tril(input, k=diagonal)


def triu(input: Any, diagonal: int = 0) -> Any:
    """The upper triangles of matrices, zero below the ``diagonal``-th diagonal."""
    _matrix("triu", input)
    return ops.triu(input, k=diagonal)


def _matrix(name: str, input: Any) -> None:
    if tensor(name, input)._array.ndim < 2:
        raise RuntimeError(f"{name}(): needs at least 2 dimensions, got shape {list(input._array.shape)}")


moveaxis = movedim
swapaxes = swapdims = transpose
