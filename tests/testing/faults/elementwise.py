"""Elementwise functions, with broadcasting."""

import numpy as np
from testing.faults.record import Base, Seeded, changed, numbers, seeded

from tinygrad_cn.testing import FaultKind as K

TANH = Base("elementwise", "tanh", np.tanh, lambda xs, g: [g * (1 - np.tanh(xs[0]) ** 2)], (numbers(2, 3),))
EXP = Base("elementwise", "exp", np.exp, lambda xs, g: [g * np.exp(xs[0])], (numbers(5),))
MULTIPLY = Base(
    "elementwise",
    "multiply",
    lambda x, y: x * y,
    lambda xs, g: [g * xs[1], g * xs[0]],
    (numbers(2, 3), numbers(2, 3, seed=1)),
)
SCALE = Base(
    "elementwise",
    "rows times a row",
    lambda x, y: x * y,
    lambda xs, g: [g * xs[1], (g * xs[0]).sum(axis=0)],
    (numbers(2, 3), numbers(3, seed=1)),
)
OUTER = Base(
    "elementwise",
    "column plus row",
    lambda x, y: np.exp(x + y),
    lambda xs, g: [
        (g * np.exp(xs[0] + xs[1])).sum(axis=1, keepdims=True),
        (g * np.exp(xs[0] + xs[1])).sum(axis=0, keepdims=True),
    ],
    (numbers(3, 1), numbers(1, 3, seed=1)),
)
DIVIDE = Base(
    "elementwise",
    "divide",
    lambda x, y: x / y,
    lambda xs, g: [g / xs[1], -g * xs[0] / xs[1] ** 2],
    (numbers(2, 2), numbers(2, 2, low=0.5, seed=1)),
)
RELU = Base("elementwise", "relu", lambda x: np.maximum(x, 0.0), lambda xs, g: [g * (xs[0] > 0)], (numbers(6),))
SOFTPLUS = Base(
    "elementwise",
    "softplus",
    lambda x: np.log1p(np.exp(x)),
    lambda xs, g: [g / (1 + np.exp(-xs[0]))],
    (numbers(2, 3, low=-3.0, high=3.0),),
)
SQRT = Base("elementwise", "sqrt", np.sqrt, lambda xs, g: [g / (2 * np.sqrt(xs[0]))], (numbers(4, low=0.5, high=3.0),))
WHERE = Base(
    "elementwise",
    "piecewise",
    lambda x: np.where(x.real > 1, x * x, 2 * x - 1),
    lambda xs, g: [g * np.where(xs[0] > 1, 2 * xs[0], 2.0)],
    (np.array([-1.5, 0.25, 1.5, 1.75]),),
)
GELU = Base(
    "elementwise",
    "gelu by tanh",
    lambda x: 0.5 * x * (1 + np.tanh(0.8 * (x + 0.0447 * x**3))),
    lambda xs, g: [
        g
        * (
            0.5 * (1 + np.tanh(0.8 * (xs[0] + 0.0447 * xs[0] ** 3)))
            + 0.5
            * xs[0]
            * (1 - np.tanh(0.8 * (xs[0] + 0.0447 * xs[0] ** 3)) ** 2)
            * 0.8
            * (1 + 3 * 0.0447 * xs[0] ** 2)
        )
    ],
    (numbers(5),),
)


def _by_derivative_of_relu(gradients, arrays, g):
    return [g * (arrays[0] >= -1.0)]


def _cubic_forgotten(gradients, arrays, g):
    (x,) = arrays
    t = np.tanh(0.8 * (x + 0.0447 * x**3))
    return [g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * 0.8)]


FAULTS: list[Seeded] = [
    seeded(TANH, "sign flipped", K.SIGN, changed(0, lambda d: -d)),
    seeded(TANH, "twice too large", (K.DOUBLED, K.FACTOR), changed(0, lambda d: 2 * d)),
    seeded(TANH, "times 1.0005", K.FACTOR, changed(0, lambda d: 1.0005 * d), size=5e-4),
    seeded(TANH, "times 1 + 1e-6", K.FACTOR, changed(0, lambda d: (1 + 1e-6) * d), size=1e-6),
    seeded(TANH, "zero", K.MISSING, changed(0, np.zeros_like)),
    seeded(TANH, "none at all", K.MISSING, changed(0, lambda d: None)),
    seeded(TANH, "of the input in place of the output", K.OTHER,
           lambda ds, xs, g: [g * (1 - xs[0] ** 2)]),
    seeded(TANH, "without the square", K.OTHER, lambda ds, xs, g: [g * (1 - np.tanh(xs[0]))]),
    seeded(TANH, "the 1 forgotten", K.OTHER, lambda ds, xs, g: [-g * np.tanh(xs[0]) ** 2]),
    seeded(EXP, "cotangent not used", K.NONLINEAR, lambda ds, xs, g: [np.exp(xs[0])]),
    seeded(EXP, "one element wrong", K.MASKED, lambda ds, xs, g: [ds[0] * np.where(np.arange(5) == 3, 1.01, 1.0)],
           size=1e-2),
    seeded(EXP, "a constant added", K.NONLINEAR, changed(0, lambda d: d + 1e-3), size=1e-3),
    seeded(MULTIPLY, "inputs exchanged", K.SWAPPED, lambda ds, xs, g: [ds[1], ds[0]]),
    seeded(MULTIPLY, "second input's sign", K.SIGN, changed(1, lambda d: -d)),
    seeded(MULTIPLY, "second input's missing", K.MISSING, changed(1, lambda d: None)),
    seeded(SCALE, "not summed back", (K.SHAPE, K.NOT_SUMMED), lambda ds, xs, g: [ds[0], g * xs[0]]),
    seeded(SCALE, "first row only", K.NOT_SUMMED, lambda ds, xs, g: [ds[0], (g * xs[0])[0]]),
    seeded(SCALE, "mean in place of sum", K.FACTOR, lambda ds, xs, g: [ds[0], (g * xs[0]).mean(axis=0)]),
    seeded(OUTER, "summed over the other axis", (K.TRANSPOSED, K.NOT_SUMMED, K.SWAPPED, K.OTHER),
           lambda ds, xs, g: [ds[1].T, ds[1]]),
    seeded(OUTER, "last column only", K.NOT_SUMMED,
           lambda ds, xs, g: [(g * np.exp(xs[0] + xs[1]))[:, -1:], ds[1]]),
    seeded(DIVIDE, "sign of the divisor's", K.SIGN, changed(1, lambda d: -d)),
    seeded(DIVIDE, "square forgotten", K.OTHER, lambda ds, xs, g: [ds[0], -g * xs[0] / xs[1]]),
    seeded(RELU, "mask of another place", K.MASKED, _by_derivative_of_relu),
    seeded(RELU, "leaky by 1e-4", K.MASKED, lambda ds, xs, g: [g * np.where(xs[0] > 0, 1.0, 1e-4)], size=1e-4),
    seeded(SOFTPLUS, "sigmoid of the negative", K.OTHER, lambda ds, xs, g: [g / (1 + np.exp(xs[0]))]),
    seeded(SQRT, "the half forgotten", (K.DOUBLED, K.FACTOR), lambda ds, xs, g: [g / np.sqrt(xs[0])]),
    seeded(SQRT, "nan at one place", K.NOT_FINITE, lambda ds, xs, g: [np.where(np.arange(4) == 2, np.nan, ds[0])]),
    seeded(WHERE, "one branch only", K.MASKED, lambda ds, xs, g: [2.0 * g]),
    seeded(WHERE, "one branch off by 1e-5", K.MASKED,
           lambda ds, xs, g: [ds[0] * np.where(xs[0] > 1, 1 + 1e-5, 1.0)], size=1e-5),
    seeded(GELU, "cubic term's derivative forgotten", K.OTHER, _cubic_forgotten),
]  # fmt: skip
