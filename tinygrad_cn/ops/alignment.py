"""Connectionist temporal classification as one op; spelled out step by step it serves at second order.

The work is done in `tinygrad_cn.kernels.alignment`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.kernels import alignment as kernels
from tinygrad_cn.kernels.alignment import Paths
from tinygrad_cn.op import op


def _alignment_back(g: Any, needs: Sequence[bool], x: Any, out: Any, aux: Any, paths: Paths) -> tuple[Any]:
    gx = kernels.posterior(x, paths, out, aux)
    gx *= -g[:, None]
    return (gx,)


def _moved(a: Any, by: int) -> Any:
    """States moved on, with no way into the first ones."""
    nothing = np.full_like(a[:, :by], -math.inf)
    return np.concatenate([nothing, a[:, : a.shape[1] - by]], axis=1)


def _alignment_spelled(x: Any, *, paths: Paths) -> Any:
    count, states = paths.label.shape
    if not x.shape[0]:
        return np.sum(x, axis=(0, 2)) + np.where(paths.labels == 0, 0, math.inf)
    a = np.take_along_axis(x[0], paths.label, 1)
    a = np.where((np.arange(states) < 2) & (np.arange(states) <= paths.last[:, None]), a, -math.inf)
    for t in range(1, x.shape[0]):
        step = np.logaddexp(a, _moved(a, 1))
        if states > 2:
            step = np.logaddexp(step, np.where(paths.skips, _moved(a, 2), -math.inf))
        step = step + np.take_along_axis(x[t], paths.label, 1)
        a = np.where((t < paths.times)[:, None], step, a)
    ends = np.take_along_axis(a, paths.last[:, None], 1)
    before = np.take_along_axis(a, np.maximum(paths.last - 1, 0)[:, None], 1)
    total = np.reshape(np.logaddexp(ends, np.where((paths.labels > 0)[:, None], before, -math.inf)), (count,))
    return np.where(paths.times > 0, -total, np.where(paths.labels == 0, 0.0, math.inf))


#: The negative log-likelihood of sequences of labels. Shapes: x (T, N, C) log-probabilities -> (N,).
alignment = op(
    "alignment",
    lambda x, *, paths: kernels.forward(x, paths),
    joint=_alignment_back,
    composite=_alignment_spelled,
    aux=True,
    label="CtcLoss",
)
