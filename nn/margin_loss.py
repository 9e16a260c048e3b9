"""Losses that ask for a margin: between scores, between distances, around a boundary."""

from __future__ import annotations

from collections.abc import Callable

from tinygrad_cn.tensor import Tensor

from . import functional as F
from .distance import PairwiseDistance
from .loss import _Loss, _WeightedLoss

__all__ = [
    "CosineEmbeddingLoss",
    "HingeEmbeddingLoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]


class CosineEmbeddingLoss(_Loss):
    """``1 - cos(x1, x2)`` for pairs that belong together (target 1), ``max(0, cos(x1, x2) - margin)`` for others (-1).

    Args:
        margin: from -1 to 1; 0 to 0.5 is usual.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Shape:
        - input1, input2: ``(N, D)`` or ``(D,)``
        - target: ``(N,)`` or ``()``
        - output: a scalar, or ``(N,)`` if the reduction is ``"none"``

    Example:
        >>> import tinygrad_cn as tg
        >>> x = tg.tensor([[1.0, 0.0]])
        >>> tg.nn.CosineEmbeddingLoss()(x, tg.tensor([[0.0, 1.0]]), tg.tensor([1])).item()
        1.0
    """

    def __init__(
        self,
        margin: float = 0.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.cosine_embedding_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class HingeEmbeddingLoss(_Loss):
    """A distance ``x`` itself where the target is 1, ``max(0, margin - x)`` where it is -1.

    Args:
        margin: the distance that dissimilar pairs should have.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Shape:
        - input, target: ``(*)``, the same; the target is 1 or -1
        - output: a scalar, or ``(*)`` if the reduction is ``"none"``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.HingeEmbeddingLoss()(tg.tensor([0.5, 0.5]), tg.tensor([1, -1])).item()
        0.5
    """

    def __init__(
        self,
        margin: float = 1.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class MarginRankingLoss(_Loss):
    """``max(0, -target * (x1 - x2) + margin)``: target 1 asks ``x1`` to rank above ``x2``, -1 below.

    Args:
        margin: by how much.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Shape:
        - input1, input2, target: ``(N,)`` or ``()``, the same
        - output: a scalar, or ``(N,)`` if the reduction is ``"none"``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.MarginRankingLoss()(tg.tensor([1.0]), tg.tensor([3.0]), tg.tensor([1.0])).item()
        2.0
    """

    def __init__(
        self,
        margin: float = 0.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.margin_ranking_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class MultiLabelMarginLoss(_Loss):
    """The mean over classes of ``max(0, 1 - (x_target - x_other))``, summed over all targets and all other classes.

    Args:
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Shape:
        - input: ``(N, C)`` or ``(C,)``
        - target: the same shape, class indices from the left, then -1
        - output: a scalar, or ``(N,)`` if the reduction is ``"none"``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.MultiLabelMarginLoss()(tg.tensor([[1.0, 0.5]]), tg.tensor([[0, -1]])).item()
        0.25
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """The cross-entropy of each class by itself, of logits, averaged over the classes.

    Args:
        weight: ``(C,)``, a factor for each class.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Shape:
        - input: ``(N, C)``
        - target: ``(N, C)``, 0 or 1
        - output: a scalar, or ``(N,)`` if the reduction is ``"none"``

    Example:
        >>> import tinygrad_cn as tg
        >>> round(tg.nn.MultiLabelSoftMarginLoss()(tg.zeros(1, 2), tg.tensor([[1.0, 0.0]])).item(), 4)
        0.6931
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_soft_margin_loss(input, target, weight=self.weight, reduction=self.reduction)


class MultiMarginLoss(_WeightedLoss):
    """The mean over the wrong classes of ``max(0, margin - x_target + x_other) ** p``.

    Args:
        p: 1 or 2.
        margin: by how much the target's score should stand above the others.
        weight: ``(C,)``, a factor for each class.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Shape:
        - input: ``(N, C)`` or ``(C,)``
        - target: ``(N,)`` or ``()``, class indices
        - output: a scalar, or the shape of the target if the reduction is ``"none"``

    Raises:
        ValueError: another ``p``, or a weight that is no vector.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.MultiMarginLoss()(tg.tensor([[1.0, 0.5]]), tg.tensor([0])).item()
        0.25
    """

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ValueError(f"only p == 1 and p == 2 supported, got {p}")
        if weight is not None and weight.dim() != 1:
            raise ValueError(f"MultiMarginLoss: expected weight to be None or 1D tensor, got {weight.dim()}D instead")
        self.p = p
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multi_margin_loss(
            input, target, p=self.p, margin=self.margin, weight=self.weight, reduction=self.reduction
        )


class SoftMarginLoss(_Loss):
    """``log(1 + exp(-target * x))``, the logistic loss of targets 1 and -1.

    Args:
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Shape:
        - input, target: ``(*)``, the same; the target is 1 or -1
        - output: a scalar, or ``(*)`` if the reduction is ``"none"``

    Example:
        >>> import tinygrad_cn as tg
        >>> round(tg.nn.SoftMarginLoss()(tg.zeros(2), tg.tensor([1.0, -1.0])).item(), 4)
        0.6931
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.soft_margin_loss(input, target, reduction=self.reduction)


def _check_margin(name: str, margin: float) -> float:
    if margin <= 0:
        raise ValueError(f"{name}: expected margin to be greater than 0, got {margin} instead")
    return margin


class TripletMarginLoss(_Loss):
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)``, ``d`` the distance of the ``p``-norm.

    Source: Balntas et al., "Learning local feature descriptors with triplets and shallow convolutional neural
    networks", BMVC 2016.

    Args:
        margin: by how much the negative should be further away, above 0.
        p: the norm.
        eps: added to each difference.
        swap: use the distance of positive and negative where it is the smaller one.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Shape:
        - anchor, positive, negative: ``(N, D)`` or ``(D,)``
        - output: a scalar, or ``(N,)`` if the reduction is ``"none"``

    Raises:
        ValueError: the margin is not positive.

    Example:
        >>> import tinygrad_cn as tg
        >>> a = tg.zeros(1, 2)
        >>> round(tg.nn.TripletMarginLoss()(a, a, a).item(), 4)
        1.0
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = _check_margin("TripletMarginLoss", margin)
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_loss(
            anchor,
            positive,
            negative,
            margin=self.margin,
            p=self.p,
            eps=self.eps,
            swap=self.swap,
            reduction=self.reduction,
        )


class TripletMarginWithDistanceLoss(_Loss):
    """`TripletMarginLoss` with any distance.

    Args:
        distance_function: a function of two tensors; `PairwiseDistance` if ``None``.
        margin: by how much the negative should be further away, above 0.
        swap: use the distance of positive and negative where it is the smaller one.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Shape:
        - anchor, positive, negative: what the distance takes
        - output: a scalar, or a loss per triplet if the reduction is ``"none"``

    Raises:
        ValueError: the margin is not positive.

    Example:
        >>> import tinygrad_cn as tg
        >>> a = tg.zeros(1, 2)
        >>> tg.nn.TripletMarginWithDistanceLoss(distance_function=lambda x, y: (x - y).abs().sum(1))(a, a, a).item()
        1.0
    """

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction=reduction)
        self.margin = _check_margin("TripletMarginWithDistanceLoss", margin)
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )
