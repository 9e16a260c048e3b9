"""Ending a training that no longer gets better."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from .callback import Callback
from .run import Run
from .watch import Watch

__all__ = ["EarlyStopping"]


class EarlyStopping(Callback):
    """Ends the training when a measure has not become better for ``patience`` epochs, and takes the best weights back.

    Args:
        patience (int): epochs without progress after which training ends; 1 or above.
        monitor (str or None): what is watched, as ``"validation_accuracy"``; ``None``: the validation loss, or the
            training loss where nothing is validated.
        mode (str): ``"min"`` if smaller is better, else ``"max"``.
        min_delta (float): better by no more than this is no progress.
        restore_best (bool): give the model (or the average of its weights, which is then what is measured) the weights
            of the best epoch, also when training runs to its last epoch.

    Raises:
        ValueError: a patience below 1, another mode, a negative ``min_delta``.

    Source: L. Prechelt, *Early stopping - but when?*, in: Neural Networks: Tricks of the Trade, 1998.

    Example:
        >>> from tinygrad_cn.training import EarlyStopping
        >>> stopping = EarlyStopping(patience=5, monitor="validation_accuracy", mode="max")
    """

    def __init__(
        self,
        patience: int,
        monitor: str | None = None,
        mode: str = "min",
        min_delta: float = 0.0,
        restore_best: bool = True,
    ) -> None:
        if patience < 1:
            raise ValueError(f"EarlyStopping: patience must be 1 epoch or more, got {patience}")
        self.patience, self.restore_best = patience, restore_best
        self.watch = Watch("EarlyStopping", monitor, mode, min_delta)
        self.best_epoch = 0
        self.best_weights: dict[str, Any] | None = None

    def after_epoch(self, run: Run) -> None:
        if self.watch.improved(run):
            self.best_epoch = run.epoch
            if self.restore_best:
                self.best_weights = copy.deepcopy(dict(run.measured.state_dict()))
        elif run.epoch - self.best_epoch >= self.patience:
            run.stop(
                f"{self.watch.name(run)} has not improved for {self.patience} epochs; "
                f"the best was {self.watch.best:.4g}, in epoch {self.best_epoch}"
                if self.watch.best is not None
                else f"{self.watch.name(run)} was never a number"
            )

    def end(self, run: Run) -> None:
        if self.best_weights is not None and not run.interrupted:
            run.measured.load_state_dict(self.best_weights)

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.watch.best, "best_epoch": self.best_epoch, "best_weights": self.best_weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.watch.best, self.best_epoch = state["best"], state["best_epoch"]
        self.best_weights = state["best_weights"]
