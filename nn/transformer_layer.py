"""One layer of a transformer's encoder or decoder.

Source: Vaswani et al., "Attention Is All You Need", NIPS 2017; normalisation before each block: Xiong et al., "On Layer
Normalization in the Transformer Architecture", ICML 2020.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_cn.tensor import Tensor

from . import functional as F
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .multihead_attention import MultiheadAttention
from .normalization import LayerNorm

__all__ = ["TransformerDecoderLayer", "TransformerEncoderLayer"]

Activation = str | Callable[[Tensor], Tensor]


def _function(activation: Activation) -> Callable[[Tensor], Tensor]:
    if not isinstance(activation, str):
        return activation
    if activation not in ("relu", "gelu"):
        raise RuntimeError(f"activation should be relu/gelu, not {activation}")
    return F.relu if activation == "relu" else F.gelu


class TransformerEncoderLayer(Module):
    """Self-attention and a feed-forward network, each with a shortcut and a normalisation.

    Args:
        d_model: size of the last axis of input and output.
        nhead: how many heads attention has.
        dim_feedforward: size of the feed-forward network's hidden layer.
        dropout: the probability of dropping while training.
        activation: of the hidden layer: ``"relu"``, ``"gelu"``, or a function.
        layer_norm_eps: added to the variance in normalisations.
        batch_first: the batch comes before the sequence.
        norm_first: normalise before each block, not after its shortcut.
        bias: whether linear maps and normalisations have biases.
        device: the CPU.
        dtype: of the parameters; the default dtype if ``None``.

    Shape:
        - src: ``(S, N, d_model)``, ``(N, S, d_model)`` if ``batch_first``, or ``(S, d_model)``
        - src_mask, src_key_padding_mask: as ``attn_mask`` and ``key_padding_mask`` of `MultiheadAttention`
        - output: like ``src``

    Raises:
        RuntimeError: another name of an activation.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)(tg.ones(2, 5, 8)).shape
        Size([2, 5, 8])
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        options = {"bias": bias, "device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout=dropout, batch_first=batch_first, **options)
        self.linear1 = Linear(d_model, dim_feedforward, **options)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **options)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, eps=layer_norm_eps, **options)
        self.norm2 = LayerNorm(d_model, eps=layer_norm_eps, **options)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.activation = _function(activation)

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        masks = (src_mask, src_key_padding_mask, is_causal)
        x = src
        if self.norm_first:
            x = x + self._attend(self.norm1(x), *masks)
            return x + self._feed_forward(self.norm2(x))
        x = self.norm1(x + self._attend(x, *masks))
        return self.norm2(x + self._feed_forward(x))

    def _attend(self, x: Tensor, mask: Tensor | None, padding: Tensor | None, is_causal: bool) -> Tensor:
        out, _ = self.self_attn(
            x, x, x, attn_mask=mask, key_padding_mask=padding, need_weights=False, is_causal=is_causal
        )
        return self.dropout1(out)

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))


class TransformerDecoderLayer(Module):
    """Self-attention, attention to the encoder's output, and a feed-forward network.

    Args:
        d_model: size of the last axis of input and output.
        nhead: how many heads attention has.
        dim_feedforward: size of the feed-forward network's hidden layer.
        dropout: the probability of dropping while training.
        activation: of the hidden layer: ``"relu"``, ``"gelu"``, or a function.
        layer_norm_eps: added to the variance in normalisations.
        batch_first: the batch comes before the sequence.
        norm_first: normalise before each block, not after its shortcut.
        bias: whether linear maps and normalisations have biases.
        device: the CPU.
        dtype: of the parameters; the default dtype if ``None``.

    Shape:
        - tgt: ``(T, N, d_model)``, ``(N, T, d_model)`` if ``batch_first``, or ``(T, d_model)``
        - memory: the same with S in place of T
        - masks: as ``attn_mask`` and ``key_padding_mask`` of `MultiheadAttention`
        - output: like ``tgt``

    Raises:
        RuntimeError: another name of an activation.

    Example:
        >>> import tinygrad_cn as tg
        >>> layer = tg.nn.TransformerDecoderLayer(8, 2, 16, batch_first=True)
        >>> layer(tg.ones(2, 5, 8), tg.ones(2, 7, 8)).shape
        Size([2, 5, 8])
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        options = {"bias": bias, "device": device, "dtype": dtype}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout=dropout, batch_first=batch_first, **options)
        self.multihead_attn = MultiheadAttention(d_model, nhead, dropout=dropout, batch_first=batch_first, **options)
        self.linear1 = Linear(d_model, dim_feedforward, **options)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **options)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, eps=layer_norm_eps, **options)
        self.norm2 = LayerNorm(d_model, eps=layer_norm_eps, **options)
        self.norm3 = LayerNorm(d_model, eps=layer_norm_eps, **options)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.dropout3 = Dropout(dropout)
        self.activation = _function(activation)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        own = (tgt_mask, tgt_key_padding_mask, tgt_is_causal)
        other = (memory_mask, memory_key_padding_mask, memory_is_causal)
        x = tgt
        if self.norm_first:
            x = x + self._attend(self.norm1(x), *own)
            x = x + self._attend_to(self.norm2(x), memory, *other)
            return x + self._feed_forward(self.norm3(x))
        x = self.norm1(x + self._attend(x, *own))
        x = self.norm2(x + self._attend_to(x, memory, *other))
        return self.norm3(x + self._feed_forward(x))

    def _attend(self, x: Tensor, mask: Tensor | None, padding: Tensor | None, is_causal: bool) -> Tensor:
        out, _ = self.self_attn(
            x, x, x, attn_mask=mask, key_padding_mask=padding, need_weights=False, is_causal=is_causal
        )
        return self.dropout1(out)

    def _attend_to(
        self, x: Tensor, memory: Tensor, mask: Tensor | None, padding: Tensor | None, is_causal: bool
    ) -> Tensor:
        out, _ = self.multihead_attn(
            x, memory, memory, attn_mask=mask, key_padding_mask=padding, need_weights=False, is_causal=is_causal
        )
        return self.dropout2(out)

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.dropout3(self.linear2(self.dropout(self.activation(self.linear1(x)))))
