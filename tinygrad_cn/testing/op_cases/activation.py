"""Activations and softmax."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinygrad_cn.testing import strategies as draw
from tinygrad_cn.testing.op_cases.case import Case, Sample, binary, one_axis, unary
from tinygrad_cn.testing.op_cases.transcendental import _erf


@st.composite
def along(choose: Any) -> Sample:
    x = choose(draw.arrays(draw.shapes(1)))
    return Sample((x,), {"axis": choose(one_axis(x.ndim))})


def _softmax(x: Any, axis: int) -> Any:
    return np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)


def _elu(x: Any, alpha: float, scale: float, input_scale: float) -> Any:
    return scale * (np.maximum(x, 0) + alpha * (np.exp(input_scale * np.minimum(x, 0)) - 1))


CASES = [
    Case("relu", unary(), lambda x: (x + abs(x)) / 2, analytic=False),
    Case("leaky_relu", unary(negative_slope=st.sampled_from([0.01, 0.5])),
         lambda x, negative_slope: np.maximum(x, 0) + negative_slope * np.minimum(x, 0), analytic=False),
    Case("prelu", binary(numbers=False), lambda x, y: np.maximum(x, 0) + y * np.minimum(x, 0), analytic=False),
    Case("elu", unary(alpha=st.sampled_from([1.0, 1.5]), scale=st.sampled_from([1.0, 1.25]),
         input_scale=st.sampled_from([1.0, 0.5])), _elu),
    Case("softplus", unary(-8, 8, beta=st.sampled_from([1.0, 2.0]), threshold=20.0),
         lambda x, beta, threshold: np.logaddexp(0, beta * x) / beta),
    Case("log_sigmoid", unary(-8, 8), lambda x: -np.logaddexp(0, -x)),
    Case("gelu_tanh", unary(), lambda x: x / (1 + np.exp(-2 * np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))),
    Case("hardtanh", unary().map(lambda s: Sample(s.arrays, {"low": -1.0, "high": 1.5})),
         lambda x, low, high: np.where(x < low, low, np.where(x > high, high, x)), analytic=False),
    Case("hardswish", unary(-5, 5), lambda x: x * np.clip(x + 3, 0, 6) / 6, analytic=False),
    Case("mish", unary(), lambda x: x * np.tanh(np.log1p(np.exp(x))), analytic=False),
    Case("silu", unary(), lambda x: x / (1 + np.exp(-x))),
    Case("gelu", unary(), lambda x: x * (1 + _erf(x / np.sqrt(2))) / 2, analytic=False),
    Case("softmax", along(), _softmax),
    Case("log_softmax", along(), lambda x, axis: np.log(_softmax(x, axis))),
]  # fmt: skip
