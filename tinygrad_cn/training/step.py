"""One step of the optimizer: the gradients of one batch or of several, clipped and applied."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tinygrad_cn.nn.utils import clip_grad_norm_, clip_grad_value_
from tinygrad_cn.tensor import Tensor

from .errors import NonFiniteError
from .evaluation import parts_of
from .metrics import Metric
from .run import Run

__all__ = ["Step"]


@dataclass(frozen=True)
class Step:
    """How a step is made; see `fit` for the fields.

    The batches of one step count by their samples: two batches of 32 and one of 16 give the gradient of the mean over
    these 80, up to rounding, as one batch of 80 would.
    """

    loss: Callable[[Any, Any], Tensor]
    metrics: Mapping[str, Metric]
    augment: Callable[[Any], Any] | None
    clip_norm: float | None
    clip_value: float | None
    accumulate: int

    def __call__(self, run: Run, batches: Sequence[Any]) -> None:
        """Make a step and count what it measured.

        Raises:
            NonFiniteError: the loss or the norm of the gradients is infinite or NaN; the weights are as they were.
        """
        run.optimizer.zero_grad()
        parts = [parts_of(batch) for batch in batches]
        sizes = [len(inputs[0]) for inputs, _ in parts]
        loss_of_step = 0.0
        for (inputs, targets), samples in zip(parts, sizes, strict=True):
            if self.augment is not None:
                inputs[0] = self.augment(inputs[0])
            outputs = run.model(*inputs)
            loss = self.loss(outputs, targets)
            share = samples / sum(sizes)
            loss_of_step += share * _finite("loss", loss.item(), run)
            (loss if share == 1 else loss * share).backward()
            run.means.add("loss", loss.detach(), samples)
            for name, metric in self.metrics.items():
                run.means.add(name, metric(outputs.detach(), targets), samples)
        if self.clip_value is not None:
            clip_grad_value_(run.model.parameters(), self.clip_value)
        if self.clip_norm is not None:
            _finite("norm of the gradients", clip_grad_norm_(run.model.parameters(), self.clip_norm).item(), run)
        run.optimizer.step()
        run.loss = loss_of_step
        run.step += 1
        run.batches += len(batches)


def _finite(what: str, value: float, run: Run) -> float:
    if not math.isfinite(value):
        raise NonFiniteError(
            f"the {what} is no longer finite in epoch {run.epoch + 1}, step {run.step + 1}: {value} at learning rate "
            f"{run.lr:g}; take a lower learning rate, clip the gradients, or look for bad samples"
        )
    return value
