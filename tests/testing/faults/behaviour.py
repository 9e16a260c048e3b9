"""Gradients whose values may be right, and that do what a gradient must not: write, remember, toss coins."""

from collections.abc import Callable

import numpy as np
from testing.faults.record import Base, Seeded, named, numbers

from tinygrad_cn.testing import FaultKind as K

SINE = Base("behaviour", "sine", np.sin, lambda xs, g: [g * np.cos(xs[0])], (numbers(2, 3),))
PRODUCT = Base("behaviour", "product", lambda x, y: x * y, lambda xs, g: [g * xs[1], g * xs[0]],
               (numbers(2, 2), numbers(2, 2, seed=1)))  # fmt: skip


def _fault(name: str, kinds: K | tuple[K, ...], make: Callable, *, base: Base = SINE, **options) -> Seeded:
    return Seeded(base, name, named(kinds), make, **options)


def _of_sine(gradient: Callable) -> Callable:
    return lambda: (np.sin, gradient)


def _noisy_gradient():
    rng = np.random.default_rng()
    return np.sin, lambda xs, g: [g * np.cos(xs[0]) * (1 + 1e-6 * rng.normal())]


def _noisy_function():
    rng = np.random.default_rng()
    return lambda x: np.sin(x) + 1e-9 * rng.normal(), lambda xs, g: [g * np.cos(xs[0])]


def _wrong_every_third_time():
    calls = [0]

    def gradient(xs, g):
        calls[0] += 1
        return [g * np.cos(xs[0]) * (1.01 if calls[0] % 3 == 0 else 1.0)]

    return np.sin, gradient


def _first_cosine_remembered():
    memory = []

    def gradient(xs, g):
        memory.append(np.cos(xs[0]))
        return [g * memory[0] * (1.0 if len(memory) == 1 else 1.001)]

    return np.sin, gradient


def _writes_the_input(xs, g):
    np.cos(xs[0], out=xs[0])
    return [g * xs[0]]


def _writes_the_cotangent(xs, g):
    g *= np.cos(xs[0])
    return [g.copy()]


def _function_writes_the_input():
    def function(x):
        y = np.sin(x)
        x *= 0.5
        return y

    return function, lambda xs, g: [g * np.cos(xs[0])]


def _one_buffer_for_all():
    buffer = np.zeros((2, 3))

    def gradient(xs, g):
        np.multiply(g, np.cos(xs[0]), out=buffer)
        return [buffer]

    return np.sin, gradient


def _accumulates():
    total = np.zeros((2, 3))

    def gradient(xs, g):
        total[...] += g * np.cos(xs[0])
        return [total.copy()]

    return np.sin, gradient


def _by_memory(xs, g):
    """Reads the cotangent in the order in which it lies in memory."""
    flat = g.ravel(order="K").reshape(g.shape)
    return [flat * np.cos(xs[0])]


FAULTS = [
    _fault("noise of 1e-6 in the gradient", K.NONDETERMINISTIC, _noisy_gradient, size=1e-6),
    _fault("noise of 1e-9 in the function", K.NONDETERMINISTIC, _noisy_function, size=1e-9),
    _fault("wrong every third time", (K.NONDETERMINISTIC, K.FACTOR), _wrong_every_third_time, size=1e-2),
    _fault("remembers the first call", (K.NONDETERMINISTIC, K.FACTOR), _first_cosine_remembered, size=1e-3),
    _fault("adds to what it gave before", K.NONDETERMINISTIC, _accumulates),
    _fault("input overwritten", K.INPUT_OVERWRITTEN, _of_sine(_writes_the_input), strict=True),
    _fault("input overwritten by the function", (K.INPUT_OVERWRITTEN, K.NONDETERMINISTIC), _function_writes_the_input,
           strict=True),
    _fault("cotangent overwritten", K.COTANGENT_OVERWRITTEN, _of_sine(_writes_the_cotangent), strict=True),
    _fault("one buffer for all results", (K.RESULT_OVERWRITTEN, K.NONDETERMINISTIC), _one_buffer_for_all, strict=True),
    _fault("float32", K.DTYPE, _of_sine(lambda xs, g: [(g * np.cos(xs[0])).astype(np.float32)]), size=1e-7,
           strict=True),
    _fault("an axis too many", K.SHAPE, _of_sine(lambda xs, g: [(g * np.cos(xs[0]))[None]]), strict=True),
    _fault("transposed, of another shape", K.SHAPE, _of_sine(lambda xs, g: [(g * np.cos(xs[0])).T]), strict=True),
    _fault("summed to one number", K.SHAPE, _of_sine(lambda xs, g: [np.sum(g * np.cos(xs[0]))]), strict=True),
    _fault("flattened", K.SHAPE, _of_sine(lambda xs, g: [(g * np.cos(xs[0])).ravel()]), strict=True),
    _fault("square of the cotangent", K.NONLINEAR, _of_sine(lambda xs, g: [g * g * np.cos(xs[0])])),
    _fault("clipped cotangent", K.NONLINEAR, _of_sine(lambda xs, g: [np.clip(g, -1, 1) * np.cos(xs[0])])),
    _fault("normalised cotangent", K.NONLINEAR, _of_sine(lambda xs, g: [
        g / max(np.sqrt((g * g).sum()), 1e-12) * np.cos(xs[0])])),
    _fault("cotangent read in the order of memory", (K.LAYOUT, K.OTHER), _of_sine(_by_memory), strict=True),
    _fault("wrong for large inputs only", K.MASKED, _of_sine(lambda xs, g: [
        g * np.cos(np.clip(xs[0], -1.5, 1.5))])),
    _fault("an error for negative cotangents", K.ERROR, _of_sine(lambda xs, g: [
        g * np.cos(xs[0]) if g.min() >= 0 else 1 / 0])),
    _fault("the same gradient object for both", K.SWAPPED, lambda: (
        PRODUCT.function, lambda xs, g: [g * xs[1], g * xs[1]]), base=PRODUCT),
]  # fmt: skip
