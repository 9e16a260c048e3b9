"""A schedule with an end: the rate is halved when there is no progress, until little of it is left."""

from __future__ import annotations

import math
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler

__all__ = ["HalvingLR"]


class HalvingLR(LRScheduler):
    """``lr <- lr / 2`` when a measure has not improved in ``patience`` epochs; finished at ``end`` of the start.

    ``step(measure)`` is called after each epoch, mostly with the accuracy on the validation data. Training goes on
    ``while not schedule.finished``: in the end the rate has fallen to a thousandth or less, by ten halvings.

    Source: Nielsen, "Neural Networks and Deep Learning", chapter 3, the exercise on the learning schedule.

    Args:
        optimizer: whose groups get the rates.
        patience: epochs without improvement after which the rate is halved.
        mode: "max" if larger is better, as of an accuracy, else "min", as of a cost.
        factor: what the rate is multiplied by.
        end: the share of the initial rate at which training is finished.

    Attributes:
        finished: whether the rate has fallen to ``end`` of the initial one.
        best: the best measure so far.

    Raises:
        ValueError: an option out of its range.

    Example:
        >>> import tinygrad_cn as tg
        >>> optimizer = tg.optim.SGD([tg.zeros(1, requires_grad=True)], lr=1.0)
        >>> schedule = tg.optim.lr_scheduler.HalvingLR(optimizer, patience=2, end=1 / 4)
        >>> rates = []
        >>> for accuracy in (0.5, 0.7, 0.7, 0.6, 0.8, 0.8, 0.8):
        ...     schedule.step(accuracy)
        ...     rates += schedule.get_last_lr()
        >>> rates, schedule.finished
        ([1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25], True)
    """

    def __init__(
        self,
        optimizer: Optimizer,
        patience: int = 10,
        mode: str = "max",
        factor: float = 0.5,
        end: float = 1 / 1000,
    ) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
        if patience < 1:
            raise ValueError(f"HalvingLR: patience is a number of epochs, at least 1, got {patience}")
        if mode not in ("min", "max"):
            raise ValueError(f"HalvingLR: mode is 'min' or 'max', got {mode!r}")
        if not 0 < factor < 1:
            raise ValueError(f"HalvingLR: factor lies between 0 and 1, got {factor}")
        if not 0 < end < 1:
            raise ValueError(f"HalvingLR: end lies between 0 and 1, got {end}")
        self.optimizer = optimizer
        self.patience, self.mode, self.factor, self.end = patience, mode, factor, end
        self.best = -math.inf if mode == "max" else math.inf
        self.bad_epochs = 0
        self.halvings = 0
        self.last_epoch = 0
        self._last_lr = self._lrs()

    @property
    def finished(self) -> bool:
        """Whether the rate has fallen to ``end`` of the initial one."""
        return self.factor**self.halvings <= self.end

    def step(self, measure: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Take the measure of an epoch into account; NaN is no improvement."""
        measure = float(measure)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        if measure > self.best if self.mode == "max" else measure < self.best:
            self.best, self.bad_epochs = measure, 0
        else:
            self.bad_epochs += 1
        rates = self._lrs()
        if self.bad_epochs >= self.patience and not self.finished:
            self.halvings, self.bad_epochs = self.halvings + 1, 0
            rates = [rate * self.factor for rate in rates]
        self._set(rates)
