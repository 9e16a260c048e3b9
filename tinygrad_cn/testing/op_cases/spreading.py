"""Diagonals, sliding windows, and extremes of elements that are scattered to one place."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cn.testing import strategies as draw
from tinygrad_cn.testing.op_cases.case import Case, Sample


@st.composite
def diagonals(choose: Any, back: bool) -> Sample:
    shape = choose(draw.shapes(2, empty=False))
    axis1, axis2 = choose(st.permutations(range(len(shape))))[:2]
    n, m = shape[axis1], shape[axis2]
    params = {"offset": choose(st.integers(1 - n, m - 1)), "axis1": axis1, "axis2": axis2}
    if back:
        out = np.diagonal(np.zeros(shape), *params.values()).shape
        return Sample((choose(draw.arrays(out)),), {**params, "shape": shape})
    return Sample((choose(draw.arrays(shape)),), params)


def _diagonal(x: Any, offset: int, axis1: int, axis2: int) -> Any:
    planes = np.moveaxis(x, (axis1, axis2), (-2, -1))
    rows = [i for i in range(planes.shape[-2]) if 0 <= i + offset < planes.shape[-1]]
    return np.stack([planes[..., i, i + offset] for i in rows], axis=-1)


@st.composite
def slid(choose: Any, back: bool) -> Sample:
    shape = choose(draw.shapes(1, empty=False))
    axis = choose(st.integers(0, len(shape) - 1))
    params = {"axis": axis, "size": choose(st.integers(1, shape[axis])), "step": choose(st.integers(1, 2))}
    if not back:
        return Sample((choose(draw.arrays(shape)),), params)
    return Sample((choose(draw.arrays(_windows(np.zeros(shape), **params).shape)),), {**params, "shape": shape})


def _windows(x: Any, axis: int, size: int, step: int) -> Any:
    starts = range(0, x.shape[axis] - size + 1, step)
    return np.stack([np.moveaxis(np.take(x, range(i, i + size), axis), axis, -1) for i in starts], axis)


@st.composite
def scattered(choose: Any) -> Sample:
    shape = choose(draw.shapes(1, empty=False))
    axis = choose(st.integers(0, len(shape) - 1))
    count = choose(st.integers(1, 3))
    sent = tuple(count if k == axis else n for k, n in enumerate(shape))
    index = choose(hnp.arrays(np.int64, sent, elements=st.integers(0, shape[axis] - 1)))
    arrays = choose(draw.arrays(shape, unique=True)), choose(draw.arrays(sent, bits=5, unique=True))
    return Sample(arrays, {"index": index, "axis": axis})


@st.composite
def strides(choose: Any, back: bool) -> Sample:
    """Sizes and strides that stay inside an array of some 20 elements, overlapping or not."""
    shape = choose(hnp.array_shapes(min_dims=0, max_dims=3, max_side=3))
    steps = tuple(choose(st.integers(0, 3)) for _ in shape)
    offset = choose(st.integers(0, 2))
    last = offset + sum((n - 1) * step for n, step in zip(shape, steps, strict=True))
    size = choose(st.sampled_from([(last + 1,), (2, last + 1)]))
    if back:
        return Sample((choose(draw.arrays(shape)),), {"size": size, "strides": steps, "offset": offset})
    return Sample((choose(draw.arrays(size)),), {"shape": shape, "strides": steps, "offset": offset})


def _places(shape: Any, strides: Any, offset: int) -> Any:
    places = [offset + sum(i * step for i, step in zip(place, strides, strict=True)) for place in np.ndindex(shape)]
    return np.array(places, dtype=int).reshape(shape)


def _add_strided(x: Any, size: Any, strides: Any, offset: int) -> Any:
    out = np.zeros(size, dtype=x.dtype)
    for place, value in zip(_places(x.shape, strides, offset).ravel(), x.ravel(), strict=True):
        out.flat[place] += value
    return out


def _extreme(combine: Any) -> Any:
    def spelled(x: Any, src: Any, index: Any, axis: int) -> Any:
        out = x.copy()
        for place in np.ndindex(index.shape):
            target = (*place[:axis], index[place], *place[axis + 1 :])
            out[target] = combine(out[target], src[place])
        return out

    return spelled


CASES = [
    Case("diagonal", diagonals(back=False), _diagonal),
    Case("embed_diagonal", diagonals(back=True)),
    Case("windows", slid(back=False), _windows),
    Case("add_windows", slid(back=True)),
    Case("strided", strides(back=False), lambda x, shape, strides, offset: x.ravel()[_places(shape, strides, offset)]),
    Case("add_strided", strides(back=True), _add_strided),
    Case("scatter_max", scattered(), _extreme(max), analytic=False),
    Case("scatter_min", scattered(), _extreme(min), analytic=False),
]
