"""Orthogonal polynomials by their three-term recurrences, which give every derivative too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinygrad_cn.op import Op, op
from tinygrad_cn.ops.guarded import times

__all__ = ["FAMILIES", "polynomial"]


class Family(NamedTuple):
    """p_0 = 1, p_1 = first x + shift, p_(k+1) = (a(k) x + b(k)) p_k - c(k) p_(k-1)."""

    first: float
    shift: float
    a: Callable[[int], float]
    b: Callable[[int], float]
    c: Callable[[int], float]


def _chebyshev(first: float, shift: float, *, shifted: bool) -> Family:
    """The four kinds differ in p_1 alone; shifted ones are those of 2x - 1."""
    if shifted:
        return Family(2 * first, shift - first, lambda k: 4, lambda k: -2, lambda k: 1)
    return Family(first, shift, lambda k: 2, lambda k: 0, lambda k: 1)


#: The recurrences: NIST Digital Library of Mathematical Functions, 18.9 (https://dlmf.nist.gov/18.9).
FAMILIES: dict[str, Family] = {
    "chebyshev_t": _chebyshev(1, 0, shifted=False),
    "chebyshev_u": _chebyshev(2, 0, shifted=False),
    "chebyshev_v": _chebyshev(2, -1, shifted=False),
    "chebyshev_w": _chebyshev(2, 1, shifted=False),
    "shifted_chebyshev_t": _chebyshev(1, 0, shifted=True),
    "shifted_chebyshev_u": _chebyshev(2, 0, shifted=True),
    "shifted_chebyshev_v": _chebyshev(2, -1, shifted=True),
    "shifted_chebyshev_w": _chebyshev(2, 1, shifted=True),
    "hermite_h": Family(2, 0, lambda k: 2, lambda k: 0, lambda k: 2 * k),
    "hermite_he": Family(1, 0, lambda k: 1, lambda k: 0, lambda k: k),
    "laguerre_l": Family(-1, 1, lambda k: -1 / (k + 1), lambda k: (2 * k + 1) / (k + 1), lambda k: k / (k + 1)),
    "legendre_p": Family(1, 0, lambda k: (2 * k + 1) / (k + 1), lambda k: 0, lambda k: k / (k + 1)),
}


def _polynomial(x: Any, *, degree: Any, family: str, order: int = 0) -> Any:
    """The derivative of the given order; zero where the degree is negative."""
    first, shift, a, b, c = FAMILIES[family]
    x, n = np.broadcast_arrays(x, degree)
    result = np.zeros_like(x)
    last = int(n.max(initial=-1))
    previous = [np.zeros_like(x) for _ in range(order + 1)]  # p_(k-1) and its derivatives
    current = [np.ones_like(x), *(np.zeros_like(x) for _ in range(order))]  # p_k and its derivatives
    for k in range(last + 1):
        result = np.where(n == k, current[order], result)
        slope, offset, back = (first, shift, 0.0) if k == 0 else (a(k), b(k), c(k))
        following = []
        for m in range(order + 1):  # Leibniz: (f p)^(m) = f p^(m) + m f' p^(m-1) for the linear f
            value = (slope * x + offset) * current[m] - back * previous[m]
            following.append(value + m * slope * current[m - 1] if m else value)
        previous, current = current, following
    return result


#: ``degree`` is an array of integers that broadcasts against ``x``.
polynomial: Op = op(
    "polynomial",
    _polynomial,
    x=lambda g, x, degree, family, order: times(g, polynomial(x, degree=degree, family=family, order=order + 1)),
    broadcasts=True,
    floating=True,
)
