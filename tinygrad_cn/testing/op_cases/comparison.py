"""Comparisons, logic and bits: ops whose results carry no gradient."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinygrad_cn.testing import strategies as draw
from tinygrad_cn.testing.op_cases.case import Case, Sample, binary, reduced, unary


@st.composite
def integers(choose: Any, low: int = -4, high: int = 4) -> Sample:
    shapes = choose(draw.broadcastable())
    return Sample(
        tuple(np.floor(choose(draw.arrays(s, low, high)), out=np.zeros(s)).astype(np.int64) for s in shapes), {}
    )


shifts = integers(0, 6)
masks = unary().map(lambda s: Sample((np.asarray(s.arrays[0] > 0),), {}))
odd_values = unary().map(
    lambda s: Sample((np.select([s.arrays[0] > 3, s.arrays[0] > 2], [np.inf, np.nan], s.arrays[0]),), {})
)


def _zeros(sample: Sample) -> Sample:
    return sample._replace(arrays=(np.asarray(np.trunc(sample.arrays[0] / 4)),))


CASES = [
    Case("equal", integers(), lambda x, y: ~(x - y).astype(bool), order=0),
    Case("not_equal", integers(), lambda x, y: (x - y).astype(bool), order=0),
    Case("less", binary(), lambda x, y: np.subtract(x, y) < 0, order=0),
    Case("less_equal", integers(), lambda x, y: np.subtract(x, y) <= 0, order=0),
    Case("greater", binary(), lambda x, y: np.subtract(x, y) > 0, order=0),
    Case("greater_equal", integers(), lambda x, y: np.subtract(x, y) >= 0, order=0),
    Case("logical_and", integers(), lambda x, y: (x != 0) & (y != 0), order=0),
    Case("logical_or", integers(), lambda x, y: (x != 0) | (y != 0), order=0),
    Case("logical_xor", integers(), lambda x, y: (x != 0) ^ (y != 0), order=0),
    Case("logical_not", masks, lambda x: ~x, order=0),
    Case("bitwise_and", integers(), lambda x, y: ~(~x | ~y), order=0),
    Case("bitwise_or", integers(), lambda x, y: ~(~x & ~y), order=0),
    Case("bitwise_xor", integers(), lambda x, y: (x | y) - (x & y), order=0),
    Case("bitwise_not", integers().map(lambda s: Sample(s.arrays[:1], {})), lambda x: -x - 1, order=0),
    Case("left_shift", shifts, lambda x, y: x * 2**y, order=0),
    Case("right_shift", shifts, lambda x, y: x // 2**y, order=0),
    Case("isfinite", odd_values, lambda x: np.abs(x) < np.inf, order=0),
    Case("isinf", odd_values, lambda x: np.abs(x) == np.inf, order=0),
    Case("isnan", odd_values, lambda x: x != x, order=0),
    Case("signbit", unary(), lambda x: x < 0, order=0),
    Case("all", reduced().map(_zeros), lambda x, axis, keepdims: np.min(x != 0, axis=axis, keepdims=keepdims,
         initial=True), order=0),
    Case("any", reduced().map(_zeros), lambda x, axis, keepdims: np.max(x != 0, axis=axis, keepdims=keepdims,
         initial=False), order=0),
    Case("argmax", reduced(several=False, empty=False), lambda x, axis, keepdims: np.argmin(-x, axis,
         keepdims=keepdims), order=0),
    Case("argmin", reduced(several=False, empty=False), lambda x, axis, keepdims: np.argmax(-x, axis,
         keepdims=keepdims), order=0),
    Case("argsort", unary().filter(lambda s: s.arrays[0].ndim).map(lambda s: Sample(s.arrays, {"axis": -1})),
         lambda x, axis: np.argsort(x, axis=axis, stable=True), order=0),
    Case("count_nonzero", reduced(keepdims=False).map(_zeros), lambda x, axis: np.sum(x != 0, axis=axis), order=0),
]  # fmt: skip
