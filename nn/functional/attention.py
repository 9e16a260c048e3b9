"""Scaled dot-product attention."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cn.errors import ShapeError
from tinygrad_cn.functions import arithmetic, products
from tinygrad_cn.functions._arguments import tensor
from tinygrad_cn.graph import Handle
from tinygrad_cn.ops import shape as shapes

from .activation import softmax
from .dropout import dropout


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    """softmax(Q K^T scale + mask) V (Vaswani et al., 2017, arXiv:1706.03762, equation 1).

    Args:
        query (Tensor)
        key (Tensor)
        value (Tensor)
        attn_mask (Tensor, optional): bool, true where a key may be attended to; or floating, added to the scores.
        dropout_p (float): the probability with which attention weights are left out.
        is_causal (bool): let position i attend to keys up to i only; not together with ``attn_mask``.
        scale (float, optional): 1 / sqrt(E) by default.
        enable_gqa (bool): repeat the heads of key and value to match those of query.

    Shape:
        query (..., L, E), key (..., S, E), value (..., S, Ev), attn_mask broadcasting to (..., L, S) -> (..., L, Ev).

    A query that may attend to no key gives 0.

    Raises:
        ShapeError: shapes that do not fit.
        RuntimeError: ``attn_mask`` together with ``is_causal``, or of a wrong dtype.
    """
    q, k, v = (
        tensor("scaled_dot_product_attention", t, n)._array
        for t, n in ((query, "query"), (key, "key"), (value, "value"))
    )
    if min(q.ndim, k.ndim, v.ndim) < 2 or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ShapeError(
            "scaled_dot_product_attention(): expected query (..., L, E), key (..., S, E), value (..., S, Ev), got "
            f"shapes {list(q.shape)}, {list(k.shape)}, {list(v.shape)}"
        )
    if enable_gqa:
        key, value = _repeated(key, q.shape[-3]), _repeated(value, q.shape[-3])
    factor = 1 / math.sqrt(q.shape[-1]) if scale is None and q.shape[-1] else scale or 0.0
    scores = products.matmul(arithmetic.mul(query, factor), key.transpose(-2, -1))
    hidden, bias = _masks(attn_mask, is_causal, scores._array)
    if bias is not None:
        scores = arithmetic.add(scores, bias)
    if hidden is not None:
        scores = arithmetic.where(scores._wrap(hidden), -math.inf, scores)
    nothing = np.all(np.isneginf(scores._array), axis=-1, keepdims=True)
    if nothing.any():
        lost = scores._wrap(nothing)
        weights = arithmetic.where(lost, 0, softmax(arithmetic.where(lost, 0, scores), -1))
    else:
        weights = softmax(scores, -1)
    return products.matmul(dropout(weights, dropout_p), value)


def _masks(attn_mask: Any, is_causal: bool, scores: np.ndarray) -> tuple[np.ndarray | None, Any]:
    """Where scores are hidden, and what is added to them."""
    if is_causal:
        if attn_mask is not None:
            raise RuntimeError("scaled_dot_product_attention(): give attn_mask or is_causal, not both")
        return ~np.tril(np.ones(scores.shape[-2:], dtype=bool)), None
    if attn_mask is None:
        return None, None
    mask = tensor("scaled_dot_product_attention", attn_mask, "attn_mask")._array
    if mask.dtype.kind == "b":
        return ~mask, None
    if mask.dtype != scores.dtype:
        raise RuntimeError(
            f"scaled_dot_product_attention(): attn_mask must be bool or {scores.dtype}, query's dtype, got {mask.dtype}"
        )
    return None, attn_mask


def _repeated(heads: Handle, count: int) -> Any:
    """(..., H, S, E) with each head repeated to ``count`` heads."""
    shape = heads._array.shape
    if len(shape) < 3 or count % shape[-3]:
        raise ShapeError(
            f"scaled_dot_product_attention(): {count} heads of query are no multiple of those in shape {list(shape)}"
        )
    times = count // shape[-3]
    spread = shapes.broadcast_to(
        shapes.expand_dims(heads, axis=len(shape) - 2), shape=(*shape[:-2], times, *shape[-2:])
    )  # (..., H, times, S, E)
    return shapes.reshape(spread, shape=(*shape[:-3], count, *shape[-2:]))
