"""Normalisation: values brought to mean 0 and variance 1 along some axes.

`batch_norm` and `layer_norm` are fused with their scale and shift; the spelled-out twins serve at second order and as
their tests.
"""

from __future__ import annotations

import math
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


#: (x - mean) / sqrt(variance + eps) along ``axis``: the heart of group and instance normalisation.
standardize = op(
    "standardize",
    _standardize,
    joint=_standardize_x,
    composite=_standardize_spelled,
    aux=True,
    label="NativeLayerNorm",
)


def _rows(x: Any, size: int) -> Any:
    """The last axes, of ``size`` elements, as one, and all before as one."""
    return np.reshape(x, (x.size // size if size else 0, size))


def _layer_norm(x: Any, weight: Any, bias: Any, *, axes: int, eps: float) -> tuple[Any, Any]:
    size = math.prod(x.shape[x.ndim - axes :])
    rows = _rows(x, size)
    normal = rows - (np.einsum("rd->r", rows) / max(size, 1))[:, None]
    variance = np.einsum("rd,rd->r", normal, normal) / max(size, 1)
    scale = 1 / np.sqrt(variance + variance.dtype.type(eps))
    normal *= scale[:, None]
    out = normal.copy() if weight is None else normal * np.reshape(weight, (size,))
    if bias is not None:
        out += np.reshape(bias, (size,))
    return np.reshape(out, x.shape), (normal, scale)


def _layer_norm_back(g: Any, needs: Sequence[bool], x_shape: Any, weight: Any, axes: int, aux: Any) -> tuple[Any, ...]:
    normal, scale = aux
    shape = x_shape[len(x_shape) - axes :]
    rows = _rows(g, normal.shape[1])
    gx = None
    if needs[0]:
        scaled = rows if weight is None else rows * np.reshape(weight, (-1,))
        count = max(normal.shape[1], 1)
        gx = normal * (np.einsum("rd,rd->r", scaled, normal) / -count)[:, None]
        gx += scaled
        gx -= (np.einsum("rd->r", scaled) / count)[:, None]
        gx *= scale[:, None]
        gx = np.reshape(gx, x_shape)
    along = np.reshape(np.einsum("rd,rd->d", rows, normal), shape) if needs[1] else None
    total = np.reshape(np.add.reduce(rows, axis=0), shape) if needs[2] else None
    return gx, along, total


def _layer_norm_spelled(x: Any, weight: Any, bias: Any, *, axes: int, eps: float) -> Any:
    out = _standardize_spelled(x, axis=tuple(range(-axes, 0)), eps=eps)
    if weight is not None:
        out = out * weight
    return out if bias is None else out + bias


#: Ba, Kiros and Hinton, 2016, arXiv:1607.06450.
#: Shapes: x (..., *S), weight and bias S, or ``None``; S has ``axes`` axes.
layer_norm = op(
    "layer_norm",
    _layer_norm,
    joint=_layer_norm_back,
    composite=_layer_norm_spelled,
    aux=True,
    label="NativeLayerNorm",
)
