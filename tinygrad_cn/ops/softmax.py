"""Softmax, log-softmax, and the fused loss cross-entropy on logits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.op import op


def _shifted(x: Any, axis: int) -> Any:
    """x less its maximum, so that no exponential overflows; analytic in ``x`` (the shift is a constant)."""
    top = np.amax(x.real, axis=axis, keepdims=True) if x.size else 0
    return x - np.where(np.isfinite(top), top, 0).astype(x.real.dtype)


def _softmax(x: Any, *, axis: int) -> Any:
    e = np.exp(_shifted(x, axis))
    e /= np.add.reduce(e, axis=axis, keepdims=True)
    return e


def _log_softmax(x: Any, *, axis: int) -> Any:
    z = _shifted(x, axis)
    z -= np.log(np.add.reduce(np.exp(z), axis=axis, keepdims=True))
    return z


softmax = op(
    "softmax",
    _softmax,
    x=lambda g, out, axis: out * (g - np.sum(g * out, axis=axis, keepdims=True)),
)
log_softmax = op(
    "log_softmax",
    _log_softmax,
    x=lambda g, out, axis: g - np.exp(out) * np.sum(g, axis=axis, keepdims=True),
)
