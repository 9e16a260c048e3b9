"""Dropout: zeroing at random while training, so that units do not rely on each other.

Source: Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15 (2014). What is
kept is divided by ``1 - p`` while training (inverted scaling), so that nothing has to be scaled in evaluation.
"""

from __future__ import annotations

from tinygrad_cn.tensor import Tensor

from . import functional as F
from .module import Module

__all__ = ["Dropout"]


class _Dropout(Module):
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """Zeroes each element with probability ``p`` in training and divides the others by ``1 - p``.

    Args:
        p: the probability of an element to be zeroed.
        inplace: write the result into the input.

    Shape:
        - input: ``(*)``
        - output: ``(*)``, the same

    Raises:
        ValueError: ``p`` is not between 0 and 1.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Dropout(0.2).eval()(tg.ones(3)).tolist()
        [1.0, 1.0, 1.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)
