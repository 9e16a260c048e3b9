"""Where values fall among sorted ones, which belong to a set, which are different: integers and bools, no gradient."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from tinygrad_cn.errors import DTypeError, ShapeError
from tinygrad_cn.functions._arguments import axis, raw, tensor
from tinygrad_cn.graph import Handle


def _places(sequence: np.ndarray, values: np.ndarray, side: Literal["left", "right"]) -> np.ndarray:
    """The places of ``values`` in the rows of ``sequence``, which is one row or has a row for each of theirs."""
    if sequence.ndim == 1:
        return np.asarray(np.searchsorted(sequence, values, side))
    count = math.prod(sequence.shape[:-1])
    rows, wanted = sequence.reshape(count, sequence.shape[-1]), values.reshape(count, values.shape[-1])
    found = [np.searchsorted(row, value, side) for row, value in zip(rows, wanted, strict=True)]
    return np.asarray(found, dtype=np.int64).reshape(values.shape)


def searchsorted(
    sorted_sequence: Any,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Any = None,
) -> Any:
    """The places at which ``input`` can be put into ``sorted_sequence`` so that it stays sorted, along the last axis.

    Args:
        sorted_sequence (Tensor): one row, or a row for each row of ``input``.
        input (Tensor or number): the values; a number for one row only.
        out_int32 (bool): int32 places instead of int64 ones.
        right (bool): the last of the places that fit instead of the first.
        side (str, optional): ``"left"`` or ``"right"``, the same in words.
        sorter (Tensor, optional): the indices that sort ``sorted_sequence``.

    Shape:
        of ``input``.

    Raises:
        ShapeError: the leading axes differ.
        RuntimeError: dtypes differ; ``side`` is unknown or contradicts ``right``.

    >>> import tinygrad_cn as tg
    >>> tg.searchsorted(tg.tensor([1., 3., 5.]), tg.tensor([3., 6.])).tolist()
    [1, 3]
    """
    sequence = tensor("searchsorted", sorted_sequence, "sorted_sequence")._array
    values = raw(input) if isinstance(input, Handle) else np.asarray(input, dtype=sequence.dtype)
    if side not in (None, "left", "right"):
        raise RuntimeError(f"searchsorted(): side must be 'left' or 'right', got {side!r}")
    if side == "left" and right:
        raise RuntimeError("searchsorted(): side is 'left' but right is True; give one of them")
    if isinstance(input, Handle) and values.dtype != sequence.dtype:
        raise DTypeError(
            f"searchsorted(): the sorted sequence is {sequence.dtype}, the values are {values.dtype}; convert one"
        )
    if sequence.ndim == 0 or (sequence.ndim > 1 and sequence.shape[:-1] != values.shape[:-1]):
        raise ShapeError(
            f"searchsorted(): the sorted sequence of shape {sequence.shape} must be a vector or have the leading axes "
            f"of the values, of shape {values.shape}"
        )
    if sorter is not None:
        order = tensor("searchsorted", sorter, "sorter")._array
        if order.shape != sequence.shape or order.dtype != np.int64:
            raise ShapeError(
                f"searchsorted(): sorter must be an int64 tensor of the sequence's shape {sequence.shape}, got "
                f"{order.dtype} {order.shape}"
            )
        if order.size and (order.min() < 0 or order.max() >= sequence.shape[-1]):
            raise IndexError("searchsorted(): sorter holds an index that is out of range")
        sequence = np.take_along_axis(sequence, order, -1)
    places = _places(sequence, values, "right" if right or side == "right" else "left")
    return sorted_sequence._wrap(places.astype(np.int32 if out_int32 else np.int64))


def bucketize(input: Any, boundaries: Any, *, out_int32: bool = False, right: bool = False) -> Any:
    """The number of the bucket, between sorted ``boundaries``, that each value falls into.

    Args:
        input (Tensor or number)
        boundaries (Tensor): a sorted vector.
        out_int32 (bool): int32 numbers instead of int64 ones.
        right (bool): a bucket contains its left boundary instead of its right one.

    Raises:
        ShapeError: ``boundaries`` is no vector.
    """
    if tensor("bucketize", boundaries, "boundaries")._array.ndim != 1:
        raise ShapeError(f"bucketize(): boundaries must be a vector, got shape {boundaries._array.shape}")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Any:
    """Whether each of ``elements`` is among ``test_elements``; one of the two may be a number.

    Args:
        elements (Tensor or number)
        test_elements (Tensor or number)
        assume_unique (bool): both are known to hold no value twice.
        invert (bool): ask for those that are not.

    Shape:
        of ``elements``.
    """
    like = elements if isinstance(elements, Handle) else tensor("isin", test_elements, "test_elements")
    found = np.isin(raw(elements), raw(test_elements), assume_unique=assume_unique, invert=invert)
    return like._wrap(np.asarray(found))


# --------------------------------------------------------------------------------- different values


def _answers(input: Any, values: Any, inverse: Any, counts: Any, wants: tuple[bool, bool]) -> Any:
    answers = [values] + [a for a, wanted in zip((inverse, counts), wants, strict=True) if wanted]
    wrapped = tuple(input._wrap(np.array(a)) for a in answers)
    return wrapped if len(wrapped) > 1 else wrapped[0]


def _rows(name: str, array: np.ndarray, dim: int) -> int:
    """The axis whose slices are compared.

    Raises:
        RuntimeError: there are slices, but they hold nothing.
    """
    number = axis(name, dim, array.ndim)
    if array.size == 0 and array.ndim and array.shape[number]:
        raise RuntimeError(f"{name}(): the slices of shape {array.shape} along dim {dim} hold no elements")
    return number


def unique(
    input: Any, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The different values (or slices along ``dim``), sorted; NaN are all different.

    Args:
        input (Tensor)
        sorted (bool): accepted; the result is always sorted.
        return_inverse (bool): also where each element went, of ``input``'s shape (along ``dim``: a vector).
        return_counts (bool): also how often each value occurs.
        dim (int, optional): compare slices along this axis instead of elements.

    Returns:
        Tensor, or a tuple of Tensors when more than the values are asked for.

    >>> import tinygrad_cn as tg
    >>> values, counts = tg.unique(tg.tensor([3, 1, 3]), return_counts=True)
    >>> values.tolist(), counts.tolist()
    ([1, 3], [1, 2])
    """
    array = tensor("unique", input)._array
    number = None if dim is None else _rows("unique", array, dim)
    source = np.atleast_1d(array)
    if number is not None and source.shape[number] == 0:
        none = np.zeros(0, dtype=np.int64)
        return _answers(input, array, none, none, (return_inverse, return_counts))
    values, inverse, counts = np.unique(source, return_inverse=True, return_counts=True, axis=number, equal_nan=False)
    inverse = inverse.reshape(array.shape if number is None else -1)
    return _answers(input, values, inverse, counts, (return_inverse, return_counts))


def unique_consecutive(
    input: Any, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The values (or slices along ``dim``) that differ from the one before: runs of equal ones become one.

    Args:
        input (Tensor)
        return_inverse (bool): also to which run each element belongs.
        return_counts (bool): also how long each run is.
        dim (int, optional): compare slices along this axis instead of elements.
    """
    array = tensor("unique_consecutive", input)._array
    number = None if dim is None else _rows("unique_consecutive", array, dim)
    lines = array.reshape(-1, 1) if number is None else np.moveaxis(np.atleast_1d(array), number, 0)
    flat = lines.reshape(len(lines), -1) if lines.size else lines.reshape(len(lines), 0)
    first = np.ones(len(flat), dtype=bool)
    first[1:] = (flat[1:] != flat[:-1]).any(axis=1)
    values = lines[first].reshape(-1) if number is None else np.moveaxis(lines[first], 0, number)
    inverse = np.cumsum(first) - 1
    counts = np.diff(np.append(np.flatnonzero(first), len(flat)))
    if number is None:
        inverse = inverse.reshape(array.shape)
    return _answers(input, values, inverse, counts, (return_inverse, return_counts))
