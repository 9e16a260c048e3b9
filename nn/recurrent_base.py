"""What recurrent layers share: several layers, both directions, padded and packed sequences."""

from __future__ import annotations

import math
import warnings
from typing import Any

from tinygrad_cn.creation import empty
from tinygrad_cn.functions.joining import cat, stack
from tinygrad_cn.ops.lstm import lstm_layer
from tinygrad_cn.ops.recurrent import gru_layer, rnn_layer
from tinygrad_cn.tensor import Tensor

from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter
from .utils.rnn import PackedSequence

__all__ = ["RNNBase"]

_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


class RNNBase(Module):
    """What recurrent layers share: parameters, checks, layers and directions.

    Args:
        mode: ``"RNN_TANH"``, ``"RNN_RELU"``, ``"LSTM"`` or ``"GRU"``.
        input_size: size of the last axis of the input.
        hidden_size: size of the state.
        num_layers: how many layers, each reading the output of the one before.
        bias: whether there are biases.
        batch_first: the batch comes before the time in input and output.
        dropout: the probability of dropping an element between layers while training.
        bidirectional: also read the sequence backwards, and join both outputs.
        proj_size: project the state to this size; LSTM only.
        device: the CPU.
        dtype: of the parameters; the default dtype if ``None``.

    Attributes:
        weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, weight_hr_l0: of the first layer, drawn from U(-k, k) with
            ``k = 1 / sqrt(hidden_size)``; further layers have other numbers, the other direction ``_reverse``.

    Raises:
        ValueError: sizes that are not positive, a dropout that is no probability, an unknown mode.
        TypeError: arguments of wrong types.
    """

    def __init__(
        self,
        mode: str,
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
        super().__init__()
        _check_arguments(input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size)
        if mode not in _GATES:
            raise ValueError(f"Unrecognized RNN mode: {mode}; known are {', '.join(_GATES)}")
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._all_weights: list[list[str]] = []
        options = {"device": device, "dtype": dtype}
        directions, rows, state = self._directions, _GATES[mode] * hidden_size, proj_size or hidden_size
        for layer in range(num_layers):
            for suffix in ("", "_reverse")[:directions]:
                columns = input_size if layer == 0 else state * directions
                shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, columns), "weight_hh": (rows, state)}
                if bias:
                    shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
                if proj_size:
                    shapes["weight_hr"] = (proj_size, hidden_size)
                names = [f"{name}_l{layer}{suffix}" for name in shapes]
                for name, shape in zip(names, shapes.values(), strict=True):
                    self.register_parameter(name, Parameter(empty(shape, **options)))
                self._all_weights.append(names)
        self.reset_parameters()

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def flatten_parameters(self) -> None:
        """Nothing: on the CPU parameters need not lie together."""

    def reset_parameters(self) -> None:
        """Draw the parameters anew: U(-k, k) with ``k = 1 / sqrt(hidden_size)``."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    # ------------------------------------------------------------------------------------- the pass

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        if isinstance(input, PackedSequence):
            data, batch_sizes, order, back = input
            sizes = tuple(batch_sizes.tolist())
            self._check_input(data, 2)
            states = self._states(data, hx, sizes[0], 3)
            if order is not None and hx is not None:
                states = [s.index_select(1, order) for s in states]
            out, states = self._run(data, states, sizes)
            if back is not None:
                states = [s.index_select(1, back) for s in states]
            return PackedSequence(out, batch_sizes, order, back), self._paired(states)
        if input.dim() not in (2, 3):
            raise ValueError(f"{type(self).__name__}: Expected input to be 2D or 3D, got {input.dim()}D instead")
        batched = input.dim() == 3
        steps = input if batched else input.unsqueeze(1)
        self._check_input(steps, 3)
        if batched and self.batch_first:
            steps = steps.transpose(0, 1)
        length, batch, features = steps.shape
        if not length:
            raise RuntimeError(f"{type(self).__name__}: expected sequences of at least one step, got none")
        states = self._states(steps, hx, batch, 3 if batched else 2)
        out, states = self._run(steps.reshape(length * batch, features), states, (batch,) * length)
        out = out.reshape(length, batch, -1)
        if not batched:
            return out.squeeze(1), self._paired([s.squeeze(1) for s in states])
        return out.transpose(0, 1) if self.batch_first else out, self._paired(states)

    def _run(self, data: Tensor, states: list[Tensor], sizes: tuple[int, ...]) -> tuple[Tensor, list[Tensor]]:
        """All layers over packed steps ``(N, features)``, from states each ``(layers * directions, B, size)``."""
        last: list[list[Tensor]] = [[] for _ in states]
        weights = self.all_weights
        for layer in range(self.num_layers):
            if layer and self.dropout and self.training:
                data = F.dropout(data, self.dropout, True)
            outs = []
            for direction in range(self._directions):
                i = layer * self._directions + direction
                out, *ends = self._one(data, [s[i] for s in states], weights[i], sizes, direction == 1)
                outs.append(out)
                for collected, end in zip(last, ends, strict=True):
                    collected.append(end)
            data = outs[0] if len(outs) == 1 else cat(outs, -1)
        return data, [stack(ends) for ends in last]

    def _one(
        self, data: Tensor, states: list[Tensor], weights: list[Parameter], sizes: tuple[int, ...], reverse: bool
    ) -> tuple[Tensor, ...]:
        """One layer in one direction: its output and last states."""
        w_ih, w_hh = weights[:2]
        b_ih, b_hh = weights[2:4] if self.bias else (None, None)
        if self.mode == "GRU":  # whose second bias is added before a gate is applied
            x = F.linear(data, w_ih, b_ih)
            return gru_layer(x, states[0], w_hh, b_hh, batch_sizes=sizes, reverse=reverse)
        x = F.linear(data, w_ih, None if b_ih is None or b_hh is None else b_ih + b_hh)
        if self.mode == "LSTM":
            projection = weights[-1] if self.proj_size else None
            return lstm_layer(x, *states, w_hh, projection, batch_sizes=sizes, reverse=reverse)
        return rnn_layer(x, states[0], w_hh, batch_sizes=sizes, reverse=reverse, relu=self.mode == "RNN_RELU")

    def _states(self, input: Tensor, hx: Any, batch: int, dims: int) -> list[Tensor]:
        """The given states with a batch axis, or zeros."""
        layers = self.num_layers * self._directions
        sizes = [self.proj_size or self.hidden_size, self.hidden_size] if self.mode == "LSTM" else [self.hidden_size]
        if hx is None:
            return [input.new_zeros((layers, batch, size)) for size in sizes]
        given = list(hx) if self.mode == "LSTM" else [hx]
        states = []
        for i, (state, size) in enumerate(zip(given, sizes, strict=True)):
            what = f"hidden[{i}]" if self.mode == "LSTM" else "hidden"
            if state.dim() != dims:
                kind = "batched 3-D" if dims == 3 else "unbatched 2-D"
                raise RuntimeError(f"For {kind} input, hx should also be {dims}-D but got {state.dim()}-D tensor")
            state = state if dims == 3 else state.unsqueeze(1)
            if tuple(state.shape) != (layers, batch, size):
                raise RuntimeError(f"Expected {what} size {(layers, batch, size)}, got {list(state.shape)}")
            states.append(state)
        return states

    def _paired(self, states: list[Tensor]) -> Any:
        return tuple(states) if self.mode == "LSTM" else states[0]

    def _check_input(self, input: Tensor, dims: int) -> None:
        if input.dim() != dims:
            raise RuntimeError(f"input must have {dims} dimensions, got {input.dim()}")
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.shape[-1]}"
            )
        dtype = self.all_weights[0][0].dtype
        if input.dtype != dtype:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({dtype}). "
                f"Convert input: input.to({dtype}), or convert model: model.to({input.dtype})"
            )

    def extra_repr(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}"]
        if self.proj_size != 0:
            parts.append(f"proj_size={self.proj_size}")
        if self.num_layers != 1:
            parts.append(f"num_layers={self.num_layers}")
        if self.bias is not True:
            parts.append(f"bias={self.bias}")
        if self.batch_first is not False:
            parts.append(f"batch_first={self.batch_first}")
        if self.dropout != 0:
            parts.append(f"dropout={self.dropout}")
        if self.bidirectional is not False:
            parts.append(f"bidirectional={self.bidirectional}")
        return ", ".join(parts)

    def _label(self) -> str:
        return f"{type(self).__name__} {self.input_size} -> {self.hidden_size}"


def _check_arguments(
    input_size: Any, hidden_size: Any, num_layers: int, bias: Any, batch_first: Any, dropout: Any, proj_size: int
) -> None:
    if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an element being zeroed, "
            f"got {dropout!r}"
        )
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers "
            f"greater than 1, but got dropout={dropout} and num_layers={num_layers}",
            stacklevel=4,
        )
    for name, value, kind in (
        ("bias", bias, bool),
        ("batch_first", batch_first, bool),
        ("input_size", input_size, int),
        ("hidden_size", hidden_size, int),
    ):
        if not isinstance(value, kind):
            raise TypeError(f"{name} should be of type {kind.__name__}, got: {type(value).__name__}")
    for name, value in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
        if value <= 0:
            raise ValueError(f"{name} must be greater than zero, got {value}")
    if not 0 <= proj_size < hidden_size:
        raise ValueError(
            "proj_size should be a positive integer, smaller than hidden_size, or zero to disable projections, got "
            f"{proj_size}"
        )
