"""Softmax, log-softmax, and the fused loss cross-entropy on logits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.op import op


def _shifted(x: Any, axis: int) -> Any:
    """x less its maximum, so that no exponential overflows; analytic in ``x`` (the shift is a constant)."""
    return x - np.maximum.reduce(x.real, axis=axis, keepdims=True) if x.size else x.copy()


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

# ----------------------------------------------------------------------------------- cross-entropy


def _cross_entropy(x: Any, *, target: Any, scale: Any, summed: bool) -> tuple[Any, Any]:
    """-scale_i log softmax(x_i)[target_i], row by row or summed; keeps its gradient but for the cotangent."""
    z = _shifted(x, 1)
    rows = np.arange(len(target))
    chosen = z[rows, target]
    e = np.exp(z, out=z) if z.dtype.kind == "f" else np.exp(z)
    total = np.add.reduce(e, axis=1, keepdims=True)
    e /= total
    losses = np.log(total)[:, 0]
    losses -= chosen
    losses *= scale
    e[rows, target] -= 1
    e *= scale[:, None] if np.ndim(scale) else scale
    return (np.add.reduce(losses) if summed else losses), e


def _cross_entropy_x(g: Any, needs: Sequence[bool], aux: Any) -> tuple[Any]:
    """(softmax(x) - onehot(target)) scale g: the delta = a - y of the softmax with log-likelihood."""
    return (aux * (np.reshape(g, (-1, 1)) if g.ndim else g),)


def _cross_entropy_spelled(x: Any, *, target: Any, scale: Any, summed: bool) -> Any:
    chosen = np.take_along_axis(log_softmax(x, axis=1), np.reshape(target, (-1, 1)), 1)
    losses = np.reshape(chosen, (-1,)) * -scale
    return np.sum(losses) if summed else losses


#: Shapes: x (N, C) logits; target (N,) classes; scale (N,) weights, or one number for all. The latter are constants.
cross_entropy = op(
    "cross_entropy",
    _cross_entropy,
    joint=_cross_entropy_x,
    composite=_cross_entropy_spelled,
    aux=True,
    label="NllLoss",
)
