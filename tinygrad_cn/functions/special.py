"""Special functions: of the error function's kin, of gamma, of Bessel, orthogonal polynomials."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cn import dtypes
from tinygrad_cn.functions._arguments import both, raw, tensor
from tinygrad_cn.functions.pointwise import one_tensor
from tinygrad_cn.op import Op, cast
from tinygrad_cn.ops import arithmetic, bessel, gamma, special
from tinygrad_cn.ops.polynomials import polynomial

# ------------------------------------------------------------------------- error function, normal

erfc = one_tensor("erfc", special.erfc, "1 - erf(x), accurate also where it is tiny")
erfcx = one_tensor("erfcx", special.erfcx, "exp(x^2) erfc(x)")
erfinv = one_tensor("erfinv", special.erfinv, "The inverse of the error function")
log_ndtr = one_tensor("log_ndtr", special.log_ndtr, "The logarithm of the normal distribution function")
ndtri = one_tensor("ndtri", special.ndtri, "The normal quantile, the inverse of `ndtr`")
entr = one_tensor("entr", special.entr, "-x log x, 0 at 0 and -inf below")


def ndtr(input: Any) -> Any:
    """The normal distribution function: the probability of a standard normal number below x, elementwise."""
    scaled = arithmetic.multiply(arithmetic.divide(tensor("ndtr", input), 1.0), -math.sqrt(0.5))
    return arithmetic.multiply(special.erfc(scaled), 0.5)


def logit(input: Any, eps: float | None = None) -> Any:
    """log(x / (1 - x)), elementwise: the inverse of `sigmoid`; NaN outside [0, 1].

    Args:
        input (Tensor): any shape.
        eps (float, optional): bring x into [eps, 1 - eps] first; the gradient is 0 outside.

    >>> import tinygrad_cn as tg
    >>> tg.logit(tg.tensor([0.5, 0.75]))
    tensor([0.0000, 1.0986])
    """
    x = tensor("logit", input)
    if eps is None:
        return special.logit(x)
    return special.logit(arithmetic.clip(arithmetic.divide(x, 1.0), eps, 1 - eps))


def xlogy(input: Any, other: Any) -> Any:
    """input * log(other), 0 where ``input`` is 0 (and ``other`` is no NaN). One of the two may be a number."""
    return special.xlogy(*both("xlogy", input, other))


def xlog1py(input: Any, other: Any) -> Any:
    """input * log(1 + other), 0 where ``input`` is 0 (and ``other`` is no NaN). One of the two may be a number."""
    return special.xlog1py(*both("xlog1py", input, other))


# ------------------------------------------------------------------------------------------ gamma

lgamma = one_tensor("lgamma", gamma.lgamma, "The logarithm of |Gamma(x)|")


def digamma(input: Any) -> Any:
    """The derivative of `lgamma`, elementwise; NaN at negative integers."""
    return gamma.polygamma(tensor("digamma", input), n=0)


def polygamma(n: int, input: Any) -> Any:
    """The ``n``-th derivative of `digamma`, elementwise.

    Args:
        n (int): at least 0.
        input (Tensor): any shape.

    Raises:
        RuntimeError: a negative ``n``.
    """
    if n < 0:
        raise RuntimeError(f"polygamma(): n must not be negative, got {n}")
    return gamma.polygamma(tensor("polygamma", input), n=int(n))


def polygamma_method(input: Any, n: int) -> Any:
    """The ``n``-th derivative of `digamma`, elementwise."""
    return polygamma(n, input)


polygamma_method.__name__ = "polygamma"


def mvlgamma(input: Any, p: int) -> Any:
    """The logarithm of the multivariate gamma function of dimension ``p``, elementwise.

    The sum of lgamma(x + (1 - j) / 2) over j = 1, ..., p, and p (p - 1) / 4 log(pi).

    Raises:
        RuntimeError: ``p`` is less than 1.
    """
    if p < 1:
        raise RuntimeError(f"mvlgamma(): p must be at least 1, got {p}")
    x = tensor("mvlgamma", input)
    total = arithmetic.add(gamma.lgamma(x), p * (p - 1) / 4 * math.log(math.pi))
    for j in range(2, p + 1):
        total = arithmetic.add(total, gamma.lgamma(arithmetic.add(x, (1 - j) / 2)))
    return total


def zeta(input: Any, other: Any) -> Any:
    """Hurwitz' zeta function: the sum of (other + k)^-input over k = 0, 1, ...; one of the two may be a number."""
    return gamma.zeta(*both("zeta", input, other))


def igamma(input: Any, other: Any) -> Any:
    """The regularised lower incomplete gamma function P(input, other), computed by SciPy.

    Its derivative with respect to ``other`` is known; that with respect to ``input`` raises.

    Raises:
        MissingExtraError: SciPy is not installed.
    """
    return bessel.igamma(tensor("igamma", input), tensor("igamma", other, "other"))


def igammac(input: Any, other: Any) -> Any:
    """The regularised upper incomplete gamma function Q(input, other) = 1 - P, computed by SciPy.

    Raises:
        MissingExtraError: SciPy is not installed.
    """
    return bessel.igammac(tensor("igammac", input), tensor("igammac", other, "other"))


# ----------------------------------------------------------------------------------------- Bessel


def _scipy(name: str, operation: Op, formula: str) -> Callable[..., Any]:
    """The public function of an op of one tensor that SciPy computes."""
    function = one_tensor(name, operation, formula)
    function.__doc__ = (
        f"{function.__doc__}\n    Raises:\n        MissingExtraError: SciPy, which computes it, is missing."
    )
    return function


_FIRST, _SECOND, _MODIFIED = "Bessel's function of the first kind", "of the second kind", "The modified Bessel function"
airy_ai = _scipy("airy_ai", bessel.airy_ai, "Airy's function Ai")
bessel_j0 = _scipy("bessel_j0", bessel.bessel_j0, f"{_FIRST} and order 0")
bessel_j1 = _scipy("bessel_j1", bessel.bessel_j1, f"{_FIRST} and order 1")
bessel_y0 = _scipy("bessel_y0", bessel.bessel_y0, f"Bessel's function {_SECOND} and order 0")
bessel_y1 = _scipy("bessel_y1", bessel.bessel_y1, f"Bessel's function {_SECOND} and order 1")
i0 = modified_bessel_i0 = _scipy("i0", bessel.i0, f"{_MODIFIED} of the first kind and order 0")
i1 = modified_bessel_i1 = _scipy("i1", bessel.i1, f"{_MODIFIED} of the first kind and order 1")
i0e = _scipy("i0e", bessel.i0e, "exp(-|x|) i0(x)")
i1e = _scipy("i1e", bessel.i1e, "exp(-|x|) i1(x)")
modified_bessel_k0 = _scipy("modified_bessel_k0", bessel.modified_bessel_k0, f"{_MODIFIED} {_SECOND} and order 0")
modified_bessel_k1 = _scipy("modified_bessel_k1", bessel.modified_bessel_k1, f"{_MODIFIED} {_SECOND} and order 1")
scaled_modified_bessel_k0 = _scipy(
    "scaled_modified_bessel_k0", bessel.scaled_modified_bessel_k0, "exp(x) modified_bessel_k0(x)"
)
scaled_modified_bessel_k1 = _scipy(
    "scaled_modified_bessel_k1", bessel.scaled_modified_bessel_k1, "exp(x) modified_bessel_k1(x)"
)
spherical_bessel_j0 = one_tensor(
    "spherical_bessel_j0", bessel.spherical_bessel_j0, "The spherical Bessel function of order 0, sin(x) / x"
)

# -------------------------------------------------------------------------- orthogonal polynomials


def _orthogonal(name: str, family: str, words: str) -> Callable[..., Any]:
    def function(input: Any, n: Any) -> Any:
        x, degree = both(name, input, n)
        dtype = dtypes.result_dtype(x._array, degree._array)
        x = cast(x, dtype=dtype if dtype.kind == "f" else dtypes.default_float.dtype)
        return polynomial(x, degree=np.trunc(raw(degree)).astype(np.int64), family=family, order=0)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""{words} of degree ``n``, elementwise, by the recurrence; 0 for a negative degree.

    Args:
        input (Tensor or number): where it is evaluated.
        n (Tensor or number): the degree, its fractional part left out; one of the two is a Tensor.
    """
    return function


_KINDS = {"t": "first", "u": "second", "v": "third", "w": "fourth"}
chebyshev_polynomial_t, chebyshev_polynomial_u, chebyshev_polynomial_v, chebyshev_polynomial_w = (
    _orthogonal(f"chebyshev_polynomial_{c}", f"chebyshev_{c}", f"Chebyshev's polynomial of the {kind} kind")
    for c, kind in _KINDS.items()
)
(
    shifted_chebyshev_polynomial_t,
    shifted_chebyshev_polynomial_u,
    shifted_chebyshev_polynomial_v,
    shifted_chebyshev_polynomial_w,
) = (
    _orthogonal(
        f"shifted_chebyshev_polynomial_{c}", f"shifted_chebyshev_{c}", f"The shifted Chebyshev polynomial, {kind} kind,"
    )
    for c, kind in _KINDS.items()
)
hermite_polynomial_h = _orthogonal("hermite_polynomial_h", "hermite_h", "Hermite's polynomial H (the physicists')")
hermite_polynomial_he = _orthogonal(
    "hermite_polynomial_he", "hermite_he", "Hermite's polynomial He (the probabilists')"
)
laguerre_polynomial_l = _orthogonal("laguerre_polynomial_l", "laguerre_l", "Laguerre's polynomial")
legendre_polynomial_p = _orthogonal("legendre_polynomial_p", "legendre_p", "Legendre's polynomial")
