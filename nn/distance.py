"""Similarity and distance of vectors."""

from __future__ import annotations

from tinygrad_cn.tensor import Tensor

from . import functional as F
from .module import Module

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class CosineSimilarity(Module):
    """The cosine of the angle between vectors along an axis.

    Args:
        dim: the axis.
        eps: the least norm to divide by.

    Shape:
        - x1, x2: ``(*, D, *)``, ``D`` at ``dim``, broadcast against each other
        - output: ``(*, *)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.CosineSimilarity()(tg.tensor([[2.0, 0.0]]), tg.tensor([[0.5, 0.0]])).tolist()
        [1.0]
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """The ``p``-norm of the difference of vectors along the last axis.

    Args:
        p: the norm.
        eps: added to each difference.
        keepdim: keep the last axis with size 1.

    Shape:
        - x1, x2: ``(N, D)`` or ``(D,)``
        - output: ``(N,)`` or ``()``; ``(N, 1)`` or ``(1,)`` if ``keepdim``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.PairwiseDistance(p=1, eps=0)(tg.tensor([[1.0, 3.0]]), tg.zeros(1, 2)).tolist()
        [4.0]
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
