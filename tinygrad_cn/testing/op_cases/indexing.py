"""Reading and writing parts of arrays."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cn.ops import shape as shape_ops
from tinygrad_cn.ops.indexing import getitem, is_basic
from tinygrad_cn.testing import strategies as draw
from tinygrad_cn.testing.op_cases.case import Case, Sample

Shape = tuple[int, ...]


@st.composite
def indices(choose: Any, shape: Shape, *, repeats: bool = True) -> Any:
    """Basic indices, arrays of integers (with repeats), masks, and mixtures of them."""
    kind = choose(st.sampled_from(["basic", "basic", "rows", "mask", "grid", "mixed"]))
    if kind == "basic" or not shape or 0 in shape:
        return choose(hnp.basic_indices(shape, allow_newaxis=True))
    n = shape[0]
    if kind == "mask":
        dims = choose(st.integers(1, len(shape)))
        return choose(hnp.arrays(bool, shape[:dims]))
    row_numbers = st.integers(-n, n - 1) if repeats else st.integers(0, n - 1)
    if kind == "rows":
        target = choose(hnp.array_shapes(max_dims=2, max_side=3)) if repeats else (choose(st.integers(0, n)),)
        return choose(hnp.arrays(np.int64, target, elements=row_numbers, unique=not repeats))
    count = choose(st.integers(1, 3 if repeats else n))
    rows = choose(hnp.arrays(np.int64, count, elements=row_numbers, unique=not repeats))
    if kind == "mixed" or len(shape) < 2:
        return (rows, ...) if len(shape) < 2 else (rows, slice(None, None, 2))
    m = shape[1]
    columns = choose(hnp.arrays(np.int64, count, elements=st.integers(-m, m - 1)))
    return rows, columns


@st.composite
def read(choose: Any) -> Sample:
    x = choose(draw.arrays(draw.shapes()))
    return Sample((x,), {"index": choose(indices(x.shape))})


@st.composite
def embedded(choose: Any) -> Sample:
    shape = choose(draw.shapes())
    index = choose(indices(shape))
    return Sample((choose(draw.arrays(np.shape(np.zeros(shape)[index]))),), {"index": index, "shape": shape})


def _embed(x: Any, index: Any, shape: Shape) -> Any:
    """Element by element: where each place of ``x`` goes is read off an array of places."""
    out = np.zeros(shape, dtype=x.dtype)
    places = np.asarray(np.arange(out.size).reshape(shape)[index])
    for place, value in zip(places.ravel(), np.broadcast_to(x, places.shape).ravel(), strict=True):
        out.flat[place] += value
    return out


@st.composite
def written(choose: Any) -> Sample:
    """Also at places that repeat, where the last value remains, and values with axes of size 1 in excess."""
    x = choose(draw.arrays(draw.shapes())).copy()
    index = choose(indices(x.shape, repeats=choose(st.booleans())))
    region = np.shape(x[index])
    start = choose(st.integers(-2 if is_basic(index) and region else 0, len(region)))
    value = choose(draw.arrays((1,) * -start + region[max(start, 0) :], bits=5))
    return Sample((x, value), {"index": index})


def _write(x: Any, value: Any, index: Any) -> Any:
    places = np.zeros(x.shape, dtype=bool)
    places[index] = True
    filled = np.zeros(x.shape, dtype=np.result_type(x, value))
    filled[index] = value
    return np.where(places, filled, x)


@st.composite
def written_through(choose: Any) -> Sample:
    """A transposed view was written: the memory holds the value already when the op is called."""
    x = choose(draw.arrays(draw.shapes(1))).copy()
    axes = tuple(choose(st.permutations(range(x.ndim))))
    value = choose(draw.arrays(np.transpose(x, axes).shape, bits=5))
    np.transpose(x, axes)[...] = value
    return Sample((x, value), {"view": shape_ops.transpose, "params": {"axes": axes}})


@st.composite
def written_in_part(choose: Any) -> Sample:
    """A part was written, and the rest keeps its gradient."""
    x = choose(draw.arrays(draw.shapes(1))).copy()
    index = choose(hnp.basic_indices(x.shape, allow_newaxis=True))
    value = choose(draw.arrays(np.shape(x[index]), bits=5))
    x[index] = value
    return Sample((x, value), {"view": getitem, "params": {"index": index}})


@st.composite
def along_axis(choose: Any, back: bool) -> Sample:
    shape = choose(draw.shapes(1, empty=False))
    axis = choose(st.integers(0, len(shape) - 1))
    n = choose(st.integers(1, 4))
    wanted = tuple(n if k == axis else choose(st.integers(1, m)) for k, m in enumerate(shape))
    index = choose(hnp.arrays(np.int64, wanted, elements=st.integers(0, shape[axis] - 1)))
    if back:
        return Sample((choose(draw.arrays(wanted)),), {"index": index, "axis": axis, "shape": shape})
    return Sample((choose(draw.arrays(shape)),), {"index": index, "axis": axis})


def _take(x: Any, index: Any, axis: int) -> Any:
    out = np.empty(index.shape, dtype=x.dtype)
    for place in np.ndindex(index.shape):
        out[place] = x[(*place[:axis], index[place], *place[axis + 1 :])]
    return out


def _put(x: Any, index: Any, axis: int, shape: Shape) -> Any:
    out = np.zeros(shape, dtype=x.dtype)
    for place in np.ndindex(index.shape):
        out[(*place[:axis], index[place], *place[axis + 1 :])] += x[place]
    return out


CASES = [
    Case("getitem", read()),
    Case("embed", embedded(), _embed),
    Case("write", written(), _write, mutates=True, indirect=True),
    Case("write_view", written_through(), lambda x, value, view, params: np.transpose(value, np.argsort(
         params["axes"])) + 0 * x, indirect=True),
    Case("write_view", written_in_part(), lambda x, value, view, params: _write(x, value, **params), indirect=True,
         label="part"),
    Case("take_along_axis", along_axis(back=False), _take),
    Case("put_along_axis", along_axis(back=True), _put),
]  # fmt: skip
