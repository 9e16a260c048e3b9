"""Whether complex steps may be trusted with a function: it takes complex arrays, is analytic, and bends nowhere here.

A function that drops imaginary parts on the way (an absolute value, a cast) would give complex steps that are wrong
without a word. So they are held against real differences along directions that move every element at once.

Source: Squire and Trapp, "Using complex variables to estimate derivatives of real functions", SIAM Review 40, 1998.
"""

from __future__ import annotations

import numpy as np

from tinygrad_cn.testing.differences import EPS
from tinygrad_cn.testing.evaluation import Evaluation
from tinygrad_cn.testing.examination import examine

__all__ = ["complex_steps_work"]

DIRECTIONS = 2
LEVELS = 28
#: How much slower than a real evaluation a complex one may be: real differences take six.
SLOWER, SLOW = 6.0, 1e-3


def complex_steps_work(evaluation: Evaluation) -> bool:
    """Try complex steps, and compare them with real differences along random directions."""
    if not evaluation.target.takes_complex or not all(np.isfinite(a).all() for a in evaluation.arrays):
        return False
    before = evaluation.seconds
    plain = evaluation.complex_vector([a.astype(np.complex128) for a in evaluation.arrays])
    if plain is None:
        return False
    taken, before = evaluation.seconds - before, evaluation.seconds
    evaluation.vector(evaluation.arrays)
    if taken > SLOWER * (evaluation.seconds - before) and taken > SLOW:
        return False
    size = evaluation.center
    with np.errstate(all="ignore"):
        same = np.abs(plain.real - size) <= 1e6 * EPS * np.abs(size)
    if not (same | ~evaluation.finite).all():
        return False
    return all(_agrees(evaluation) for _ in range(DIRECTIONS))


def _agrees(evaluation: Evaluation) -> bool:
    directions = [evaluation.random_direction(i) for i in range(len(evaluation.arrays))]
    step = 2.0**-100
    moved = evaluation.complex_vector([a + 1j * step * d for a, d in zip(evaluation.arrays, directions, strict=True)])
    if moved is None:
        return False
    derivative = moved.imag / step
    with np.errstate(all="ignore"):
        value = evaluation.project(derivative)
        rounding = 1e-13 * evaluation.project_sizes(np.abs(derivative))
        look = examine(evaluation, evaluation.direction(directions), top=0.25, levels=LEVELS)
        fine = np.abs(look.both.value - value) <= 8 * look.both.error + rounding
        sharp = look.both.error <= 1e-6 * evaluation.project_sizes(np.abs(derivative)) + rounding
    return all(kind is None for kind in look.kinds) and bool((fine & sharp).all())
