"""Negative log-likelihoods of distributions and of alignments."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tinygrad_cn.tensor import Tensor

from . import functional as F
from .linear import Linear
from .loss import _Loss, _WeightedLoss

__all__ = [
    "CTCLoss",
    "GaussianNLLLoss",
    "LinearCrossEntropyLoss",
    "LinearCrossEntropyOptions",
    "PoissonNLLLoss",
]


class GaussianNLLLoss(_Loss):
    """``(log(var) + (input - target)^2 / var) / 2``: the target is drawn from N(input, var).

    Source: Nix and Weigend, "Estimating the mean and variance of the target probability distribution", ICNN 1994.

    Args:
        full: add the constant ``log(2 * pi) / 2``.
        eps: the least variance; below it no gradient flows into ``var``'s clamping.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Shape:
        - input, target: ``(*)``, the same
        - var: ``(*)``, or the same with the last axis 1 or left out, or a number
        - output: a scalar, or ``(*)`` if the reduction is ``"none"``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.GaussianNLLLoss()(tg.zeros(2), tg.ones(2), tg.ones(2)).item()
        0.5
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        return F.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


class PoissonNLLLoss(_Loss):
    """``exp(x) - target * x``: the target is drawn from a Poisson distribution of mean ``exp(x)``.

    Args:
        log_input: the input is the logarithm of the mean; else the mean itself.
        full: add Stirling's approximation of ``log(target!)``.
        eps: added before a logarithm if not ``log_input``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Shape:
        - log_input, target: ``(*)``, the same
        - output: a scalar, or ``(*)`` if the reduction is ``"none"``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.PoissonNLLLoss()(tg.zeros(2), tg.ones(2)).item()
        1.0
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        return F.poisson_nll_loss(
            log_input, target, log_input=self.log_input, full=self.full, eps=self.eps, reduction=self.reduction
        )


class CTCLoss(_Loss):
    """The negative log-likelihood of a sequence of labels over all its alignments with a longer input.

    Source: Graves et al., "Connectionist Temporal Classification", ICML 2006.

    Args:
        blank: the class that stands for no label.
        reduction: ``"mean"`` divides each loss by the length of its target first; ``"sum"`` or ``"none"``.
        zero_infinity: give 0, with gradient 0, where the target is longer than the input allows.

    Shape:
        - log_probs: ``(T, N, C)`` or ``(T, C)``
        - targets: ``(N, S)``, or all targets one after another, ``(sum(target_lengths),)``
        - input_lengths, target_lengths: ``(N,)`` or ``()``, tensors or tuples
        - output: a scalar, or ``(N,)`` if the reduction is ``"none"``

    Example:
        >>> import tinygrad_cn as tg
        >>> log_probs = tg.tensor([[0.5, 0.5], [0.5, 0.5]]).log()
        >>> loss = tg.nn.CTCLoss()(log_probs, tg.tensor([1]), tg.tensor(2), tg.tensor(1))
        >>> round(loss.exp().item(), 4)  # three of four alignments give the label
        1.3333
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any) -> Tensor:
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )


@dataclass(frozen=True, slots=True)
class LinearCrossEntropyOptions:
    """How PyTorch splits the work of a linear cross-entropy; accepted here, where the work is split without asking.

    Args:
        allow_retain_graph: allow a second backward pass (which always works here).
        batch_chunk_size: rows of the batch at a time.
        chunking_method: how to choose that number: ``"auto"``, ``"aspect_ratio"``, ``"aspect_ratio:N"`` or ``None``.
        acc_policy: what to keep in ``acc_dtype``: ``"auto"``, ``"accurate"``, ``"balanced"`` or ``"compact"``.
        acc_dtype: the dtype to add up in.

    Raises:
        ValueError: a method or policy of another name.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.LinearCrossEntropyOptions(batch_chunk_size=32, chunking_method=None).batch_chunk_size
        32
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str = "auto"
    acc_dtype: Any = None

    def __post_init__(self) -> None:
        if self.acc_policy not in ("auto", "accurate", "balanced", "compact"):
            raise ValueError(f"invalid acc_policy: {self.acc_policy!r}; use auto, accurate, balanced or compact")
        if self.chunking_method in (None, "auto"):
            return
        name, colon, factor = str(self.chunking_method).partition(":")
        if name != "aspect_ratio" or (colon and not (factor.isdigit() and int(factor) > 0)):
            raise ValueError(
                f"invalid chunking_method: {self.chunking_method!r}; use auto, aspect_ratio, aspect_ratio:N or None"
            )


class LinearCrossEntropyLoss(_WeightedLoss):
    """`Linear` and `CrossEntropyLoss` in one: the last layer of a classifier with its loss.

    Args:
        in_features: size of the last axis of the input.
        num_classes: the number of classes C.
        out_features: the axes of the target after the batch, for a loss at several places.
        bias: whether the linear map adds a bias.
        device: the CPU.
        dtype: of the parameters; the default dtype if ``None``.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        weight: ``(C,)``, a factor for each class.
        ignore_index: target indices of this value count for nothing; -100 if ``None``.
        label_smoothing: the share of the target that is spread over all classes.
        options: see `LinearCrossEntropyOptions`.

    Shape:
        - input: ``(N, in_features)`` or ``(in_features,)``
        - target: class indices ``(N, *out_features)`` or ``()``, or probabilities ``(N, C, *out_features)`` or ``(C,)``
        - output: a scalar, or a loss per target if the reduction is ``"none"``

    Raises:
        RuntimeError: the weight is not ``(C,)``, or the smoothing not between 0 and 1.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.LinearCrossEntropyLoss(4, 3)(tg.ones(2, 4), tg.tensor([0, 2])).shape
        Size([])
    """

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: tuple[int, ...] = (),
        bias: bool = False,
        device: Any = None,
        dtype: Any = None,
        reduction: str = "mean",
        weight: Tensor | None = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        options: LinearCrossEntropyOptions | None = None,
    ) -> None:
        if weight is not None and tuple(weight.shape) != (num_classes,):
            raise RuntimeError(f"expected weight shape to be {(num_classes,)}, got {tuple(weight.shape)}")
        if not 0 <= label_smoothing <= 1:
            raise RuntimeError(f"expected label_smoothing to be in range [0, 1], got {label_smoothing}")
        super().__init__(weight=weight, reduction=reduction)
        self.num_classes = num_classes
        self.out_features = out_features
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        rows = math.prod(out_features, start=num_classes)
        self.linear = Linear(in_features, rows, bias=bias, device=device, dtype=dtype)
        self.options = options

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        classes = (self.num_classes, *self.out_features)
        bias = self.linear.bias
        return F.linear_cross_entropy(
            input,
            self.linear.weight.reshape(*classes, self.linear.in_features),
            target,
            linear_bias=None if bias is None else bias.reshape(classes),
            weight=self.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
            options=self.options,
        )

    def extra_repr(self) -> str:
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, "
            f"out_features={self.out_features}, bias={self.linear.bias is not None}, reduction={self.reduction}, "
            f"ignore_index={self.ignore_index}, label_smoothing={self.label_smoothing}, options={self.options}"
        )
