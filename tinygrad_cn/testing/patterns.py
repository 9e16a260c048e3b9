"""Mistakes as predictions: what a gradient would be, had it been transposed, had it stayed unsummed, and so on."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

__all__ = ["constant_factor", "describe_elements", "kept_contributions", "rearranged", "rearranged_jacobian"]

#: Axes of a Jacobian beyond which exchanging pairs of them takes too long.
MOST_AXES = 8


def constant_factor(analytic: np.ndarray, numeric: np.ndarray, allowed: np.ndarray) -> float | None:
    """The one factor between two arrays, where there is one that explains every element within ``allowed``."""
    largest = np.max(np.abs(numeric), initial=0.0)
    if largest == 0:
        return None
    # in units of the largest, lest squares overflow
    a, n = analytic / largest, numeric / largest
    weights = n / np.maximum(np.square(np.maximum(allowed / largest, 1e-300)), 1e-30)
    total = float(np.sum(weights * n))
    factor = float(np.sum(weights * a)) / total
    if not np.isfinite(factor):
        return None
    slack = 2 / np.sqrt(total) * np.abs(numeric)
    agrees = np.abs(analytic - factor * numeric) <= (1 + abs(factor)) * allowed + slack
    return factor if agrees.all() else None


def rearranged(numeric: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """A gradient of shape (rows, *input) with the input's axes exchanged or reversed, each with its description."""
    axes = range(1, numeric.ndim)
    for permutation in itertools.islice(itertools.permutations(axes), 1, 120):
        moved = numeric.transpose(0, *permutation)
        if moved.shape == numeric.shape:
            yield f"its axes are exchanged, as by permute{tuple(p - 1 for p in permutation)}", moved
        else:
            moved = moved.reshape(numeric.shape)
            yield f"it is the gradient of shape {list(numeric.transpose(0, *permutation).shape[1:])}, reshaped", moved
    for count in range(1, min(numeric.ndim, 4)):
        for flipped in itertools.combinations(axes, count):
            yield f"it is reversed along {_axes([a - 1 for a in flipped])}", np.flip(numeric, flipped)
    for axis in axes:
        for shift in (1, -1):
            if numeric.shape[axis] > 2:
                yield f"it is shifted by {shift} along axis {axis - 1}", np.roll(numeric, shift, axis)


def rearranged_jacobian(jacobian: np.ndarray, output_axes: int) -> Iterator[tuple[str, np.ndarray]]:
    """A Jacobian of shape (*output, *input) with axes exchanged: what a transposed factor in a rule makes of it."""
    shape = jacobian.shape
    inputs = shape[output_axes:]
    size = int(np.prod(inputs))
    if size and jacobian.size == size * size:
        yield "its Jacobian is transposed", jacobian.reshape(size, size).T.reshape(shape)
    if jacobian.ndim > MOST_AXES:
        return
    pairs = [(i, j) for i, j in itertools.combinations(range(jacobian.ndim), 2) if shape[i] == shape[j] > 1]
    for first in pairs:
        once = np.swapaxes(jacobian, *first)
        yield f"a factor in it is transposed: {_pair(first, output_axes)} are exchanged", once
    for first, second in itertools.combinations(pairs, 2):
        if not set(first) & set(second):
            yield (
                (
                    f"a factor in it is transposed: {_pair(first, output_axes)}, and {_pair(second, output_axes)}, "
                    "are exchanged"
                ),
                np.swapaxes(np.swapaxes(jacobian, *first), *second),
            )


def _pair(axes: tuple[int, int], output_axes: int) -> str:
    names = [f"output axis {a}" if a < output_axes else f"input axis {a - output_axes}" for a in axes]
    return " and ".join(names)


def kept_contributions(analytic: np.ndarray, numeric: np.ndarray, wrong: np.ndarray) -> bool:
    """Whether the gradient is that of some outputs only: all of an output's share is missing, or of equal ones some.

    Args:
        analytic, numeric (arrays of shape (outputs, elements)): the Jacobians.
        wrong (array of bools of that shape)
    """
    if not wrong.any() or np.any(analytic[wrong] != 0):
        return False
    there = numeric != 0
    if not (there & ~wrong)[:, wrong.any(axis=0)].any(axis=0).all():
        return False  # nothing is left of some element
    if not np.any(there & ~wrong & wrong.any(axis=1, keepdims=True)):
        return True  # some outputs are left out altogether
    for k in np.flatnonzero(wrong.any(axis=0)):
        column = np.abs(numeric[there[:, k], k])
        if np.ptp(column) > 1e-6 * np.max(column):
            return False
    return True


def describe_elements(wrong: np.ndarray, counted: np.ndarray, values: np.ndarray) -> tuple[str, bool] | None:
    """What sets the wrong elements apart from the others, and whether that is surely a mask.

    Args:
        wrong (array of bools, of the input's shape)
        counted (array of bools, of the input's shape): where there is something to be right or wrong about.
        values (array): the input.
    """
    right = counted & ~wrong
    if not right.any() or not wrong.any():
        return None
    count = f"{int(wrong.sum())} of {int(counted.sum())} elements"
    if wrong.sum() == 1:
        return f"{count}, at {[int(i) for i in np.argwhere(wrong)[0]]}", True
    for name, x in (("the input", values), ("the input's absolute value", np.abs(values))):
        low, high = x[wrong].min(), x[wrong].max()
        if low > x[right].max():
            return f"{count}, where {name} is above {_between(x[right].max(), low):.6g}", True
        if high < x[right].min():
            return f"{count}, where {name} is below {_between(high, x[right].min()):.6g}", True
        if not np.any((x[right] >= low) & (x[right] <= high)) and right.sum() > 1:
            return f"{count}, where {name} lies in [{low:.6g}, {high:.6g}]", True
    return _positions(wrong, right, count)


def _positions(wrong: np.ndarray, right: np.ndarray, count: str) -> tuple[str, bool] | None:
    edge = np.zeros(wrong.shape, dtype=bool)
    for axis in range(wrong.ndim):
        ones = tuple(i for i in range(wrong.ndim) if i != axis)
        bad, good = np.flatnonzero(wrong.any(axis=ones)), np.flatnonzero(right.any(axis=ones))
        if not set(bad) & set(good):
            few = len(bad) <= len(good) or set(bad) == {0, wrong.shape[axis] - 1}
            return f"{count}, at {[int(b) for b in bad]} along axis {axis}", few
        if wrong.shape[axis] > 2:
            ends = [slice(None)] * wrong.ndim
            for end in (0, -1):
                ends[axis] = slice(end, end + 1 or None)
                edge[tuple(ends)] = True
    if not np.any(wrong & ~edge) and not np.any(right & edge):
        return f"{count}, at the edges", True
    return None


def _between(a: float, b: float) -> float:
    return 0.0 if a <= 0 <= b else (a + b) / 2


def _axes(axes: list[int]) -> str:
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {axes}"
