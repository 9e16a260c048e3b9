"""Schedules made of schedules: one after the other, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from tinygrad_cn.tensor import Tensor

from ..optimizer import Optimizer
from .base import LRScheduler

__all__ = ["ChainedScheduler", "SequentialLR"]


class _Combined(LRScheduler):
    """What both kinds share: a list of schedules that is saved with them."""

    _schedulers: list[LRScheduler]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer, each schedule by its own `state_dict`."""
        state = {k: v for k, v in self.__dict__.items() if k not in ("optimizer", "_schedulers")}
        return {**state, "_schedulers": [schedule.state_dict() for schedule in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from a `state_dict`."""
        state = dict(state_dict)
        for schedule, saved in zip(self._schedulers, state.pop("_schedulers"), strict=True):
            schedule.load_state_dict(saved)
        self.__dict__.update(state)


def _check(name: str, optimizer: Any, schedulers: Sequence[LRScheduler]) -> None:
    if not schedulers:
        raise ValueError(f"{name} expects at least one scheduler to be given, but got none")
    for i, schedule in enumerate(schedulers):
        if not hasattr(schedule, "optimizer"):
            raise TypeError(f"{name} at index {i} should have `optimizer` as its attribute")
        if schedule.optimizer is not optimizer:
            raise ValueError(f"{name} expects all schedulers to belong to the same optimizer; number {i} does not")


class SequentialLR(_Combined):
    """Schedules one after the other: the next begins, at its own start, at each of ``milestones``.

    Raises:
        ValueError: schedules of different optimizers; not one milestone less than schedules.
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        _check("SequentialLR", optimizer, schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "Sequential Schedulers expects number of schedulers provided to be one more than the number of "
                "milestone "
                f"points, but got number of schedulers {len(schedulers)} and the number of milestones to be equal to "
                f"{len(milestones)}"
            )
        self._schedulers = list(schedulers)
        self._milestones = list(milestones)
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        for group in optimizer.param_groups:  # back to the start: each schedule has set its own first rate already
            if isinstance(group["lr"], Tensor):
                group["lr"].detach().fill_(float(group["initial_lr"]))
            else:
                group["lr"] = group["initial_lr"]
        _undo(self._schedulers)
        first = self._schedulers[bisect_right(self._milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def step(self) -> None:  # type: ignore[override]
        """Go on to the next epoch."""
        self.last_epoch += 1
        i = bisect_right(self._milestones, self.last_epoch)
        schedule = self._schedulers[i]
        if i > 0 and self._milestones[i - 1] == self.last_epoch:
            schedule._update_lr(0)
        else:
            schedule.step()
        self._last_lr = schedule.get_last_lr()


def _undo(schedulers: Sequence[LRScheduler]) -> None:
    """Take back the step that each schedule made when it was constructed."""
    for schedule in schedulers:
        if isinstance(schedule, _Combined):
            _undo(schedule._schedulers)
        elif hasattr(schedule, "last_epoch"):
            schedule.last_epoch -= 1


class ChainedScheduler(_Combined):
    """Schedules all at once: each changes the rate that the one before has left.

    Raises:
        ValueError: schedules of different optimizers.
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        if not schedulers:
            _check("ChainedScheduler", None, schedulers)
        self.optimizer = schedulers[0].optimizer if optimizer is None else optimizer
        _check("ChainedScheduler", self.optimizer, schedulers)
        self._schedulers = list(schedulers)
        self._last_lr = self._lrs()

    def step(self) -> None:  # type: ignore[override]
        """Go on to the next epoch."""
        for schedule in self._schedulers:
            schedule.step()
        self._last_lr = self._lrs()
