"""Dropout: zeroing at random while training, so that units do not rely on each other.

Source: Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15 (2014). What is
kept is divided by ``1 - p`` while training (inverted scaling), so that nothing has to be scaled in evaluation.
"""

from __future__ import annotations

from tinygrad_cn.tensor import Tensor

from . import functional as F
from .module import Module

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


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


class Dropout1d(_Dropout):
    """Zeroes whole channels of sequences with probability ``p`` in training and divides the others by ``1 - p``.

    Args:
        p: the probability of a channel to be zeroed.
        inplace: write the result into the input.

    Shape:
        - input: ``(N, C, L)`` or ``(C, L)``
        - output: the same

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Dropout1d()(tg.ones(2, 3, 4)).shape
        Size([2, 3, 4])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_Dropout):
    """Zeroes whole channels of images with probability ``p`` in training and divides the others by ``1 - p``.

    Source: Tompson et al., "Efficient Object Localization Using Convolutional Networks", CVPR 2015: neighbouring pixels
    are so alike that zeroing single ones regularises little.

    Args:
        p: the probability of a channel to be zeroed.
        inplace: write the result into the input.

    Shape:
        - input: ``(N, C, H, W)`` or ``(C, H, W)``
        - output: the same

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Dropout2d()(tg.ones(2, 3, 4, 4)).shape
        Size([2, 3, 4, 4])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_Dropout):
    """Zeroes whole channels of volumes with probability ``p`` in training and divides the others by ``1 - p``.

    Args:
        p: the probability of a channel to be zeroed.
        inplace: write the result into the input.

    Shape:
        - input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - output: the same

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Dropout3d()(tg.ones(2, 3, 4, 4, 4)).shape
        Size([2, 3, 4, 4, 4])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_Dropout):
    """Dropout that keeps mean 0 and variance 1, to go with `SELU`: what is dropped takes SELU's lowest value.

    Source: Klambauer et al., "Self-Normalizing Neural Networks", NeurIPS 2017.

    Args:
        p: the probability of an element to be dropped.
        inplace: accepted as in PyTorch; the result is new.

    Shape:
        - input: ``(*)``
        - output: ``(*)``, the same

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.AlphaDropout(0.2).eval()(tg.ones(3)).tolist()
        [1.0, 1.0, 1.0]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_Dropout):
    """`AlphaDropout` of whole channels.

    Args:
        p: the probability of a channel to be dropped.
        inplace: accepted as in PyTorch; the result is new.

    Shape:
        - input: ``(N, C, *)``
        - output: the same

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.FeatureAlphaDropout(0.2)(tg.ones(2, 3, 4)).shape
        Size([2, 3, 4])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training)
