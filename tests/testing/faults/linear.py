"""Matrix products, linear layers, quadratic forms, solutions of equations."""

import numpy as np
from testing.faults.record import Base, Seeded, changed, numbers, seeded

from tinygrad_cn.testing import FaultKind as K

LINEAR = Base(
    "linear",
    "linear layer",
    lambda x, w, b: x @ w.T + b,
    lambda xs, g: [g @ xs[1], g.T @ xs[0], g.sum(axis=0)],
    (numbers(3, 2), numbers(2, 2, seed=1), numbers(2, seed=2)),
)
SQUARE = Base(
    "linear",
    "product of square matrices",
    lambda x, y: x @ y,
    lambda xs, g: [g @ xs[1].T, xs[0].T @ g],
    (numbers(3, 3), numbers(3, 3, seed=1)),
)
QUADRATIC = Base(
    "linear",
    "quadratic form",
    lambda x, a: x @ a @ x,
    lambda xs, g: [g * (xs[1] + xs[1].T) @ xs[0], g * np.outer(xs[0], xs[0])],
    (numbers(3), numbers(3, 3, seed=1)),
)


def _solve_back(xs, g):
    a, b = xs
    y = np.linalg.solve(a.T, g)
    return [-np.outer(y, np.linalg.solve(a, b)), y]


SOLVE = Base("linear", "solution of equations", np.linalg.solve, _solve_back,
             (numbers(3, 3) + 3 * np.eye(3), numbers(3, seed=1)))  # fmt: skip

FAULTS: list[Seeded] = [
    seeded(LINEAR, "weight's sign", K.SIGN, changed(1, lambda d: -d)),
    seeded(LINEAR, "weight's times 1.0005", K.FACTOR, changed(1, lambda d: 1.0005 * d), size=5e-4),
    seeded(LINEAR, "bias' mean over the batch", K.FACTOR, changed(2, lambda d: d / 3)),
    seeded(LINEAR, "bias' of one row", K.NOT_SUMMED, lambda ds, xs, g: [ds[0], ds[1], g[1]]),
    seeded(LINEAR, "weight's accumulated twice", K.DOUBLED, changed(1, lambda d: d + d)),
    seeded(LINEAR, "bias' missing", K.MISSING, changed(2, lambda d: None)),
    seeded(LINEAR, "weight's without the last sample", (K.NOT_SUMMED, K.OTHER), lambda ds, xs, g: [
        ds[0], g[:-1].T @ xs[0][:-1], ds[2]]),
    seeded(SQUARE, "second transposed", K.TRANSPOSED, changed(1, lambda d: d.T)),
    seeded(SQUARE, "a factor not transposed", (K.OTHER, K.TRANSPOSED), lambda ds, xs, g: [g @ xs[1], ds[1]]),
    seeded(SQUARE, "inputs exchanged", K.SWAPPED, lambda ds, xs, g: [ds[1], ds[0]]),
    seeded(SQUARE, "rows in reverse", K.TRANSPOSED, changed(0, lambda d: d[::-1])),
    seeded(QUADRATIC, "as if it were symmetric", K.OTHER, lambda ds, xs, g: [
        2 * g * xs[1] @ xs[0], ds[1]]),
    seeded(QUADRATIC, "one of the two terms", K.OTHER, lambda ds, xs, g: [g * xs[1] @ xs[0], ds[1]]),
    seeded(SOLVE, "matrix' sign", K.SIGN, changed(0, lambda d: -d)),
    seeded(SOLVE, "matrix' transposed", K.TRANSPOSED, changed(0, lambda d: d.T)),
    seeded(SOLVE, "not solved with the transpose", (K.OTHER, K.TRANSPOSED), lambda ds, xs, g: [
        ds[0], np.linalg.solve(xs[0], g)]),
]  # fmt: skip
