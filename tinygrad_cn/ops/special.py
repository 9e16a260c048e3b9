"""The error function."""

from __future__ import annotations

import math

import numpy as np

from tinygrad_cn.op import elementwise

_TWO_OVER_SQRT_PI = 2 / math.sqrt(math.pi)
_erf = np.frompyfunc(math.erf, 1, 1)

erf = elementwise(
    "erf",
    lambda x: _erf(x).astype(x.dtype) if isinstance(x, np.ndarray) else np.asarray(x).dtype.type(math.erf(x)),
    x=lambda g, x: g * (_TWO_OVER_SQRT_PI * np.exp(-x * x)),
    floating=True,
)
