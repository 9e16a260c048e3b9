"""The logarithm of the gamma function, its derivatives, and Hurwitz' zeta function on raw arrays.

Sources: NIST Digital Library of Mathematical Functions (https://dlmf.nist.gov), 5.11.1 (Stirling's series), 5.7.3
(the series of log Gamma about 2), 5.5.3 (reflection), 5.11.2 (the series of digamma), 25.11.5 (Euler-Maclaurin for
zeta).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cn.kernels.error_functions import blockwise, horner, pieces

__all__ = ["digamma", "lgamma", "polygamma", "zeta"]

_EULER = 0.57721566490153286061
_HALF_LOG_2PI = 0.91893853320467274178

#: Bernoulli numbers B_2, B_4, ..., B_24.
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330,
              854513 / 138, -236364091 / 2730)  # fmt: skip


def _zeta_less_1(s: int) -> float:
    """zeta(s) - 1 for s >= 2: the first terms, and Euler-Maclaurin for the rest."""
    rest = 16 ** (1.0 - s) / (s - 1) + 0.5 * 16.0**-s
    term = s * 16.0 ** (-s - 1)
    for k, b in enumerate(_BERNOULLI[:7], 1):
        rest += b / math.factorial(2 * k) * term
        term *= (s + 2 * k - 1) * (s + 2 * k) / 256
    return math.fsum([n ** -float(s) for n in range(2, 16)]) + rest


# log Gamma(2 + u) = (1 - Euler) u + sum over k >= 2 of (-1)^k (zeta(k) - 1) u^k / k
_ABOUT_2 = (0.0, 1 - _EULER, *((-1) ** k * _zeta_less_1(k) / k for k in range(2, 27)))
_STIRLING = tuple(b / (2 * k * (2 * k - 1)) for k, b in enumerate(_BERNOULLI[:9], 1))
_DIGAMMA = tuple(b / (2 * k) for k, b in enumerate(_BERNOULLI[:9], 1))


def _stirling(x: np.ndarray) -> np.ndarray:
    """log Gamma(x) for x >= 8."""
    rest = horner(_STIRLING, 1 / (x * x)) / x
    return np.where(np.isinf(x), x, (x - 0.5) * np.log(x) - x + _HALF_LOG_2PI + rest)


def _lgamma_middle(x: np.ndarray) -> np.ndarray:
    """log Gamma(x) for 2.5 <= x < 8, by Gamma(x + 1) = x Gamma(x)."""
    steps = np.floor(x - 1.5)
    factor = np.ones_like(x)
    for k in range(1, 7):
        factor *= np.where(steps >= k, x - k, 1)
    return horner(_ABOUT_2, x - steps - 2) + np.log(factor)


def _lgamma_positive(x: np.ndarray) -> np.ndarray:
    return pieces(
        x,
        x,
        (-math.inf, 0.5, 1.5, 2.5, 8),
        (
            lambda x: horner(_ABOUT_2, x) - np.log1p(x) - np.log(x),
            lambda x: horner(_ABOUT_2, x - 1) - np.log1p(x - 1),
            lambda x: horner(_ABOUT_2, x - 2),
            _lgamma_middle,
            _stirling,
        ),
    )


def _lgamma_negative(x: np.ndarray) -> np.ndarray:
    """By the reflection Gamma(x) Gamma(1 - x) = pi / sin(pi x); infinite at the poles."""
    sine = np.abs(np.sin(math.pi * (x - np.rint(x))))
    return np.where(
        np.isinf(x) | (x == np.rint(x)), math.inf, math.log(math.pi) - np.log(sine) - _lgamma_positive(1 - x)
    )


def lgamma(x: Any) -> np.ndarray:
    """log |Gamma(x)|."""
    return blockwise(lambda x: pieces(x, x, (-math.inf, 0), (_lgamma_negative, _lgamma_positive)), x)


def _digamma_positive(x: np.ndarray) -> np.ndarray:
    """For x > 0: raised to 8 and more by digamma(x + 1) = digamma(x) + 1 / x, then the asymptotic series."""
    x = x.copy()
    below = np.zeros_like(x)
    for _ in range(8):
        low = x < 8
        if not low.any():
            break
        below += np.where(low, 1 / x, 0)
        x += low
    s = 1 / (x * x)
    return np.log(x) - 0.5 / x - s * horner(_DIGAMMA, s) - below


def _digamma_negative(x: np.ndarray) -> np.ndarray:
    pole = x == np.rint(x)
    cot = 1 / np.tan(math.pi * (x - np.rint(x)))
    value = _digamma_positive(1 - x) - math.pi * cot
    return np.where(pole, np.where(x == 0, -np.copysign(math.inf, x), math.nan), value)


def digamma(x: Any) -> np.ndarray:
    """The derivative of log Gamma; NaN at negative integers, infinite at 0."""
    return blockwise(lambda x: pieces(x, x, (-math.inf, 5e-324), (_digamma_negative, _digamma_positive)), x)


def _zeta(s: np.ndarray, q: np.ndarray) -> np.ndarray:
    """The sum of (q + k)^-s over k = 0, 1, ...: the first terms one by one, Euler-Maclaurin for the rest."""
    total = np.zeros_like(q)
    a = q.copy()
    active = np.ones(q.shape, dtype=bool)
    step = 0
    while active.any():  # ten terms, and as many as it takes to come to a > 9
        total += np.where(active, a**-s, 0)
        step += 1
        active &= (step < 10) | (a <= 9)
        a += active
    a += 1
    rest = a ** (1 - s) / (s - 1) + 0.5 * a**-s
    factor = s * a ** (-s - 1)
    for k, b in enumerate(_BERNOULLI, 1):
        rest += b / math.factorial(2 * k) * factor
        factor = factor * ((s + (2 * k - 1)) * (s + 2 * k)) / (a * a)
    return total + np.where(np.isinf(a), 0, rest)


def zeta(s: Any, q: Any) -> np.ndarray:
    """Hurwitz' zeta: infinite at s = 1 and at q = 0, -1, ...; NaN for s < 1, and for q < 0 with s no integer."""
    s, q = np.broadcast_arrays(s, q)
    dtype = np.result_type(s, q)
    s, q = s.astype(np.float64), q.astype(np.float64)
    pole = (s == 1) | ((q <= 0) & (q == np.floor(q)))
    undefined = (s < 1) | ((q < 0) & (s != np.floor(s)) & ~pole) | np.isnan(s) | np.isnan(q) | np.isneginf(q)
    hard = pole | undefined
    with np.errstate(all="ignore"):
        value = _zeta(np.where(hard, 2, s), np.where(hard, 1, q))
    value = np.where(pole & (s >= 1), math.inf, np.where(undefined, math.nan, value))
    return value.astype(dtype)


def polygamma(n: int, x: Any) -> np.ndarray:
    """The ``n``-th derivative of digamma: (-1)^(n + 1) n! zeta(n + 1, x)."""
    if n == 0:
        return digamma(x)
    x = np.asarray(x)
    value = zeta(np.asarray(n + 1.0), x.astype(np.float64))
    with np.errstate(all="ignore"):
        return np.asarray((-1) ** (n + 1) * math.factorial(n) * value).astype(x.dtype)
