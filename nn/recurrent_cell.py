"""One step of a recurrent layer: RNNCell, LSTMCell, GRUCell."""

from __future__ import annotations

import math
from typing import Any

from tinygrad_cn.creation import empty
from tinygrad_cn.ops.lstm import lstm_layer
from tinygrad_cn.ops.recurrent import gru_layer, rnn_layer
from tinygrad_cn.tensor import Tensor

from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"]


class RNNCellBase(Module):
    """What cells share: the parameters and how they are drawn.

    Args:
        input_size: size of the last axis of the input.
        hidden_size: size of the last axis of the state.
        bias: whether there are biases.
        num_chunks: how many gates there are.
        device: the CPU.
        dtype: of the parameters; the default dtype if ``None``.

    Attributes:
        weight_ih: ``(num_chunks * hidden_size, input_size)``
        weight_hh: ``(num_chunks * hidden_size, hidden_size)``
        bias_ih, bias_hh: ``(num_chunks * hidden_size,)``
    """

    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        options = {"device": device, "dtype": dtype}
        rows = num_chunks * hidden_size
        self.weight_ih = Parameter(empty((rows, input_size), **options))
        self.weight_hh = Parameter(empty((rows, hidden_size), **options))
        self.register_parameter("bias_ih", Parameter(empty(rows, **options)) if bias else None)
        self.register_parameter("bias_hh", Parameter(empty(rows, **options)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew: U(-k, k) with ``k = 1 / sqrt(hidden_size)``."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _check(self, what: str, value: Tensor, size: int) -> None:
        if value.dim() not in (1, 2):
            raise ValueError(f"{type(self).__name__}: Expected {what} to be 1D or 2D, got {value.dim()}D instead")
        if value.shape[-1] != size:
            raise RuntimeError(
                f"{type(self).__name__}: {what} has inconsistent size: shape {tuple(value.shape)}, expected {size} on "
                "the last axis"
            )

    def _state(self, input: Tensor, hx: Tensor | None, what: str) -> Tensor:
        """The state for a batch, zeros if none is given: ``(B, hidden_size)``."""
        if hx is None:
            return input.new_zeros((input.shape[0] if input.dim() == 2 else 1, self.hidden_size))
        self._check(what, hx, self.hidden_size)
        state = hx if input.dim() == 2 else hx.unsqueeze(0)
        batch = input.shape[0] if input.dim() == 2 else 1
        if tuple(state.shape) != (batch, self.hidden_size):
            raise RuntimeError(
                f"{type(self).__name__}: {what} of shape {tuple(hx.shape)} does not fit the input of shape "
                f"{tuple(input.shape)}"
            )
        return state

    def _share_of_input(self, input: Tensor, with_both_biases: bool) -> Tensor:
        batch = input if input.dim() == 2 else input.unsqueeze(0)
        bias = self.bias_ih
        if with_both_biases and bias is not None and self.bias_hh is not None:
            return F.linear(batch, self.weight_ih, bias + self.bias_hh)
        return F.linear(batch, self.weight_ih, bias)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias is True else f", bias={self.bias}")

    def _label(self) -> str:
        return f"{type(self).__name__} {self.input_size} -> {self.hidden_size}"


class RNNCell(RNNCellBase):
    """One step of `RNN`: ``h' = tanh(W_ih x + b_ih + W_hh h + b_hh)``.

    Args:
        input_size: size of the last axis of the input.
        hidden_size: size of the last axis of the state.
        bias: whether there are biases.
        nonlinearity: ``"tanh"`` or ``"relu"``.
        device: the CPU.
        dtype: of the parameters; the default dtype if ``None``.

    Shape:
        - input: ``(N, input_size)`` or ``(input_size,)``
        - hx: ``(N, hidden_size)`` or ``(hidden_size,)``; zeros if left out
        - output: the new state, like ``hx``

    Raises:
        ValueError: an input or a state of another number of axes.
        RuntimeError: sizes that do not fit, or another nonlinearity.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.RNNCell(4, 3)(tg.ones(2, 4)).shape
        Size([2, 3])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        self._check("input", input, self.input_size)
        state = self._state(input, hx, "hidden")
        x = self._share_of_input(input, True)
        new, _ = rnn_layer(
            x, state, self.weight_hh, batch_sizes=(x.shape[0],), reverse=False, relu=self.nonlinearity == "relu"
        )
        return new if input.dim() == 2 else new.squeeze(0)

    def extra_repr(self) -> str:
        other = "" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity}"
        return super().extra_repr() + other


class LSTMCell(RNNCellBase):
    """One step of `LSTM`.

    Args:
        input_size: size of the last axis of the input.
        hidden_size: size of the last axis of the state.
        bias: whether there are biases.
        device: the CPU.
        dtype: of the parameters; the default dtype if ``None``.

    Shape:
        - input: ``(N, input_size)`` or ``(input_size,)``
        - hx: a pair of state and cell, each ``(N, hidden_size)`` or ``(hidden_size,)``; zeros if left out
        - output: the new pair

    Raises:
        ValueError: an input or a state of another number of axes.
        RuntimeError: sizes that do not fit.

    Example:
        >>> import tinygrad_cn as tg
        >>> state, cell = tg.nn.LSTMCell(4, 3)(tg.ones(2, 4))
        >>> state.shape, cell.shape
        (Size([2, 3]), Size([2, 3]))
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        self._check("input", input, self.input_size)
        first, second = (None, None) if hx is None else hx
        state, cell = self._state(input, first, "hx[0]"), self._state(input, second, "hx[1]")
        x = self._share_of_input(input, True)
        new, _, cell = lstm_layer(x, state, cell, self.weight_hh, None, batch_sizes=(x.shape[0],), reverse=False)
        return (new, cell) if input.dim() == 2 else (new.squeeze(0), cell.squeeze(0))


class GRUCell(RNNCellBase):
    """One step of `GRU`.

    Args:
        input_size: size of the last axis of the input.
        hidden_size: size of the last axis of the state.
        bias: whether there are biases.
        device: the CPU.
        dtype: of the parameters; the default dtype if ``None``.

    Shape:
        - input: ``(N, input_size)`` or ``(input_size,)``
        - hx: ``(N, hidden_size)`` or ``(hidden_size,)``; zeros if left out
        - output: the new state, like ``hx``

    Raises:
        ValueError: an input or a state of another number of axes.
        RuntimeError: sizes that do not fit.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.GRUCell(4, 3)(tg.ones(2, 4)).shape
        Size([2, 3])
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        self._check("input", input, self.input_size)
        state = self._state(input, hx, "hidden")
        x = self._share_of_input(input, False)
        new, _ = gru_layer(x, state, self.weight_hh, self.bias_hh, batch_sizes=(x.shape[0],), reverse=False)
        return new if input.dim() == 2 else new.squeeze(0)
