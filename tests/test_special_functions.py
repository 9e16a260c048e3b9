"""Kernels of the error function and of gamma: against the standard library, exact values, identities and SciPy."""

import math
import sys

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn.errors import MissingExtraError
from tinygrad_cn.kernels import error_functions as errors
from tinygrad_cn.kernels import gamma
from tinygrad_cn.ops.bessel import scipy_special

GRID = np.concatenate([np.linspace(-7, 26, 20_001), np.logspace(-300, -1, 301), -np.logspace(-300, -1, 301)])


def assert_within(found, expected, ulps):
    """Equal up to ``ulps`` units in the last place of double precision."""
    np.testing.assert_allclose(found, expected, rtol=ulps * 2.0**-52, atol=0)


def by_element(function, x):
    return np.array([function(v) for v in x.tolist()])


def test_erf_and_erfc_to_the_last_places():
    assert_within(errors.erf(GRID), by_element(math.erf, GRID), 3)
    assert_within(errors.erfc(GRID), by_element(math.erfc, GRID), 4)


def test_erf_at_the_ends():
    x = np.array([0.0, -0.0, math.inf, -math.inf, math.nan])
    np.testing.assert_array_equal(errors.erf(x), [0, 0, 1, -1, math.nan])
    np.testing.assert_array_equal(errors.erfc(x), [1, 1, 0, 2, math.nan])
    np.testing.assert_array_equal(np.signbit(errors.erf(x))[:2], [False, True])


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (2, 3)])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("function", [errors.erf, errors.erfc, errors.erfinv, gamma.lgamma, gamma.digamma])
def test_shapes_and_dtypes_stay(function, dtype, shape):
    found = function(np.full(shape, 0.5, dtype))
    assert (found.shape, found.dtype) == (shape, dtype)


def test_erf_of_float32():
    x = np.concatenate([np.linspace(-5, 5, 20_001), np.logspace(-37, 0, 500)]).astype(np.float32)
    found = errors.erf(x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, by_element(math.erf, x), rtol=4e-7, atol=0)
    np.testing.assert_array_equal(errors.erf(np.float32([9, -9, math.inf])), [1, -1, 1])


def test_erf_of_a_transposed_array():
    x = np.linspace(-3, 3, 12).reshape(3, 4).T
    np.testing.assert_array_equal(errors.erf(x), errors.erf(np.ascontiguousarray(x)))


def test_erfcx_is_smooth_where_its_formulas_meet():
    """Steps of the exponent at 1/0.35 and of the asymptotic series at 28."""
    for x in (1.25, 1 / 0.35, 28.0):
        below, above = errors.erfcx(np.array([np.nextafter(x, 0), x]))
        assert_within(below, above, 12)
    x = np.linspace(-5, 20, 501)
    np.testing.assert_allclose(errors.erfcx(x), np.exp(x * x) * by_element(math.erfc, x), rtol=1e-13)


def test_erfinv_and_ndtri_undo():
    x = np.concatenate([np.linspace(-5, 5, 2001), np.logspace(-300, -1, 100)])
    y = by_element(math.erf, x)
    inner = np.abs(y) < 0.99
    np.testing.assert_allclose(errors.erfinv(y[inner]), x[inner], rtol=1e-13)
    tail = np.logspace(-300, -3, 200)  # probabilities: in the lower tail nothing is lost
    np.testing.assert_allclose(by_element(math.erfc, -errors.ndtri(tail) / math.sqrt(2)) / 2, tail, rtol=1e-11)
    np.testing.assert_array_equal(
        errors.erfinv(np.array([1, -1, 1.5, math.nan])), [math.inf, -math.inf, math.nan, math.nan]
    )
    np.testing.assert_array_equal(errors.ndtri(np.array([0, 1, -0.5, 0.5])), [-math.inf, math.inf, math.nan, 0])


def test_log_ndtr_far_out():
    """log Phi(x) + x^2/2 + log(-x sqrt(2 pi)) = -1/x^2 + 5/(2 x^4) - ... in the lower tail."""
    x = np.array([-50.0, -200.0, -1e4])
    rest = errors.log_ndtr(x) + x * x / 2 + np.log(-x * math.sqrt(2 * math.pi))
    np.testing.assert_allclose(rest, -1 / x**2 + 2.5 / x**4, atol=2e-8)
    np.testing.assert_allclose(errors.log_ndtr(np.array([10.0])), [-math.erfc(10 / math.sqrt(2)) / 2], rtol=1e-13)


def test_lgamma_to_the_last_places():
    x = np.concatenate([np.linspace(0.01, 60, 6001), np.logspace(-300, 300, 601), np.linspace(0.9, 2.1, 1201)])
    np.testing.assert_allclose(gamma.lgamma(x), by_element(math.lgamma, x), rtol=4e-15, atol=4e-15)
    negative = -np.linspace(0.0137, 20.3, 3001)
    negative = negative[negative != np.rint(negative)]
    np.testing.assert_allclose(gamma.lgamma(negative), by_element(math.lgamma, negative), rtol=1e-13, atol=1e-14)
    poles = np.array([0.0, -0.0, -1.0, -7.0, math.inf, -math.inf])
    np.testing.assert_array_equal(gamma.lgamma(poles), np.full(6, math.inf))


EULER = 0.5772156649015329


def test_digamma():
    x = np.array([1, 2, 0.5, 0.25, 10])
    known = [-EULER, 1 - EULER, -EULER - 2 * math.log(2), -EULER - math.pi / 2 - 3 * math.log(2),
             sum(1 / k for k in range(1, 10)) - EULER]  # fmt: skip
    assert_within(gamma.digamma(x), known, 8)
    x = np.linspace(-8.3, 30, 1000)
    np.testing.assert_allclose(gamma.digamma(x + 1), gamma.digamma(x) + 1 / x, rtol=1e-11, atol=1e-12)
    poles = np.array([0.0, -0.0, -1.0, math.inf])
    np.testing.assert_array_equal(gamma.digamma(poles), [-math.inf, math.inf, math.nan, math.inf])


def test_zeta_and_polygamma():
    assert_within(
        gamma.zeta(np.array([2.0, 4.0, 6.0]), np.array(1.0)), [math.pi**2 / 6, math.pi**4 / 90, math.pi**6 / 945], 4
    )
    q = np.linspace(-6.7, 30, 300)
    np.testing.assert_allclose(gamma.zeta(np.array(3.0), q), gamma.zeta(np.array(3.0), q + 1) + q**-3, rtol=1e-11)
    np.testing.assert_array_equal(
        gamma.zeta(np.array([1, 2, 2, 0.5, 2.5]), np.array([1, 0, -3, 1, -0.5])),
        [math.inf, math.inf, math.inf, math.nan, math.nan],
    )
    assert_within(gamma.polygamma(1, np.array([1.0, 0.5])), [math.pi**2 / 6, math.pi**2 / 2], 4)


def test_against_scipy():
    special = pytest.importorskip("scipy.special")
    x = np.linspace(0.05, 80, 4001)
    np.testing.assert_allclose(gamma.digamma(x), special.psi(x), rtol=1e-13, atol=1e-14)
    for n in range(1, 5):
        np.testing.assert_allclose(gamma.polygamma(n, x), special.polygamma(n, x), rtol=1e-13)
    p = np.concatenate([np.linspace(0.001, 0.999, 999), np.logspace(-300, -3, 300)])
    np.testing.assert_allclose(errors.ndtri(p), special.ndtri(p), rtol=1e-14)
    np.testing.assert_allclose(errors.erfinv(2 * p[:999] - 1), special.erfinv(2 * p[:999] - 1), rtol=1e-14)


def test_without_scipy_the_message_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    scipy_special.cache_clear()
    try:
        with pytest.raises(MissingExtraError, match=r'pip install "tinygrad_cn\[special\]"'):
            tg.special.bessel_j0(tg.tensor([1.0]))
        assert tg.erf(tg.tensor([0.0])).item() == 0  # the core does without
    finally:
        scipy_special.cache_clear()


def test_the_second_derivative_of_sinc_at_0():
    x = tg.tensor([0.0, 1e-5, 0.049999, 0.050001], dtype=tg.float64, requires_grad=True)
    (first,) = tg.autograd.grad(tg.sinc(x).sum(), x, create_graph=True)
    (second,) = tg.autograd.grad(first.sum(), x)
    u = math.pi * x.detach().numpy()
    np.testing.assert_allclose(first.detach().numpy(), math.pi * (-u / 3 + u**3 / 30 - u**5 / 840), rtol=1e-9)
    np.testing.assert_allclose(second.numpy(), math.pi**2 * (-1 / 3 + u**2 / 10 - u**4 / 168), rtol=1e-7)
