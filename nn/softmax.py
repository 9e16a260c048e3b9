"""Softmax and its kin as modules."""

from __future__ import annotations

from tinygrad_cn.tensor import Tensor

from . import functional as F
from .module import Module

__all__ = ["LogSoftmax", "Softmax", "Softmax2d", "Softmin"]


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


class Softmin(Module):
    """The softmax of ``-x`` along an axis.

    Args:
        dim: the axis whose elements will add up to 1.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Softmin(dim=0)(tg.tensor([1.0, 1.0])).tolist()
        [0.5, 0.5]
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.softmin(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax2d(Module):
    """The softmax over the channels at every pixel.

    Shape:
        - input: ``(N, C, H, W)`` or ``(C, H, W)``
        - output: the same

    Raises:
        ValueError: the input has another number of axes.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Softmax2d()(tg.zeros(1, 2, 1, 1)).tolist()
        [[[[0.5]], [[0.5]]]]
    """

    def forward(self, input: Tensor) -> Tensor:
        if input.dim() not in (3, 4):
            raise ValueError(f"expected input to be 3D or 4D, got {input.dim()}D instead")
        return F.softmax(input, -3)


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
