"""Scaled dot-product attention as one op, which keeps no matrix of weights; spelled out it serves at second order.

The work is done in `tinygrad_cn.kernels.attention`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.kernels import attention as kernels
from tinygrad_cn.op import op
from tinygrad_cn.ops.softmax import softmax


def _attention(
    query: Any, key: Any, value: Any, bias: Any, *, hidden: Any, scale: float, causal: bool
) -> tuple[Any, Any]:
    return kernels.attend(query, key, value, bias, hidden, scale, causal)


def _attention_back(
    g: Any,
    needs: Sequence[bool],
    query: Any,
    key: Any,
    value: Any,
    bias: Any,
    out: Any,
    aux: Any,
    hidden: Any,
    scale: float,
    causal: bool,
) -> tuple[Any, Any, Any, Any]:
    return kernels.attend_back(g, query, key, value, bias, hidden, out, aux, scale, causal, needs[3])


def attention_weights(query: Any, key: Any, bias: Any, hidden: Any, scale: float, causal: bool) -> Any:
    """softmax(q k^T scale + bias) along the keys; 0 where a query sees no key. Shape: (..., L, S)."""
    scores = np.matmul(query * scale, np.swapaxes(key, -1, -2))
    if bias is not None:
        scores = scores + bias
    if hidden is not None:
        scores = np.where(hidden, -math.inf, scores)
    if causal:
        scores = np.where(np.tri(*scores.shape[-2:]) == 0, -math.inf, scores)
    blind = np.all(scores == -math.inf, axis=-1, keepdims=True)
    return np.where(blind, 0, softmax(np.where(blind, 0, scores), axis=-1))


def _attention_spelled(query: Any, key: Any, value: Any, bias: Any, *, hidden: Any, scale: float, causal: bool) -> Any:
    return np.matmul(attention_weights(query, key, bias, hidden, scale, causal), value)


#: Shapes: query (..., L, E), key (..., S, E), value (..., S, V) -> (..., L, V); ``bias`` (or ``None``) and the constant
#: ``hidden`` (or ``None``) broadcast to (..., L, S).
attention = op(
    "attention",
    _attention,
    joint=_attention_back,
    composite=_attention_spelled,
    aux=True,
    label="ScaledDotProductAttention",
)
