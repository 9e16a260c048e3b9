"""Functions of signs, parts and neighbours of floating numbers; steps; divisors of integers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cn.op import elementwise, op
from tinygrad_cn.ops.exponential import apart, sigmoid
from tinygrad_cn.ops.guarded import over

#: The size of x with the sign of y; derivative 0 at x = 0.
copysign = elementwise(
    "copysign",
    np.copysign,
    x=lambda g, x, out: np.where(x == 0, 0, over(g * out, np.where(x == 0, 1, x))),
    y=lambda g: np.zeros_like(g),
    floating=True,
)
angle = elementwise(
    "angle",
    lambda x: np.where(x != x, x, np.where(x < 0, math.pi, 0)).astype(x.dtype),
    x=lambda g: np.zeros_like(g),
    floating=True,
)
isposinf = elementwise("isposinf", lambda x: x == math.inf)
isneginf = elementwise("isneginf", lambda x: x == -math.inf)
isreal = elementwise("isreal", lambda x: np.imag(x) == 0)
frac = elementwise("frac", lambda x: x - np.trunc(x), x=lambda g: g)


def _frexp(x: Any) -> tuple[Any, Any]:
    mantissa, exponent = np.frexp(x)
    finite = np.isfinite(x)
    return np.where(finite, mantissa, x), np.where(finite, exponent, 0).astype(np.int32)


#: x = mantissa 2^exponent with the mantissa in [1/2, 1).
frexp = op(
    "frexp",
    _frexp,
    x=lambda g, out, x_dtype: g[0] * np.ldexp(1.0, -out[1]).astype(x_dtype),
    outputs=2,
)
nextafter = elementwise(
    "nextafter", np.nextafter, x=lambda g, x, y: np.where(x == y, 0, g), y=lambda g: np.zeros_like(g)
)


def _takes_x(g: Any, x: Any, y: Any) -> Any:
    return np.where((x >= y) | (y != y), g, 0)


def _takes_y(g: Any, x: Any, y: Any) -> Any:
    return np.where((x >= y) | (y != y), 0, g)


def _fmin_x(g: Any, x: Any, y: Any) -> Any:
    return np.where((x <= y) | (y != y), g, 0)


def _fmin_y(g: Any, x: Any, y: Any) -> Any:
    return np.where((x <= y) | (y != y), 0, g)


#: Extremes that pass over NaN; at a tie x has the whole gradient, as in PyTorch.
fmax = elementwise("fmax", np.fmax, x=_takes_x, y=_takes_y)
fmin = elementwise("fmin", np.fmin, x=_fmin_x, y=_fmin_y)

heaviside = elementwise(
    "heaviside",
    lambda x, y: np.where(x == 0, y, np.asarray(x > 0).astype(np.result_type(x, y))),
    x=lambda g: np.zeros_like(g),
    y=lambda g, x: np.where(x == 0, g, 0),
)
gcd = elementwise("gcd", np.gcd)
lcm = elementwise("lcm", lambda x, y: np.abs(np.lcm(x, y)))

_LN2 = math.log(2)

logaddexp2 = elementwise(
    "logaddexp2",
    np.logaddexp2,
    x=lambda g, x, y: g * sigmoid(apart(x, y) * _LN2),
    y=lambda g, x, y: g * sigmoid(apart(y, x) * _LN2),
    floating=True,
)
