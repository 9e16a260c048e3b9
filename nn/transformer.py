"""Transformers: stacks of encoder and decoder layers, and the two together.

Source: Vaswani et al., "Attention Is All You Need", NIPS 2017.
"""

from __future__ import annotations

import copy
import math
from typing import Any

from tinygrad_cn.creation import full
from tinygrad_cn.tensor import Tensor

from . import functional as F
from . import init
from .container import ModuleList
from .module import Module
from .normalization import LayerNorm
from .transformer_layer import Activation, TransformerDecoderLayer, TransformerEncoderLayer

__all__ = ["Transformer", "TransformerDecoder", "TransformerEncoder"]


class TransformerEncoder(Module):
    """A stack of encoder layers.

    Args:
        encoder_layer: the layer; copies of it, with the same initial values, are stacked.
        num_layers: how many.
        norm: applied to the output.
        enable_nested_tensor: accepted as in PyTorch.
        mask_check: accepted as in PyTorch.

    Shape:
        - src, masks, output: as in `TransformerEncoderLayer`

    Example:
        >>> import tinygrad_cn as tg
        >>> layer = tg.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        >>> tg.nn.TransformerEncoder(layer, 2)(tg.ones(2, 5, 8)).shape
        Size([2, 5, 8])
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = ModuleList([copy.deepcopy(encoder_layer) for _ in range(num_layers)])
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        output = src
        for layer in self.layers:
            output = layer(output, src_mask=mask, src_key_padding_mask=src_key_padding_mask, is_causal=bool(is_causal))
        return output if self.norm is None else self.norm(output)


class TransformerDecoder(Module):
    """A stack of decoder layers.

    Args:
        decoder_layer: the layer; copies of it, with the same initial values, are stacked.
        num_layers: how many.
        norm: applied to the output.

    Shape:
        - tgt, memory, masks, output: as in `TransformerDecoderLayer`

    Example:
        >>> import tinygrad_cn as tg
        >>> layer = tg.nn.TransformerDecoderLayer(8, 2, 16, batch_first=True)
        >>> tg.nn.TransformerDecoder(layer, 2)(tg.ones(2, 5, 8), tg.ones(2, 7, 8)).shape
        Size([2, 5, 8])
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = ModuleList([copy.deepcopy(decoder_layer) for _ in range(num_layers)])
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        output = tgt
        for layer in self.layers:
            output = layer(
                output,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=bool(tgt_is_causal),
                memory_is_causal=memory_is_causal,
            )
        return output if self.norm is None else self.norm(output)


class Transformer(Module):
    """An encoder and a decoder: from one sequence to another.

    Args:
        d_model: size of the last axis of inputs and output.
        nhead: how many heads attention has.
        num_encoder_layers: layers of the encoder.
        num_decoder_layers: layers of the decoder.
        dim_feedforward: size of the feed-forward networks' hidden layers.
        dropout: the probability of dropping while training.
        activation: of the hidden layers: ``"relu"``, ``"gelu"``, or a function.
        custom_encoder: stands in for the encoder.
        custom_decoder: stands in for the decoder.
        layer_norm_eps: added to the variance in normalisations.
        batch_first: the batch comes before the sequence.
        norm_first: normalise before each block, not after its shortcut.
        bias: whether linear maps and normalisations have biases.
        device: the CPU.
        dtype: of the parameters; the default dtype if ``None``.

    Shape:
        - src: ``(S, N, d_model)``, ``(N, S, d_model)`` if ``batch_first``, or ``(S, d_model)``
        - tgt: the same with T in place of S
        - masks: as ``attn_mask`` and ``key_padding_mask`` of `MultiheadAttention`
        - output: like ``tgt``

    Raises:
        RuntimeError: batches or features that do not fit.

    Example:
        >>> import tinygrad_cn as tg
        >>> model = tg.nn.Transformer(8, 2, 1, 1, 16, batch_first=True)
        >>> model(tg.ones(2, 7, 8), tg.ones(2, 5, 8)).shape
        Size([2, 5, 8])
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        options = {"bias": bias, "device": device, "dtype": dtype}
        shape = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first)
        if custom_encoder is not None:
            self.encoder = custom_encoder
        else:
            layer: Module = TransformerEncoderLayer(*shape, **options)
            norm = LayerNorm(d_model, eps=layer_norm_eps, **options)
            self.encoder = TransformerEncoder(layer, num_encoder_layers, norm)
        if custom_decoder is not None:
            self.decoder = custom_decoder
        else:
            layer = TransformerDecoderLayer(*shape, **options)
            norm = LayerNorm(d_model, eps=layer_norm_eps, **options)
            self.decoder = TransformerDecoder(layer, num_decoder_layers, norm)
        self._reset_parameters()
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def _reset_parameters(self) -> None:
        for parameter in self.parameters():
            if parameter.dim() > 1:
                init.xavier_uniform_(parameter)

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        shapes = f"src {tuple(src.shape)}, tgt {tuple(tgt.shape)}"
        batch = 0 if self.batch_first else 1
        if src.dim() == 3 and src.shape[batch] != tgt.shape[batch]:
            raise RuntimeError(f"the batch number of src and tgt must be equal, got {shapes}")
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise RuntimeError(
                f"the feature number of src and tgt must be equal to d_model {self.d_model}, got {shapes}"
            )
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """The mask that lets no position see a later one: minus infinity above the diagonal, 0 elsewhere.

        Args:
            sz: the length of the sequence.
            device: the CPU.
            dtype: the default dtype if ``None``.

        Example:
            >>> import tinygrad_cn as tg
            >>> tg.nn.Transformer.generate_square_subsequent_mask(2).tolist()
            [[0.0, -inf], [0.0, 0.0]]
        """
        return full((sz, sz), -math.inf, dtype=dtype, device=device).triu(1)
