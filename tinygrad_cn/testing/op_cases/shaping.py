"""Ops that move elements: shapes, axes, joining, padding, repeating, triangles, casts and copies."""

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cn.testing import strategies as draw
from tinygrad_cn.testing.op_cases.case import Case, Sample, one_axis, unary


@st.composite
def of_array(choose: Any, params: Any, min_dims: int = 0, empty: bool = True) -> Sample:
    """An array and parameters that ``params`` draws from its shape."""
    x = choose(draw.arrays(draw.shapes(min_dims, empty=empty)))
    return Sample((x,), {key: choose(value) for key, value in params(x.shape).items()})


def _reshaped(shape: Any) -> dict[str, Any]:
    count = math.prod(shape)
    return {"shape": st.sampled_from([(-1,) if count else (0,), shape[::-1], (1, *shape), (*shape, 1), shape])}


def _expanded(shape: Any) -> dict[str, Any]:
    grown = tuple(3 if n == 1 else n for n in shape)
    return {"shape": st.sampled_from([shape, grown, (2, *grown)])}


@st.composite
def squeezable(choose: Any) -> Sample:
    shape = choose(draw.shapes(1, 2))
    place = choose(st.integers(0, len(shape)))
    x = choose(draw.arrays((*shape[:place], 1, *shape[place:])))
    return Sample((x,), {"axis": choose(st.sampled_from([None, place, place - x.ndim, (place,)]))})


@st.composite
def joined(choose: Any) -> Sample:
    shape = choose(draw.shapes(1))
    axis = choose(st.integers(-len(shape), len(shape) - 1))
    sizes = choose(st.lists(st.integers(0, 2), min_size=1, max_size=4))
    place = axis % len(shape)
    parts = [choose(draw.arrays((*shape[:place], n, *shape[place + 1 :]))) for n in sizes]
    return Sample(tuple(parts), {"axis": axis})


def _joined(*arrays: Any, axis: int) -> Any:
    """Line by line along the axis."""
    lines = [line for array in arrays for line in np.moveaxis(array, axis, 0)]
    rest = np.moveaxis(arrays[0], axis, 0).shape[1:]
    return np.moveaxis(np.array(lines, dtype=arrays[0].dtype).reshape(len(lines), *rest), 0, axis)


_SHIFT = st.integers(-4, 4)


def _rolled(shape: Any) -> dict[str, Any]:
    return {"shift": _SHIFT, "axis": st.integers(0, len(shape) - 1)}


def _pad(x: Any, widths: Any, value: Any) -> Any:
    """By an index for each place of the result: inside, or the value."""
    for axis, (before, after) in enumerate(widths):
        n = x.shape[axis]
        places = np.arange(-before, n + after)
        inside = (places >= 0) & (places < n)
        taken = np.take(x, np.where(inside, places, 0), axis) if n else np.zeros(
            (*x.shape[:axis], len(places), *x.shape[axis + 1 :]), x.dtype)  # fmt: skip
        x = np.where(np.expand_dims(inside, tuple(range(1, x.ndim - axis))), taken, value)
    return x


def _widths(shape: Any) -> dict[str, Any]:
    pairs = st.tuples(*(st.tuples(st.integers(-min(n, 1), 2), st.integers(0, 2)) for n in shape))
    return {"widths": pairs, "value": st.sampled_from([0, 1.5])}


def _triangle(keep: Any) -> Any:
    def spelled(x: Any, k: int) -> Any:
        rows, columns = np.indices(x.shape[-2:])
        return np.where(keep(columns - rows, k), x, 0)

    return spelled


CASES = [
    Case("reshape", of_array(_reshaped), lambda x, shape: np.ravel(x).reshape(shape)),
    Case("transpose", of_array(lambda s: {"axes": st.one_of(st.none(), st.permutations(range(len(s))).map(tuple))}),
         lambda x, axes: np.moveaxis(x, axes if axes is not None else range(x.ndim)[::-1], range(x.ndim))),
    Case("swapaxes", of_array(lambda s: {"axis1": one_axis(len(s)), "axis2": one_axis(len(s))}, 1), np.swapaxes),
    Case("squeeze", squeezable()),
    Case("expand_dims", of_array(lambda s: {"axis": one_axis(len(s) + 1)}),
         lambda x, axis: x.reshape(tuple(np.insert(x.shape, axis % (x.ndim + 1), 1).astype(int)))),
    Case("broadcast_to", of_array(_expanded), lambda x, shape: x + np.zeros(shape)),
    Case("flip", of_array(lambda s: {"axis": draw.axes(len(s))}),
         lambda x, axis: x[tuple(slice(None, None, -1) if axis is None or i in np.atleast_1d(axis) % x.ndim
                                 else slice(None) for i in range(x.ndim))]),
    Case("roll", of_array(_rolled, 1),
         lambda x, shift, axis: np.take(x, (np.arange(x.shape[axis]) - shift) % max(x.shape[axis], 1), axis)),
    Case("roll", of_array(lambda s: {"shift": _SHIFT}),
         lambda x, shift: np.roll(x.reshape(-1), shift).reshape(x.shape), label="flat"),
    Case("roll", of_array(lambda s: {"shift": st.tuples(*[_SHIFT] * 2), "axis": st.just((0, len(s) - 1))}, 1),
         lambda x, shift, axis: np.roll(np.roll(x, shift[0], axis[0]), shift[1], axis[1]), label="two axes"),
    Case("copy", unary()),
    Case("concatenate", joined(), _joined),
    Case("pad", of_array(_widths), _pad),
    Case("tile", of_array(lambda s: {"reps": hnp.array_shapes(min_dims=max(len(s), 1), max_dims=max(len(s), 1) + 1,
         min_side=1, max_side=2)}), lambda x, reps: np.tile(x, reps)),
    Case("tril", of_array(lambda s: {"k": st.integers(-2, 2)}, 2), _triangle(lambda d, k: d <= k)),
    Case("triu", of_array(lambda s: {"k": st.integers(-2, 2)}, 2), _triangle(lambda d, k: d >= k)),
    Case("cast", unary(dtype=np.dtype(np.float64)), lambda x, dtype: x, analytic=False),
]  # fmt: skip
