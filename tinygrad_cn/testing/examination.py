"""A close look along a line: derivatives from both sides over a long ladder of steps, and what they say together.

It is taken where a first difference does not settle the matter. The ladder shows over which steps the function is
smooth, how large its rounding noise is, and whether the point is a kink, a jump or the edge of its domain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygrad_cn.testing.differences import EPS, Estimate, Ladder, central, one_sided, sample
from tinygrad_cn.testing.evaluation import Evaluation, Line
from tinygrad_cn.testing.report import KinkKind

__all__ = ["Examination", "examine"]

LEVELS, MOST_OCTAVES = 42, 160
#: Steps below those tell jumps and edges only: by then rounding errors are no longer at random.
FINEST = 10
#: The last of the steps that do without them. A function that adds its argument to something large is a staircase,
#: whose slope between two stairs is not that of the stairs.
COARSE = 14
#: Two one-sided derivatives that differ by less, relative to their size, make no kink.
KINK = 1e-6


@dataclass(frozen=True)
class Examination:
    """What a ladder of steps shows, for each row of weights.

    Attributes:
        both (Estimate): the derivative from central differences, which begin at the smallest steps.
        coarse (Estimate): the same without the smaller third of the steps.
        left, right (Estimate): the derivatives from below and above.
        kinds (list): for each row, how the function fails to be smooth; None where it is smooth.
    """

    both: Estimate
    coarse: Estimate
    left: Estimate
    right: Estimate
    kinds: list[KinkKind | None]

    def between(self, row: int, value: float) -> bool:
        """Whether ``value`` lies between the derivatives from both sides, as far as they are well known."""
        sides = [(e.value[row], e.error[row]) for e in (self.left, self.right)]
        largest = max((abs(v) for v, e in sides if np.isfinite(e)), default=0.0)
        sides = [(v, e) for v, e in sides if e <= 1e-3 * max(largest, abs(value))]
        if self.kinds[row] in (KinkKind.JUMP, KinkKind.CUSP) or not sides:
            return True
        low = min(v - 8 * e - 64 * EPS * abs(v) for v, e in sides)
        high = max(v + 8 * e + 64 * EPS * abs(v) for v, e in sides)
        return bool(low <= value <= high)


def examine(evaluation: Evaluation, line: Line, top: float | None = None, levels: int = LEVELS) -> Examination:
    """Sample ``line`` at ``top``, ``top`` / 2, ... on both sides, and say what is seen there.

    Args:
        top (float, optional): the largest step, by default twice the scale of the line.
    """
    top = 2 * line.scale if top is None else top
    if line.octaves <= MOST_OCTAVES:
        levels += line.octaves
    else:
        top *= 2.0**-line.octaves
    whole = sample(evaluation, line, top, levels + FINEST)
    both, left, right = (_or_else(*e) for e in zip(_derivatives(whole.upper(FINEST)), _derivatives(whole), strict=True))
    with np.errstate(all="ignore"):
        kinds = [_kind(whole, row, left, right) for row in range(whole.plus.shape[1])]
    coarse = _derivatives(whole.upper(FINEST + COARSE))[0]
    return Examination(both, coarse, left, right, kinds)


def _or_else(first: Estimate, second: Estimate) -> Estimate:
    """The second where the first knows nothing: where only the smallest steps stay within the domain."""
    take = np.isinf(first.error)
    return Estimate(np.where(take, second.value, first.value), np.where(take, second.error, first.error))


def _derivatives(ladder: Ladder) -> list[Estimate]:
    """From central differences, from below and from above."""
    with np.errstate(all="ignore"):
        found = [
            central(ladder, _measured_noise(ladder, ladder.plus - ladder.minus, ladder.up + ladder.down)),
            one_sided(-ladder.minus, ladder.down, _measured_noise(ladder, ladder.minus, ladder.down)),
            one_sided(ladder.plus, ladder.up, _measured_noise(ladder, ladder.plus, ladder.up)),
        ]
        return [Estimate(e.value, e.error + ladder.blind) for e in found]


def _measured_noise(ladder: Ladder, differences: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """How much the function trembles, at least: twice what makes slopes at the smallest steps disagree."""
    if len(ladder) < 2:
        return ladder.noise
    jumps = (np.abs(np.diff(differences / spans, axis=0)) * spans[1:])[-max(3, len(ladder) // 4) :]
    known = np.isfinite(jumps)
    jumps = np.where(known.any(axis=0), np.where(known, jumps, np.nan), 0.0)
    return np.maximum(ladder.noise, 2 * np.nanmedian(jumps, axis=0))


def _kind(ladder: Ladder, row: int, left: Estimate, right: Estimate) -> KinkKind | None:
    noise = ladder.noise[:, row]
    sides = [(ladder.plus[:, row], ladder.up[:, 0]), (ladder.minus[:, row], ladder.down[:, 0])]
    if len(ladder) < 10:
        return None
    defined = [bool(np.isfinite(values[-8:]).all()) for values, _ in sides]
    if any(_jumps(values, noise) for values, _ in sides):
        return KinkKind.JUMP
    if not any(defined):
        return KinkKind.EDGE
    if any(_is_steep(values / steps, noise / steps) for values, steps in sides):
        return KinkKind.CUSP
    if not all(defined):
        return KinkKind.EDGE
    low, high = left.value[row], right.value[row]
    apart = abs(high - low)
    if apart > 8 * (left.error[row] + right.error[row]) and apart > KINK * max(abs(low), abs(high)):
        return KinkKind.KINK
    return None


def _jumps(values: np.ndarray, noise: np.ndarray) -> bool:
    """Whether the difference from the centre stays as the steps go to zero."""
    last = values[-4:]
    apart = np.max(last) - np.min(last)
    return bool(np.isfinite(apart) and abs(last[-1]) > 50 * noise[-1] and apart < 1e-6 * abs(last[-1]))


def _is_steep(slopes: np.ndarray, noise: np.ndarray) -> bool:
    """Whether the slope grows without bound as the steps go to zero, as a root's does."""
    clear = np.isfinite(slopes) & (np.abs(slopes) > 100 * noise)
    tail = np.abs(slopes[clear])[-10:]
    if len(tail) < 10:
        return False
    growth = tail[1:] / tail[:-1]
    return bool(growth.min() > 1.05 and growth.max() < 1.1 * growth.min())
