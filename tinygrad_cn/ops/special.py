"""The error function and its kin, the normal distribution's functions, and products with a logarithm."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cn.kernels import error_functions as kernels
from tinygrad_cn.op import elementwise
from tinygrad_cn.ops.guarded import over, times

_SQRT_PI = math.sqrt(math.pi)
_SQRT_2 = math.sqrt(2)

erf = elementwise("erf", kernels.erf, x=lambda g, x: g * (2 / _SQRT_PI * np.exp(-x * x)), floating=True)
erfc = elementwise("erfc", kernels.erfc, x=lambda g, x: g * (-2 / _SQRT_PI * np.exp(-x * x)), floating=True)
erfcx = elementwise(
    "erfcx", kernels.erfcx, x=lambda g, x, out: times(g, 2 * times(x, out) - 2 / _SQRT_PI), floating=True
)
erfinv = elementwise(
    "erfinv", kernels.erfinv, x=lambda g, out: times(g, _SQRT_PI / 2 * np.exp(times(out, out))), floating=True
)

#: The normal quantile and the logarithm of the normal distribution function.
ndtri = elementwise(
    "ndtri",
    kernels.ndtri,
    x=lambda g, out: times(g, math.sqrt(2 * math.pi) * np.exp(times(0.5 * out, out))),
    floating=True,
)
log_ndtr = elementwise(
    "log_ndtr",
    kernels.log_ndtr,
    x=lambda g, x: g * (math.sqrt(2 / math.pi) / erfcx(x * (-1 / _SQRT_2))),
    floating=True,
)

# ---------------------------------------------------------------------------- products with a logarithm


def _logit_x(g: Any, x: Any) -> Any:
    outside = (x < 0) | (x > 1)
    return over(g, np.where(outside, math.nan, x * (1 - x)))


logit = elementwise("logit", lambda x: np.log(x / (1 - x)), x=_logit_x, floating=True)


def _entr(x: Any) -> Any:
    return np.where(x > 0, -x * np.log(np.where(x > 0, x, 1)), np.where(x == 0, x, np.where(x < 0, -math.inf, x)))


#: -x log x; 0 at 0, -inf below.
entr = elementwise(
    "entr",
    lambda x: _entr(x).astype(x.dtype),
    x=lambda g, x: times(g, np.where(x < 0, math.nan, -1 - np.log(np.where(x < 0, 1, x)))),
    floating=True,
)


def _x_log(logarithm: Any) -> Any:
    def forward(x: Any, y: Any) -> Any:
        return np.where((x == 0) & (y == y), x.dtype.type(0), x * logarithm(y))

    return forward


def _xlogy_x(g: Any, x: Any, y: Any) -> Any:
    """g log y; zero where x = 0 and the logarithm is not finite, or none."""
    flat = (x == 0) & (y <= 0)
    return times(np.where(flat, 0, g), np.log(np.where(flat, 1, y)))


def _xlog1py_x(g: Any, x: Any, y: Any) -> Any:
    flat = (x == 0) & (y <= -1)
    return times(np.where(flat, 0, g), np.log1p(np.where(flat, 0, y)))


#: x log y and x log(1 + y), 0 where x is 0. Both inputs are arrays, never Python numbers.
xlogy = elementwise("xlogy", _x_log(np.log), x=_xlogy_x, y=lambda g, x, y: over(times(g, x), y), floating=True)
xlog1py = elementwise(
    "xlog1py", _x_log(np.log1p), x=_xlog1py_x, y=lambda g, x, y: over(times(g, x), y + 1), floating=True
)
