"""Indices that fit a shape: basic ones, which select views, arrays of integers, and masks."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn.testing.strategies._hypothesis import hnp, st

__all__ = ["advanced_indices", "basic_indices", "boolean_indices", "indices"]

Shape = tuple[int, ...]


@st.composite
def _of_one_axis(draw: Any, size: int) -> Any:
    """An integer, counted from either end, or a slice with a positive step (PyTorch has no others)."""
    if size and draw(st.booleans()):
        return draw(st.integers(-size, size - 1))
    bound = st.one_of(st.none(), st.integers(-size - 1, size + 1))
    return slice(draw(bound), draw(bound), draw(st.one_of(st.none(), st.integers(1, 3))))


@st.composite
def basic_indices(draw: Any, shape: Shape) -> tuple[Any, ...]:
    """Integers, slices, ``...`` and ``None``, for any number of the leading or trailing axes of ``shape``."""
    items = [draw(_of_one_axis(size)) for size in shape]
    first, last = sorted(draw(st.integers(0, len(items))) for _ in range(2))
    if draw(st.booleans()):
        items[first:last] = [Ellipsis]
    else:
        items = items[:last]
    for _ in range(draw(st.integers(0, 2))):
        items.insert(draw(st.integers(0, len(items))), None)
    return tuple(items)


@st.composite
def advanced_indices(draw: Any, shape: Shape) -> tuple[Any, ...]:
    """Arrays of integers that broadcast together for some axes, with repeats and counted from either end; whole slices
    for the others. ``shape`` must have an axis, and no axis of size 0.
    """
    if not shape or 0 in shape:
        raise ValueError(f"advanced_indices: shape {shape} has no element to point at")
    count = draw(st.integers(1, len(shape)))
    axes = sorted(draw(st.permutations(range(len(shape))))[:count])
    sides = draw(
        hnp.mutually_broadcastable_shapes(num_shapes=count, min_dims=0, max_dims=2, min_side=1, max_side=3)
    ).input_shapes
    items: list[Any] = [slice(None)] * len(shape)
    for axis, side in zip(axes, sides, strict=True):
        positions = st.integers(-shape[axis], shape[axis] - 1)
        items[axis] = draw(hnp.arrays(np.int64, side, elements=positions))
    return tuple(items)


def boolean_indices(shape: Shape, *, axes: int | None = None) -> st.SearchStrategy[np.ndarray]:
    """Masks over the first ``axes`` axes of ``shape`` (all); also those that take nothing, or everything."""
    return hnp.arrays(np.bool_, shape[: len(shape) if axes is None else axes])


def indices(shape: Shape) -> st.SearchStrategy[Any]:
    """Any index that fits ``shape``."""
    kinds: list[st.SearchStrategy[Any]] = [basic_indices(shape)]
    if shape:
        kinds.append(st.integers(1, len(shape)).flatmap(lambda axes: boolean_indices(shape, axes=axes)))
        if 0 not in shape:
            kinds.append(advanced_indices(shape))
    return st.one_of(kinds)
