"""Products of matrices, shared among threads by us and not by BLAS.

A threaded BLAS splits each product above a size of its own and waits for its threads in a loop that does not let go of
the processor. On a machine that does other things too, such a product of 0.1 ms can take 30 ms. So small products run
with a BLAS of one thread, and large ones are cut into one part for each of our threads (`tinygrad_cn.kernels.threads`).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from .threads import alone, share, team

__all__ = ["matmul"]

# Up to so many multiplications OpenBLAS itself uses one thread (65,536 times its GEMM_MULTITHREAD_THRESHOLD of 4);
# a product of complex numbers is four.
_NEVER_THREADED = 262_144


def matmul(x: Any, y: Any) -> Any:
    """``np.matmul(x, y)``, also of anything else that NumPy dispatches on."""
    if type(x) is not np.ndarray or type(y) is not np.ndarray or x.ndim < 2 or y.ndim < 2:
        return np.matmul(x, y)
    rows, inner, columns = x.shape[-2], x.shape[-1], y.shape[-1]
    work = rows * inner * columns
    kind = x.dtype.kind
    if kind not in "fc" or x.dtype != y.dtype or (4 * work if kind == "c" else work) <= _NEVER_THREADED:
        return np.matmul(x, y)
    if x.ndim > 2 or y.ndim > 2:  # NumPy takes the products of a batch one after the other
        return alone(np.matmul, x, y)
    members = team(work)
    if members == 1 or x.shape[1] != y.shape[0]:
        return alone(np.matmul, x, y)
    out = np.empty((rows, columns), dtype=x.dtype)
    if rows >= columns:
        bounds = [rows * i // members for i in range(members + 1)]
        parts = [(x[a:b], y, out[a:b]) for a, b in pairwise(bounds)]
    else:
        bounds = [columns * i // members for i in range(members + 1)]
        parts = [(x, y[:, a:b], out[:, a:b]) for a, b in pairwise(bounds)]
    share(_each, parts, members)
    return out


def _each(parts: Any) -> None:
    for x, y, out in parts:
        np.matmul(x, y, out=out)
