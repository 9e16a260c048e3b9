"""What the layers of `recurrent` and `lstm` share: the walk over packed steps.

The steps stand one after another, step ``t`` with ``batch_sizes[t]`` rows, so that sequences of different lengths
need no padding: sorted by length, step ``t`` holds the first ``batch_sizes[t]`` of them. Backwards in time the
sequences join as their last steps come up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["in_order", "kept", "result_kind", "spelled_sigmoid", "transposed", "walk"]


def walk(batch_sizes: Sequence[int], reverse: bool) -> list[tuple[slice, int]]:
    """The rows of each step and how many they are, in the order of the walk."""
    steps = []
    start = 0
    for count in batch_sizes:
        steps.append((slice(start, start + count), count))
        start += count
    return steps[::-1] if reverse else steps


def result_kind(*arrays: Any) -> Any:
    """The dtype of what is computed from the arrays, of which some may be ``None``."""
    return np.result_type(*[a for a in arrays if a is not None])


def transposed(weight: Any) -> Any:
    """A matrix with its axes exchanged."""
    return np.swapaxes(weight, 0, 1)


def in_order(outs: list[Any], reverse: bool) -> Any:
    """The results of the walk's steps in the order of time."""
    return np.concatenate(outs[::-1] if reverse else outs, axis=0)


def kept(new: Any, old: Any) -> Any:
    """``new`` for the first rows, what ``old`` has in the others."""
    count = new.shape[0]
    return new if count == old.shape[0] else np.concatenate([new, old[count:]], axis=0)


def spelled_sigmoid(a: Any) -> Any:
    """The logistic function in ops that have gradients of all orders."""
    return np.tanh(a * 0.5) * 0.5 + 0.5
