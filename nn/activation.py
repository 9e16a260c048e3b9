"""Activations as modules that are not rectifiers: sigmoid, tanh, and what is built from them, gates and shrinkage."""

from __future__ import annotations

from tinygrad_cn.tensor import Tensor

from . import functional as F
from ._inplace import InPlace
from .module import Module

__all__ = [
    "GELU",
    "GLU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "LogSigmoid",
    "Mish",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
]


class Sigmoid(Module):
    """``1 / (1 + exp(-x))``.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Sigmoid()(tg.tensor([0.0])).tolist()
        [0.5]
    """

    def forward(self, input: Tensor) -> Tensor:
        return input.sigmoid()


class LogSigmoid(Module):
    """The logarithm of the sigmoid, computed without overflow.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.LogSigmoid()(tg.tensor([200.0])).tolist()
        [0.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class Hardsigmoid(InPlace):
    """The sigmoid in three straight pieces: ``min(max(x / 6 + 1 / 2, 0), 1)``.

    Args:
        inplace: write the result into the input.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Hardsigmoid()(tg.tensor([-3.0, 0.0, 3.0])).tolist()
        [0.0, 0.5, 1.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input, self.inplace)

    def extra_repr(self) -> str:
        return ""  # as in PyTorch, which does not show inplace here


class Tanh(Module):
    """The hyperbolic tangent.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Tanh()(tg.tensor([0.0])).tolist()
        [0.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return input.tanh()


class Tanhshrink(Module):
    """``x - tanh(x)``.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Tanhshrink()(tg.tensor([0.0])).tolist()
        [0.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)


class Softsign(Module):
    """``x / (1 + |x|)``.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Softsign()(tg.tensor([-1.0, 1.0])).tolist()
        [-0.5, 0.5]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softsign(input)


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


class SiLU(InPlace):
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


class Mish(InPlace):
    """``x * tanh(softplus(x))``.

    Source: Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", arXiv:1908.08681.

    Args:
        inplace: write the result into the input.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Mish()(tg.tensor([0.0])).tolist()
        [0.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, self.inplace)


class Hardswish(InPlace):
    """``x * hardsigmoid(x)``.

    Source: Howard et al., "Searching for MobileNetV3", ICCV 2019.

    Args:
        inplace: write the result into the input.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Hardswish()(tg.tensor([0.0, 3.0])).tolist()
        [0.0, 3.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input, self.inplace)

    def extra_repr(self) -> str:
        return ""  # as in PyTorch, which does not show inplace here


class Hardshrink(Module):
    """``x`` where it is farther than ``lambd`` from 0, else 0.

    Args:
        lambd: the width of the dead zone to either side.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Hardshrink()(tg.tensor([-2.0, 0.5, 2.0])).tolist()
        [-2.0, 0.0, 2.0]
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class Softshrink(Module):
    """``x`` moved towards 0 by ``lambd``, and 0 where it would pass it.

    Args:
        lambd: the width of the dead zone to either side.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Softshrink()(tg.tensor([-2.0, 0.5, 2.0])).tolist()
        [-1.5, 0.0, 1.5]
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class GLU(Module):
    """The first half of an axis times the sigmoid of the second half.

    Source: Dauphin et al., "Language Modeling with Gated Convolutional Networks", ICML 2017.

    Args:
        dim: the axis, of even size.

    Shape:
        - input: ``(*, 2n, *)``
        - output: ``(*, n, *)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.GLU()(tg.tensor([4.0, 0.0])).tolist()
        [2.0]
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
