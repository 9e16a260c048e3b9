"""Large inputs as a whole: the gradient times random directions, and where in the input it goes wrong.

A direction moves every element at once. The derivative along it is known so well that one wrong element among
a hundred thousand shows, if it is wrong by a millionth; halving the direction again and again then finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tinygrad_cn.testing.comparison import BARS, ROUNDING
from tinygrad_cn.testing.evaluation import Evaluation
from tinygrad_cn.testing.examination import Examination, examine

__all__ = ["Projection", "locate", "project"]

Jitter = Callable[[], Sequence[np.ndarray]]


@dataclass(frozen=True)
class Projection:
    """A gradient along a direction, beside its numeric value.

    Attributes:
        direction (array of the input's shape)
        analytic, numeric, error (arrays of shape (rows,))
        wrong (array of bools of shape (rows,))
    """

    direction: np.ndarray
    analytic: np.ndarray
    numeric: np.ndarray
    error: np.ndarray
    wrong: np.ndarray


def project(
    evaluation: Evaluation, which: int, analytic: np.ndarray, jitter: Jitter, mask: np.ndarray | None = None
) -> Projection:
    """Look at the gradient by input ``which`` along a random direction, within ``mask``."""
    direction = evaluation.random_direction(which, mask)
    directions: list[np.ndarray | None] = [None] * len(evaluation.arrays)
    directions[which] = direction
    flat = direction.reshape(-1)
    with np.errstate(all="ignore"):
        expected = analytic @ flat
        terms = np.abs(analytic) @ np.abs(flat)
    line = evaluation.direction(directions)
    look = examine(evaluation, line, top=0.25)
    wrong = _wrong(look, expected, terms)
    if wrong.any():  # a second opinion, from other steps
        wrong &= _wrong(examine(evaluation, line, top=0.17), expected, terms)
    if wrong.any():
        with np.errstate(all="ignore"):
            moved = jitter()[which] @ np.abs(flat)
            wrong &= ~(np.abs(expected - look.both.value) <= 16 * moved)
    return Projection(direction, expected, look.both.value, look.both.error, wrong)


def _wrong(look: Examination, expected: np.ndarray, terms: np.ndarray) -> np.ndarray:
    value, error = look.both.value, look.both.error
    with np.errstate(all="ignore"):
        allowed = BARS * error + ROUNDING * (terms + np.abs(value))
        far = np.isfinite(error) & ~(np.abs(expected - value) <= allowed)
    smooth = np.array([kind is None for kind in look.kinds], dtype=bool)
    outside = np.array([not look.between(row, float(v)) for row, v in enumerate(expected)], dtype=bool)
    return far & (smooth | outside)


def locate(evaluation: Evaluation, which: int, analytic: np.ndarray, jitter: Jitter, most: int = 4) -> list[int]:
    """Elements of the flattened input that are wrong, found by halving.

    Args:
        most (int): stop when so many are found.
    """
    size = evaluation.arrays[which].size
    found: list[int] = []
    waiting = [np.arange(size)]
    while waiting and len(found) < most:
        places = waiting.pop()
        if len(places) == 1:
            found.append(int(places[0]))
            continue
        halves = (places[: len(places) // 2], places[len(places) // 2 :])
        for half in halves:
            mask = np.zeros(size, dtype=bool)
            mask[half] = True
            seen = project(evaluation, which, analytic, jitter, mask.reshape(evaluation.arrays[which].shape))
            if seen.wrong.any():
                waiting.append(half)
    return found
