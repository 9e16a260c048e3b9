"""Exponentials, logarithms, and the functions made of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cn.op import elementwise
from tinygrad_cn.ops.guarded import over, times

_LN2 = math.log(2.0)
_LN10 = math.log(10.0)

exp = elementwise("exp", np.exp, x=lambda g, out: times(g, out), floating=True)
exp2 = elementwise("exp2", np.exp2, x=lambda g, out: times(g, out) * _LN2, floating=True)
expm1 = elementwise("expm1", np.expm1, x=lambda g, out: times(g, out + 1), floating=True)

log = elementwise("log", np.log, x=lambda g, x: over(g, x), floating=True)
log2 = elementwise("log2", np.log2, x=lambda g, x: over(g, x * _LN2), floating=True)
log10 = elementwise("log10", np.log10, x=lambda g, x: over(g, x * _LN10), floating=True)
log1p = elementwise("log1p", np.log1p, x=lambda g, x: over(g, x + 1), floating=True)


def _sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x); for very negative x the exponential overflows to inf and the quotient is 0, as it should be."""
    return 1 / (1 + np.exp(-x))


sigmoid = elementwise("sigmoid", _sigmoid, x=lambda g, out: g * (out * (1 - out)), floating=True)


def apart(x: Any, y: Any) -> Any:
    """x - y, and 0 of two equal infinities."""
    return np.where((x == y) & np.isinf(x), 0, x - y)


logaddexp = elementwise(
    "logaddexp",
    np.logaddexp,
    x=lambda g, x, y: g * sigmoid(apart(x, y)),
    y=lambda g, x, y: g * sigmoid(apart(y, x)),
    floating=True,
)
