"""Normalisation: values brought to mean 0 and variance 1 along some axes.

`batch_norm` is fused with its scale and shift; its spelled-out twin serves at second order and as its test.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.op import op
from tinygrad_cn.ops.reductions import reduced_count


def _planes(x: Any) -> Any:
    """(N, C, *S) -> (N, C, L)."""
    return np.reshape(x, (x.shape[0], x.shape[1], -1))


def batch_statistics(x: Any) -> tuple[Any, Any, Any]:
    """The mean and (biased) variance of each channel of a raw (N, C, *S) array, and the array less its mean."""
    planes = _planes(x)
    count = planes.shape[0] * planes.shape[2]
    mean = np.add.reduce(np.add.reduce(planes, axis=2), axis=0) / count
    centred = planes - mean[:, None]
    return mean, np.einsum("ncl,ncl->c", centred, centred) / count, centred


def _batch_norm(x: Any, weight: Any, bias: Any, *, centred: Any, variance: Any, eps: float) -> tuple[Any, Any]:
    """``centred`` and ``variance`` are those of `batch_statistics`; ``centred``'s memory is used up."""
    scale = 1 / np.sqrt(variance + variance.dtype.type(eps))
    normal = np.multiply(centred, scale[:, None], out=centred)
    out = normal.copy() if weight is None else normal * weight[:, None]
    if bias is not None:
        out += bias[:, None]
    return np.reshape(out, x.shape), (normal, scale)


def _batch_norm_back(g: Any, needs: Sequence[bool], weight: Any, aux: Any) -> tuple[Any, Any, Any]:
    """Ioffe and Szegedy (2015, arXiv:1502.03167), section 3, collected into one expression."""
    normal, scale = aux
    planes = _planes(g)
    count = planes.shape[0] * planes.shape[2]
    total = np.add.reduce(np.add.reduce(planes, axis=2), axis=0)
    along = np.einsum("ncl,ncl->c", planes, normal)
    gx = None
    if needs[0]:
        gx = normal * (along / -count)[:, None]
        gx += planes
        gx -= (total / count)[:, None]
        gx *= (scale if weight is None else scale * weight)[:, None]
        gx = np.reshape(gx, g.shape)
    return gx, along, total


def _batch_norm_spelled(x: Any, weight: Any, bias: Any, *, centred: Any, variance: Any, eps: float) -> Any:
    axes = (0, *range(2, x.ndim))
    shape = (1, x.shape[1]) + (1,) * (x.ndim - 2)
    d = x - np.mean(x, axis=axes, keepdims=True)
    out = d / np.sqrt(np.mean(d * d, axis=axes, keepdims=True) + eps)
    if weight is not None:
        out = out * np.reshape(weight, shape)
    return out if bias is None else out + np.reshape(bias, shape)


#: Shapes: x (N, C, *S), weight and bias (C,) or ``None``.
batch_norm = op(
    "batch_norm",
    _batch_norm,
    joint=_batch_norm_back,
    composite=_batch_norm_spelled,
    aux=True,
    label="NativeBatchNorm",
)


def _standardize(x: Any, *, axis: tuple[int, ...], eps: float) -> tuple[Any, Any]:
    count = reduced_count(x.shape, axis)
    out = x - np.add.reduce(x, axis=axis, keepdims=True) / count
    variance = np.add.reduce(out * out, axis=axis, keepdims=True) / count
    scale = 1 / np.sqrt(variance + variance.dtype.type(eps))
    out *= scale
    return out, scale


def _standardize_x(g: Any, needs: Sequence[bool], out: Any, aux: Any, axis: tuple[int, ...]) -> tuple[Any]:
    gx = g - np.mean(g, axis=axis, keepdims=True)
    gx -= out * np.mean(g * out, axis=axis, keepdims=True)
    gx *= aux
    return (gx,)


def _standardize_spelled(x: Any, *, axis: tuple[int, ...], eps: float) -> Any:
    d = x - np.mean(x, axis=axis, keepdims=True)
    return d / np.sqrt(np.mean(d * d, axis=axis, keepdims=True) + eps)


#: (x - mean) / sqrt(variance + eps) along ``axis``: the heart of layer, group and instance normalisation.
standardize = op(
    "standardize",
    _standardize,
    joint=_standardize_x,
    composite=_standardize_spelled,
    aux=True,
    label="NativeLayerNorm",
)
