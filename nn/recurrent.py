"""Recurrent layers: RNN, LSTM and GRU, in several layers and both directions, over padded or packed sequences."""

from __future__ import annotations

from typing import Any

from .recurrent_base import RNNBase

__all__ = ["GRU", "LSTM", "RNN"]


class RNN(RNNBase):
    """``h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh)`` over a sequence.

    Source: Elman, "Finding Structure in Time", Cognitive Science 14 (1990).

    Args:
        input_size: size of the last axis of the input.
        hidden_size: size of the state.
        num_layers: how many layers, each reading the output of the one before.
        nonlinearity: ``"tanh"`` or ``"relu"``.
        bias: whether there are biases.
        batch_first: the batch comes before the time in input and output.
        dropout: the probability of dropping an element between layers while training.
        bidirectional: also read the sequence backwards, and join both outputs.
        device: the CPU.
        dtype: of the parameters; the default dtype if ``None``.

    Shape:
        - input: ``(L, N, input_size)``, ``(N, L, input_size)`` if ``batch_first``, ``(L, input_size)``, or a
          `PackedSequence`
        - hx: ``(num_layers * directions, N, hidden_size)`` or the same without ``N``; zeros if left out
        - output: the states after each step, ``directions * hidden_size`` on the last axis, and the last states, like
          ``hx``

    Raises:
        ValueError: sizes that are not positive, a dropout that is no probability, an unknown nonlinearity.
        RuntimeError: an input or state that does not fit.

    Example:
        >>> import tinygrad_cn as tg
        >>> out, h = tg.nn.RNN(4, 3, num_layers=2)(tg.ones(5, 1, 4))
        >>> out.shape, h.shape
        (Size([5, 1, 3]), Size([2, 1, 3]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(
            *(f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, bias, batch_first, dropout),
            bidirectional=bidirectional,
            device=device,
            dtype=dtype,
        )
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """A long short-term memory over a sequence: a cell that gates write to, read from and make forget.

    Source: Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9 (1997); projections: Sak, Senior
    and Beaufays, 2014, arXiv:1402.1128.

    Args:
        input_size: size of the last axis of the input.
        hidden_size: size of the cell, and of the state if it is not projected.
        num_layers: how many layers, each reading the output of the one before.
        bias: whether there are biases.
        batch_first: the batch comes before the time in input and output.
        dropout: the probability of dropping an element between layers while training.
        bidirectional: also read the sequence backwards, and join both outputs.
        proj_size: project the state to this size, less than ``hidden_size``; 0: do not.
        device: the CPU.
        dtype: of the parameters; the default dtype if ``None``.

    Shape:
        - input: ``(L, N, input_size)``, ``(N, L, input_size)`` if ``batch_first``, ``(L, input_size)``, or a
          `PackedSequence`
        - hx: a pair of states and cells, ``(num_layers * directions, N, proj_size or hidden_size)`` and
          ``(num_layers * directions, N, hidden_size)``, or both without ``N``; zeros if left out
        - output: the states after each step, and the pair of the last states and cells

    Raises:
        ValueError: sizes that are not positive, a dropout that is no probability.
        RuntimeError: an input or state that does not fit.

    Example:
        >>> import tinygrad_cn as tg
        >>> out, (h, c) = tg.nn.LSTM(4, 3, bidirectional=True)(tg.ones(5, 1, 4))
        >>> out.shape, h.shape, c.shape
        (Size([5, 1, 6]), Size([2, 1, 3]), Size([2, 1, 3]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            *("LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size),
            device=device,
            dtype=dtype,
        )


class GRU(RNNBase):
    """Gated recurrent units over a sequence: a state that one gate replaces and another resets.

    Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine
    Translation", EMNLP 2014; the reset gate acts after the product, as in cuDNN.

    Args:
        input_size: size of the last axis of the input.
        hidden_size: size of the state.
        num_layers: how many layers, each reading the output of the one before.
        bias: whether there are biases.
        batch_first: the batch comes before the time in input and output.
        dropout: the probability of dropping an element between layers while training.
        bidirectional: also read the sequence backwards, and join both outputs.
        device: the CPU.
        dtype: of the parameters; the default dtype if ``None``.

    Shape:
        - input, hx, output: as in `RNN`

    Raises:
        ValueError: sizes that are not positive, a dropout that is no probability.
        RuntimeError: an input or state that does not fit.

    Example:
        >>> import tinygrad_cn as tg
        >>> out, h = tg.nn.GRU(4, 3, batch_first=True)(tg.ones(2, 5, 4))
        >>> out.shape, h.shape
        (Size([2, 5, 3]), Size([1, 2, 3]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            *("GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional),
            device=device,
            dtype=dtype,
        )
