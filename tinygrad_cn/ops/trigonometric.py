"""Trigonometric and hyperbolic functions and their inverses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cn.op import elementwise
from tinygrad_cn.ops.guarded import over, times

sin = elementwise("sin", np.sin, x=lambda g, x: g * np.cos(x), floating=True)
cos = elementwise("cos", np.cos, x=lambda g, x: -g * np.sin(x), floating=True)
tan = elementwise("tan", np.tan, x=lambda g, out: times(g, 1 + out * out), floating=True)
arcsin = elementwise("arcsin", np.arcsin, x=lambda g, x: over(g, np.sqrt(1 - x * x)), floating=True, label="Asin")
arccos = elementwise("arccos", np.arccos, x=lambda g, x: -over(g, np.sqrt(1 - x * x)), floating=True, label="Acos")
arctan = elementwise("arctan", np.arctan, x=lambda g, x: g / (1 + x * x), floating=True, label="Atan")

sinh = elementwise("sinh", np.sinh, x=lambda g, x: times(g, np.cosh(x)), floating=True)
cosh = elementwise("cosh", np.cosh, x=lambda g, x: times(g, np.sinh(x)), floating=True)
tanh = elementwise("tanh", np.tanh, x=lambda g, out: g * (1 - out * out), floating=True)
arcsinh = elementwise("arcsinh", np.arcsinh, x=lambda g, x: g / np.sqrt(1 + x * x), floating=True, label="Asinh")
arccosh = elementwise(
    "arccosh", np.arccosh, x=lambda g, x: over(g, np.sqrt(x - 1) * np.sqrt(x + 1)), floating=True, label="Acosh"
)
arctanh = elementwise("arctanh", np.arctanh, x=lambda g, x: over(g, 1 - x * x), floating=True, label="Atanh")


def _over_square(g: Any, x: Any, y: Any) -> Any:
    """g x / (x^2 + y^2), and 0 at the origin, where no direction is better than another."""
    return over(times(g, x), x * x + y * y)


arctan2 = elementwise(
    "arctan2",
    np.arctan2,
    x=lambda g, x, y: _over_square(g, y, x),
    y=lambda g, x, y: -_over_square(g, x, y),
    floating=True,
    label="Atan2",
)
hypot = elementwise(
    "hypot",
    np.hypot,
    x=lambda g, x, out: over(times(g, x), out),
    y=lambda g, y, out: over(times(g, y), out),
    floating=True,
)


_NEAR = 0.05


def _sinc_x(g: Any, x: Any) -> Any:
    """(cos(pi x) - sinc(x)) / x, near 0 by its series, where the difference would lose its digits."""
    near = np.abs(x) < _NEAR
    far = np.where(near, 1, x)
    u = math.pi * x
    z = u * u
    series = math.pi * u * (-1 / 3 + z * (1 / 30 + z * (-1 / 840 + z * (1 / 45360 - z * (1 / 3991680)))))
    return g * np.where(near, series, (np.cos(math.pi * far) - np.sinc(far)) / far)


#: sin(pi x) / (pi x), 1 at 0.
sinc = elementwise("sinc", lambda x: np.sinc(x).astype(x.dtype), x=_sinc_x, floating=True)

_DEGREE = math.pi / 180
deg2rad = elementwise("deg2rad", np.deg2rad, x=lambda g: g * _DEGREE, floating=True)
rad2deg = elementwise("rad2deg", np.rad2deg, x=lambda g: g / _DEGREE, floating=True)
