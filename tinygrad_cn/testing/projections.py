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

__all__ = ["LEVELS", "Projection", "locate", "project"]

#: Steps on either side, for one direction by real differences.
LEVELS = 34

Jitter = Callable[[], Sequence[np.ndarray]]


@dataclass(frozen=True)
class Projection:
    """A gradient along a direction, beside its numeric value. Arrays of shape (rows,).

    Attributes:
        doubtful (array of bools): complex steps say something else.
        wrong (array of bools): so do real ones.
    """

    doubtful: np.ndarray
    wrong: np.ndarray


def project(evaluation: Evaluation, which: int, analytic: np.ndarray, jitter: Jitter, method: str) -> Projection:
    """Look at the gradient by input ``which`` along a random direction.

    Args:
        method (str): "complex" tries a complex step first; what that finds doubtful is looked at by real steps.
    """
    size = evaluation.arrays[which].size
    directions, expected, terms = _along(evaluation, which, analytic, np.arange(size))
    doubtful = np.zeros(len(expected), dtype=bool)
    if method == "complex":
        doubtful = _complex_says_no(evaluation, directions, expected, terms)
        if not doubtful.any():
            return Projection(doubtful, doubtful)
    return Projection(doubtful, _real_says_no(evaluation, which, directions, expected, terms, jitter))


def locate(
    evaluation: Evaluation, which: int, analytic: np.ndarray, jitter: Jitter, method: str, most: int = 4
) -> list[int]:
    """Elements of the flattened input that may be wrong, found by halving.

    Args:
        most (int): stop when so many are found.
    """
    found: list[int] = []
    waiting = [np.arange(evaluation.arrays[which].size)]
    while waiting and len(found) < most:
        places = waiting.pop()
        if len(places) == 1:
            found.append(int(places[0]))
            continue
        for half in (places[: len(places) // 2], places[len(places) // 2 :]):
            directions, expected, terms = _along(evaluation, which, analytic, half)
            if method == "complex":
                bad = _complex_says_no(evaluation, directions, expected, terms)
            else:
                bad = _real_says_no(evaluation, which, directions, expected, terms, jitter)
            if bad.any():
                waiting.append(half)
    return found


def _along(
    evaluation: Evaluation, which: int, analytic: np.ndarray, places: np.ndarray
) -> tuple[list[np.ndarray | None], np.ndarray, np.ndarray]:
    """A random direction within some elements, the gradient along it, and the size of the terms of that."""
    mask = np.zeros(evaluation.arrays[which].size, dtype=bool)
    mask[places] = True
    direction = evaluation.random_direction(which, mask.reshape(evaluation.arrays[which].shape))
    directions: list[np.ndarray | None] = [None] * len(evaluation.arrays)
    directions[which] = direction
    part, steps = analytic[:, places], direction.reshape(-1)[places]
    with np.errstate(all="ignore"):
        return directions, part @ steps, np.abs(part) @ np.abs(steps)


def _complex_says_no(
    evaluation: Evaluation, directions: Sequence[np.ndarray | None], expected: np.ndarray, terms: np.ndarray
) -> np.ndarray:
    step = 2.0**-100
    moved = [a + 1j * step * (0.0 if d is None else d) for a, d in zip(evaluation.arrays, directions, strict=True)]
    vector = evaluation.complex_vector(moved)
    if vector is None:
        return np.ones(len(expected), dtype=bool)
    with np.errstate(all="ignore"):
        return ~(np.abs(expected - evaluation.project(vector.imag / step)) <= ROUNDING * terms)


def _real_says_no(
    evaluation: Evaluation,
    which: int,
    directions: Sequence[np.ndarray | None],
    expected: np.ndarray,
    terms: np.ndarray,
    jitter: Jitter,
) -> np.ndarray:
    line = evaluation.direction(directions)
    look = examine(evaluation, line, top=0.25, levels=LEVELS)
    wrong = _differs(look, expected, terms)
    if wrong.any():  # a second opinion, from other steps
        wrong &= _differs(examine(evaluation, line, top=0.17, levels=LEVELS), expected, terms)
    if wrong.any():
        direction = directions[which]
        assert direction is not None, "the direction is one of this input"
        with np.errstate(all="ignore"):
            moved = jitter()[which] @ np.abs(direction.reshape(-1))
            wrong &= ~(np.abs(expected - look.both.value) <= 16 * moved)
    return wrong


def _differs(look: Examination, expected: np.ndarray, terms: np.ndarray) -> np.ndarray:
    value, error = look.both.value, look.both.error
    with np.errstate(all="ignore"):
        allowed = BARS * error + ROUNDING * (terms + np.abs(value))
        far = np.isfinite(error) & ~(np.abs(expected - value) <= allowed)
    smooth = np.array([kind is None for kind in look.kinds], dtype=bool)
    outside = np.array([not look.between(row, float(v)) for row, v in enumerate(expected)], dtype=bool)
    return far & (smooth | outside)
