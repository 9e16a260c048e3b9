"""A trained network's gradients beside numeric derivatives: `tinygrad_cn.autograd.gradcheck` of its loss."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tinygrad_cn import Tensor, nn
from tinygrad_cn.nn import functional as F
from tinygrad_cn.testing import GradcheckReport, InputReport, gradcheck

__all__ = ["Comparison", "check_gradients"]

# A gradient that is zero but for rounding, as that of a bias before batch normalisation, has no size of its own to
# compare with: it counts as this share of the model's largest.
LEAST = 1e-5


@dataclass(frozen=True)
class Comparison:
    """What was found for one parameter. Differences are relative to the largest entry of its gradient."""

    name: str
    shape: tuple[int, ...]
    checked: int
    at_kinks: int  # entries at a kink: no derivative to compare with
    largest_gradient: float
    largest_difference: float
    passed: bool

    @property
    def relative_difference(self) -> float:
        if self.largest_difference == 0:
            return 0.0
        return self.largest_difference / self.largest_gradient if self.largest_gradient else math.inf

    @property
    def digits(self) -> float:
        """How many decimal digits agree; float64 has 16."""
        return min(16.0, max(0.0, -math.log10(self.relative_difference))) if self.relative_difference else 16.0


class _Loss(nn.Module):
    """The loss of a batch, as a function of the model's parameters."""

    def __init__(self, model: nn.Module, images: Tensor, labels: Tensor) -> None:
        super().__init__()
        self.model, self.images, self.labels = model, images, labels

    def forward(self) -> Tensor:
        return F.cross_entropy(self.model(self.images), self.labels)


def check_gradients(
    model: nn.Module, images: Tensor, labels: Tensor, *, entries: int = 8, seed: int = 0
) -> list[Comparison]:
    """Compares the gradient of the loss with numeric derivatives, by some entries of each parameter.

    What these entries leave out is looked at as a whole, along random directions. The model is taken as it is trained:
    batch normalisation uses the batch's statistics, and dropout drops the same units each time.

    Args:
        model (Module): is turned to training mode; else it is left as it was.
        images (Tensor): a batch.
        labels (Tensor): its labels.
        entries (int): how many entries of each parameter are checked, drawn at random.
        seed (int): of the entries drawn.
    """
    loss = _Loss(model.train(), images, labels)
    report = gradcheck(loss, (), samples=entries, seed=seed, report=True)
    if not report.inputs:  # they cannot even be computed, or not twice alike
        return [
            Comparison(name, tuple(p.shape), 0, 0, 0.0, math.inf, passed=False)
            for name, p in model.named_parameters()
            if p.requires_grad
        ]
    largest = max((entry.largest for entry in report.inputs), default=0.0)
    return [_comparison(report, entry, LEAST * largest) for entry in report.inputs]


def _comparison(report: GradcheckReport, entry: InputReport, least: float) -> Comparison:
    wrong = any(fault.input in (None, entry.name) for fault in report.faults)
    return Comparison(
        name=entry.name.removeprefix("model."),
        shape=entry.shape,
        checked=entry.checked - entry.kinks - entry.undecided,
        at_kinks=entry.kinks,
        largest_gradient=max(least, entry.largest),
        largest_difference=entry.difference * entry.largest,
        passed=not wrong,
    )
