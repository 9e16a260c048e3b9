"""Attention with several heads.

Source: Vaswani et al., "Attention Is All You Need", NIPS 2017, section 3.2.
"""

from __future__ import annotations

from typing import Any

from tinygrad_cn.creation import empty
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
        AssertionError: ``embed_dim`` is no multiple of ``num_heads``.
        ShapeError: inputs or masks do not fit.

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
        batch_first = self.batch_first and query.dim() == 3
        if batch_first:
            query, key, value = _transposed(query, key, value)
        out, weights = F.multi_head_attention_forward(
            *(query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight, self.in_proj_bias),
            *(self.bias_k, self.bias_v, self.add_zero_attn, self.dropout, self.out_proj.weight, self.out_proj.bias),
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return out.transpose(0, 1) if batch_first else out, weights

    def _label(self) -> str:
        return f"{type(self).__name__} {self.embed_dim}, {self.num_heads} heads"


def _transposed(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """With the sequence before the batch; what is one tensor stays one, so that it is projected once."""
    q = query.transpose(0, 1)
    k = q if key is query else key.transpose(0, 1)
    return q, k, k if value is key else value.transpose(0, 1)
