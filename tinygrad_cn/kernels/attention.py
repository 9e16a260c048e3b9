"""Scaled dot-product attention on arrays, in blocks: the matrix of all weights never exists as a whole.

The forward pass keeps, beside its result, one number a query: the logarithm of the sum of its exponentials. From it
the backward pass works the weights out again, block by block (Dao et al., 2022, arXiv:2205.14135, without the tiling
over keys): memory grows with L + S, not with L S.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from .arrays import Array
from .scratch import scratch
from .threads import share, team

Mask = NDArray[np.bool_]

# Scores of one block: they should stay in a cache that is shared by cores.
_BLOCK = 1 << 17

Block = tuple[slice, slice]


class _Problem:
    """The arrays with all leading axes as one, and the scores of a block (some of the leading axis, some queries)."""

    def __init__(
        self, q: Array, k: Array, v: Array, bias: Array | None, hidden: Mask | None, scale: float, causal: bool
    ) -> None:
        self.lead, (self.queries, self.keys) = q.shape[:-2], (q.shape[-2], k.shape[-2])
        self.items = math.prod(self.lead)
        self.q = np.multiply(q, scale, order="C").reshape(self.items, *q.shape[-2:])
        self.k, self.v = (a.reshape(self.items, *a.shape[-2:]) for a in (k, v))
        self.bias, self.hidden, self.causal = bias, hidden, causal
        self.alone = any(a is not None and a.ndim > 2 and math.prod(a.shape[:-2]) > 1 for a in (bias, hidden))

    def share(self, job: Callable[[Sequence[int]], object]) -> None:
        """Run ``job`` on the items of the leading axis; what belongs to one item is written by one thread."""
        if not self.items:
            return
        share(job, range(self.items), team(self.items * self.queries * self.keys * self.q.shape[-1] * 2))

    def blocks(self, items: Sequence[int]) -> Iterator[Block]:
        rows = max(1, min(self.queries, _BLOCK // max(self.keys, 1)))
        some = 1 if self.alone or rows < self.queries else max(1, _BLOCK // max(self.queries * self.keys, 1))
        for i in range(items[0], items[-1] + 1, some):
            for j in range(0, self.queries, rows):
                yield slice(i, min(i + some, items[-1] + 1)), slice(j, min(j + rows, self.queries))

    def _part(self, a: Array, some: slice, rows: slice) -> Array:
        """What ``a``, which broadcasts to (..., L, S), is in a block."""
        full = np.broadcast_to(a, (*self.lead, self.queries, self.keys))
        if self.alone:
            return full[(*np.unravel_index(some.start, self.lead), rows)]
        return full[(0,) * len(self.lead)][rows]

    def scores(self, some: slice, rows: slice) -> Array:
        """Into memory that the next block uses again."""
        q, k = self.q[some, rows], self.k[some]
        s = scratch("scores", (*q.shape[:2], self.keys), q.dtype)
        np.matmul(q, k.swapaxes(-1, -2), out=s)
        if self.bias is not None:
            s += self._part(self.bias, some, rows)
        if self.hidden is not None:
            np.copyto(s, -math.inf, where=self._part(self.hidden, some, rows))
        if self.causal:
            position = np.arange(rows.start, rows.stop)[:, None]
            # Adding takes a fraction of the time of writing where a mask holds.
            later = np.zeros_like(s, shape=s.shape[-2:], order="C")
            later[np.arange(self.keys) > position] = -math.inf
            s += later
        return s


def attend(
    q: Array, k: Array, v: Array, bias: Array | None, hidden: Mask | None, scale: float, causal: bool
) -> tuple[Array, Array]:
    """softmax(q k^T scale + bias) v, and the logarithms of the softmax's sums.

    Args:
        q, k, v (ndarray): queries, keys, values, with equal leading axes
        bias (ndarray or None): added to the scores
        hidden (ndarray or None): where a query does not see a key
        scale (float): of the scores
        causal (bool): query i sees keys up to i only

    Shape: q (..., L, E), k (..., S, E), v (..., S, V), bias and hidden broadcast to (..., L, S); results (..., L, V)
        and (prod(...), L)

    A query that sees no key gives 0, and infinity as logarithm.

    >>> q, k, v = np.zeros((1, 2)), np.zeros((2, 2)), np.array([[1.0], [3.0]])
    >>> attend(q, k, v, None, None, 1.0, False)[0]
    array([[2.]])
    """
    problem = _Problem(q, k, v, bias, hidden, scale, causal)
    out = np.zeros_like(v, shape=(len(problem.q), problem.queries, v.shape[-1]), order="C")
    logs = np.full_like(q, math.inf, shape=out.shape[:2], order="C")
    if not problem.keys:
        return out.reshape(*problem.lead, *out.shape[-2:]), logs

    def job(items: Sequence[int]) -> None:
        for some, rows in problem.blocks(items):
            s = problem.scores(some, rows)
            top = np.maximum.reduce(s, axis=-1, keepdims=True)
            np.copyto(top, 0, where=np.isneginf(top))
            s -= top
            np.exp(s, out=s)
            total = np.einsum("ilk->il", s)[..., None]
            blind = total == 0
            np.copyto(total, 1, where=blind)
            np.matmul(s, problem.v[some], out=out[some, rows])
            out[some, rows] /= total
            logs[some, rows] = np.where(blind, math.inf, top + np.log(total))[..., 0]

    problem.share(job)
    return out.reshape(*problem.lead, *out.shape[-2:]), logs


def attend_back(
    g: Array,
    q: Array,
    k: Array,
    v: Array,
    bias: Array | None,
    hidden: Mask | None,
    out: Array,
    logs: Array,
    scale: float,
    causal: bool,
    biased: bool,
) -> tuple[Array, Array, Array, Array | None]:
    """The gradients of `attend` in q, k, v and, if ``biased``, in bias.

    Shape: g and out (..., L, V), logs (prod(...), L); results as q, k, v, bias
    """
    problem = _Problem(q, k, v, bias, hidden, scale, causal)
    g = g.reshape(len(problem.q), problem.queries, v.shape[-1])
    out = out.reshape(g.shape)
    gq, gk, gv = (np.zeros_like(a, order="C") for a in (problem.q, problem.k, problem.v))
    gb = np.zeros_like(bias) if biased else None

    def job(items: Sequence[int]) -> None:
        for some, rows in problem.blocks(items):
            p = problem.scores(some, rows)
            p -= logs[some, rows, None]
            np.exp(p, out=p)
            u = g[some, rows]
            gv[some] += np.matmul(p.swapaxes(-1, -2), u)
            s = scratch("cotangents", p.shape, p.dtype)
            np.matmul(u, problem.v[some].swapaxes(-1, -2), out=s)
            s -= np.einsum("ilv,ilv->il", u, out[some, rows])[..., None]
            s *= p
            if gb is not None:
                _add_to_bias(gb, s, problem, some, rows)
            np.matmul(s, problem.k[some], out=gq[some, rows])
            gq[some, rows] *= scale
            gk[some] += np.matmul(s.swapaxes(-1, -2), problem.q[some, rows])

    if gb is None:
        problem.share(job)
    elif problem.items:
        job(range(problem.items))  # threads would add to the same places of the bias's gradient
    return gq.reshape(q.shape), gk.reshape(k.shape), gv.reshape(v.shape), gb


def _add_to_bias(gb: Array, s: Array, problem: _Problem, some: slice, rows: slice) -> None:
    """Add a block's gradient of the scores where the bias, of 2 or more axes, was added."""
    place = np.unravel_index(some.start, problem.lead)[len(problem.lead) - (gb.ndim - 2) :]
    target = gb[tuple(int(i) if n > 1 else 0 for i, n in zip(place, gb.shape, strict=False))]
    term = np.add.reduce(s, axis=0)
    if target.shape[1] == 1:
        term = np.add.reduce(term, axis=1, keepdims=True)
    if target.shape[0] == 1:
        target += np.add.reduce(term, axis=0, keepdims=True)
    else:
        target[rows] += term
