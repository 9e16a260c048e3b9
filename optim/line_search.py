"""The line search of L-BFGS: a step that satisfies the strong Wolfe conditions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

__all__ = ["Point", "strong_wolfe"]


class Point(NamedTuple):
    """A point on the line: how far along the direction, the loss there, its gradient, and its slope on the line."""

    step: float
    loss: float
    gradient: np.ndarray
    slope: float


def strong_wolfe(
    evaluate: Callable[[float], Point],
    start: Point,
    step: float,
    reach: float,
    tolerance: float = 1e-9,
    most: int = 25,
    c1: float = 1e-4,
    c2: float = 0.9,
) -> tuple[Point, int]:
    """Find a step where the loss fell enough (by ``c1``) and the slope is flat enough (by ``c2``).

    First steps grow until two of them enclose such a step, then the enclosing interval shrinks; new steps are minima
    of cubics through the ends.

    Source: Nocedal and Wright, "Numerical Optimization", 2nd edition, algorithms 3.5 and 3.6.

    Args:
        evaluate: gives the point of a step.
        start: the point of step 0.
        step: the step to try first.
        reach: the largest component of the direction; intervals shorter than ``tolerance`` over it are not divided.
        tolerance: see ``reach``.
        most: how many times to divide or grow.
        c1, c2: the constants of the conditions.

    Returns:
        The best point, and the number of evaluations.
    """

    def too_high(point: Point) -> bool:
        return point.loss > start.loss + c1 * point.step * start.slope

    def flat(point: Point) -> bool:
        return abs(point.slope) <= -c2 * start.slope

    previous, point = start, evaluate(step)
    tries = 0
    while tries < most:
        if too_high(point) or (tries > 1 and point.loss >= previous.loss):
            break
        if flat(point):
            return point, tries + 1
        if point.slope >= 0:
            break
        shortest, longest = point.step + 0.01 * (point.step - previous.step), point.step * 10
        step = _cubic_minimum(previous, point, shortest, longest)
        previous, point = point, evaluate(step)
        tries += 1
    ends = [start if tries == most else previous, point]
    low = 0 if ends[0].loss <= ends[1].loss else 1
    stuck = False  # whether the last step came close to an end, which would make the interval shrink slowly
    while tries < most and abs(ends[1].step - ends[0].step) * reach >= tolerance:
        left, right = sorted(end.step for end in ends)
        step = _cubic_minimum(ends[0], ends[1], left, right)
        margin = 0.1 * (right - left)
        if min(right - step, step - left) < margin:
            if stuck or step >= right or step <= left:
                step = right - margin if abs(step - right) < abs(step - left) else left + margin
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        point = evaluate(step)
        tries += 1
        if too_high(point) or point.loss >= ends[low].loss:
            ends[1 - low] = point
            low = 0 if ends[0].loss <= ends[1].loss else 1
            continue
        done = flat(point)
        if not done and point.slope * (ends[1 - low].step - ends[low].step) >= 0:
            ends[1 - low] = ends[low]
        ends[low] = point
        if done:
            break
    return ends[low], tries + 1


def _cubic_minimum(a: Point, b: Point, left: float, right: float) -> float:
    """The minimum in ``[left, right]`` of the cubic through two points with their slopes: equation 3.59 there."""
    if a.step > b.step:
        a, b = b, a
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.step - b.step)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:
        return (left + right) / 2
    d2 = math.sqrt(square)
    minimum = b.step - (b.step - a.step) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
    return min(max(minimum, left), right)
