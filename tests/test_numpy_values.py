"""NumPy's functions of values on Tensors: NumPy's own results on the plain arrays, and gradients by differences."""

import numpy as np
import pytest

import tinygrad_cn as tg

RNG = np.random.default_rng(5)
X = RNG.permutation(24).reshape(4, 6) / 4 - 2.8
HOLES = np.where(RNG.random((4, 6)) < 0.3, np.nan, X)
WEIGHTS = RNG.integers(1, 9, 6) / 4

SMOOTH = {
    "sort": lambda x: np.sort(x),
    "sort-all": lambda x: np.sort(x, axis=None),
    "quantile": lambda x: np.quantile(x, 0.3, axis=1),
    "quantiles": lambda x: np.quantile(x, [0.25, 0.9], axis=0, keepdims=True),
    "percentile": lambda x: np.percentile(x, 35),
    "median-even": lambda x: np.median(x, axis=1),
    "median-all": lambda x: np.median(x),
    "ptp": lambda x: np.ptp(x, axis=0),
    "average": lambda x: np.average(x, axis=1, weights=WEIGHTS),
    "average-plain": lambda x: np.average(x),
    "cov": lambda x: np.cov(x, ddof=0),
    "cov-columns": lambda x: np.cov(x, rowvar=False),
    "corrcoef": lambda x: np.corrcoef(x),
    "diff": lambda x: np.diff(x, n=2, axis=0),
    "diff-prepend": lambda x: np.diff(x, prepend=0.0),
    "trapezoid": lambda x: np.trapezoid(x, dx=0.5, axis=0),
    "trapezoid-points": lambda x: np.trapezoid(x, WEIGHTS),
    "gradient": lambda x: np.gradient(x, 0.5, axis=1),
    "gradient-points": lambda x: np.gradient(x, np.cumsum(WEIGHTS), axis=1, edge_order=2),
    "angle": lambda x: np.angle(x),
    "nan_to_num": lambda x: np.nan_to_num(x),
    "frexp": lambda x: np.frexp(x)[0],
    "copysign": lambda x: np.copysign(x, -1.0),
    "fmax": lambda x: np.fmax(x, 0.1),
    "logaddexp2": lambda x: np.logaddexp2(x, WEIGHTS),
}
WITH_HOLES = {
    "nansum": lambda x: np.nansum(x, axis=1),
    "nanmean": lambda x: np.nanmean(x, axis=0, keepdims=True),
    "nanprod": lambda x: np.nanprod(x, axis=1),
    "nanmedian": lambda x: np.nanmedian(x),
    "nanquantile": lambda x: np.nanquantile(x, 0.6, axis=1),
}
CONSTANT = {
    "unique": lambda x: np.unique(np.round(x)),
    "searchsorted": lambda x: np.searchsorted(np.sort(x[0]), x),
    "digitize": lambda x: np.digitize(x, [-1.0, 0.0, 1.0]),
    "isin": lambda x: np.isin(np.round(x), [0, 1]),
    "nonzero": lambda x: np.nonzero(x > 0)[1],
    "flatnonzero": lambda x: np.flatnonzero(x > 0),
    "isposinf": lambda x: np.isposinf(np.where(x > 1, np.inf, x)),
}


def _gradient_by_differences(function, x, weights):
    h = 1e-5
    found = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[i] = h
        found[i] = np.sum(weights * (function(x + step) - function(x - step))) / (2 * h)
    return found


@pytest.mark.parametrize(("name", "x"), [*((n, X) for n in SMOOTH), *((n, HOLES) for n in WITH_HOLES)], ids=str)
def test_values_and_gradients(name, x):
    function = (SMOOTH | WITH_HOLES)[name]
    t = tg.tensor(x, requires_grad=True)
    out, expected = function(t), function(x)
    assert isinstance(out, tg.Tensor)
    assert out.shape == np.shape(expected)
    np.testing.assert_allclose(out.detach().numpy(), expected, rtol=1e-12, atol=1e-12)
    weights = np.random.default_rng(1).integers(1, 9, np.shape(expected)) / 4
    (g,) = tg.autograd.grad((out * tg.tensor(weights)).sum(), t)
    kept = ~np.isnan(x)
    np.testing.assert_allclose(g.numpy()[kept], _gradient_by_differences(function, x, weights)[kept], atol=1e-7)


@pytest.mark.parametrize("name", CONSTANT)
def test_results_without_a_gradient(name):
    found = CONSTANT[name](tg.tensor(X))
    assert isinstance(found, tg.Tensor)
    np.testing.assert_array_equal(found.numpy(), CONSTANT[name](X))


def test_integers_are_averaged_in_float64_as_in_numpy():
    x = np.array([3, 1, 2, 8])
    for function in (np.median, np.nanmean, lambda x: np.percentile(x, 40)):
        np.testing.assert_allclose(function(tg.tensor(x)).numpy(), function(x))


def test_bincount_passes_a_gradient_to_its_weights():
    weights = tg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    counts = np.bincount(tg.tensor([2, 0, 2]), weights)
    (counts * tg.tensor([5.0, 6.0, 7.0])).sum().backward()
    assert counts.tolist() == [2, 0, 4]
    assert weights.grad.tolist() == [7, 5, 7]


def test_what_has_no_gradient_says_so():
    x = tg.rand(5)
    with pytest.raises(RuntimeError, match="no gradient for its weight"):
        tg.histogram(x, 3, weight=tg.ones(5, requires_grad=True))
    s = tg.tensor([2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="not implemented"):
        tg.special.zeta(s, tg.tensor([1.0])).sum().backward()
