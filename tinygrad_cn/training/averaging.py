"""A moving average of the weights, which often measures better than the weights themselves."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from tinygrad_cn.grad_mode import no_grad
from tinygrad_cn.nn import Module

__all__ = ["ModelAverage"]


class ModelAverage:
    """An exponential moving average of a model's parameters over the steps of its training.

    ``average <- decay * average + (1 - decay) * weights``. In the first steps a smaller decay is taken, so that the
    initial weights are soon forgotten. Buffers, as the running statistics of batch normalisation, are copied.

    Args:
        model (Module): is trained.
        decay (float): between 0 and 1; the last ``1 / (1 - decay)`` steps make most of the average.

    Attributes:
        model: a copy of the model with the averaged weights.

    Raises:
        ValueError: another decay.

    Source: B. Polyak, A. Juditsky, *Acceleration of stochastic approximation by averaging*, SIAM J. Control Optim.
    30(4), 1992, for averages as such.

    Example:
        >>> from tinygrad_cn import nn
        >>> from tinygrad_cn.training import ModelAverage
        >>> model = nn.Linear(1, 1, bias=False)
        >>> average = ModelAverage(model, decay=0.5)
        >>> _ = nn.init.constant_(model.weight, 1.0), nn.init.constant_(average.model.weight, 0.0)
        >>> average.update(), round(average.model.weight.item(), 3)   # the first steps count for more
        (None, 0.818)
    """

    def __init__(self, model: Module, decay: float = 0.999) -> None:
        if not 0 < decay < 1:
            raise ValueError(f"ModelAverage: the decay must lie between 0 and 1, got {decay}")
        self.decay = decay
        self.updates = 0
        self.trained = model
        self.model = copy.deepcopy(model).eval().requires_grad_(False)

    def update(self) -> None:
        """Take the weights of another step in."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        with no_grad():
            for mean, weight in zip(self.model.parameters(), self.trained.parameters(), strict=True):
                mean.lerp_(weight.detach(), 1 - decay)
            for copied, buffer in zip(self.model.buffers(), self.trained.buffers(), strict=True):
                copied.copy_(buffer)

    def state_dict(self) -> dict[str, Any]:
        """The averaged weights and how many steps are in them."""
        return {"updates": self.updates, "model": self.model.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state_dict`."""
        self.updates = state["updates"]
        self.model.load_state_dict(state["model"])
