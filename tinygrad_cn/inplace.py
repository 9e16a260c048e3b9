"""Writing in place, with gradients that stay right.

A write to a tensor gives it a new node; a write through a view gives its root a new node too, on which the other
views are recorded again when they are next used (`tinygrad_cn.views`). The buffer's write is stamped, so that a
sweep refuses values that were saved before it (`tinygrad_cn.storage`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cn import dtypes, storage
from tinygrad_cn.errors import DTypeError, ShapeError
from tinygrad_cn.graph import Handle, Leaf, Node, grad_mode
from tinygrad_cn.ops import indexing
from tinygrad_cn.record import Record

__all__ = ["assign", "check_writable", "in_place", "reshaped_in_place", "set_item"]


def in_place(function: Callable[..., Any]) -> Callable[..., Any]:
    """The in-place twin of ``function``: its result is written into its first argument, which is returned."""
    name = f"{function.__name__}_"

    def twin(input: Any, *args: Any, **kwargs: Any) -> Any:
        since = storage.tick()
        return assign(input, function(input, *args, **kwargs), name, since)

    twin.__name__ = twin.__qualname__ = name
    twin.__doc__ = f"In-place form of `{function.__name__}`: the result is written into the tensor, which is returned."
    return twin


def _keep_apart(node: Node | None, array: Any, since: int) -> None:
    """Copy what the nodes made after the tick ``since`` saved of ``array``'s memory, which is about to be written."""
    if node is not None and node.tick > since:
        if isinstance(node, Record):
            node.keep_apart(array)
        for parent in node.parents:
            _keep_apart(parent, array, since)


def reshaped_in_place(function: Callable[..., Any]) -> Callable[..., Any]:
    """The in-place twin of a function that gives a view: the tensor becomes that view of what it was.

    Raises:
        RuntimeError: it is a leaf that requires a gradient.
    """
    name = f"{function.__name__}_"

    def twin(input: Any, *args: Any, **kwargs: Any) -> Any:
        _refresh(input)
        if grad_mode.get() and isinstance(input._node, Leaf):
            raise RuntimeError(
                f"{name}: a leaf tensor that requires grad is being changed in place; do it under "
                f"tinygrad_cn.no_grad(), or use {function.__name__}()"
            )
        before = Handle._wrap(input._array, input._node)  # stands for the tensor as it was
        before._view = input._view
        after = function(before, *args, **kwargs)
        input._array, input._node = after._array, after._node
        if input._view is not None or input._node is not None:
            input._view = after._view
        return input

    twin.__name__ = twin.__qualname__ = name
    twin.__doc__ = f"In-place form of `{function.__name__}`: the tensor becomes that view of itself and is returned."
    return twin


def _refresh(value: Any) -> None:
    """Bring the node of a view up to date with writes to the memory that it shares."""
    if isinstance(value, Handle) and value._view is not None:
        value._view.refresh(value)


def assign(target: Any, value: Any, name: str, since: int | None = None) -> Any:
    """Write ``value``, computed from ``target`` or not, into ``target``'s memory, on record.

    What ``value``'s node saved of that memory is copied first; with ``since``, also what other nodes made after that
    tick did, for a value that took several ops.

    Raises:
        RuntimeError: the shape would change, the dtype would have to narrow, or ``target`` may not be written.
    """
    array = target._array
    _refresh(value)
    new = value._array if isinstance(value, Handle) else np.asarray(value)
    if new.shape != array.shape:
        try:
            fits = np.broadcast_shapes(new.shape, array.shape) == array.shape
        except ValueError:
            fits = False
        if not fits or not isinstance(value, Handle):
            raise ShapeError(
                f"{name}: the result has shape {new.shape} and cannot be written into a tensor of shape {array.shape}; "
                "use the out-of-place form"
            )
        value = value.expand(array.shape)  # type: ignore[attr-defined]
        new = value._array
    if not _fits(new.dtype, array.dtype):
        raise DTypeError(
            f"{name}: result type {new.dtype} can't be cast to the tensor's dtype {array.dtype}; use the out-of-place "
            "form or convert the tensor first"
        )
    node = check_writable(target, isinstance(value, Handle) and value._node is not None, name)
    if isinstance(value, Handle) and grad_mode.get() and (node is not None or value._node is not None):
        if new.dtype != array.dtype:
            value = value.to(dtypes.from_numpy(array.dtype))  # type: ignore[attr-defined]
        made = value._node
        if made is not None:
            _keep_apart(made, array, made.tick - 1 if since is None else since)
        array[...] = new
        storage.stamp(array, name)
        _adopt(target, made)
    else:
        array[...] = new
        storage.stamp(array, name)
    return target


def set_item(target: Any, index: Any, value: Any, name: str = "__setitem__") -> Any:
    """``target[index] = value`` for a raw index, on record; costs what it writes, not what it leaves alone."""
    array = target._array
    _refresh(value)
    new = value._array if isinstance(value, Handle) else value
    if isinstance(new, np.ndarray) and new.dtype.kind == "c" and array.dtype.kind != "c":
        raise DTypeError(f"{name}: complex values cannot be written into a tensor of dtype {array.dtype}")
    traced = isinstance(value, Handle) and value._node is not None
    node = check_writable(target, traced, name)
    if isinstance(new, np.ndarray) and new is not array and np.may_share_memory(new, array):
        new = new.copy()
    record = None
    if grad_mode.get() and (node is not None or traced):
        if traced and value._array.dtype != array.dtype:
            value = value.to(dtypes.from_numpy(array.dtype))
        record = indexing.write.record((target, value), (array, new), {"index": index}, array)
    _store(array, index, new, name)
    storage.stamp(array, name, index)
    if record is not None:
        record.tick = storage.tick()
        _adopt(target, record)
    return target


def _store(array: np.ndarray, index: Any, new: Any, name: str) -> None:
    region = np.shape(array[index]) if isinstance(new, np.ndarray) else ()
    while isinstance(new, np.ndarray) and new.ndim > len(region) and new.shape[0] == 1:
        new = new[0]
    try:
        with np.errstate(all="ignore"):
            array[index] = new
    except ValueError:
        raise ShapeError(
            f"{name}: a value of shape {np.shape(new)} cannot be broadcast to the selected region of shape "
            f"{np.shape(array[index])} of a tensor of shape {array.shape}"
        ) from None


def check_writable(target: Any, traced: bool, name: str) -> Node | None:
    """The node of ``target``, brought up to date, if it may be written in place.

    Raises:
        RuntimeError: it is a leaf that requires a gradient, a view of one, a view made without recording, or one
            whose elements share memory.
    """
    array = target._array
    if not array.flags.writeable or (
        0 in array.strides
        and array.size
        and any(stride == 0 and size > 1 for stride, size in zip(array.strides, array.shape, strict=True))
    ):
        raise RuntimeError(
            f"{name}: the tensor's elements share memory (it was expanded) or its array is read-only; clone() it "
            "before "
            "writing in place"
        )
    view = target._view
    if view is not None:
        view.refresh(target)
    if not grad_mode.get():
        return target._node
    if isinstance(target._node, Leaf):
        raise RuntimeError(
            f"{name}: a leaf tensor that requires grad is being written in place; do it under tinygrad_cn.no_grad(), "
            "or "
            "on a clone()"
        )
    if view is not None:
        if isinstance(view.root._node, Leaf):
            raise RuntimeError(
                f"{name}: a view of a leaf tensor that requires grad is being written in place; do it under "
                "tinygrad_cn.no_grad(), or on a clone() of the leaf"
            )
        if not view.graded and (traced or view.root._node is not None):
            raise RuntimeError(
                f"{name}: this view was made under no_grad() and is written in place with gradients recorded; make the "
                "view outside no_grad(), or write under no_grad() too"
            )
    return target._node


def _adopt(target: Any, node: Node | None) -> None:
    """Make ``node`` the maker of ``target``, and of what it is a view of up to the root."""
    target._node = node
    view = target._view
    if view is None:
        return
    parent = view.parent
    view.check_parent()
    written = indexing.write_view.record(
        (parent, target),
        (parent._array, target._array),
        {"view": view.op, "params": view.params},
        parent._array,
    )
    _adopt(parent, written)
    view.seen = view.root._node


def _fits(new: np.dtype, old: np.dtype) -> bool:
    """Whether PyTorch lets a result of dtype ``new`` be written into a tensor of dtype ``old``."""
    rank = {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}
    return rank[new.kind] <= rank[old.kind]
