"""Gaussian elimination on raw arrays: what LAPACK does and NumPy does not hand out. Leading axes are batches."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["ldl", "ldl_solve", "lu", "permutation", "substitute"]


def lu(a: Any) -> tuple[Any, Any, Any]:
    """L and U of P^T A = L U in one array, the pivots and the first zero pivot, both counted from 1 as in LAPACK.

    Right-looking elimination with partial pivoting (Golub and Van Loan, Matrix Computations, algorithm 3.4.1): one
    Python step for each column, vectorised over the batch.

    Shape:
        a: (..., m, n) -> (..., m, n), (..., min(m, n)), (...).
    """
    *batch, m, n = a.shape
    k = min(m, n)
    count = math.prod(batch)
    work = np.array(a).reshape(count, m, n)
    pivots = np.broadcast_to(np.arange(1, k + 1, dtype=np.int32), (count, k)).copy()
    zero = np.zeros(count, dtype=np.int32)
    every = np.arange(count)
    for j in range(k):
        if count:
            best = j + np.argmax(np.abs(work[:, j:, j]), axis=1)
            pivots[:, j] = best + 1
            upper = work[:, j].copy()
            work[:, j] = work[every, best]
            work[every, best] = upper
        head = work[:, j, j]
        zero = np.where((zero == 0) & (head == 0), np.int32(j + 1), zero)
        safe = np.where(head == 0, head.dtype.type(1), head)  # a zero pivot heads a column of zeros
        work[:, j + 1 :, j] /= safe[:, None]
        work[:, j + 1 :, j + 1 :] -= work[:, j + 1 :, j : j + 1] * work[:, j : j + 1, j + 1 :]
    return work.reshape(a.shape), pivots.reshape(*batch, k), zero.reshape(batch)


def permutation(pivots: Any, m: int) -> Any:
    """The order of the rows after the exchanges that ``pivots`` (counted from 1) list.

    Shape:
        (..., k) -> (..., m).

    >>> import numpy as np
    >>> permutation(np.array([3, 3]), 3)
    array([2, 0, 1])
    """
    *batch, k = pivots.shape
    flat = pivots.reshape(math.prod(batch), k) - 1
    order = np.broadcast_to(np.arange(m), (len(flat), m)).copy()
    every = np.arange(len(flat))
    for j in range(k):
        other = flat[:, j]
        here = order[:, j].copy()
        order[:, j] = order[every, other]
        order[every, other] = here
    return order.reshape(*batch, m)


def substitute(a: Any, b: Any, upper: bool) -> Any:
    """X of A X = B for a triangular A, row by row; a zero on the diagonal gives infinities, not an error.

    Shape:
        a: (..., n, n); b: (..., n, k) -> (..., n, k).
    """
    n = a.shape[-1]
    shape = (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), *b.shape[-2:])
    x = np.array(np.broadcast_to(b, shape))
    with np.errstate(all="ignore"):
        for i in range(n - 1, -1, -1) if upper else range(n):
            known = slice(i + 1, n) if upper else slice(0, i)
            row = a[..., i : i + 1, known]
            x[..., i, :] = (x[..., i, :] - (row @ x[..., known, :])[..., 0, :]) / a[..., i, i, None]
    return x


# ---------------------------------------------------------------------------- symmetric, indefinite


#: The threshold of Bunch and Kaufman between pivots of size 1 and 2.
_ALPHA = (1 + 17**0.5) / 8


def ldl(a: Any) -> tuple[Any, Any, Any]:
    """A = L D L^T by the pivoting of Bunch and Kaufman (Math. Comp. 31, 1977), reading the lower triangle.

    The layout is that of LAPACK's ``sytrf``: L and D (with blocks of size 1 and 2) in the lower triangle; a positive
    pivot k names the row exchanged with a 1x1 block, two equal negative ones a 2x2 block.

    Shape:
        a: (..., n, n) -> (..., n, n), (..., n), (...).
    """
    n = a.shape[-1]
    work = np.tril(a).reshape(math.prod(a.shape[:-2]), n, n)
    pivots = np.zeros((len(work), n), dtype=np.int32)
    info = np.zeros(len(work), dtype=np.int32)
    for one, pivot, i in zip(work, pivots, range(len(work)), strict=True):
        info[i] = _ldl_one(one, pivot)
    return work.reshape(a.shape), pivots.reshape(a.shape[:-1]), info.reshape(a.shape[:-2])


def _ldl_one(a: Any, pivots: Any) -> int:
    """Factor one matrix in place; the first zero pivot, from 1, or 0."""
    n, k, info = len(a), 0, 0
    while k < n:
        size, p = 1, k
        here = abs(a[k, k])
        below = k + 1 + int(np.argmax(np.abs(a[k + 1 :, k]))) if k + 1 < n else k
        largest = abs(a[below, k]) if k + 1 < n else 0.0
        if max(here, largest) == 0:
            info = info or k + 1
        elif here < _ALPHA * largest:
            row = np.concatenate((a[below, k:below], a[below + 1 :, below]))
            others = np.max(np.abs(row), initial=0)
            if here >= _ALPHA * largest * (largest / others):
                p = k
            elif abs(a[below, below]) >= _ALPHA * others:
                p = below
            else:
                p, size = below, 2
        last = k + size - 1
        if p != last:
            _exchange(a, last, p, k)
        if max(here, largest) != 0:
            rest = slice(last + 1, n)
            block = np.tril(a[k : last + 1, k : last + 1]) + np.tril(a[k : last + 1, k : last + 1], -1).T
            columns = a[rest, k : last + 1].copy()
            if size == 1:
                a[rest, k] = columns[:, 0] / block[0, 0]
            elif last + 1 < n:
                a[rest, k : last + 1] = np.linalg.solve(block, columns.T).T
            a[rest, rest] -= np.tril(a[rest, k : last + 1] @ columns.T)
        pivots[k : last + 1] = p + 1 if size == 1 else -(p + 1)
        k += size
    return info


def _exchange(a: Any, i: int, p: int, k: int) -> None:
    """Exchange rows and columns ``i`` and ``p`` > ``i`` of the trailing symmetric matrix in its lower triangle."""
    a[p + 1 :, [i, p]] = a[p + 1 :, [p, i]]
    between = a[i + 1 : p, i].copy()
    a[i + 1 : p, i] = a[p, i + 1 : p]
    a[p, i + 1 : p] = between
    a[i, i], a[p, p] = a[p, p], a[i, i]
    if i > k:  # the second row of a 2x2 block: its first column goes along
        a[i, k], a[p, k] = a[p, k], a[i, k]


def ldl_solve(ld: Any, pivots: Any, b: Any) -> Any:
    """X of A X = B from what `ldl` gave.

    Shape:
        ld: (..., n, n); pivots: (..., n); b: (..., n, k) -> (..., n, k).
    """
    n = ld.shape[-1]
    shape = np.broadcast_shapes(ld.shape[:-2], b.shape[:-2])
    count = math.prod(shape)
    factors = np.broadcast_to(ld, (*shape, n, n)).reshape(count, n, n)
    rows = np.broadcast_to(pivots, (*shape, n)).reshape(count, n)
    x = np.array(np.broadcast_to(b, (*shape, *b.shape[-2:])))
    flat = x.reshape(count, *b.shape[-2:])
    for i in range(len(flat)):
        flat[i] = _ldl_solve_one(factors[i], rows[i].tolist(), flat[i])
    return flat.reshape(x.shape)


def _ldl_solve_one(a: Any, pivots: list[int], b: Any) -> Any:
    n, k = len(a), 0
    blocks: list[tuple[int, int]] = []
    while k < n:
        size = 1 if pivots[k] > 0 else 2
        last = k + size - 1
        p = abs(pivots[k]) - 1
        if p != last:
            b[[last, p]] = b[[p, last]]
        b[last + 1 :] -= a[last + 1 :, k : last + 1] @ b[k : last + 1]
        block = np.tril(a[k : last + 1, k : last + 1])
        b[k : last + 1] = np.linalg.solve(block + np.tril(block, -1).T, b[k : last + 1])
        blocks.append((k, last))
        k += size
    for k, last in reversed(blocks):
        b[k : last + 1] -= a[last + 1 :, k : last + 1].T @ b[last + 1 :]
        p = abs(pivots[k]) - 1
        if p != last:
            b[[last, p]] = b[[p, last]]
    return b
