"""Scaled dot-product attention."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cn.errors import DTypeError, ShapeError
from tinygrad_cn.functions import products
from tinygrad_cn.functions._arguments import tensor
from tinygrad_cn.graph import Handle
from tinygrad_cn.ops import attention as ops
from tinygrad_cn.ops import shape as shapes

from .dropout import dropout

_NAME = "scaled_dot_product_attention"


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

    Without dropout the weights are never held as a whole, neither here nor for the gradient.

    Args:
        query, key, value (Tensor): floating.
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
        DTypeError: the dtypes differ, or are no floating ones.
        RuntimeError: ``attn_mask`` together with ``is_causal``.

    >>> import tinygrad_cn as tg
    >>> q, k, v = tg.zeros(1, 2), tg.zeros(2, 2), tg.tensor([[1.], [3.]])
    >>> tg.nn.functional.scaled_dot_product_attention(q, k, v)
    tensor([[2.]])
    """
    q, k, v = (tensor(_NAME, t, n)._array for t, n in ((query, "query"), (key, "key"), (value, "value")))
    if min(q.ndim, k.ndim, v.ndim) < 2 or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ShapeError(
            f"{_NAME}(): expected query (..., L, E), key (..., S, E), value (..., S, Ev), got shapes {list(q.shape)}, "
            f"{list(k.shape)}, {list(v.shape)}"
        )
    if not q.dtype == k.dtype == v.dtype or q.dtype.kind != "f":
        raise DTypeError(
            f"{_NAME}(): query, key and value must have one floating dtype, got {q.dtype}, {k.dtype}, {v.dtype}"
        )
    if not 0 <= dropout_p <= 1:
        raise ValueError(f"{_NAME}(): dropout_p must lie between 0 and 1, got {dropout_p}")
    if enable_gqa:
        key, value = _repeated(key, q.shape), _repeated(value, q.shape)
    factor = scale if scale is not None else 1 / math.sqrt(q.shape[-1]) if q.shape[-1] else 1.0
    lead = _broadcast_lead(query, key, value)
    hidden, bias = _masks(attn_mask, is_causal, q.dtype, (*lead, q.shape[-2], k.shape[-2]))
    if dropout_p:
        weights = ops.attention_weights(query, key, bias, hidden, factor, is_causal)
        return products.matmul(dropout(weights, dropout_p), value)
    query, key, value = (
        t if t._array.shape[:-2] == lead else shapes.broadcast_to(t, shape=(*lead, *t._array.shape[-2:]))
        for t in (query, key, value)
    )
    return ops.attention(query, key, value, bias, hidden=hidden, scale=factor, causal=is_causal)


def _broadcast_lead(*tensors: Any) -> tuple[int, ...]:
    """The leading axes that all have after broadcasting.

    Raises:
        ShapeError: they do not broadcast.
    """
    found = [t._array.shape for t in tensors]
    try:
        return np.broadcast_shapes(*(s[:-2] for s in found))
    except ValueError:
        raise ShapeError(
            f"{_NAME}(): the leading axes of shapes {', '.join(str(list(s)) for s in found)} do not broadcast; for "
            "fewer heads of key and value pass enable_gqa=True"
        ) from None


def _masks(attn_mask: Any, is_causal: bool, dtype: np.dtype, shape: tuple[int, ...]) -> tuple[np.ndarray | None, Any]:
    """Where scores are hidden, and what is added to them."""
    if attn_mask is None:
        return None, None
    if is_causal:
        raise RuntimeError(f"{_NAME}(): give attn_mask or is_causal, not both")
    mask = tensor(_NAME, attn_mask, "attn_mask")._array
    if mask.dtype.kind != "b" and mask.dtype != dtype:
        raise DTypeError(f"{_NAME}(): attn_mask must be bool or {dtype}, query's dtype, got {mask.dtype}")
    try:
        fits = mask.ndim >= 2 and np.broadcast_shapes(mask.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(f"{_NAME}(): attn_mask of shape {list(mask.shape)} does not broadcast to {list(shape)}")
    return (~mask, None) if mask.dtype.kind == "b" else (None, attn_mask)


def _repeated(heads: Handle, query: tuple[int, ...]) -> Any:
    """(..., H, S, E) with each head repeated until there are as many as of the query."""
    shape = heads._array.shape
    if len(shape) < 3 or len(query) < 3 or not shape[-3] or query[-3] % shape[-3]:
        raise ShapeError(
            f"{_NAME}(): the heads of query, shape {list(query)}, are no multiple of those in {list(shape)}"
        )
    times = query[-3] // shape[-3]
    spread = shapes.broadcast_to(
        shapes.expand_dims(heads, axis=len(shape) - 2), shape=(*shape[:-2], times, *shape[-2:])
    )  # (..., H, times, S, E)
    return shapes.reshape(spread, shape=(*shape[:-3], query[-3], *shape[-2:]))
