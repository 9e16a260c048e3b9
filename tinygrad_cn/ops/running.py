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
    """The sum over j >= i of g_j exp(x_i - out_j): exp(x_i - out_i) r_i, r_i = g_i + exp(out_i - out_(i+1)) r_(i+1).

    The exponents are differences of neighbours and never positive: nothing overflows, and no digits are lost.
    """
    lines, outs = np.moveaxis(x, axis, 0), np.moveaxis(out, axis, 0)
    rest = np.array(np.moveaxis(g, axis, 0))
    low = np.isneginf(outs)
    decay = np.where(low[:-1], 0, np.exp(outs[:-1] - outs[1:]))
    for i in range(len(rest) - 2, -1, -1):
        rest[i] += np.where(decay[i] == 0, 0, decay[i] * rest[i + 1])
    share = np.where(low, 0, np.exp(lines - np.where(low, 0, outs)))
    return (np.moveaxis((rest * share).astype(x.dtype), 0, axis),)


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
