"""Special functions, orthogonal polynomials, and functions of the parts of floating numbers."""

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cn.ops.polynomials import FAMILIES
from tinygrad_cn.testing import strategies as draw
from tinygrad_cn.testing.op_cases.case import Case, Sample, binary, one_axis, small, unary
from tinygrad_cn.testing.op_cases.comparison import integers

FAR = (0.5, 4)


def _by_element(function: Any) -> Any:
    return np.vectorize(function, otypes=[float])


def _integral(angle: Any) -> Any:
    """(1/pi) the integral over [0, pi] of a smooth periodic function of (x, t): the trapezoid rule is exact enough."""
    t = (np.arange(200) + 0.5) * math.pi / 200
    return lambda x: angle(np.asarray(x)[..., None], t).mean(axis=-1)


@st.composite
def families(choose: Any) -> Sample:
    x = choose(draw.arrays(draw.shapes()))
    degree = np.array(choose(st.lists(st.integers(0, 4), min_size=x.size, max_size=x.size)), dtype=np.int64)
    params = {"family": choose(st.sampled_from(sorted(FAMILIES))), "order": choose(st.integers(0, 2))}
    return Sample((x,), {"degree": degree.reshape(x.shape), **params})


@st.composite
def incomplete(choose: Any, first: tuple[float, float]) -> Sample:
    shape = choose(draw.shapes())
    return Sample((choose(draw.arrays(shape, *first)), choose(draw.arrays(shape, *FAR, bits=5))), {})


@st.composite
def at_zero(choose: Any) -> Sample:
    shape = choose(draw.shapes())
    x = choose(hnp.arrays(np.float64, shape, elements=st.sampled_from([-1.5, 0.0, 1.5])))
    return Sample((x, choose(draw.arrays(shape, bits=5))), {})


@st.composite
def odd_sized(choose: Any) -> Sample:
    """An odd number of elements without ties has one median."""
    count = choose(st.sampled_from([1, 3, 5]))
    return Sample((choose(draw.arrays((count,), unique=True)),), {})


@st.composite
def running(choose: Any) -> Sample:
    x = choose(draw.arrays(draw.shapes(1)))
    return Sample((x,), {"axis": choose(one_axis(x.ndim)) % x.ndim})


_integers = integers(-4, 4)

CASES = [
    Case("erfc", unary(), _by_element(math.erfc), analytic=False),
    Case("erfcx", unary(-2, 2), _by_element(lambda x: math.exp(x * x) * math.erfc(x)), analytic=False),
    Case("erfinv", unary(-0.9, 0.9), analytic=False),
    Case("ndtri", unary(0.1, 0.9), analytic=False),
    Case("log_ndtr", unary(), _by_element(lambda x: math.log(math.erfc(-x / math.sqrt(2)) / 2)), analytic=False),
    Case("logit", unary(0, 1), lambda x: np.log(x) - np.log1p(-x), analytic=False),
    Case("entr", unary(*FAR), lambda x: -x * np.log(x), analytic=False),
    Case("xlogy", binary((-4, 4), FAR, numbers=False), lambda x, y: x * np.log(y), analytic=False),
    Case("xlog1py", binary((-4, 4), FAR, numbers=False), lambda x, y: x * np.log1p(y), analytic=False),
    Case("lgamma", unary(*FAR), _by_element(math.lgamma), analytic=False),
    Case("polygamma", unary(*FAR, n=st.integers(0, 2)), analytic=False),
    Case("zeta", incomplete((1.5, 4)), analytic=False, constants=("s",)),
    Case("igamma", incomplete((0.5, 4)), analytic=False, constants=("a",), needs="scipy"),
    Case("igammac", incomplete((0.5, 4)), analytic=False, constants=("a",), needs="scipy"),
    Case("bessel_j0", unary(), _integral(lambda x, t: np.cos(x * np.sin(t))), analytic=False),
    Case("bessel_j1", unary(), _integral(lambda x, t: np.cos(t - x * np.sin(t))), analytic=False),
    Case("bessel_y0", unary(*FAR), analytic=False),
    Case("bessel_y1", unary(*FAR), analytic=False),
    Case("i0", unary(), _integral(lambda x, t: np.exp(x * np.cos(t))), analytic=False),
    Case("i1", unary(), _integral(lambda x, t: np.exp(x * np.cos(t)) * np.cos(t)), analytic=False),
    Case("i0e", unary(), _integral(lambda x, t: np.exp(x * np.cos(t) - abs(x))), analytic=False),
    Case("i1e", unary(), _integral(lambda x, t: np.exp(x * np.cos(t) - abs(x)) * np.cos(t)), analytic=False),
    Case("modified_bessel_k0", unary(*FAR), analytic=False),
    Case("modified_bessel_k1", unary(*FAR), analytic=False),
    Case("scaled_modified_bessel_k0", unary(*FAR), analytic=False),
    Case("scaled_modified_bessel_k1", unary(*FAR), analytic=False),
    Case("spherical_bessel_j0", unary(*FAR), lambda x: np.sin(x) / x, analytic=False),
    Case("spherical_bessel_j0", small(0.5), lambda x: np.sin(x) / x, analytic=False, label="near 0"),
    Case("airy_ai", unary(), analytic=False),
    Case("airy_ai_prime", unary(), analytic=False),
    Case("polynomial", families(), analytic=False, half=False),
    Case("logcumsumexp", running(), lambda x, axis: np.log(np.cumsum(np.exp(x), axis)), analytic=False),
    Case("median", odd_sized(), lambda x: np.sort(x)[len(x) // 2], analytic=False),
    Case("nanmedian", odd_sized(), lambda x: np.sort(x)[len(x) // 2], analytic=False),
    Case("copysign", binary(), lambda x, y: np.abs(x) * np.sign(y), analytic=False),
    Case("angle", unary(), lambda x: np.angle(x.astype(complex)), analytic=False),
    Case("isposinf", unary(), lambda x: x * 0 > 1, order=0),
    Case("isneginf", unary(), lambda x: x * 0 > 1, order=0),
    Case("isreal", unary(), lambda x: x == x, order=0),
    Case("frac", unary(), lambda x: np.fmod(x, 1), analytic=False),
    Case("frexp", unary(0.52, 0.98), analytic=False),
    Case("frexp", unary(-3.9, -2.1), analytic=False, label="exponent 2"),
    Case("nextafter", binary(), analytic=False),
    Case("fmax", binary(), np.maximum, analytic=False),
    Case("fmin", binary(), np.minimum, analytic=False),
    Case("heaviside", binary(numbers=False), lambda x, y: (np.asarray(x) > 0) * np.ones(np.shape(y)), analytic=False),
    Case(
        "heaviside",
        at_zero(),
        lambda x, y: np.where(x > 0, 1, np.where(x < 0, 0, y)),
        analytic=False,
        constants=("x",),
        label="at 0",
    ),
    Case("gcd", _integers, np.vectorize(math.gcd, otypes=[np.int64]), order=0),
    Case("lcm", _integers, np.vectorize(math.lcm, otypes=[np.int64]), order=0),
    Case("logaddexp2", binary(), lambda x, y: np.log2(np.exp2(x) + np.exp2(y)), analytic=False),
]
