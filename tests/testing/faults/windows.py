"""Convolution and pooling, written as loops over windows."""

import numpy as np
from testing.faults.record import Base, Seeded, changed, numbers, seeded

from tinygrad_cn.testing import FaultKind as K


def _convolve(x, w, b):
    """(C, H, W), (M, C, K, K), (M,) -> (M, H - K + 1, W - K + 1)."""
    k = w.shape[2]
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(1, 2))  # (C, H', W', K, K)
    return np.einsum("chwij,mcij->mhw", windows, w) + b[:, None, None]


def _convolve_back(xs, g):
    x, w, _ = xs
    k = w.shape[2]
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(1, 2))
    dx = np.zeros_like(x)
    for i in range(k):
        for j in range(k):
            dx[:, i : i + g.shape[1], j : j + g.shape[2]] += np.einsum("mhw,mc->chw", g, w[:, :, i, j])
    return [dx, np.einsum("chwij,mhw->mcij", windows, g), g.sum(axis=(1, 2))]


def _without_edges(d):
    d = d.copy()
    d[:, 0] = d[:, -1] = 0
    return d


def _average(x):
    return x.reshape(2, 2, 2, 2).mean(axis=(1, 3))


def _average_back(xs, g):
    return [np.repeat(np.repeat(g, 2, axis=0), 2, axis=1) / 4]


def _largest(x):
    return x.reshape(2, 2, 2, 2).max(axis=(1, 3))


def _largest_back(xs, g):
    (x,) = xs
    up = lambda a: np.repeat(np.repeat(a, 2, axis=0), 2, axis=1)
    return [up(g) * (x == up(_largest(x)))]


def _strided(x, w):
    """Stride 2 along one axis: (7,), (3,) -> (3,)."""
    return np.stack([x[2 * i : 2 * i + 3] @ w for i in range(3)])


def _strided_back(xs, g):
    x, w = xs
    dx = np.zeros(7)
    for i in range(3):
        dx[2 * i : 2 * i + 3] += g[i] * w
    return [dx, sum(g[i] * x[2 * i : 2 * i + 3] for i in range(3))]


def _strided_overwritten(gradients, arrays, g):
    dx = np.zeros(7)
    for i in range(3):
        dx[2 * i : 2 * i + 3] = g[i] * arrays[1]
    return [dx, gradients[1]]


CONVOLUTION = Base("convolution", "convolution", _convolve, _convolve_back,
                   (numbers(1, 3, 3), numbers(2, 1, 2, 2, seed=1), numbers(2, seed=2)))  # fmt: skip
STRIDED = Base("convolution", "convolution with stride 2", _strided, _strided_back,
               (numbers(7), numbers(3, seed=1)))  # fmt: skip
AVERAGE = Base("convolution", "average pooling", _average, _average_back, (numbers(4, 4),))
LARGEST = Base("convolution", "max pooling", _largest, _largest_back, (numbers(4, 4),))

FAULTS: list[Seeded] = [
    seeded(CONVOLUTION, "kernel's flipped", K.TRANSPOSED, changed(1, lambda d: d[:, :, ::-1, ::-1])),
    seeded(CONVOLUTION, "kernel's spatial axes exchanged", K.TRANSPOSED, changed(1, lambda d: d.swapaxes(2, 3))),
    seeded(CONVOLUTION, "image's with the kernel flipped", K.OTHER, lambda ds, xs, g: [
        _convolve_back((xs[0], xs[1][:, :, ::-1, ::-1], xs[2]), g)[0], ds[1], ds[2]]),
    seeded(CONVOLUTION, "image's wrong at the edges", K.MASKED, changed(0, _without_edges)),
    seeded(CONVOLUTION, "bias' summed over one axis", (K.NOT_SUMMED, K.MISSING_TERM), lambda ds, xs, g: [
        ds[0], ds[1], g[:, 0].sum(axis=1)]),
    seeded(CONVOLUTION, "kernel's times 1 + 1e-6", K.FACTOR, changed(1, lambda d: (1 + 1e-6) * d), size=1e-6),
    seeded(CONVOLUTION, "one map's sign", (K.MASKED, K.OTHER), lambda ds, xs, g: [
        ds[0], ds[1] * np.array([1, -1])[:, None, None, None], ds[2]]),
    seeded(STRIDED, "overlapping windows overwritten", (K.NOT_SUMMED, K.MASKED), _strided_overwritten),
    seeded(STRIDED, "kernel's without the last window", (K.NOT_SUMMED, K.OTHER), lambda ds, xs, g: [
        ds[0], ds[1] - g[2] * xs[0][4:7]]),
    seeded(AVERAGE, "not divided by the window", K.FACTOR, changed(0, lambda d: 4 * d)),
    seeded(AVERAGE, "to one element of the window", (K.MASKED, K.OTHER), lambda ds, xs, g: [
        4 * ds[0] * (np.indices((4, 4)) % 2 == 0).all(axis=0)]),
    seeded(LARGEST, "shared among the window", (K.OTHER, K.MASKED), lambda ds, xs, g: _average_back(xs, g)),
]  # fmt: skip
