"""Attention with several heads.

Source: Vaswani et al., "Attention Is All You Need", NIPS 2017, section 3.2.
"""

from __future__ import annotations

import math
from typing import Any

from tinygrad_cn.creation import empty, zeros_like
from tinygrad_cn.functions.joining import cat
from tinygrad_cn.tensor import Tensor

from . import functional as F
from . import init
from .linear import Linear
from .module import Module
from .parameter import Parameter

__all__ = ["MultiheadAttention"]


class NonDynamicallyQuantizableLinear(Linear):
    """A `Linear` under the name that PyTorch prints for the output projection of attention."""


class MultiheadAttention(Module):
    """Attends to a sequence in several subspaces at once, and maps the joined results.

    Args:
        embed_dim: size of the last axis of queries and outputs, a multiple of ``num_heads``.
        num_heads: how many heads, each of size ``embed_dim / num_heads``.
        dropout: the probability of dropping an attention weight while training.
        bias: whether the projections have biases.
        add_bias_kv: append a learned key and value to the sequence.
        add_zero_attn: append a key and value of zeros to the sequence.
        kdim: size of the last axis of keys; ``embed_dim`` if ``None``.
        vdim: size of the last axis of values; ``embed_dim`` if ``None``.
        batch_first: the batch comes before the sequence.
        device: the CPU.
        dtype: of the parameters; the default dtype if ``None``.

    Shape:
        - query: ``(L, N, embed_dim)``, ``(N, L, embed_dim)`` if ``batch_first``, or ``(L, embed_dim)``
        - key: ``(S, N, kdim)``, value: ``(S, N, vdim)``, likewise
        - key_padding_mask: ``(N, S)`` or ``(S,)``; true, or minus infinity, at keys that count for nothing
        - attn_mask: ``(L, S)`` or ``(N * num_heads, L, S)``; true where attention is forbidden, or numbers to be added
        - output: a pair: ``(L, N, embed_dim)`` and so on, and the weights ``(N, L, S)``, or ``(N, num_heads, L, S)`` if
          not ``average_attn_weights``, or ``None`` if not ``need_weights``

    Attributes:
        in_proj_weight: ``(3 * embed_dim, embed_dim)``; or ``q_proj_weight``, ``k_proj_weight`` and ``v_proj_weight``
            where sizes differ.
        in_proj_bias: ``(3 * embed_dim,)``
        out_proj: the last `Linear`
        bias_k, bias_v: ``(1, 1, embed_dim)``

    Raises:
        ValueError: sizes that are not positive.
        AssertionError: ``embed_dim`` is no multiple of ``num_heads``; inputs do not fit.

    Example:
        >>> import tinygrad_cn as tg
        >>> x = tg.ones(2, 5, 8)
        >>> out, weights = tg.nn.MultiheadAttention(8, 2, batch_first=True)(x, x, x)
        >>> out.shape, weights.shape
        (Size([2, 5, 8]), Size([2, 5, 5]))
    """

    in_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads} "
                "instead"
            )
        if embed_dim % num_heads:
            raise AssertionError(f"embed_dim must be divisible by num_heads, got {embed_dim} and {num_heads}")
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == self.vdim == embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        options = {"device": device, "dtype": dtype}
        names = ("q_proj_weight", "k_proj_weight", "v_proj_weight")
        if self._qkv_same_embed_dim:
            self.in_proj_weight = Parameter(empty((3 * embed_dim, embed_dim), **options))
            for name in names:
                self.register_parameter(name, None)
        else:
            for name, columns in zip(names, (embed_dim, self.kdim, self.vdim), strict=True):
                self.register_parameter(name, Parameter(empty((embed_dim, columns), **options)))
            self.register_parameter("in_proj_weight", None)
        self.register_parameter("in_proj_bias", Parameter(empty(3 * embed_dim, **options)) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, **options)
        for name in ("bias_k", "bias_v"):
            self.register_parameter(name, Parameter(empty((1, 1, embed_dim), **options)) if add_bias_kv else None)
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None and self.out_proj.bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        self._check(query, key, value, key_padding_mask, attn_mask)
        if is_causal and attn_mask is None:
            raise RuntimeError(
                "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
                "`generate_square_subsequent_mask` to create this mask."
            )
        batched = query.dim() == 3
        axis = 0 if self.batch_first and batched else 1  # where the batch is in what comes below
        if not batched:
            query, key, value = _unsqueezed(query, key, value)
            key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
        q, k, v = (self._heads(x, axis) for x in self._projected(query, key, value))
        if need_weights or key_padding_mask is not None:
            is_causal = False  # a hint that the mask can be left out
        mask = None if is_causal else self._mask(attn_mask, key_padding_mask, q, k)
        k, v, mask = self._lengthened(k, v, mask)
        dropout = self.dropout if self.training else 0.0
        weights = None
        if need_weights:
            scores = (q * math.sqrt(1 / self.head_dim)) @ k.transpose(-2, -1)
            weights = F.softmax(scores if mask is None else scores + mask, dim=-1)
            if dropout > 0:
                weights = F.dropout(weights, dropout)
            mixed = weights @ v
        else:
            mixed = F.scaled_dot_product_attention(q, k, v, mask, dropout, is_causal)
        # (N, H, L, D) -> (N, L, H * D), or with the first two axes swapped
        mixed = mixed.permute(0, 2, 1, 3) if axis == 0 else mixed.permute(2, 0, 1, 3)
        out = self.out_proj(mixed.reshape(*mixed.shape[:2], self.embed_dim))
        if weights is not None and average_attn_weights:
            weights = weights.mean(dim=1)
        if not batched:
            return out.squeeze(1), None if weights is None else weights.squeeze(0)
        return out, weights

    def _projected(self, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, ...]:
        """Queries, keys and values; in one product where they come of the same sequence."""
        weight, bias, size = self.in_proj_weight, self.in_proj_bias, self.embed_dim
        biases = (None, None, None) if bias is None else bias.chunk(3)
        if weight is None:
            weights = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        elif query is key and key is value:
            joint = F.linear(query, weight, bias)
            return tuple(joint.split(size, dim=-1))
        elif key is value:
            rest = None if bias is None else bias[size:]
            return (
                F.linear(query, weight[:size], biases[0]),
                *F.linear(key, weight[size:], rest).split(size, dim=-1),
            )
        else:
            weights = weight.chunk(3)
        return tuple(F.linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True))

    def _heads(self, x: Tensor, axis: int) -> Tensor:
        """``(N, L, E)``, or with the batch at ``axis``, -> ``(N, H, L, D)``."""
        split = x.unflatten(-1, (self.num_heads, self.head_dim))
        return split.permute(0, 2, 1, 3) if axis == 0 else split.permute(1, 2, 0, 3)

    def _mask(self, attn_mask: Tensor | None, key_padding_mask: Tensor | None, q: Tensor, k: Tensor) -> Tensor | None:
        """Both masks as numbers to be added to the scores ``(N, H, L, S)``."""
        batch, heads, length, size = q.shape[0], self.num_heads, q.shape[2], k.shape[2]
        mask = None
        if attn_mask is not None:
            shapes = ((length, size), (batch * heads, length, size))
            if tuple(attn_mask.shape) not in shapes:
                raise RuntimeError(
                    f"The shape of the attn_mask is {tuple(attn_mask.shape)}, but should be {shapes[0]} or {shapes[1]}."
                )
            mask = _additive(attn_mask, "attn_mask", q)
            if mask.dim() == 3:
                mask = mask.reshape(batch, heads, length, size)
        if key_padding_mask is not None:
            if tuple(key_padding_mask.shape) != (batch, size):
                raise AssertionError(
                    f"expecting key_padding_mask shape of {(batch, size)}, but got {tuple(key_padding_mask.shape)}"
                )
            padding = _additive(key_padding_mask, "key_padding_mask", q).reshape(batch, 1, 1, size)
            mask = padding if mask is None else mask + padding
        return mask

    def _lengthened(self, k: Tensor, v: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
        """Keys and values with those that the module adds to every sequence."""
        shape = (k.shape[0], self.num_heads, 1, self.head_dim)
        added = 0
        if self.bias_k is not None and self.bias_v is not None:
            extra = (1, self.num_heads, 1, self.head_dim)
            k = cat([k, self.bias_k.reshape(extra).expand(shape)], 2)
            v = cat([v, self.bias_v.reshape(extra).expand(shape)], 2)
            added += 1
        if self.add_zero_attn:
            k = cat([k, k.new_zeros(shape)], 2)
            v = cat([v, v.new_zeros(shape)], 2)
            added += 1
        return k, v, mask if mask is None or not added else F.pad(mask, (0, added))

    def _check(
        self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None, attn_mask: Tensor | None
    ) -> None:
        dims = query.dim()
        shapes = f"query {tuple(query.shape)}, key {tuple(key.shape)}, value {tuple(value.shape)}"
        if dims not in (2, 3):
            raise AssertionError(
                f"query should be unbatched 2D or batched 3D tensor but received {dims}-D query tensor ({shapes})"
            )
        if key.dim() != dims or value.dim() != dims:
            raise AssertionError(f"expected key and value to be {dims}-D as query is, got {shapes}")
        if query.shape[-1] != self.embed_dim or key.shape[-1] != self.kdim or value.shape[-1] != self.vdim:
            raise AssertionError(
                f"was expecting {self.embed_dim}, {self.kdim} and {self.vdim} features on the last axes, got {shapes}"
            )
        if key.shape[:-1] != value.shape[:-1]:
            raise AssertionError(f"key and value must have the same sequence and batch axes, got {shapes}")
        if key_padding_mask is not None and key_padding_mask.dim() != dims - 1:
            raise AssertionError(
                f"expected key_padding_mask to be None or {dims - 1}-D but found {key_padding_mask.dim()}-D tensor"
            )
        if attn_mask is not None and attn_mask.dim() not in (2, 3):
            raise AssertionError(
                f"expected attn_mask to be None, 2-D or 3-D but found {attn_mask.dim()}-D tensor instead"
            )

    def _label(self) -> str:
        return f"{type(self).__name__} {self.embed_dim}, {self.num_heads} heads"


def _unsqueezed(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """With a batch axis at 1; what is one tensor stays one."""
    q = query.unsqueeze(1)
    k = q if key is query else key.unsqueeze(1)
    return q, k, k if value is key else value.unsqueeze(1)


def _additive(mask: Tensor, name: str, like: Tensor) -> Tensor:
    """A mask of booleans as numbers: minus infinity where it is true."""
    if mask.is_floating_point():
        return mask
    if mask._array.dtype.kind != "b":
        raise AssertionError(f"only bool and floating types of {name} are supported, got {mask.dtype}")
    return zeros_like(mask, dtype=like.dtype).masked_fill(mask, -math.inf)
