"""Attention by several heads, each on its own projections."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cn.errors import DTypeError, ShapeError
from tinygrad_cn.functions import arithmetic, joining, products, reduction
from tinygrad_cn.functions._arguments import tensor
from tinygrad_cn.ops import attention as ops
from tinygrad_cn.ops import shape as shapes

from .dropout import dropout
from .linear import linear

_NAME = "multi_head_attention_forward"


def multi_head_attention_forward(
    query: Any,
    key: Any,
    value: Any,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Any,
    in_proj_bias: Any,
    bias_k: Any,
    bias_v: Any,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Any,
    out_proj_bias: Any,
    training: bool = True,
    key_padding_mask: Any = None,
    need_weights: bool = True,
    attn_mask: Any = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Any = None,
    k_proj_weight: Any = None,
    v_proj_weight: Any = None,
    static_k: Any = None,
    static_v: Any = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Any, Any]:
    """Concat(head_1, ..., head_H) W_O with head_i = attention(Q W_i, K W_i, V W_i) (Vaswani et al., 2017, 3.2.2).

    Args:
        query, key, value (Tensor): sequences, the batch second.
        embed_dim_to_check (int): E.
        num_heads (int): H, a divisor of E.
        in_proj_weight (Tensor): the three projections stacked, unless ``use_separate_proj_weight``.
        in_proj_bias (Tensor, optional): their biases, stacked.
        bias_k, bias_v (Tensor, optional): a key and value that is added to every sequence.
        add_zero_attn (bool): add a key and value of zeros too.
        dropout_p (float): the probability with which attention weights are left out in training.
        out_proj_weight, out_proj_bias (Tensor): the last projection.
        key_padding_mask (Tensor, optional): bool, true for keys to ignore; or floating, added to the scores.
        need_weights (bool): return the attention weights too.
        attn_mask (Tensor, optional): bool, true where not to look; or floating, added to the scores.
        q_proj_weight, k_proj_weight, v_proj_weight (Tensor, optional): the projections one by one.
        static_k, static_v (Tensor, optional): keys and values of the heads, instead of projected ones.
        average_attn_weights (bool): average the returned weights over the heads.
        is_causal (bool): ``attn_mask`` is the causal one.

    Shape:
        query (L, N, E), key (S, N, Ek), value (S, N, Ev), or without N; key_padding_mask (N, S); attn_mask (L, S) or
        (N H, L, S) -> (L, N, E) and, if asked for, weights (N, L, S) or (N, H, L, S).

    A query that sees no key gives 0 before the last projection.

    Raises:
        ShapeError: the shapes do not fit.
        RuntimeError: ``is_causal`` without ``attn_mask``.
    """
    single = _check(query, key, value, embed_dim_to_check, num_heads)
    if is_causal and attn_mask is None:
        raise RuntimeError(f"{_NAME}(): is_causal says that attn_mask is causal; give attn_mask too")
    if single:
        query, key, value = (t.unsqueeze(1) for t in (query, key, value))
        key_padding_mask = key_padding_mask if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, batch, width = query._array.shape
    weights = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else in_proj_weight
    q, k, v = _projected(query, key, value, weights, in_proj_bias, width)
    masks = _Masks(batch, num_heads, length, k._array.shape[0])
    masks.add(attn_mask, "attn_mask", q)
    masks.add(key_padding_mask, "key_padding_mask", q)
    if (bias_k is None) != (bias_v is None):
        raise ValueError(f"{_NAME}(): give both bias_k and bias_v, or none")
    if bias_k is not None:
        if static_k is not None or static_v is not None:
            raise ValueError(f"{_NAME}(): bias_k and bias_v do not go with static_k and static_v")
        k, v = (joining.cat([t, b.expand((1, batch, width))], 0) for t, b in ((k, bias_k), (v, bias_v)))
        masks.lengthen()
    q = _heads(q, num_heads)
    k = _heads(k, num_heads) if static_k is None else _given(static_k, "static_k", q)
    v = _heads(v, num_heads) if static_v is None else _given(static_v, "static_v", q)
    if add_zero_attn:
        k, v = (shapes.pad(t, widths=[(0, 0), (0, 0), (0, 1), (0, 0)]) for t in (k, v))
        masks.lengthen()
    factor = 1 / math.sqrt(width // num_heads)
    found: Any = None
    if need_weights or (training and dropout_p):
        found = ops.attention_weights(q, k, masks.bias, masks.hidden, factor, False)
        if training and dropout_p:
            found = dropout(found, dropout_p)
        heads = products.matmul(found, v)
    else:
        heads = ops.attention(q, k, v, masks.bias, hidden=masks.hidden, scale=factor, causal=False)
    joined = heads.permute(2, 0, 1, 3).reshape(length, batch, width)  # (N, H, L, D) -> (L, N, E)
    out = linear(joined, out_proj_weight, out_proj_bias)
    if not need_weights:
        return (out.squeeze(1) if single else out), None
    found = reduction.mean(found, 1) if average_attn_weights else found
    return (out.squeeze(1), found.squeeze(0)) if single else (out, found)


def _check(query: Any, key: Any, value: Any, width: int, heads: int) -> bool:
    """Whether the sequences come without a batch axis.

    Raises:
        ShapeError: the shapes do not fit.
    """
    q, k, v = (tensor(_NAME, t, n)._array.shape for t, n in ((query, "query"), (key, "key"), (value, "value")))
    if len(q) not in (2, 3) or len(k) != len(q) or len(v) != len(q) or k[:-1] != v[:-1] or q[1:-1] != k[1:-1]:
        raise ShapeError(
            f"{_NAME}(): expected query (L, N, E), key (S, N, Ek) and value (S, N, Ev), or all without N, got shapes "
            f"{list(q)}, {list(k)}, {list(v)}"
        )
    if q[-1] != width or width % heads:
        raise ShapeError(f"{_NAME}(): query of shape {list(q)} must have {width} features, divisible by {heads} heads")
    return len(q) == 2


def _projected(query: Any, key: Any, value: Any, weights: Any, bias: Any, width: int) -> tuple[Any, Any, Any]:
    biases = (None, None, None) if bias is None else joining.chunk(bias, 3)
    if not isinstance(weights, tuple):
        if tensor(_NAME, weights, "in_proj_weight")._array.shape[0] != 3 * width:
            raise ShapeError(
                f"{_NAME}(): in_proj_weight must have {3 * width} rows, got shape {list(weights._array.shape)}"
            )
        if query is key and key is value:  # one product instead of three
            return tuple(joining.chunk(linear(query, weights, bias), 3, -1))
        weights = joining.chunk(weights, 3)
    q, k, v = (linear(t, w, b) for t, w, b in zip((query, key, value), weights, biases, strict=True))
    return q, k, v


def _heads(x: Any, heads: int) -> Any:
    """(L, N, E) -> (N, H, L, D)."""
    length, batch, width = x._array.shape
    return x.reshape(length, batch, heads, width // heads).permute(1, 2, 0, 3)


def _given(static: Any, what: str, q: Any) -> Any:
    """(N H, S, D) -> (N, H, S, D)."""
    batch, heads, _, width = q._array.shape
    shape = tensor(_NAME, static, what)._array.shape
    if len(shape) != 3 or shape[0] != batch * heads or shape[2] != width:
        raise ShapeError(f"{_NAME}(): {what} must have shape [{batch * heads}, S, {width}], got {list(shape)}")
    return static.reshape(batch, heads, shape[1], width)


class _Masks:
    """Where scores are hidden and what is added to them, gathered from several masks; all broadcast to (N, H, L, S)."""

    def __init__(self, batch: int, heads: int, length: int, keys: int) -> None:
        self.batch, self.heads, self.length, self.keys = batch, heads, length, keys
        self.hidden: np.ndarray | None = None
        self.bias: Any = None

    def add(self, mask: Any, what: str, like: Any) -> None:
        """Take in a bool mask, true where hidden, or a floating one."""
        if mask is None:
            return
        array = tensor(_NAME, mask, what)._array
        n, h, length, keys = self.batch, self.heads, self.length, self.keys
        places = {(n, keys): (n, 1, 1, keys)} if what == "key_padding_mask" else {
            (length, keys): (1, 1, length, keys),
            (n * h, length, keys): (n, h, length, keys),
        }  # fmt: skip
        if array.shape not in places:
            wanted = " or ".join(str(list(p)) for p in places)
            raise ShapeError(f"{_NAME}(): {what} must have shape {wanted}, got {list(array.shape)}")
        shape = places[array.shape]
        if array.dtype.kind == "b":
            placed = array.reshape(shape)
            self.hidden = placed if self.hidden is None else self.hidden | placed
        elif array.dtype == like._array.dtype:
            added = mask.reshape(shape)
            self.bias = added if self.bias is None else arithmetic.add(self.bias, added)
        else:
            raise DTypeError(f"{_NAME}(): {what} must be bool or {like._array.dtype}, got {array.dtype}")

    def lengthen(self) -> None:
        """One more key, which all see."""
        widths = [(0, 0), (0, 0), (0, 0), (0, 1)]
        if self.hidden is not None:
            self.hidden = np.pad(self.hidden, widths)
        if self.bias is not None:
            self.bias = shapes.pad(self.bias, widths=widths)
