"""Reductions, scans, softmax, norms, and losses."""

import numpy as np
from testing.faults.record import Base, Seeded, changed, numbers, seeded

from tinygrad_cn.testing import FaultKind as K


def _softmax(x):
    e = np.exp(x)
    return e / e.sum(axis=-1, keepdims=True)


def _softmax_back(xs, g):
    y = _softmax(xs[0])
    return [y * (g - (g * y).sum(axis=-1, keepdims=True))]


def _variance_back(xs, g):
    (x,) = xs
    return [2 * g[:, None] * (x - x.mean(axis=1, keepdims=True)) / x.shape[1]]


def _cross_entropy(x):
    return np.log(np.exp(x).sum(axis=1)) - x[np.arange(3), [2, 0, 1]]


def _one_hot():
    return np.eye(4)[[2, 0, 1]]


SUM = Base(
    "reduction", "sum of squares by rows", lambda x: (x * x).sum(axis=1), lambda xs, g: [2 * g[:, None] * xs[0]],
    (numbers(2, 3),),
)  # fmt: skip
MEAN = Base(
    "reduction", "mean of cubes", lambda x: (x**3).mean(), lambda xs, g: [g * 3 * xs[0] ** 2 / xs[0].size],
    (numbers(2, 3),),
)  # fmt: skip
VARIANCE = Base("reduction", "variance", lambda x: ((x - x.mean(axis=1, keepdims=True)) ** 2).mean(axis=1),
                _variance_back, (numbers(2, 3),))  # fmt: skip
SOFTMAX = Base("reduction", "softmax", _softmax, _softmax_back, (numbers(2, 3),))
LOGSUMEXP = Base(
    "reduction", "logsumexp", lambda x: np.log(np.exp(x).sum(axis=0)), lambda xs, g: [g * _softmax(xs[0].T).T],
    (numbers(4, 2),),
)  # fmt: skip
PROD = Base(
    "reduction", "product", lambda x: np.prod(x, axis=1),
    lambda xs, g: [np.stack([g * np.prod(np.delete(xs[0], j, 1), axis=1) for j in range(3)], axis=1)],
    (numbers(2, 3),),
)  # fmt: skip
CUMSUM = Base("reduction", "cumulative sum", lambda x: np.cumsum(x * x), lambda xs, g: [
    2 * xs[0] * np.cumsum(g[::-1])[::-1]], (numbers(5),))  # fmt: skip
NORM = Base("reduction", "norm", lambda x: np.sqrt((x * x).sum(axis=1)), lambda xs, g: [
    g[:, None] * xs[0] / np.sqrt((xs[0] ** 2).sum(axis=1, keepdims=True))], (numbers(2, 3),))  # fmt: skip
MAX = Base("reduction", "maximum", lambda x: x.max(axis=1), lambda xs, g: [
    g[:, None] * (xs[0] == xs[0].max(axis=1, keepdims=True))], (numbers(2, 3),))  # fmt: skip
CROSS_ENTROPY = Base("loss", "cross-entropy", _cross_entropy, lambda xs, g: [
    g[:, None] * (_softmax(xs[0]) - _one_hot())], (numbers(3, 4),))  # fmt: skip
MSE = Base("loss", "squared error", lambda x, y: ((x - y) ** 2).mean(), lambda xs, g: [
    2 * g * (xs[0] - xs[1]) / 6, -2 * g * (xs[0] - xs[1]) / 6], (numbers(2, 3), numbers(2, 3, seed=1)))  # fmt: skip


FAULTS: list[Seeded] = [
    seeded(SUM, "cotangent of the first row for all", (K.OTHER, K.MASKED, K.FACTOR), lambda ds, xs, g: [
        2 * g[0] * xs[0]]),
    seeded(SUM, "times 1 - 1e-5", K.FACTOR, changed(0, lambda d: (1 - 1e-5) * d), size=1e-5),
    seeded(MEAN, "not divided by the count", K.FACTOR, changed(0, lambda d: d * 6)),
    seeded(MEAN, "divided by half the count", (K.DOUBLED, K.FACTOR), changed(0, lambda d: d * 2)),
    seeded(VARIANCE, "divided by n - 1", K.FACTOR, changed(0, lambda d: d * 3 / 2)),
    seeded(VARIANCE, "mean taken for 0", K.OTHER, lambda ds, xs, g: [2 * g[:, None] * xs[0] / 3]),
    seeded(SOFTMAX, "the sum forgotten", K.OTHER, lambda ds, xs, g: [_softmax(xs[0]) * g]),
    seeded(SOFTMAX, "summed over the other axis", K.OTHER, lambda ds, xs, g: [
        _softmax(xs[0]) * (g - (g * _softmax(xs[0])).sum(axis=0, keepdims=True))]),
    seeded(SOFTMAX, "off by 1e-6 of the sum", K.OTHER, lambda ds, xs, g: [
        ds[0] - 1e-6 * _softmax(xs[0]) * (g * _softmax(xs[0])).sum(axis=-1, keepdims=True)], size=1e-6),
    seeded(LOGSUMEXP, "without the normaliser", (K.OTHER, K.FACTOR), lambda ds, xs, g: [g * np.exp(xs[0])]),
    seeded(PROD, "divided by the element twice", K.OTHER, lambda ds, xs, g: [ds[0] / xs[0]]),
    seeded(PROD, "sign of the first column", K.MASKED, lambda ds, xs, g: [ds[0] * np.array([-1.0, 1.0, 1.0])]),
    seeded(CUMSUM, "summed from the wrong end", (K.TRANSPOSED, K.OTHER), lambda ds, xs, g: [
        2 * xs[0] * np.cumsum(g)]),
    seeded(CUMSUM, "last element left out", (K.OTHER, K.NOT_SUMMED, K.MASKED), lambda ds, xs, g: [
        2 * xs[0] * np.cumsum(np.append(g[:-1], 0)[::-1])[::-1]]),
    seeded(NORM, "not divided by the norm", (K.OTHER, K.FACTOR), lambda ds, xs, g: [g[:, None] * xs[0]]),
    seeded(MAX, "to every element", (K.MASKED, K.OTHER), lambda ds, xs, g: [g[:, None] * np.ones_like(xs[0])]),
    seeded(MAX, "to the smallest", (K.MASKED, K.OTHER, K.TRANSPOSED), lambda ds, xs, g: [
        g[:, None] * (xs[0] == xs[0].min(axis=1, keepdims=True))]),
    seeded(CROSS_ENTROPY, "target's term forgotten", (K.MASKED, K.MISSING_TERM), lambda ds, xs, g: [
        g[:, None] * _softmax(xs[0])]),
    seeded(CROSS_ENTROPY, "target minus prediction", K.SIGN, changed(0, lambda d: -d)),
    seeded(MSE, "the target's has the sign of the prediction's", (K.SIGN, K.SWAPPED), lambda ds, xs, g: [ds[0], ds[0]]),
    seeded(MSE, "the 2 forgotten", K.FACTOR, changed(0, lambda d: d / 2)),
]  # fmt: skip
