"""Activations as modules. Each is its function in ``nn.functional`` with the arguments kept."""

from __future__ import annotations

from typing import Any

from tinygrad_cn.creation import empty
from tinygrad_cn.tensor import Tensor

from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter

__all__ = [
    "ELU",
    "GELU",
    "LeakyReLU",
    "LogSoftmax",
    "PReLU",
    "RReLU",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
]


class _InPlace(Module):
    """An activation that may write its result into its input."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""

    def _with_inplace(self, text: str) -> str:
        return f"{text}, inplace=True" if self.inplace else text


class Sigmoid(Module):
    """``1 / (1 + exp(-x))``.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Sigmoid()(tg.tensor([0.0])).tolist()
        [0.5]
    """

    def forward(self, input: Tensor) -> Tensor:
        return input.sigmoid()


class Tanh(Module):
    """The hyperbolic tangent.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Tanh()(tg.tensor([0.0])).tolist()
        [0.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return input.tanh()


class ReLU(_InPlace):
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


class LeakyReLU(_InPlace):
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


class RReLU(_InPlace):
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


class ELU(_InPlace):
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


class GELU(Module):
    """``x * Phi(x)``, with the distribution function Phi of the standard normal distribution.

    Source: Hendrycks and Gimpel, "Gaussian Error Linear Units", arXiv:1606.08415.

    Args:
        approximate: ``"none"``, or ``"tanh"`` for the paper's approximation of Phi.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.GELU()(tg.tensor([0.0])).tolist()
        [0.0]
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(_InPlace):
    """``x * sigmoid(x)``, also called swish.

    Source: Elfwing, Uchibe and Doya, "Sigmoid-Weighted Linear Units", arXiv:1702.03118.

    Args:
        inplace: write the result into the input.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.SiLU()(tg.tensor([0.0])).tolist()
        [0.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, self.inplace)


class Softplus(Module):
    """``log(1 + exp(beta * x)) / beta``, a smooth ReLU.

    Args:
        beta: how sharp the bend is.
        threshold: ``x`` itself where ``beta * x`` is above this.

    Example:
        >>> import tinygrad_cn as tg
        >>> round(tg.nn.Softplus()(tg.tensor([0.0])).item(), 4)
        0.6931
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class Softmax(Module):
    """``exp(x) / sum(exp(x))`` along an axis.

    Args:
        dim: the axis whose elements will add up to 1.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Softmax(dim=0)(tg.tensor([1.0, 1.0])).tolist()
        [0.5, 0.5]
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSoftmax(Module):
    """The logarithm of the softmax along an axis, computed without overflow.

    Args:
        dim: the axis whose exponentials will add up to 1.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.LogSoftmax(dim=0)(tg.tensor([5.0])).tolist()
        [0.0]
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
