"""A trained network's gradients beside finite differences, in float64."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tinygrad_cn import Tensor, float64, manual_seed, nn, no_grad
from tinygrad_cn.nn import functional as F

# A rectifier's or a pooling's kink inside the span of a difference spoils it; a smaller span most often holds none.
STEPS = (1e-3, 1e-4, 1e-5, 1e-6)
TOLERANCE = 1e-6
# A gradient that is zero but for rounding, as that of a bias before batch normalisation, has no size of its own to
# compare with: it counts as this share of the model's largest.
LEAST = 1e-5


@dataclass(frozen=True)
class Comparison:
    """What was found for one parameter. Differences are relative to the largest entry of its gradient."""

    name: str
    shape: tuple[int, ...]
    checked: int
    at_kinks: int  # entries with a kink within the smallest step: no derivative to compare with
    largest_gradient: float
    largest_difference: float

    @property
    def relative_difference(self) -> float:
        if self.largest_difference == 0:
            return 0.0
        return self.largest_difference / self.largest_gradient if self.largest_gradient else math.inf

    @property
    def digits(self) -> float:
        """How many decimal digits agree; float64 has 16."""
        return min(16.0, -math.log10(self.relative_difference)) if self.relative_difference else 16.0

    @property
    def passed(self) -> bool:
        return self.checked > 0 and self.relative_difference <= TOLERANCE


def check_gradients(
    model: nn.Module, images: Tensor, labels: Tensor, *, entries: int = 8, seed: int = 0
) -> list[Comparison]:
    """Compares the gradient of the loss with fourth-order central differences, at some entries of each parameter.

    The model is taken as it is trained: batch normalisation uses the batch's statistics, and dropout
    drops the same units each time, its generator being seeded anew for each evaluation.

    Args:
        model (Module): is turned to float64 and to training mode, and its running statistics move: give a copy.
        images (Tensor): a batch.
        labels (Tensor): its labels.
        entries (int): how many entries of each parameter are checked, drawn at random.
        seed (int): of the entries drawn and of dropout.
    """
    model = model.to(float64).train()
    images = images.to(float64)

    def loss() -> Tensor:
        manual_seed(seed)
        return F.cross_entropy(model(images), labels)

    model.zero_grad()
    loss().backward()
    rng = np.random.default_rng(seed)
    trained = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    # A parameter that the loss does not depend on has no gradient: differences must find none either.
    gradients = {name: np.zeros(p.shape) if p.grad is None else p.grad.numpy() for name, p in trained.items()}
    largest = max(float(np.max(np.abs(gradient))) for gradient in gradients.values())
    return [
        _compare(name, parameter, gradients[name], LEAST * largest, loss, entries, rng)
        for name, parameter in trained.items()
    ]


def _compare(
    name: str,
    parameter: nn.Parameter,
    gradient: np.ndarray,
    least: float,
    loss: Callable[[], Tensor],
    entries: int,
    rng: np.random.Generator,
) -> Comparison:
    largest = max(least, float(np.max(np.abs(gradient))))
    checked, at_kinks, largest_difference = 0, 0, 0.0
    for flat in rng.choice(gradient.size, size=min(entries, gradient.size), replace=False):
        index = tuple(int(i) for i in np.unravel_index(flat, gradient.shape))
        derivative = _derivative(parameter, index, loss, agreement=TOLERANCE / 10 * largest)
        if derivative is None:
            at_kinks += 1
        else:
            checked += 1
            largest_difference = max(largest_difference, abs(derivative - float(gradient[index])))
    return Comparison(name, tuple(parameter.shape), checked, at_kinks, largest, largest_difference)


def _derivative(
    parameter: nn.Parameter, index: tuple[int, ...], loss: Callable[[], Tensor], agreement: float
) -> float | None:
    """The loss's derivative by one entry, or None at a kink.

    The differences must agree among themselves at two successive steps. The gradient that is to be judged has no
    part in choosing the step, so a wrong one cannot pass by trying.
    """
    centre = parameter[index].item()

    def loss_at(offset: float) -> float:
        parameter[index] = centre + offset
        return loss().item()

    with no_grad():
        previous = math.inf
        for h in STEPS:
            # f'(x) = (8 (f(x+h) - f(x-h)) - (f(x+2h) - f(x-2h))) / 12h + O(h^4)
            near, far = loss_at(h) - loss_at(-h), loss_at(2 * h) - loss_at(-2 * h)
            current = (8 * near - far) / (12 * h)
            if abs(current - previous) <= agreement:
                break
            previous = current
        else:
            current = None
        parameter[index] = centre
    return current
