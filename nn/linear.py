"""Layers that multiply by a matrix: Linear, Bilinear, and Identity, which multiplies by none."""

from __future__ import annotations

import math
from typing import Any

from tinygrad_cn.creation import empty
from tinygrad_cn.tensor import Tensor

from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter

__all__ = ["Bilinear", "Identity", "Linear"]


class Identity(Module):
    """Returns its input; takes any arguments, so that it can stand in for any layer.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Identity(54, unused=0.1)(tg.ones(2)).tolist()
        [1.0, 1.0]
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input


class Linear(Module):
    """An affine map: ``y = x A^T + b``.

    Args:
        in_features: size of the last axis of the input.
        out_features: size of the last axis of the output.
        bias: whether to add ``b``.
        device: the CPU.
        dtype: of the parameters; the default dtype if ``None``.

    Shape:
        - input: ``(*, in_features)``
        - output: ``(*, out_features)``

    Attributes:
        weight: ``(out_features, in_features)``, drawn from U(-k, k) with ``k = 1 / sqrt(in_features)``.
        bias: ``(out_features,)``, drawn likewise.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Linear(4, 2)(tg.ones(3, 4)).shape
        Size([3, 2])
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(empty((out_features, in_features), device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_features, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))  # the same as U(-1/sqrt(fan_in), 1/sqrt(fan_in))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"

    def _label(self) -> str:
        return f"{type(self).__name__} {self.in_features} -> {self.out_features}"


class Bilinear(Module):
    """A bilinear map of two inputs: ``y_k = x1^T A_k x2 + b_k``.

    Args:
        in1_features: size of the last axis of the first input, at least 1.
        in2_features: size of the last axis of the second input.
        out_features: size of the last axis of the output.
        bias: whether to add ``b``.
        device: the CPU.
        dtype: of the parameters; the default dtype if ``None``.

    Shape:
        - input1: ``(*, in1_features)``
        - input2: ``(*, in2_features)``
        - output: ``(*, out_features)``

    Raises:
        ValueError: ``in1_features`` is not positive.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Bilinear(4, 3, 2)(tg.ones(5, 4), tg.ones(5, 3)).shape
        Size([5, 2])
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if in1_features <= 0:
            raise ValueError(f"in1_features must be > 0, but got (in1_features={in1_features})")
        super().__init__()
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        self.weight = Parameter(empty((out_features, in1_features, in2_features), device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_features, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )

    def _label(self) -> str:
        return f"{type(self).__name__} {self.in1_features}, {self.in2_features} -> {self.out_features}"
