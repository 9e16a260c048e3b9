"""Attention, and the alignment of sequences with labels."""

import itertools
import math
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cn.kernels.alignment import Paths, paths
from tinygrad_cn.testing import strategies as draw
from tinygrad_cn.testing.op_cases.case import Case, Sample


@st.composite
def attended(choose: Any) -> Sample:
    lead = choose(st.sampled_from([(), (2,), (1, 2)]))
    queries, keys, width, out = (choose(st.integers(1, 3)) for _ in range(4))
    q, k, v = (*lead, queries, width), (*lead, keys, width), (*lead, keys, out)
    full = (*lead, queries, keys)
    biased = choose(st.sampled_from([None, full, full[-2:], (*full[:-2], 1, keys), (1,) * len(full)]))
    bias = None if biased is None else choose(draw.arrays(biased, bits=6))
    masked = choose(st.sampled_from([None, full, full[-2:]]))
    hidden = None if masked is None else choose(hnp.arrays(bool, masked))
    arrays = tuple(choose(draw.arrays(shape, -2, 2, bits=bits)) for shape, bits in ((q, 4), (k, 5), (v, 4)))
    params = {"hidden": hidden, "scale": choose(st.sampled_from([1.0, 0.5])), "causal": choose(st.booleans())}
    return Sample((*arrays, bias), params)


def _attention(q: Any, k: Any, v: Any, bias: Any, hidden: Any, scale: float, causal: bool) -> Any:
    """Query by query, over the keys that it sees."""
    out = np.zeros((*q.shape[:-1], v.shape[-1]), dtype=v.dtype)
    full = (*q.shape[:-1], k.shape[-2])
    extra = np.broadcast_to(0 if bias is None else bias, full)
    unseen = np.broadcast_to(False if hidden is None else hidden, full)
    for place in np.ndindex(q.shape[:-1]):
        *lead, i = place
        seen = [j for j in range(full[-1]) if not unseen[(*place, j)] and not (causal and j > i)]
        weights = [np.exp(scale * q[place] @ k[(*lead, j)] + extra[(*place, j)]) for j in seen]
        for j, weight in zip(seen, weights, strict=True):
            out[place] += weight / sum(weights) * v[(*lead, j)]
    return out


@st.composite
def aligned(choose: Any) -> Sample:
    steps, count, classes = choose(st.integers(0, 4)), choose(st.integers(1, 2)), choose(st.integers(2, 3))
    labels = np.array([choose(st.integers(0, min(2, steps))) for _ in range(count)])
    targets = choose(hnp.arrays(np.int64, (count, int(labels.max())), elements=st.integers(1, classes - 1)))
    least = [n + sum(a == b for a, b in itertools.pairwise(row[:n])) for row, n in zip(targets, labels, strict=True)]
    times = np.array([choose(st.integers(min(n, steps), steps)) for n in least])
    possible = np.array(least) <= times  # an impossible sequence has an infinite loss
    labels = np.where(possible, labels, 0)
    return Sample((choose(draw.arrays((steps, count, classes), -3, 0)),), {"paths": paths(targets, times, labels, 0)})


def _alignment(x: Any, paths: Paths) -> Any:
    """The sum over all sequences of classes that read as the labels."""
    losses = []
    for n, (time, last) in enumerate(zip(paths.times, paths.last, strict=True)):
        wanted = paths.label[n, 1:last:2].tolist()
        total = 0
        for way in itertools.product(range(x.shape[2]), repeat=int(time)):
            if [c for c, _ in itertools.groupby(way) if c] == wanted:
                total = total + np.exp(sum((x[t, n, c] for t, c in enumerate(way)), start=0 * x.sum()))
        losses.append(-np.log(total) if time else (0 * x.sum() if not wanted else math.inf))
    return np.array(losses)


CASES = [
    Case("attention", attended(), _attention, analytic=False, half=False),
    Case("alignment", aligned(), _alignment, analytic=False, half=False),
]
