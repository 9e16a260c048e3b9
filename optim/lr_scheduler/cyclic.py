"""Schedules that go up and down, the momentum against them (Smith, 2017, arXiv:1506.01186; 2019, arXiv:1708.07120)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tinygrad_cn.tensor import Tensor

from ..optimizer import Optimizer
from .base import LRScheduler, restore_functions, saved_functions

__all__ = ["CyclicLR", "OneCycleLR"]


def _each(name: str, value: Any, optimizer: Optimizer) -> list[float]:
    """One value for each group.

    Raises:
        ValueError: as many as neither 1 nor groups.
    """
    groups = len(optimizer.param_groups)
    values = list(value) if isinstance(value, list | tuple) else [value] * groups
    if len(values) != groups:
        raise ValueError(f"expected {groups} values for {name}, one for each group, got {len(values)}")
    return values


def _takes_momentum(optimizer: Optimizer) -> bool:
    """Whether momentum is the first of ``betas`` (else it is ``momentum``).

    Raises:
        ValueError: the optimizer has neither.
    """
    if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
        raise ValueError("optimizer must support momentum or beta1 with `cycle_momentum` option enabled")
    return "betas" in optimizer.defaults


def _set_momentum(group: dict[str, Any], momentum: float, by_betas: bool) -> None:
    if by_betas:
        group["betas"] = (momentum, *group["betas"][1:])
    else:
        group["momentum"] = momentum


class CyclicLR(LRScheduler):
    """Up from ``base_lr`` to ``max_lr`` in ``step_size_up`` batches and down again, over and over.

    Args:
        optimizer: whose groups get the rates.
        base_lr, max_lr (float or list): the lowest and the highest rates.
        step_size_up, step_size_down (int): batches of the way up and down.
        mode (str): "triangular"; "triangular2" halves the height after each cycle; "exp_range" scales it by
            ``gamma`` to the power of the batch.
        scale_fn, scale_mode: a function of the cycle ("cycle") or the batch ("iterations") in place of ``mode``.
        cycle_momentum (bool): let the momentum go the other way, from ``max_momentum`` to ``base_momentum``.

    Raises:
        ValueError: an unknown mode; an optimizer without momentum.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: Any,
        max_lr: Any,
        step_size_up: float = 2000,
        step_size_down: float | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: Any = 0.8,
        max_momentum: Any = 0.9,
        last_epoch: int = -1,
    ) -> None:
        if scale_fn is None and mode not in ("triangular", "triangular2", "exp_range"):
            raise ValueError("mode is invalid and scale_fn is None")
        base_lrs = _each("base_lr", base_lr, optimizer)
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, base_lrs, strict=True):
                if isinstance(group["lr"], Tensor):
                    group["lr"].detach().fill_(float(lr))
                else:
                    group["lr"] = lr
        self.max_lrs = _each("max_lr", max_lr, optimizer)
        step_size_down = float(step_size_up if step_size_down is None else step_size_down)
        self.total_size = float(step_size_up) + step_size_down
        self.step_ratio = float(step_size_up) / self.total_size
        self.mode, self.gamma = mode, gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode if scale_fn is not None else "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1 = _takes_momentum(optimizer)
            self.base_momentums = _each("base_momentum", base_momentum, optimizer)
            self.max_momentums = _each("max_momentum", max_momentum, optimizer)
            if last_epoch == -1:
                bounds = zip(optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True)
                for group, low, high in bounds:
                    _set_momentum(group, high, self.use_beta1)
                    group["max_momentum"], group["base_momentum"] = high, low
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """The height of cycle (or batch) ``x``, relative to the first."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular":
            return 1.0
        return 1 / (2.0 ** (x - 1)) if self.mode == "triangular2" else self.gamma**x

    def get_lr(self) -> list[float]:
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        factor = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            bounds = zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True)
            for group, low, high in bounds:
                _set_momentum(group, high - (high - low) * height * factor, self.use_beta1)
        return [low + (high - low) * height * factor for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer and a plain function."""
        state = super().state_dict()
        custom = state.pop("_scale_fn_custom")
        return {**state, "_scale_fn_custom": None if custom is None else saved_functions([custom])[0]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from a `state_dict`."""
        state = dict(state_dict)
        saved = state.pop("_scale_fn_custom", None)
        if self._scale_fn_custom is not None:
            restore_functions([self._scale_fn_custom], [saved])
        self.__dict__.update(state)


def _phase(end: float, start_lr: str, end_lr: str, start_momentum: str, end_momentum: str) -> dict[str, Any]:
    """A phase of `OneCycleLR`: its last step, and the options of the groups between which it goes."""
    return {
        "end_step": end,
        "start_lr": start_lr,
        "end_lr": end_lr,
        "start_momentum": start_momentum,
        "end_momentum": end_momentum,
    }


class OneCycleLR(LRScheduler):
    """One cycle over the whole training: up to ``max_lr``, then down to almost nothing, the momentum against it.

    Args:
        optimizer: whose groups get the rates.
        max_lr (float or list): the highest rates.
        total_steps (int): batches in all; or ``epochs`` times ``steps_per_epoch``.
        pct_start (float): the share of the way up.
        anneal_strategy (str): "cos" or "linear".
        cycle_momentum (bool): let the momentum go from ``max_momentum`` to ``base_momentum`` and back.
        div_factor: the first rate is ``max_lr / div_factor``.
        final_div_factor: the last rate is the first over this.
        three_phase (bool): come down symmetrically first, and to nothing afterwards.

    Raises:
        ValueError: the number of steps is not given or not positive; ``pct_start`` outside [0, 1]; a step
            after the last.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: Any,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: Any = 0.85,
        max_momentum: Any = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
            for name, count in (("epochs", epochs), ("steps_per_epoch", steps_per_epoch)):
                if count <= 0 or not isinstance(count, int):
                    raise ValueError(f"Expected positive integer {name}, but got {count}")
            total_steps = epochs * steps_per_epoch
        if total_steps <= 0 or not isinstance(total_steps, int):
            raise ValueError(f"Expected positive integer total_steps, but got {total_steps}")
        if not 0 <= pct_start <= 1 or not isinstance(pct_start, float):
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self.total_steps = total_steps
        self._anneal_func_type = anneal_strategy
        end, low, high = total_steps - 1, "base_momentum", "max_momentum"
        self._schedule_phases = [_phase(float(pct_start * total_steps) - 1, "initial_lr", "max_lr", high, low)]
        if three_phase:
            down = _phase(float(2 * pct_start * total_steps) - 2, "max_lr", "initial_lr", low, high)
            self._schedule_phases += [down, _phase(end, "initial_lr", "min_lr", high, high)]
        else:
            self._schedule_phases.append(_phase(end, "max_lr", "min_lr", low, high))
        if last_epoch == -1:
            for group, top in zip(optimizer.param_groups, _each("max_lr", max_lr, optimizer), strict=True):
                group["initial_lr"] = top / div_factor
                group["max_lr"] = top
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1 = _takes_momentum(optimizer)
            if last_epoch == -1:
                lows, highs = _each(low, base_momentum, optimizer), _each(high, max_momentum, optimizer)
                for group, m_low, m_high in zip(optimizer.param_groups, lows, highs, strict=True):
                    _set_momentum(group, m_high, self.use_beta1)
                    group["max_momentum"], group["base_momentum"] = m_high, m_low
        super().__init__(optimizer, last_epoch)

    def _between(self, start: float, end: float, share: float) -> float:
        if self._anneal_func_type == "linear":
            return (end - start) * share + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)

    def get_lr(self) -> list[float]:
        if self.last_epoch > self.total_steps:
            raise ValueError(
                f"Tried to step {self.last_epoch} times. The specified number of total steps is {self.total_steps}"
            )
        begin = 0.0
        for phase in self._schedule_phases:
            end = phase["end_step"]
            if self.last_epoch <= end or phase is self._schedule_phases[-1]:
                break
            begin = end
        share = (self.last_epoch - begin) / (end - begin)
        rates = []
        for group in self.optimizer.param_groups:
            rates.append(self._between(group[phase["start_lr"]], group[phase["end_lr"]], share))
            if self.cycle_momentum:
                momentum = self._between(group[phase["start_momentum"]], group[phase["end_momentum"]], share)
                _set_momentum(group, momentum, self.use_beta1)
        return rates
