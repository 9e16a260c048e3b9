"""Connectionist temporal classification on arrays: how likely a sequence of labels is, over all alignments.

Graves et al. (2006, doi:10.1145/1143844.1143891), in logarithms. A path runs through the states blank, label, blank,
label, ..., blank; at each step it stays, moves on by one state, or skips the blank between two different labels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .correlation import Array

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


def _later(a: Array, by: int) -> Array:
    """``a`` moved on by so many states, nothing coming in."""
    out = np.full_like(a, -math.inf)
    out[:, by:] = a[:, : a.shape[1] - by]
    return out


def _earlier(a: Array, by: int) -> Array:
    out = np.full_like(a, -math.inf)
    out[:, : a.shape[1] - by] = a[:, by:]
    return out


def _log_sum(*terms: Array) -> Array:
    top = np.maximum.reduce(terms)
    safe = np.where(np.isneginf(top), 0, top)
    return np.log(sum(np.exp(t - safe) for t in terms)) + safe


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
    for t in range(1, x.shape[0]):
        a = reached[t - 1]
        reached[t] = emitted[t] + _log_sum(a, _later(a, 1), np.where(p.skips, _later(a, 2), -math.inf))
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
    emitted = emissions(x, p)
    out = np.zeros_like(x, order="C")
    rows = np.arange(len(p.label))
    states = np.arange(p.label.shape[1])
    ends = (states == p.last[:, None]) | (states == p.last[:, None] - 1)
    possible = np.isfinite(losses)[:, None]
    ahead = np.full_like(emitted[0] if len(emitted) else losses[:, None], -math.inf)
    for t in range(x.shape[0] - 1, -1, -1):
        if t + 1 < x.shape[0]:
            b = ahead + emitted[t + 1]
            ahead = _log_sum(b, _earlier(b, 1), _earlier(np.where(p.skips, b, -math.inf), 2))
        ahead = np.where((p.times == t + 1)[:, None], np.where(ends, 0, -math.inf).astype(x.dtype), ahead)
        share = np.where(possible & (t < p.times)[:, None], np.exp(reached[t] + ahead + losses[:, None]), 0)
        np.add.at(out[t], (rows[:, None], p.label), share)
    return out
