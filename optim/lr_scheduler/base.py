"""What all schedules share: the count of epochs, the rates of the groups, saving and resuming."""

from __future__ import annotations

import functools
import types
import warnings
import weakref
from collections.abc import Callable
from typing import Any

from tinygrad_cn.tensor import Tensor

from ..optimizer import Optimizer

__all__ = ["LRScheduler"]


class LRScheduler:
    """The base class of schedules.

    A schedule is a subclass with `get_lr`, which gives the rates of epoch ``last_epoch``, mostly from those that the
    groups have now, so that schedules can be chained. ``step()`` is called once after each epoch (or batch).

    Args:
        optimizer: whose groups get the rates; a rate that is a tensor is written in place.
        last_epoch: the epoch to continue after; -1 starts, and takes the groups' rates as the initial ones.

    Raises:
        TypeError: no optimizer is given.
        KeyError: continuing, but a group lacks its ``"initial_lr"``.
    """

    _is_initial = False
    _get_lr_called_within_step = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", _apart(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming an optimizer; load the "
                    "optimizer's state_dict first"
                )
        self.base_lrs: list[Any] = [_apart(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        _count_steps(optimizer)
        self._initial_step()

    def _initial_step(self) -> None:
        """Set the rates of the first epoch."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_lr(self) -> list[Any]:
        """The rate of each group in epoch ``last_epoch``."""
        raise NotImplementedError(f"{type(self).__name__} must define get_lr()")

    def get_last_lr(self) -> list[Any]:
        """The rates that the last step set."""
        return self._last_lr

    def _lrs(self) -> list[Any]:
        """The rates that the groups have now; of tensors copies."""
        return [_apart(group["lr"]) for group in self.optimizer.param_groups]

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next epoch (or to ``epoch``) and set its rates."""
        if self._step_count == 1 and not getattr(self.optimizer, "_opt_called", True):
            warnings.warn(
                "lr_scheduler.step() was called before optimizer.step(): the first rate of the schedule is skipped. "
                "Call optimizer.step() first",
                UserWarning,
                stacklevel=2,
            )
        self._step_count += 1
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        """Set the rates of the next epoch, or of ``epoch``."""
        self._get_lr_called_within_step = True
        try:
            if epoch is None:
                self.last_epoch += 1
                rates = self.get_lr()
            else:
                self.last_epoch = epoch
                closed = getattr(self, "_get_closed_form_lr", None)
                rates = self.get_lr() if closed is None else closed()
        finally:
            self._get_lr_called_within_step = False
        self._set(rates)

    def _set(self, rates: list[Any]) -> None:
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            if isinstance(group["lr"], Tensor):
                group["lr"].detach().fill_(float(rate))
            else:
                group["lr"] = rate
        self._last_lr: list[Any] = self._lrs()

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer; of functions only what objects with attributes hold."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from a `state_dict`."""
        self.__dict__.update(state_dict)


def _apart(rate: Any) -> Any:
    """The rate; of a tensor, which is changed in place, a copy."""
    return rate.detach().clone() if isinstance(rate, Tensor) else rate


def saved_functions(functions: list[Any]) -> list[dict[str, Any] | None]:
    """The attributes of callable objects; ``None`` for plain functions, which are not saved."""
    return [None if isinstance(f, types.FunctionType) else dict(f.__dict__) for f in functions]


def restore_functions(functions: list[Any], saved: list[dict[str, Any] | None]) -> None:
    """Give callable objects their saved attributes back."""
    for function, attributes in zip(functions, saved, strict=True):
        if attributes is not None:
            function.__dict__.update(attributes)


def _count_steps(optimizer: Any) -> None:
    """Note at the optimizer whether it has stepped, for the warning about a wrong order."""
    if "_opt_called" in optimizer.__dict__:
        return
    optimizer._opt_called = False
    reference = weakref.ref(optimizer)
    step: Callable[..., Any] = type(optimizer).step

    @functools.wraps(step)
    def counted(*args: Any, **kwargs: Any) -> Any:
        alive: Any = reference()
        alive._opt_called = True
        return step(alive, *args, **kwargs)

    optimizer.step = counted
