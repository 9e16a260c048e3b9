"""The error function and its kin on raw arrays, to double precision, by rational approximations.

Sources: the intervals and coefficients of erf and erfc are those of Sun Microsystems' fdlibm (s_erf.c, 1993), which has
its rational functions after W. J. Cody, Rational Chebyshev approximations for the error function, Mathematics of
Computation 23 (1969). The normal quantile is M. J. Wichura's algorithm AS 241 (PPND16), Applied Statistics 37 (1988).

Arrays are worked through in blocks that stay in the cache; in each block the elements of one interval are taken
together. float16 and float32 go through float64, but for `erf` of float32, which has an approximation of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["erf", "erfc", "erfcx", "erfinv", "log_ndtr", "ndtri"]

_BLOCK = 8192

# Coefficients from the constant term up.
_P = (1.28379167095512558561e-01, -3.25042107247001499370e-01, -2.84817495755985104766e-02, -5.77027029648944159157e-03,
      -2.37630166566501626084e-05)  # fmt: skip
_Q = (1.0, 3.97917223959155352819e-01, 6.50222499887672944485e-02, 5.08130628187576562776e-03,
      1.32494738004321644526e-04, -3.96022827877536812320e-06)  # fmt: skip
_PA = (-2.36211856075265944077e-03, 4.14856118683748331666e-01, -3.72207876035701323847e-01, 3.18346619901161753674e-01,
       -1.10894694282396677476e-01, 3.54783043256182359371e-02, -2.16637559486879084300e-03)  # fmt: skip
_QA = (1.0, 1.06420880400844228286e-01, 5.40397917702171048937e-01, 7.18286544141962662868e-02,
       1.26171219808761642112e-01, 1.36370839120290507362e-02, 1.19844998467991074170e-02)  # fmt: skip
_RA = (-9.86494403484714822705e-03, -6.93858572707181764372e-01, -1.05586262253232909814e01, -6.23753324503260060396e01,
       -1.62396669462573470355e02, -1.84605092906711035994e02, -8.12874355063065934246e01,
       -9.81432934416914548592e00)  # fmt: skip
_SA = (1.0, 1.96512716674392571292e01, 1.37657754143519042600e02, 4.34565877475229228821e02, 6.45387271733267880336e02,
       4.29008140027567833386e02, 1.08635005541779435134e02, 6.57024977031928170135e00,
       -6.04244152148580987438e-02)  # fmt: skip
_RB = (-9.86494292470009928597e-03, -7.99283237680523006574e-01, -1.77579549177547519889e01, -1.60636384855821916062e02,
       -6.37566443368389627722e02, -1.02509513161107724954e03, -4.83519191608651397019e02)  # fmt: skip
_SB = (1.0, 3.03380607434824582924e01, 3.25792512996573918826e02, 1.53672958608443695994e03, 3.19985821950859553908e03,
       2.55305040643316442583e03, 4.74528541206955367215e02, -2.24409524465858183362e01)  # fmt: skip
_ERF_1 = 8.45062911510467529297e-01  # erf(1) to 24 bits


def horner(coefficients: Sequence[float], x: np.ndarray) -> np.ndarray:
    """The polynomial with ``coefficients`` (constant term first) at ``x``, in two arrays."""
    out = np.full_like(x, coefficients[-1])
    for c in coefficients[-2::-1]:
        out *= x
        out += x.dtype.type(c)
    return out


def blockwise(function: Callable[[np.ndarray], np.ndarray], x: Any) -> np.ndarray:
    """``function`` of float64 vectors applied to an array of any shape and floating dtype."""
    x = np.asarray(x)
    flat = np.ascontiguousarray(x).reshape(-1)
    out = np.empty_like(flat)
    with np.errstate(all="ignore"):
        for start in range(0, flat.size, _BLOCK):
            part = slice(start, start + _BLOCK)
            out[part] = function(flat[part].astype(np.float64, copy=False))
    return out.reshape(x.shape)


def pieces(
    x: np.ndarray, key: np.ndarray, limits: Sequence[float], functions: Sequence[Callable[[np.ndarray], Any]]
) -> np.ndarray:
    """``functions[i]`` of ``x`` where ``limits[i] <= key < limits[i + 1]``; NaN stays NaN."""
    out = x.copy()
    for low, high, function in zip(limits, [*limits[1:], math.inf], functions, strict=True):
        inside = (key >= low) & ((key < high) if high < math.inf else True)
        if inside.all():
            out[:] = function(x)
        elif inside.any():
            out[inside] = function(x[inside])
    return out


# ------------------------------------------------------------------------------------------- erf, erfc


def _near_0(x: np.ndarray) -> np.ndarray:
    """(erf(x) - x) / x for |x| < 0.84375."""
    z = x * x
    return horner(_P, z) / horner(_Q, z)


def _near_1(a: np.ndarray) -> np.ndarray:
    """erf(a) - erf(1) for 0.84375 <= a < 1.25."""
    s = a - 1
    return horner(_PA, s) / horner(_QA, s)


def _exponent(a: np.ndarray) -> np.ndarray:
    """log(a erfcx(a)) for 1.25 <= a <= 28."""
    s = 1 / (a * a)
    near = a < 1 / 0.35
    if near.all():
        return horner(_RA, s) / horner(_SA, s) - 0.5625
    if not near.any():
        return horner(_RB, s) / horner(_SB, s) - 0.5625
    return np.where(near, horner(_RA, s) / horner(_SA, s), horner(_RB, s) / horner(_SB, s)) - 0.5625


def _tail(a: np.ndarray) -> np.ndarray:
    """erfc(a) for a >= 1.25. The square of ``a``'s leading bits is exact, so exp(-a^2) keeps its digits."""
    z = a.astype(np.float32).astype(np.float64)
    e = _exponent(np.minimum(a, 28.0))
    return np.where(a < 28, np.exp(-z * z - 0.5625) * np.exp((z - a) * (z + a) + e + 0.5625) / a, 0.0)


def _erf64(x: np.ndarray) -> np.ndarray:
    return pieces(
        x,
        np.abs(x),
        (0, 0.84375, 1.25, 6),
        (
            lambda x: x + x * _near_0(x),
            lambda x: np.copysign(_ERF_1 + _near_1(np.abs(x)), x),
            lambda x: np.copysign(1 - _tail(np.abs(x)), x),
            lambda x: np.sign(x),
        ),
    )


def _erfc64(x: np.ndarray) -> np.ndarray:
    return pieces(
        x,
        x,
        (-math.inf, -6, -1.25, -0.84375, 0.25, 0.84375, 1.25),
        (
            lambda x: np.full_like(x, 2.0),
            lambda x: 2 - _tail(-x),
            lambda x: 1 + (_ERF_1 + _near_1(-x)),
            lambda x: 1 - (x + x * _near_0(x)),
            lambda x: 0.5 - ((x - 0.5) + x * _near_0(x)),
            lambda x: (1 - _ERF_1) - _near_1(x),
            _tail,
        ),
    )


_FAR = (1.0, -1.0, 3.0, -15.0, 105.0, -945.0, 10395.0)  # (-1)^k (2k - 1)!!, of the asymptotic series in 1 / (2 x^2)


def _erfcx64(x: np.ndarray) -> np.ndarray:
    """exp(x^2) erfc(x); for large x by the asymptotic series."""
    return pieces(
        x,
        x,
        (-math.inf, 1.25, 28),
        (
            lambda x: np.exp(x * x) * _erfc64(x),
            lambda x: np.exp(_exponent(x)) / x,
            lambda x: horner(_FAR, 0.5 / (x * x)) / (x * math.sqrt(math.pi)),
        ),
    )


# --------------------------------------------------------------------------------- erf of float32

# erf(x) / x as a rational function of x^2 on |x| <= 3.9, beyond which float32 knows only 1: fitted to erf by weighted
# least squares for this file (largest relative error 2e-8; with float32's rounding 4e-7).
_P32 = (1.128379156, 0.1896646013, 0.05266770307, 0.003738224753, 0.0002850549384, 2.066431689e-06)
_Q32 = (1.0, 0.5014186589, 0.1138179598, 0.01491404149, 0.001157338110, 3.826920990e-05)


def _erf32(x: np.ndarray) -> np.ndarray:
    out = np.clip(x, np.float32(-3.9), np.float32(3.9))
    z = out * out
    out *= horner(_P32, z)
    out /= horner(_Q32, z)
    return np.clip(out, np.float32(-1), np.float32(1), out=out)


def erf(x: Any) -> np.ndarray:
    """2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x."""
    x = np.asarray(x)
    if x.dtype != np.float32:
        return blockwise(_erf64, x)
    flat = np.ascontiguousarray(x).reshape(-1)
    out = np.empty_like(flat)
    for start in range(0, flat.size, 2 * _BLOCK):
        out[start : start + 2 * _BLOCK] = _erf32(flat[start : start + 2 * _BLOCK])
    return out.reshape(x.shape)


def erfc(x: Any) -> np.ndarray:
    """1 - erf(x), accurate also where it is tiny."""
    return blockwise(_erfc64, x)


def erfcx(x: Any) -> np.ndarray:
    """exp(x^2) erfc(x)."""
    return blockwise(_erfcx64, x)


# ------------------------------------------------------------------------------------ normal quantile

_A = (3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
      4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3)  # fmt: skip
_B = (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3, 2.1213794301586595867e4,
      3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3)  # fmt: skip
_C = (1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
      1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2,
      7.74545014278341407640e-4)  # fmt: skip
_D = (1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1, 1.48103976427480074590e-1,
      1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9)  # fmt: skip
_E = (6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
      2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5,
      2.01033439929228813265e-7)  # fmt: skip
_F = (1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2, 7.86869131145613259100e-4,
      1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15)  # fmt: skip


def _quantile(q: np.ndarray, tail: np.ndarray) -> np.ndarray:
    """The normal quantile at 1/2 + q, where ``tail`` is 1/2 - |q|, given apart since it may be tiny."""

    def middle(q: np.ndarray) -> np.ndarray:
        r = 0.180625 - q * q
        return q * horner(_A, r) / horner(_B, r)

    out = middle(q)
    far = np.abs(q) > 0.425
    if far.any():
        r = np.sqrt(-np.log(tail[far]))
        near = r <= 5
        s = r - np.where(near, 1.6, 5.0)
        value = np.where(near, horner(_C, s) / horner(_D, s), horner(_E, s) / horner(_F, s))
        out[far] = np.copysign(np.where(np.isinf(r), r, value), q[far])
    return out


def ndtri(x: Any) -> np.ndarray:
    """The number at which the normal distribution function is x; NaN outside [0, 1]."""
    return blockwise(lambda p: np.where((p < 0) | (p > 1), math.nan, _quantile(p - 0.5, np.minimum(p, 1 - p))), x)


def erfinv(x: Any) -> np.ndarray:
    """The number at which erf is x; NaN outside [-1, 1]."""

    def inverse(x: np.ndarray) -> np.ndarray:
        value = _quantile(x / 2, 0.5 - np.abs(x) / 2) * math.sqrt(0.5)
        return np.where(np.abs(x) > 1, math.nan, value)

    return blockwise(inverse, x)


def log_ndtr(x: Any) -> np.ndarray:
    """The logarithm of the normal distribution function, accurate in both tails."""

    def logarithm(x: np.ndarray) -> np.ndarray:
        z = x * math.sqrt(0.5)
        return pieces(
            z,
            x,
            (-math.inf, -1),
            (lambda z: np.log(_erfcx64(-z) / 2) - z * z, lambda z: np.log1p(-_erfc64(z) / 2)),
        )

    return blockwise(logarithm, x)
