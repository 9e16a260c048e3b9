"""Reading and writing parts: rows taken more than once, slices, sums scattered to places."""

import numpy as np
from testing.faults.record import Base, Seeded, numbers, seeded

from tinygrad_cn.testing import FaultKind as K

ROWS = np.array([2, 0, 2, 1, 2])
PLACES = np.array([1, 0, 1, 3])


def _added(shape, index, values):
    out = np.zeros(shape)
    np.add.at(out, index, values)
    return out


def _overwritten(shape, index, values):
    out = np.zeros(shape)
    out[index] = values
    return out


def _scatter(x, y):
    out = np.array(x, dtype=np.result_type(x, y))
    np.add.at(out, PLACES, y * y)
    return out


EMBEDDING = Base("indexing", "rows, some taken repeatedly", lambda w: w[ROWS] ** 2, lambda xs, g: [
    _added((4, 3), ROWS, 2 * g * xs[0][ROWS])], (numbers(4, 3),))  # fmt: skip
SLICE = Base("indexing", "every second column", lambda x: np.sin(x[:, ::2]), lambda xs, g: [
    _overwritten((3, 5), np.s_[:, ::2], g * np.cos(xs[0][:, ::2]))], (numbers(3, 5),))  # fmt: skip
SCATTER = Base("indexing", "squares added at places", _scatter, lambda xs, g: [g, 2 * g[PLACES] * xs[1]],
               (numbers(4), numbers(4, seed=1)))  # fmt: skip
MASK = Base("indexing", "elements by a mask", lambda x: x[x.real > 0] ** 3, lambda xs, g: [
    _overwritten((6,), xs[0] > 0, 3 * g * xs[0][xs[0] > 0] ** 2)], (numbers(6),))  # fmt: skip
CONCATENATE = Base("indexing", "joined", lambda x, y: np.exp(np.concatenate([x, y])), lambda xs, g: [
    g[:3] * np.exp(xs[0]), g[3:] * np.exp(xs[1])], (numbers(3), numbers(3, seed=1)))  # fmt: skip

FAULTS: list[Seeded] = [
    seeded(EMBEDDING, "repeated rows overwritten", (K.NOT_SUMMED, K.MASKED), lambda ds, xs, g: [
        _overwritten((4, 3), ROWS, 2 * g * xs[0][ROWS])]),
    seeded(EMBEDDING, "added to the next row", (K.TRANSPOSED, K.OTHER), lambda ds, xs, g: [np.roll(ds[0], 1, axis=0)]),
    seeded(EMBEDDING, "divided by the number of uses", (K.MASKED, K.NOT_SUMMED), lambda ds, xs, g: [
        ds[0] / np.maximum(np.bincount(ROWS, minlength=4), 1)[:, None]]),
    seeded(SLICE, "put into the columns that were left out", (K.TRANSPOSED, K.OTHER, K.MASKED), lambda ds, xs, g: [
        np.roll(ds[0], 1, axis=1)]),
    seeded(SLICE, "the other columns get one too", K.MASKED, lambda ds, xs, g: [ds[0] + 1e-3 * (ds[0] == 0)
           * g.sum()], size=1e-3),
    seeded(SCATTER, "the places' not taken", (K.OTHER, K.TRANSPOSED, K.MASKED), lambda ds, xs, g: [
        ds[0], 2 * g * xs[1]]),
    seeded(SCATTER, "the target's cleared where it was added to", (K.MASKED, K.OTHER), lambda ds, xs, g: [
        np.where(np.isin(np.arange(4), PLACES), 0, g), ds[1]]),
    seeded(MASK, "cotangents in the wrong order", (K.OTHER, K.TRANSPOSED, K.MASKED), lambda ds, xs, g: [
        _overwritten((6,), xs[0] > 0, 3 * g[::-1] * xs[0][xs[0] > 0] ** 2)]),
    seeded(MASK, "one more place", K.MASKED, lambda ds, xs, g: [ds[0] + (np.arange(6) == np.argmin(xs[0])) * g[0]]),
    seeded(CONCATENATE, "parts exchanged", K.SWAPPED, lambda ds, xs, g: [ds[1], ds[0]]),
]  # fmt: skip
