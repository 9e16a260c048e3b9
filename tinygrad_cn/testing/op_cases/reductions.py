"""Sums, means, spreads, extremes, norms, products, and the running sum and product."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinygrad_cn.testing import strategies as draw
from tinygrad_cn.testing.op_cases.case import Case, Sample, one_axis, reduced


def _mean(x: Any, axis: Any, keepdims: bool) -> Any:
    return x.sum(axis=axis, keepdims=keepdims) / (x.size / max(np.sum(x * 0 + 1, axis=axis).size, 1))


def _variance(x: Any, axis: Any, correction: float, keepdims: bool) -> Any:
    """By the difference of the mean square and the squared mean."""
    n = np.ones(x.shape).sum(axis=axis).flat[0]
    mean = x.sum(axis=axis, keepdims=keepdims) / n
    return ((x * x).sum(axis=axis, keepdims=keepdims) / n - mean * mean) * (n / (n - correction))


def _deviation(x: Any, axis: Any, correction: float, keepdims: bool) -> Any:
    return np.sqrt(_variance(x, axis, correction, keepdims))


@st.composite
def running(choose: Any) -> Sample:
    x = choose(draw.arrays(draw.shapes(1)))
    return Sample((x,), {"axis": choose(one_axis(x.ndim))})


@st.composite
def with_zeros(choose: Any, keepdims: bool) -> Sample:
    """Products where some factors are 0."""
    x = choose(draw.arrays(draw.shapes(1, empty=False)))
    x = np.where(choose(draw.arrays(st.just(x.shape))) > 2, 0.0, x)
    given = {"keepdims": choose(st.booleans())} if keepdims else {}
    return Sample((x,), {"axis": choose(st.integers(0, x.ndim - 1)), **given})


def _others(x: Any, axis: int) -> Any:
    lines = np.moveaxis(x, axis, -1)
    out = np.empty_like(lines)
    for place in np.ndindex(lines.shape):
        line = lines[place[:-1]]
        out[place] = np.prod(np.delete(line, place[-1]))
    return np.moveaxis(out, -1, axis)


def _running(combine: Any, start: float) -> Any:
    def spelled(x: Any, axis: int) -> Any:
        lines = np.moveaxis(x.copy(), axis, 0)
        total = np.full(lines.shape[1:], start, dtype=x.dtype)
        for i in range(len(lines)):
            total = combine(total, lines[i])
            lines[i] = total
        return np.moveaxis(lines, 0, axis)

    return spelled


correction = st.sampled_from([0, 1])

CASES = [
    Case("sum", reduced(), lambda x, axis, keepdims: np.einsum("...->...", x).sum(axis=axis, keepdims=keepdims)),
    Case("mean", reduced(empty=False), _mean),
    Case("variance", reduced(least=2, empty=False, correction=correction), _variance),
    Case("deviation", reduced(least=2, empty=False, unique=True, correction=correction), _deviation),
    Case("amax", reduced(empty=False, unique=True), lambda x, axis, keepdims: -np.min(-x, axis, keepdims=keepdims),
         analytic=False),
    Case("amin", reduced(empty=False, unique=True), lambda x, axis, keepdims: -np.max(-x, axis, keepdims=keepdims),
         analytic=False),
    Case("logsumexp", reduced(empty=False), lambda x, axis, keepdims: np.log(np.exp(x).sum(axis, keepdims=keepdims))),
    Case("norm2", reduced(empty=False), lambda x, axis, keepdims: (x**2).sum(axis, keepdims=keepdims) ** 0.5),
    Case("prod", reduced(several=False, empty=False), lambda x, axis, keepdims: np.prod(x, axis, keepdims=keepdims)),
    Case("prod", with_zeros(keepdims=True), lambda x, axis, keepdims: np.prod(x, axis, keepdims=keepdims),
         label="zeros"),
    Case("others", with_zeros(keepdims=False), _others, analytic=False),
    Case("cumsum", running(), _running(np.add, 0)),
    Case("cumprod", running(), _running(np.multiply, 1)),
    Case("cumprod", with_zeros(keepdims=False), _running(np.multiply, 1), label="zeros"),
]  # fmt: skip
