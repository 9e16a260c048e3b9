"""Rectifiers as modules: activations with a bend at 0 or at bounds."""

from __future__ import annotations

from typing import Any

from tinygrad_cn.creation import empty
from tinygrad_cn.tensor import Tensor

from . import functional as F
from . import init
from ._inplace import InPlace
from .module import Module
from .parameter import Parameter

__all__ = ["CELU", "ELU", "SELU", "Hardtanh", "LeakyReLU", "PReLU", "RReLU", "ReLU", "ReLU6", "Threshold"]


class Threshold(InPlace):
    """``x`` where it is above a threshold, else a constant.

    Args:
        threshold: where ``x`` begins to pass.
        value: what stands in for it elsewhere.
        inplace: write the result into the input.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Threshold(1.0, 20.0)(tg.tensor([1.0, 2.0])).tolist()
        [20.0, 2.0]
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.threshold = threshold
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        return self._with_inplace(f"threshold={self.threshold}, value={self.value}")


class ReLU(InPlace):
    """``max(x, 0)``; its derivative at 0 is 0.

    Args:
        inplace: write the result into the input.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.ReLU()(tg.tensor([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input, self.inplace)


class LeakyReLU(InPlace):
    """``x`` where positive, else ``negative_slope * x``.

    Args:
        negative_slope: the slope below 0.
        inplace: write the result into the input.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.LeakyReLU(0.5)(tg.tensor([-1.0, 2.0])).tolist()
        [-0.5, 2.0]
    """

    def __init__(self, negative_slope: float = 1e-2, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.negative_slope = negative_slope

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        return self._with_inplace(f"negative_slope={self.negative_slope}")


class PReLU(Module):
    """``x`` where positive, else ``weight * x`` with a slope that is learned.

    Source: He et al., "Delving Deep into Rectifiers", ICCV 2015.

    Args:
        num_parameters: 1, or the number of channels (axis 1): a slope for each.
        init: the slope to begin with.
        device: the CPU.
        dtype: of the slope; the default dtype if ``None``.

    Attributes:
        weight: ``(num_parameters,)``. Weight decay pulls it towards 0 and is better not applied to it.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.PReLU()(tg.tensor([-1.0, 2.0])).tolist()
        [-0.25, 2.0]
    """

    weight: Parameter

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set all slopes to ``init``."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class RReLU(InPlace):
    """``x`` where positive, else ``a * x``, with ``a`` drawn from U(lower, upper) in training and their mean after it.

    Source: Xu et al., "Empirical Evaluation of Rectified Activations in Convolutional Network", arXiv:1505.00853.

    Args:
        lower: the lower bound of the slope.
        upper: the upper bound.
        inplace: write the result into the input.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.RReLU(0.25, 0.75).eval()(tg.tensor([-1.0, 2.0])).tolist()
        [-0.5, 2.0]
    """

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.lower = lower
        self.upper = upper

    def forward(self, input: Tensor) -> Tensor:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        return self._with_inplace(f"lower={self.lower}, upper={self.upper}")


class Hardtanh(InPlace):
    """``x`` cut off at two bounds.

    Args:
        min_val: the lower bound.
        max_val: the upper bound.
        inplace: write the result into the input.

    Raises:
        ValueError: the upper bound is not above the lower one.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Hardtanh(-2.0, 1.0)(tg.tensor([-3.0, 3.0])).tolist()
        [-2.0, 1.0]
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        if max_val <= min_val:
            raise ValueError(f"max_val ({max_val}) must be greater than min_val ({min_val})")
        self.min_val = min_val
        self.max_val = max_val

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        return self._with_inplace(f"min_val={self.min_val}, max_val={self.max_val}")


class ReLU6(Hardtanh):
    """``min(max(x, 0), 6)``.

    Args:
        inplace: write the result into the input.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.ReLU6()(tg.tensor([-1.0, 7.0])).tolist()
        [0.0, 6.0]
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        return InPlace.extra_repr(self)


class ELU(InPlace):
    """``x`` where positive, else ``alpha * (exp(x) - 1)``.

    Source: Clevert, Unterthiner and Hochreiter, "Fast and Accurate Deep Network Learning by Exponential Linear Units",
    ICLR 2016.

    Args:
        alpha: minus the limit far below 0.
        inplace: write the result into the input.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.ELU()(tg.tensor([0.0, 2.0])).tolist()
        [0.0, 2.0]
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = alpha

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return self._with_inplace(f"alpha={self.alpha}")


class CELU(InPlace):
    """``max(x, 0) + min(0, alpha * (exp(x / alpha) - 1))``: an ELU with a continuous derivative for every ``alpha``.

    Source: Barron, "Continuously Differentiable Exponential Linear Units", arXiv:1704.07483.

    Args:
        alpha: minus the limit far below 0.
        inplace: write the result into the input.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.CELU()(tg.tensor([0.0, 2.0])).tolist()
        [0.0, 2.0]
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = alpha

    def forward(self, input: Tensor) -> Tensor:
        return F.celu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return self._with_inplace(f"alpha={self.alpha}")


class SELU(InPlace):
    """An ELU scaled so that activations keep mean 0 and variance 1 from layer to layer.

    Source: Klambauer et al., "Self-Normalizing Neural Networks", NeurIPS 2017.

    Args:
        inplace: write the result into the input.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.SELU()(tg.tensor([0.0])).tolist()
        [0.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, self.inplace)
