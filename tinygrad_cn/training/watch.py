"""Whether training still gets better: one number of the records, and the best it has been."""

from __future__ import annotations

import math

from .run import Run

__all__ = ["Watch"]


class Watch:
    """Follows one number from epoch to epoch.

    Args:
        owner (str): who asks, for messages.
        monitor (str or None): a name in the records, as ``"validation_accuracy"``; ``None``: the validation loss, or
            the training loss where nothing is validated.
        mode (str): ``"min"`` if smaller is better, else ``"max"``.
        min_delta (float): better by no more than this does not count.

    Attributes:
        best: the best so far; ``None`` before the first.

    Raises:
        ValueError: another mode, or a negative ``min_delta``.
    """

    def __init__(self, owner: str, monitor: str | None, mode: str, min_delta: float = 0.0) -> None:
        if mode not in ("min", "max"):
            raise ValueError(f"{owner}: mode must be 'min' or 'max', got {mode!r}")
        if not min_delta >= 0:
            raise ValueError(f"{owner}: min_delta must be 0 or above, got {min_delta}")
        self.owner, self.monitor, self.mode, self.min_delta = owner, monitor, mode, min_delta
        self.best: float | None = None

    def name(self, run: Run) -> str:
        """The name of the number in the records."""
        if self.monitor is not None:
            return self.monitor
        return "validation_loss" if "validation_loss" in run.history[-1] else "training_loss"

    def improved(self, run: Run) -> bool:
        """Whether the last epoch was better than all before it; NaN never is.

        Raises:
            ValueError: the records have no such number.
        """
        record, name = run.history[-1], self.name(run)
        if name not in record:
            raise ValueError(f"{self.owner}: there is no {name!r} in the records, which have {', '.join(record)}")
        value = record[name]
        if math.isnan(value) or (self.best is not None and not self._is_better(value, self.best)):
            return False
        self.best = value
        return True

    def _is_better(self, value: float, best: float) -> bool:
        return value < best - self.min_delta if self.mode == "min" else value > best + self.min_delta
