"""Bessel's and Airy's functions and the incomplete gamma functions, computed by SciPy, with their rules.

SciPy is an optional extra and is imported when one of these is first computed. The derivatives: NIST Digital Library of
Mathematical Functions, 10.6, 10.29, 9.2, 8.8 (https://dlmf.nist.gov).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cn.errors import MissingExtraError
from tinygrad_cn.op import Op, elementwise
from tinygrad_cn.ops.gamma import lgamma
from tinygrad_cn.ops.guarded import times
from tinygrad_cn.ops.special import xlogy


@functools.cache
def scipy_special() -> Any:
    """SciPy's special functions.

    Raises:
        MissingExtraError: SciPy is not installed.
    """
    try:
        import scipy.special  # only here: tinygrad_cn itself needs NumPy alone
    except ImportError:
        raise MissingExtraError(
            'this function is computed by SciPy, which is not installed; pip install "tinygrad_cn[special]"'
        ) from None
    return scipy.special


def _op(name: str, function: Callable[[Any, Any], Any], rule: Callable[..., Any]) -> Op:
    """An op of one input whose forward function is ``function(scipy.special, x)``."""

    def forward(x: Any) -> Any:
        wide = x.astype(np.float64, copy=False)
        return np.asarray(function(scipy_special(), wide)).astype(x.dtype)

    return elementwise(name, forward, x=rule, floating=True)


def _by_x(out: Any, x: Any, limit: float) -> Any:
    """out / x, and its limit at 0."""
    zero = x == 0
    return np.where(zero, limit, out / np.where(zero, 1, x))


bessel_j0: Op = _op("bessel_j0", lambda s, x: s.j0(x), lambda g, x: -g * bessel_j1(x))
bessel_j1: Op = _op("bessel_j1", lambda s, x: s.j1(x), lambda g, x, out: g * (bessel_j0(x) - _by_x(out, x, 0.5)))
bessel_y0: Op = _op("bessel_y0", lambda s, x: s.y0(x), lambda g, x: times(g, -bessel_y1(x)))
bessel_y1: Op = _op("bessel_y1", lambda s, x: s.y1(x), lambda g, x, out: times(g, bessel_y0(x) - out / x))

i0: Op = _op("i0", lambda s, x: s.i0(x), lambda g, x: times(g, i1(x)))
i1: Op = _op("i1", lambda s, x: s.i1(x), lambda g, x, out: times(g, i0(x) - _by_x(out, x, 0.5)))
i0e: Op = _op("i0e", lambda s, x: s.i0e(x), lambda g, x, out: g * (i1e(x) - np.sign(x) * out))
i1e: Op = _op("i1e", lambda s, x: s.i1e(x), lambda g, x, out: g * (i0e(x) - np.sign(x) * out - _by_x(out, x, 0.5)))

modified_bessel_k0: Op = _op("modified_bessel_k0", lambda s, x: s.k0(x), lambda g, x: times(g, -modified_bessel_k1(x)))
modified_bessel_k1: Op = _op(
    "modified_bessel_k1", lambda s, x: s.k1(x), lambda g, x, out: times(g, -modified_bessel_k0(x) - out / x)
)
scaled_modified_bessel_k0: Op = _op(
    "scaled_modified_bessel_k0",
    lambda s, x: s.k0e(x),
    lambda g, x, out: times(g, out - scaled_modified_bessel_k1(x)),
)
scaled_modified_bessel_k1: Op = _op(
    "scaled_modified_bessel_k1",
    lambda s, x: s.k1e(x),
    lambda g, x, out: times(g, out - scaled_modified_bessel_k0(x) - out / x),
)

airy_ai: Op = _op("airy_ai", lambda s, x: s.airy(x)[0], lambda g, x: times(g, airy_ai_prime(x)))
airy_ai_prime: Op = _op("airy_ai_prime", lambda s, x: s.airy(x)[1], lambda g, x: times(g, x * airy_ai(x)))

# ------------------------------------------------------------------------------ spherical (no SciPy)

_NEAR = 0.05


def _spherical_j0(x: Any) -> Any:
    zero = x == 0
    return np.where(np.isinf(x), 0, np.where(zero, 1, np.sin(x) / np.where(zero, 1, x))).astype(x.dtype)


def _spherical_j0_x(g: Any, x: Any) -> Any:
    """(cos x - sin(x) / x) / x, near 0 by its series, where the difference would lose its digits."""
    near = np.abs(x) < _NEAR
    z = x * x
    series = x * (-1 / 3 + z * (1 / 30 + z * (-1 / 840 + z * (1 / 45360))))
    far = np.where(near, 1, x)
    return g * np.where(near, series, (np.cos(far) - np.sin(far) / far) / far)


spherical_bessel_j0: Op = elementwise("spherical_bessel_j0", _spherical_j0, x=_spherical_j0_x, floating=True)

# ------------------------------------------------------------------------------- incomplete gamma


def _density(g: Any, a: Any, x: Any) -> Any:
    """g x^(a - 1) e^-x / Gamma(a)."""
    return times(g, np.exp(xlogy(a - 1, x) - x - lgamma(a)))


def _no_rule(g: Any) -> Any:
    raise RuntimeError(
        "igamma and igammac: the derivative with respect to the first argument is not implemented; detach() it"
    )


def _gamma_op(name: str, function: Callable[[Any, Any, Any], Any], sign: int) -> Op:
    def forward(a: Any, x: Any) -> Any:
        wide = (v.astype(np.float64, copy=False) for v in (a, x))
        return np.asarray(function(scipy_special(), *wide)).astype(x.dtype)

    return elementwise(name, forward, a=_no_rule, x=lambda g, a, x: sign * _density(g, a, x), floating=True)


#: The regularised lower and upper incomplete gamma functions of a and x, arrays both.
igamma: Op = _gamma_op("igamma", lambda s, a, x: s.gammainc(a, x), 1)
igammac: Op = _gamma_op("igammac", lambda s, a, x: s.gammaincc(a, x), -1)
