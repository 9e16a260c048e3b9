"""Derivatives along a line from central differences, each with an estimate of its own error.

A difference D(h) = (f(x + h) - f(x - h)) / 2h is off by c h^2 + d h^4 + ..., and by the rounding noise of f over h.
Differences at h, h/2, h/4, ... are combined so that the powers of h fall away one by one; how far neighbours in
the resulting table lie apart tells how good they are, and the noise is added to that. The entry with the smallest error
bar is taken, for each output by itself.

Sources: Richardson, "The deferred approach to the limit", Phil. Trans. A 226, 1927; Ridders, "Accurate computation of
F'(x) and F'(x) F''(x)", Advances in Engineering Software 4, 1982.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Estimate", "Line", "Samples", "central", "noise_floor", "power_of_two", "richardson"]

EPS = float(np.finfo(np.float64).eps)
TINY = float(np.finfo(np.float64).tiny)

#: Rounding errors that a well-made function is granted, in units in the last place of its result.
ULPS = 4.0


@dataclass(frozen=True)
class Estimate:
    """A derivative of each output along a line.

    Attributes:
        value (float64 array of shape (outputs,)): NaN where none was found.
        error (float64 array of shape (outputs,)): how far it may be off; infinite where none was found.
    """

    value: np.ndarray
    error: np.ndarray

    def better(self, other: Estimate) -> Estimate:
        """For each output the one with the smaller error bar."""
        take = other.error < self.error
        return Estimate(np.where(take, other.value, self.value), np.where(take, other.error, self.error))


@dataclass(frozen=True)
class Line:
    """A function along a line through the point: ``at(t)`` gives the outputs at distance t, as one float64 vector.

    Attributes:
        at (callable): float -> array of shape (outputs,).
        exact (callable): float -> the distance that is really gone, t being rounded with the coordinate it is added to.
        scale (float): a distance over which the function may be expected to change notably.
    """

    at: Callable[[float], np.ndarray]
    exact: Callable[[float], float]
    scale: float


@dataclass(frozen=True)
class Samples:
    """The outputs at x + t and x - t for distances that halve each time.

    Attributes:
        steps (sequence of floats): the distances.
        spans (sequence of floats): between the two points, as really gone.
        plus, minus (sequences of arrays of shape (outputs,)).
    """

    steps: Sequence[float]
    spans: Sequence[float]
    plus: Sequence[np.ndarray]
    minus: Sequence[np.ndarray]


def power_of_two(x: float) -> float:
    """The largest power of two that is not above ``x``: added to a number, it is rounded least."""
    return float(np.ldexp(0.5, np.frexp(x)[1]))


def noise_floor(*values: np.ndarray) -> np.ndarray:
    """The rounding noise that even a well-made function has at these values."""
    size = np.abs(values[0])
    for value in values[1:]:
        size = np.maximum(size, np.abs(value))
    return ULPS * EPS * size + TINY


def central(line: Line, first: float, levels: int) -> Samples:
    """Sample a line at ``first``, ``first`` / 2, ..., on both sides."""
    steps = [first * 0.5**k for k in range(levels)]
    plus, minus, spans = [], [], []
    for t in steps:
        plus.append(line.at(t))
        minus.append(line.at(-t))
        spans.append(line.exact(t) - line.exact(-t))
    return Samples(steps, spans, plus, minus)


def richardson(samples: Samples, noise: np.ndarray | None = None) -> Estimate:
    """The best derivative that the samples give, with its error bar.

    Args:
        samples (Samples): at two levels or more.
        noise (array of shape (outputs,), optional): the function's rounding noise, where it was measured.
    """
    with np.errstate(all="ignore"):
        found: Estimate | None = None
        row: list[np.ndarray] = []
        for plus, minus, span in zip(samples.plus, samples.minus, samples.spans, strict=True):
            difference = plus - minus
            floor = noise_floor(plus, minus)
            if noise is not None:
                floor = np.maximum(floor, noise)
            # an output that is the same bit by bit does not depend on the input here
            floor = np.where(difference == 0, TINY, floor) / span
            last, row = row, [difference / span if span > 0 else np.full(plus.shape, np.nan)]
            for j, above in enumerate(last, start=1):
                power = 4.0**j
                better = (power * row[j - 1] - above) / (power - 1)
                error = np.maximum(np.abs(better - row[j - 1]), np.abs(better - above)) + 2 * floor
                error = np.where(np.isfinite(error), error, np.inf)
                row.append(better)
                candidate = Estimate(np.where(np.isfinite(error), better, np.nan), error)
                found = candidate if found is None else found.better(candidate)
        assert found is not None, "an error bar needs two levels"
        return found
