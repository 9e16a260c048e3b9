"""Sums, products, powers, extremes of two arrays, rounding, the choice `where`, and the guarded products."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cn.testing import strategies as draw
from tinygrad_cn.testing.op_cases.case import Case, Sample, binary, unary

POSITIVE = (0, 4)
FAR = (0.5, 4)
NEAR = {"rtol": 0.5, "atol": 0.1, "equal_nan": False}


@st.composite
def chosen(choose: Any) -> Sample:
    shapes = choose(draw.broadcastable(3))
    condition = np.asarray(choose(draw.arrays(shapes[0])) > 0)
    return Sample((condition, choose(draw.arrays(shapes[1])), choose(draw.arrays(shapes[2], bits=5))), {})


@st.composite
def clipped(choose: Any) -> Sample:
    """Bounds as arrays, numbers or absent; they may cross."""
    shapes = choose(draw.broadcastable(3))
    bounds = [
        choose(st.one_of(st.none(), draw.lattice(-3, 3, bits=bits), draw.arrays(shape, -3, 3, bits=bits)))
        for bits, shape in ((5, shapes[1]), (6, shapes[2]))
    ]
    return Sample((choose(draw.arrays(shapes[0])), *bounds), {})


@st.composite
def with_holes(choose: Any) -> Sample:
    x = choose(draw.arrays(draw.shapes()))
    holes = choose(draw.arrays(st.just(x.shape))) > 2
    x = np.where(holes, np.nan, x)
    return Sample((x,), {"nan": choose(st.sampled_from([0.0, 1.5]))})


def _clip(x: Any, low: Any, high: Any) -> Any:
    out = x if low is None else np.where(x < low, low, x)
    return out if high is None else np.where(out > high, high, out)


@st.composite
def divided(choose: Any) -> Sample:
    """Quotients between two whole numbers, of either sign."""
    y = np.asarray(choose(draw.arrays(draw.shapes(), 0.5, 4)) * choose(st.sampled_from([-1, 1])))
    whole = choose(hnp.arrays(np.int64, y.shape, elements=st.integers(-3, 2)))
    return Sample((np.asarray(y * (whole + choose(draw.lattice(0.25, 0.75)))), y), {})


def _remainder(x: Any, y: Any) -> Any:
    return x - np.floor(np.divide(x, y)) * y


def _fmod(x: Any, y: Any) -> Any:
    return x - np.trunc(np.divide(x, y)) * y


CASES = [
    Case("add", binary()),
    Case("subtract", binary()),
    Case("multiply", binary()),
    Case("divide", binary(second=FAR)),
    Case("times", binary(numbers=False), np.multiply),
    Case("over", binary(second=FAR, numbers=False), np.divide),
    Case("negative", unary()),
    Case("positive", unary()),
    Case("reciprocal", unary(*FAR), lambda x: np.power(x, -1)),
    Case("square", unary(), lambda x: x * x),
    Case("power", binary(POSITIVE, (-3, 3)), lambda x, y: np.exp(y * np.log(x))),
    Case("power", unary().map(lambda s: Sample((*s.arrays, 3), {})), lambda x, y: x * x * x, label="cube"),
    Case("power", unary(*POSITIVE).map(lambda s: Sample((*s.arrays, -0.5), {})), label="root"),
    Case("sqrt", unary(*POSITIVE), lambda x: np.exp(np.log(x) / 2)),
    Case("rsqrt", unary(*POSITIVE), lambda x: np.exp(-np.log(x) / 2)),
    Case("cbrt", unary(), lambda x: np.sign(x) * np.abs(x) ** (1 / 3), analytic=False),
    Case("absolute", unary(), lambda x: np.where(x < 0, -x, x), analytic=False),
    Case("sign", unary(), lambda x: np.where(x < 0, -1.0, 1.0), analytic=False),
    Case("nonzero_count", unary(), lambda x: np.ones_like(x), analytic=False),
    Case("floor", unary(), lambda x: x - np.mod(x, 1), analytic=False),
    Case("ceil", unary(), lambda x: x + np.mod(-x, 1), analytic=False),
    Case("trunc", unary(), lambda x: x - np.fmod(x, 1), analytic=False),
    Case("rint", unary(), np.round, analytic=False),
    Case("maximum", binary(), lambda x, y: np.where(np.greater(x, y), x, y), analytic=False),
    Case("minimum", binary(), lambda x, y: np.where(np.less(x, y), x, y), analytic=False),
    Case("clip", clipped(), _clip, analytic=False),
    Case("floor_divide", binary(second=(5, 9)), lambda x, y: np.floor(np.divide(x, y)), analytic=False),
    Case("fmod", binary((0.25, 4), (5, 9)), _fmod, analytic=False),
    Case("fmod", divided(), _fmod, analytic=False, label="quotient"),
    Case("remainder", binary((-4, -0.25), (5, 9)), _remainder, analytic=False),
    Case("remainder", divided(), _remainder, analytic=False, label="quotient"),
    Case("where", chosen(), lambda c, x, y: x * c + y * ~c, analytic=False),
    Case("isclose", binary(numbers=False).map(lambda s: s._replace(params=NEAR)),
         lambda x, y, rtol, atol, equal_nan: abs(x - y) <= atol + rtol * abs(y), order=0),
    Case("nan_to_num", with_holes(), lambda x, nan: np.where(np.isnan(x), nan, x), analytic=False),
]  # fmt: skip
