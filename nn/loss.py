"""Losses as modules. Each is its function in ``nn.functional`` with the arguments kept."""

from __future__ import annotations

import warnings

from tinygrad_cn.tensor import Tensor

from . import functional as F
from .module import Module

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "NLLLoss",
    "NLLLoss2d",
    "SmoothL1Loss",
]


class _Loss(Module):
    """A loss with a ``reduction``: ``"mean"``, ``"sum"``, or ``"none"`` for a loss per element."""

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__()
        if size_average is not None or reduce is not None:
            reduction = _legacy_reduction(size_average, reduce)
        self.reduction = reduction


class _WeightedLoss(_Loss):
    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


def _legacy_reduction(size_average: bool | None, reduce: bool | None, warn: bool = True) -> str:
    """The reduction that PyTorch's two old arguments mean; what is not given counts as true."""
    reduction = "none" if reduce is False else "sum" if size_average is False else "mean"
    if warn:
        warnings.warn(
            f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.",
            stacklevel=4,
        )
    return reduction


class L1Loss(_Loss):
    """The absolute difference of input and target.

    Args:
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Shape:
        - input, target: ``(*)``, the same
        - output: a scalar, or ``(*)`` if the reduction is ``"none"``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.L1Loss()(tg.tensor([1.0, 3.0]), tg.tensor([0.0, 0.0])).item()
        2.0
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class MSELoss(_Loss):
    """The squared difference of input and target.

    Args:
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Shape:
        - input, target: ``(*)``, the same
        - output: a scalar, or ``(*)`` if the reduction is ``"none"``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.MSELoss()(tg.tensor([1.0, 3.0]), tg.tensor([0.0, 0.0])).item()
        5.0
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """``d^2 / (2 * beta)`` where the absolute difference ``d`` is below ``beta``, else ``d - beta / 2``.

    Source: Girshick, "Fast R-CNN", ICCV 2015.

    Args:
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        beta: where the parabola ends; 0 gives `L1Loss`.

    Shape:
        - input, target: ``(*)``, the same
        - output: a scalar, or ``(*)`` if the reduction is ``"none"``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.SmoothL1Loss(reduction="none")(tg.tensor([0.5, 3.0]), tg.zeros(2)).tolist()
        [0.125, 2.5]
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """``d^2 / 2`` where the absolute difference ``d`` is at most ``delta``, else ``delta * (d - delta / 2)``.

    Source: Huber, "Robust Estimation of a Location Parameter", Annals of Mathematical Statistics 35 (1964).

    Args:
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        delta: where the parabola ends.

    Shape:
        - input, target: ``(*)``, the same
        - output: a scalar, or ``(*)`` if the reduction is ``"none"``

    Raises:
        TypeError: ``delta`` is no number.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.HuberLoss(reduction="none")(tg.tensor([0.5, 3.0]), tg.zeros(2)).tolist()
        [0.125, 2.5]
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        if not isinstance(delta, float | int):
            raise TypeError(f"delta must be a float or int, got {type(delta).__name__}")
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class KLDivLoss(_Loss):
    """The Kullback-Leibler divergence of the target from the input: ``target * (log(target) - input)``.

    Args:
        reduction: ``"batchmean"`` divides the sum by the size of the batch and is the divergence itself; ``"mean"``
            divides it by the number of elements; also ``"sum"`` and ``"none"``.
        log_target: the target, too, is given by its logarithm.

    Shape:
        - input: ``(*)``, log-probabilities
        - target: ``(*)``, probabilities
        - output: a scalar, or ``(*)`` if the reduction is ``"none"``

    Example:
        >>> import tinygrad_cn as tg
        >>> p = tg.tensor([[0.5, 0.5]])
        >>> tg.nn.KLDivLoss(reduction="batchmean")(p.log(), p).item()
        0.0
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class NLLLoss(_WeightedLoss):
    """The negative log-likelihood of the target classes, given log-probabilities (see `LogSoftmax`).

    Args:
        weight: ``(C,)``, a factor for each class; the mean is then weighted too.
        ignore_index: targets of this value count for nothing.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Shape:
        - input: ``(N, C, d1, ...)`` or ``(C,)``
        - target: ``(N, d1, ...)`` or ``()``, class indices
        - output: a scalar, or the shape of the target if the reduction is ``"none"``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.NLLLoss()(tg.tensor([[-0.5, -1.0]]), tg.tensor([1])).item()
        1.0
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class NLLLoss2d(NLLLoss):
    """`NLLLoss` under the name that it once had for images; use that one.

    Example:
        >>> from tinygrad_cn import nn
        >>> issubclass(nn.NLLLoss2d, nn.NLLLoss)
        True
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        warnings.warn("`NLLLoss2d` has been deprecated. Please use `NLLLoss` instead.", FutureWarning, stacklevel=2)
        super().__init__(weight, size_average, ignore_index, reduce, reduction)


class CrossEntropyLoss(_WeightedLoss):
    """Softmax and negative log-likelihood in one, given unnormalised scores (logits).

    Args:
        weight: ``(C,)``, a factor for each class; the mean is then weighted too.
        ignore_index: target indices of this value count for nothing.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        label_smoothing: the share of the target that is spread over all classes, 0 to 1 (Szegedy et al., "Rethinking
            the Inception Architecture for Computer Vision", CVPR 2016).

    Shape:
        - input: ``(N, C, d1, ...)`` or ``(C,)``
        - target: class indices ``(N, d1, ...)`` or ``()``, or class probabilities of the shape of the input
        - output: a scalar, or the shape of the target indices if the reduction is ``"none"``

    Example:
        >>> import tinygrad_cn as tg
        >>> round(tg.nn.CrossEntropyLoss()(tg.zeros(1, 2), tg.tensor([1])).item(), 4)
        0.6931
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class BCELoss(_WeightedLoss):
    """The cross-entropy of two classes, given the probability of the second; logarithms are cut off at -100.

    Args:
        weight: a factor for each element of the batch.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Shape:
        - input: ``(*)``, from 0 to 1
        - target: ``(*)``, from 0 to 1
        - output: a scalar, or ``(*)`` if the reduction is ``"none"``

    Example:
        >>> import tinygrad_cn as tg
        >>> round(tg.nn.BCELoss()(tg.tensor([0.5]), tg.tensor([1.0])).item(), 4)
        0.6931
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """Sigmoid and `BCELoss` in one, given unnormalised scores (logits): stable where the sigmoid saturates.

    Args:
        weight: a factor for each element of the batch.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        pos_weight: a factor on the positive targets, broadcast against the input.

    Shape:
        - input: ``(*)``
        - target: ``(*)``, from 0 to 1
        - output: a scalar, or ``(*)`` if the reduction is ``"none"``

    Example:
        >>> import tinygrad_cn as tg
        >>> round(tg.nn.BCEWithLogitsLoss()(tg.tensor([0.0]), tg.tensor([1.0])).item(), 4)
        0.6931
    """

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, pos_weight=self.pos_weight, reduction=self.reduction
        )
