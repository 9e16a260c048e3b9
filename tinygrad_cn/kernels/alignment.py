"""Connectionist temporal classification on arrays: how likely a sequence of labels is, over all alignments.

Graves et al. (2006, doi:10.1145/1143844.1143891), in logarithms. A path runs through the states blank, label, blank,
label, ..., blank; at each step it stays, moves on by one state, or skips the blank between two different labels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .arrays import Array

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Paths:
    """The states of each sequence: their labels, where the blank before may be skipped, and the lengths.

    Shape: label and skips (N, 2 S + 1), times and labels (N,)
    """

    label: Ints
    skips: NDArray[np.bool_]
    times: Ints
    labels: Ints

    @property
    def last(self) -> Ints:
        """The number of the last state, the blank at the end."""
        return 2 * self.labels


def paths(targets: Ints, times: Ints, labels: Ints, blank: int) -> Paths:
    """The states for padded targets (N, S) of which the first ``labels`` of each row count."""
    count, most = targets.shape
    states = np.full((count, 2 * most + 1), blank, np.int64)
    used = np.arange(most) < labels[:, None]
    states[:, 1::2] = np.where(used, targets, blank)
    skips = np.zeros(states.shape, bool)
    skips[:, 3::2] = states[:, 3::2] != states[:, 1:-2:2]
    return Paths(states, skips, times, labels)


def _log_sum(*terms: Array) -> Array:
    """log(e^a + e^b + ...), of minus infinities minus infinity."""
    top = np.maximum.reduce(terms)
    np.maximum(top, np.finfo(top.dtype).min, out=top)  # something to subtract from minus infinity
    total = np.exp(terms[0] - top)
    for term in terms[1:]:
        total += np.exp(term - top)
    np.log(total, out=total)
    total += top
    return total


class _Neighbours:
    """States with places for two more at one end, where nothing comes in: their neighbours are views."""

    def __init__(self, like: Array, p: Paths) -> None:
        self._padded = np.full_like(like, -math.inf, shape=(p.label.shape[0], p.label.shape[1] + 2))
        self._toll = np.where(p.skips, 0, -math.inf).astype(like.dtype)  # of skipping a blank

    def sum_of_earlier(self, a: Array) -> Array:
        """What reaches each state from itself, the one before and, where that may be skipped, the one before that."""
        padded = self._padded
        padded[:, 2:] = a
        return _log_sum(a, padded[:, 1:-1], padded[:, :-2] + self._toll)

    def sum_of_later(self, a: Array) -> Array:
        """What each state reaches: itself, the next and, if that one may be skipped, the one after."""
        padded = self._padded
        padded[:, :-2] = a
        next_one = padded[:, 1:-1].copy()
        padded[:, :-2] += self._toll
        return _log_sum(a, next_one, padded[:, 2:])


def emissions(x: Array, p: Paths) -> Array:
    """The log-probability of each state's label at each step. Shape: x (T, N, C) -> (T, N, states)."""
    return np.take_along_axis(x, np.broadcast_to(p.label, (x.shape[0], *p.label.shape)), 2)


def forward(x: Array, p: Paths) -> tuple[Array, Array]:
    """The negative log-likelihood of each sequence, and the log-likelihoods of reaching each state at each step.

    Shape: x (T, N, C) log-probabilities; results (N,) and (T, N, states)
    """
    emitted = emissions(x, p)
    reached = np.full_like(emitted, -math.inf)
    count = len(p.label)
    if x.shape[0]:
        start = p.last[:, None] >= np.arange(2)[: p.label.shape[1]]
        reached[0, :, :2] = np.where(start, emitted[0, :, :2], -math.inf)
    neighbours = _Neighbours(x, p)
    for t in range(1, x.shape[0]):
        np.add(emitted[t], neighbours.sum_of_earlier(reached[t - 1]), out=reached[t])
    rows = np.arange(count)
    if not x.shape[0]:
        return np.where(p.labels == 0, 0, math.inf).astype(x.dtype), reached
    final = reached[np.maximum(p.times, 1) - 1, rows]  # (N, states)
    ends = _log_sum(final[rows, p.last], np.where(p.labels > 0, final[rows, np.maximum(p.last - 1, 0)], -math.inf))
    empty = np.where(p.labels == 0, 0, -math.inf)
    return -np.where(p.times > 0, ends, empty).astype(x.dtype), reached


def posterior(x: Array, p: Paths, losses: Array, reached: Array) -> Array:
    """How likely each class is emitted at each step, given that the labels are: minus the gradient of the losses.

    Shape: x and result (T, N, C)
    """
    steps, count, classes = x.shape
    emitted = emissions(x, p)
    states = np.arange(p.label.shape[1])
    ends = (states == p.last[:, None]) | (states == p.last[:, None] - 1)
    last = np.where(ends, 0, -math.inf).astype(x.dtype)
    ahead = np.full_like(emitted, -math.inf)  # the log-likelihoods of what follows each state at each step
    neighbours = _Neighbours(x, p)
    closing = set(p.times.tolist())
    for t in range(steps - 1, -1, -1):
        if t + 1 < steps:
            ahead[t] = neighbours.sum_of_later(ahead[t + 1] + emitted[t + 1])
        if t + 1 in closing:
            ahead[t] = np.where((p.times == t + 1)[:, None], last, ahead[t])
    ahead += reached
    ahead += losses[:, None]
    share = np.exp(ahead, out=ahead)
    counts = np.isfinite(losses) & (np.arange(steps)[:, None] < p.times)  # (T, N)
    share = np.where(counts[..., None], share, 0)
    # (T, N, states) -> (T, N, C): the states of a label, and all blanks, add up
    places = (np.arange(steps * count) * classes).reshape(steps, count, 1) + p.label
    total = np.bincount(places.reshape(-1), share.reshape(-1), x.size)
    return total.reshape(x.shape).astype(x.dtype)
