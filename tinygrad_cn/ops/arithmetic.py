"""Arithmetic: sums, products, powers, absolute values, extremes of two arrays, rounding, and the choice `where`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn.op import elementwise
from tinygrad_cn.ops.guarded import over, times

# ------------------------------------------------------------------------------- sums and products

add = elementwise("add", np.add, x=lambda g: g, y=lambda g: g)
subtract = elementwise("subtract", np.subtract, x=lambda g: g, y=lambda g: -g, label="Sub")
multiply = elementwise("multiply", np.multiply, x=lambda g, y: g * y, y=lambda g, x: g * x, label="Mul")
divide = elementwise(
    "divide",
    np.true_divide,
    x=lambda g, y: over(g, y),
    y=lambda g, x, y: -over(times(g, over(x, y)), y),  # not from the result, which programs write over
    floating=True,
    label="Div",
)
negative = elementwise("negative", np.negative, x=lambda g: -g, label="Neg")
positive = elementwise("positive", np.positive, x=lambda g: g)
reciprocal = elementwise("reciprocal", lambda x: 1 / x, x=lambda g, out: -times(times(g, out), out), floating=True)
square = elementwise("square", np.square, x=lambda g, x: g * (2 * x), label="Pow")

# ------------------------------------------------------------------------------------------ powers


def _power_x(g: Any, x: Any, y: Any) -> Any:
    """y x^(y-1); zero where y = 0, also at x = 0."""
    if isinstance(y, int | float):
        return times(g, y * x ** (y - 1)) if y else np.zeros_like(x)
    return times(np.where(y == 0, 0, g), y * x ** np.where(y == 0, 1, y - 1))


def _power_y(g: Any, x: Any, y: Any, out: Any) -> Any:
    """x^y log x; zero where x = 0 and y >= 0, the limit."""
    flat = (x == 0) & (y >= 0)
    return times(np.where(flat, 0, g), out * np.log(np.where(flat, 1, x)))


def _power(x: Any, y: Any) -> Any:
    try:
        return x**y
    except ValueError:  # NumPy refuses negative powers of integers; PyTorch rounds them towards 0
        if not all(np.asarray(v).dtype.kind in "iu" for v in (x, y)):
            raise
        reciprocal_of = np.where(np.abs(x) == 1, x, 0)
        return np.where(np.less(y, 0), reciprocal_of ** np.abs(y), x ** np.maximum(y, 0))


power = elementwise("power", _power, x=_power_x, y=_power_y, label="Pow")
sqrt = elementwise("sqrt", np.sqrt, x=lambda g, out: over(g, 2 * out), floating=True)
rsqrt = elementwise("rsqrt", lambda x: 1 / np.sqrt(x), x=lambda g, out: times(g, -0.5 * out * out * out), floating=True)
cbrt = elementwise("cbrt", np.cbrt, x=lambda g, out: over(g, 3 * out * out), floating=True)

# ------------------------------------------------------------------------------ kinks and constants

absolute = elementwise("absolute", np.absolute, x=lambda g, x: g * np.sign(x), label="Abs")
sign = elementwise("sign", np.sign, x=lambda g: np.zeros_like(g))
#: 1 where x is not 0, in x's own dtype.
nonzero_count = elementwise("nonzero_count", lambda x: (x != 0).astype(x.dtype), x=lambda g: np.zeros_like(g))
floor = elementwise("floor", np.floor, x=lambda g: np.zeros_like(g))
ceil = elementwise("ceil", np.ceil, x=lambda g: np.zeros_like(g))
trunc = elementwise("trunc", np.trunc, x=lambda g: np.zeros_like(g))
rint = elementwise("rint", np.rint, x=lambda g: np.zeros_like(g), label="Round")


def _larger(g: Any, x: Any, y: Any) -> Any:
    """``g`` where x > y, half of it at a tie, and (so that NaN is not hidden) where they do not compare."""
    return np.where(x < y, 0, np.where(x == y, g * 0.5, g))


maximum = elementwise("maximum", np.maximum, x=lambda g, x, y: _larger(g, x, y), y=lambda g, x, y: _larger(g, y, x))
minimum = elementwise("minimum", np.minimum, x=lambda g, x, y: _larger(g, y, x), y=lambda g, x, y: _larger(g, x, y))


def _clip(x: Any, low: Any, high: Any) -> Any:
    """``low`` and ``high`` may be ``None``; where they cross, ``high`` wins, as in NumPy and PyTorch."""
    if low is not None:
        x = np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


def _inside(g: Any, x: Any, low: Any, high: Any) -> Any:
    """The gradient passes at both bounds, and at NaN."""
    inside = True
    if low is not None:
        inside = inside & ~(x < low)
    if high is not None:
        inside = inside & ~(x > high)
    return np.where(inside, g, 0)


def _below(g: Any, x: Any, low: Any, high: Any) -> Any:
    """The gradient of ``low``: where it was taken and is not itself above ``high``."""
    taken = x < low
    return np.where(taken if high is None else taken & (low < high), g, 0)


def _above(g: Any, x: Any, low: Any, high: Any) -> Any:
    taken = x > high
    return np.where(taken if low is None else taken | (low > high), g, 0)


clip = elementwise("clip", _clip, x=_inside, low=_below, high=_above, label="Clamp", promotes=("x",))

# ------------------------------------------------------------------------------ division with rest

floor_divide = elementwise("floor_divide", np.floor_divide, x=lambda g: np.zeros_like(g), y=lambda g: np.zeros_like(g))
fmod = elementwise("fmod", np.fmod, x=lambda g: g, y=lambda g, x, y: -g * np.trunc(x / y))
remainder = elementwise("remainder", np.remainder, x=lambda g: g, y=lambda g, x, y: -g * np.floor(x / y))

# ------------------------------------------------------------------------------------------ choice

where = elementwise(
    "where",
    lambda condition, x, y: np.where(condition, x, y),
    x=lambda g, condition: np.where(condition, g, 0),
    y=lambda g, condition: np.where(condition, 0, g),
    promotes=("x", "y"),
)

# ------------------------------------------------------------------------------------------ inf, nan


def _isclose(x: Any, y: Any, *, rtol: float, atol: float, equal_nan: bool) -> Any:
    return np.isclose(x, y, rtol=rtol, atol=atol, equal_nan=equal_nan)


isclose = elementwise("isclose", _isclose)
nan_to_num = elementwise(
    "nan_to_num",
    lambda x, *, nan=0.0, posinf=None, neginf=None: np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf),
    x=lambda g, x: np.where(np.isfinite(x), g, 0),
)
