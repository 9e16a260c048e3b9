"""Derivatives along a line from differences at halving steps, each with an estimate of its own error.

A central difference (f(x + h) - f(x - h)) / 2h is off by c h^2 + d h^4 + ..., a one-sided one by c h + d h^2 + ..., and
both by the rounding noise of f over h. Differences at h, h/2, h/4, ... are combined so that the powers of h fall away
one by one. How far neighbours in the resulting table lie apart tells how good they are, and the noise is added to that;
the entry with the smallest error bar is taken.

Sources: Richardson, "The deferred approach to the limit", Phil. Trans. A 226, 1927; Ridders, "Accurate computation of
F'(x) and F'(x) F''(x)", Advances in Engineering Software 4, 1982.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygrad_cn.testing.evaluation import Evaluation, Line

__all__ = ["EPS", "Estimate", "Ladder", "central", "one_sided", "sample"]

EPS = float(np.finfo(np.float64).eps)
TINY = float(np.finfo(np.float64).tiny)

#: Rounding errors that a well-made function is granted, in units in the last place of its result.
ULPS = 4.0


@dataclass(frozen=True)
class Estimate:
    """A derivative along a line, for each row of weights.

    Attributes:
        value (float64 array of shape (rows,)): NaN where none was found.
        error (float64 array of shape (rows,)): how far it may be off; infinite where none was found.
    """

    value: np.ndarray
    error: np.ndarray


@dataclass(frozen=True)
class Ladder:
    """A function at x + h and x - h for steps h that halve, less its value at x, weighed by rows.

    Attributes:
        up, down (arrays of shape (levels, 1)): how far x + h and x - h really are from x.
        plus, minus (arrays of shape (levels, rows)): the differences.
        noise (array of shape (levels, rows)): the rounding noise that they have at least.
        blind (array of shape (rows,)): how large a derivative may be that no step shows: outputs that never changed
            may be flat, or too large to show it.
    """

    up: np.ndarray
    down: np.ndarray
    plus: np.ndarray
    minus: np.ndarray
    noise: np.ndarray
    blind: np.ndarray

    def __len__(self) -> int:
        return len(self.up)

    def upper(self, fewer: int) -> Ladder:
        """Without so many of the smallest steps."""
        end = max(2, len(self) - fewer)
        up, down, plus, minus, noise = (a[:end] for a in (self.up, self.down, self.plus, self.minus, self.noise))
        return Ladder(up, down, plus, minus, noise, self.blind)


def sample(evaluation: Evaluation, line: Line, top: float, levels: int) -> Ladder:
    """Evaluate ``line`` at ``top``, ``top`` / 2, ... on both sides, as far as the steps are not lost in rounding."""
    center, finite = evaluation.center, evaluation.finite
    size = np.where(finite, np.abs(center), 0.0)
    changed = np.zeros(center.shape, dtype=bool)
    plus, minus, noise, up, down = [], [], [], [], []
    with np.errstate(all="ignore"):
        for k in range(levels):
            h = top * 0.5**k
            if not (line.exact(h) > 0 > line.exact(-h)):
                break
            up.append(line.exact(h))
            down.append(-line.exact(-h))
            above, below = line.at(h), line.at(-h)
            changed |= (above != center) | (below != center)
            largest = np.fmax(size, np.fmax(np.abs(above), np.abs(below)))
            plus.append(evaluation.project(above - center))
            minus.append(evaluation.project(below - center))
            noise.append(evaluation.project_sizes(np.where(changed, ULPS * EPS * largest + TINY, 0.0)))
        blind = evaluation.project_sizes(np.where(changed, 0.0, EPS * size + TINY)) / top
    count, width = len(up), len(evaluation.rows)
    above, below = (np.array(found).reshape(count, 1) for found in (up, down))
    high, low, floor = (np.array(found).reshape(count, width) for found in (plus, minus, noise))
    return Ladder(above, below, high, low, floor, blind)


def central(ladder: Ladder, noise: np.ndarray | None = None) -> Estimate:
    """The best derivative from central differences.

    Args:
        noise (array of shape (levels, rows), optional): in place of the ladder's own.
    """
    span = ladder.up + ladder.down
    floor = 2 * (ladder.noise if noise is None else noise) / span
    return _extrapolated((ladder.plus - ladder.minus) / span, (4.0, 16.0), floor)


def one_sided(values: np.ndarray, steps: np.ndarray, noise: np.ndarray) -> Estimate:
    """The best derivative from differences to one side: ``ladder.plus`` over ``ladder.up``, say."""
    return _extrapolated(values / steps, (2.0, 4.0, 8.0), 4 * noise / steps)


def _extrapolated(first: np.ndarray, powers: tuple[float, ...], floor: np.ndarray) -> Estimate:
    """For each row, the best entry of the tables over all stretches of the ladder.

    An entry's error bar is its distance from the two that it was made from, or from its nearer neighbour up or down
    the ladder if that is more, and the noise. The search begins at the smallest steps, whose error bars are wide but
    honest, and goes on to larger ones as long as these agree: behind a pole or a kink differences converge, too, but to
    something else.
    """
    levels, rows = first.shape
    if levels < 2 or not rows:
        return Estimate(np.full(rows, np.nan), np.full(rows, np.inf))
    values = np.full((levels, rows), np.nan)
    errors = np.full((levels, rows), np.inf)
    column = first
    with np.errstate(all="ignore"):
        for power in powers[: levels - 1]:
            above, column = column, (power * column[1:] - column[:-1]) / (power - 1)
            start = levels - len(column)
            error = np.maximum(np.abs(column - above[1:]), np.abs(column - above[:-1]))
            if len(column) > 1:
                step = np.abs(np.diff(column, axis=0))
                step = np.where(np.isfinite(step), step, np.inf)
                error = np.maximum(error, np.minimum(np.vstack([step, step[-1:]]), np.vstack([step[:1], step])))
            error = error + floor[start:]
            better = error < errors[start:]  # and so not NaN
            np.copyto(values[start:], column, where=better)
            np.copyto(errors[start:], error, where=better)
        return _outward(values, errors)


def _outward(values: np.ndarray, errors: np.ndarray) -> Estimate:
    """The entry with the smallest error bar among those that agree with all at smaller steps."""
    value, error = values[-1], errors[-1]
    open_ = np.ones(value.shape, dtype=bool)
    for v, e in zip(values[-2::-1], errors[-2::-1], strict=True):
        distance = np.abs(v - value)
        unknown = np.isinf(error)
        open_ &= unknown | np.isinf(e) | (distance <= 4 * (error + e))
        take = open_ & (e < error) & (unknown | (distance <= 4 * error))
        value, error = np.where(take, v, value), np.where(take, e, error)
    return Estimate(value, error)
