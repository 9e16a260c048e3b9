"""The running logarithm of sums of exponentials, and medians of all elements."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.op import op
from tinygrad_cn.ops.reductions import _shared as shared
from tinygrad_cn.ops.reductions import logsumexp


def _scan_back(g: Any, needs: Sequence[bool], x: Any, out: Any, axis: int) -> tuple[Any]:
    """The sum over j >= i of g_j exp(x_i - out_j), kept in logarithms, the two signs of g apart: nothing overflows."""
    total = np.zeros_like(x)
    for part, positive in ((g, True), (-g, False)):
        taken = ~(part <= 0) if positive else part > 0  # NaN goes with the positive ones
        logs = np.where(taken, np.log(np.where(taken, part, 1)), -math.inf)
        logs = np.where(taken & ~np.isneginf(out), logs - out, -math.inf).astype(x.dtype)
        later = np.flip(np.logaddexp.accumulate(np.flip(logs, axis), axis=axis), axis)
        term = np.exp(x + np.where(np.isneginf(later), 0, later))
        term = np.where(np.isneginf(later), 0, term)
        total = total + (term if positive else -term)
    return (total.astype(x.dtype),)


def _scan_spelled(x: Any, *, axis: int) -> Any:
    """Row by row: quadratic, but made of ops that can be differentiated again."""
    rows = np.moveaxis(x, axis, -1)
    n = rows.shape[-1]
    below = np.tril(np.ones((n, n), dtype=bool))
    return np.moveaxis(logsumexp(np.where(below, np.expand_dims(rows, -2), -math.inf), axis=-1), -1, axis)


logcumsumexp = op(
    "logcumsumexp",
    lambda x, *, axis: np.logaddexp.accumulate(x, axis=axis) if x.size else x.copy(),
    joint=_scan_back,
    composite=_scan_spelled,
)

# ----------------------------------------------------------------------------------------- medians


def _median(x: Any) -> Any:
    """The lower of the two elements in the middle; NaN if there is one, or nothing."""
    flat = np.sort(x, axis=None)
    if not flat.size or (flat.dtype.kind == "f" and np.isnan(flat[-1])):
        return np.asarray(math.nan).astype(x.dtype)
    return flat[(flat.size - 1) // 2]


def _nanmedian(x: Any) -> Any:
    return _median(x[~np.isnan(x)] if x.dtype.kind == "f" else x)


#: Equal elements share the gradient, as in PyTorch.
median = op("median", _median, x=lambda g, x, out: shared(g, x, out, None, False))
nanmedian = op("nanmedian", _nanmedian, x=lambda g, x, out: shared(g, x, out, None, False))
