"""Exponentials, logarithms, trigonometric and hyperbolic functions, the error function."""

import math

import numpy as np

from tinygrad_cn.testing.op_cases.case import Case, binary, small, unary

POSITIVE = (0, 4)
INSIDE = (-1, 1)

_erf = np.vectorize(math.erf, otypes=[float])

CASES = [
    Case("exp", unary(), lambda x: np.power(math.e, x)),
    Case("exp2", unary(), lambda x: np.power(2.0, x)),
    Case("expm1", unary(), lambda x: 2 * np.exp(x / 2) * np.sinh(x / 2)),
    Case("log", unary(*POSITIVE), lambda x: 2 * np.arctanh((x - 1) / (x + 1))),
    Case("log2", unary(*POSITIVE), lambda x: np.log(x) / np.log(2)),
    Case("log10", unary(*POSITIVE), lambda x: np.log(x) / np.log(10)),
    Case("log1p", unary(-0.9, 4), lambda x: np.log(1 + x)),
    Case("sigmoid", unary(-8, 8), lambda x: (1 + np.tanh(x / 2)) / 2),
    Case("logaddexp", binary(), lambda x, y: np.log(np.exp(x) + np.exp(y)), analytic=False),
    Case("sin", unary()),
    Case("cos", unary(), lambda x: np.sin(x + math.pi / 2)),
    Case("tan", unary(-1.4, 1.4), lambda x: np.sin(x) / np.cos(x)),
    Case("arcsin", unary(*INSIDE), lambda x: np.arctan2(x, np.sqrt(1 - x * x))),
    Case("arccos", unary(*INSIDE), lambda x: np.arctan2(np.sqrt(1 - x * x), x)),
    Case("arctan", unary(), lambda x: np.arcsin(x / np.sqrt(1 + x * x))),
    Case("sinh", unary(), lambda x: (np.exp(x) - np.exp(-x)) / 2),
    Case("cosh", unary(), lambda x: (np.exp(x) + np.exp(-x)) / 2),
    Case("tanh", unary(), lambda x: np.sinh(x) / np.cosh(x)),
    Case("arcsinh", unary(), lambda x: np.log(x + np.sqrt(x * x + 1))),
    Case("arccosh", unary(1.1, 5), lambda x: np.log(x + np.sqrt(x * x - 1))),
    Case("arctanh", unary(*INSIDE), lambda x: np.log((1 + x) / (1 - x)) / 2),
    Case("arctan2", binary(), lambda x, y: np.angle(y + 1j * np.asarray(x)), analytic=False),
    Case("hypot", binary(), lambda x, y: np.sqrt(np.square(x) + np.square(y)), analytic=False),
    Case("sinc", unary(), lambda x: np.sin(math.pi * x) / (math.pi * x)),
    Case("sinc", small(0.125), lambda x: np.sin(math.pi * x) / (math.pi * x), label="near 0"),
    Case("deg2rad", unary(), lambda x: x * math.pi / 180, analytic=False),
    Case("rad2deg", unary(), lambda x: x * 180 / math.pi, analytic=False),
    Case("erf", unary(), _erf, analytic=False),
]
