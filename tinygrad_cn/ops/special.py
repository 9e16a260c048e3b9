"""The error function."""

from __future__ import annotations

import math

import numpy as np

from tinygrad_cn.op import elementwise

_TWO_OVER_SQRT_PI = 2 / math.sqrt(math.pi)
_erf = np.frompyfunc(math.erf, 1, 1)

erf = elementwise(
    "erf",
    lambda x: np.asarray(_erf(x), dtype=np.asarray(x).dtype),  # of a 0-d array _erf gives a Python float
    x=lambda g, x: g * (_TWO_OVER_SQRT_PI * np.exp(-x * x)),
    floating=True,
)
