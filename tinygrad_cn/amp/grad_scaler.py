"""``GradScaler``: a loss multiplied by a factor, so that small gradients survive float16."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from tinygrad_cn.grad_mode import no_grad

__all__ = ["GradScaler"]

_READY, _UNSCALED, _STEPPED = "ready", "unscaled", "stepped"


class GradScaler:
    """Scales a loss, unscales the gradients, and skips the steps whose gradients are not finite.

    The factor is halved after such a step, and doubled after ``growth_interval`` good ones.
    Source: Micikevicius et al., "Mixed Precision Training", ICLR 2018, section 3.2.

    Args:
        device: ``"cpu"`` scales; ``"cuda"``, which there is none of, warns and passes everything through.
        init_scale: the first factor.
        growth_factor: above 1.
        backoff_factor: below 1.
        growth_interval: so many finite steps in a row let the factor grow.
        enabled: False passes everything through.

    Raises:
        ValueError: a factor out of its range.

    >>> import tinygrad_cn as tg
    >>> weight = tg.ones(1, requires_grad=True)
    >>> optimizer, scaler = tg.optim.SGD([weight], lr=0.5), GradScaler("cpu")
    >>> scaler.scale(weight.sum()).backward()
    >>> scaler.step(optimizer)
    >>> scaler.update()
    >>> weight
    tensor([0.5000], requires_grad=True)
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        if enabled and device != "cpu":
            warnings.warn(
                f"GradScaler({device!r}): there is no such device here, and the scaler is disabled", stacklevel=2
            )
            enabled = False
        if enabled and not growth_factor > 1:
            raise ValueError(f"GradScaler: the growth factor must be above 1, got {growth_factor}")
        if enabled and not 0 < backoff_factor < 1:
            raise ValueError(f"GradScaler: the backoff factor must lie between 0 and 1, got {backoff_factor}")
        self._enabled = enabled
        self._scale = float(init_scale)
        self._growth_factor, self._backoff_factor = growth_factor, backoff_factor
        self._growth_interval, self._good_steps = growth_interval, 0
        self._stages: dict[int, str] = {}  # of each optimizer since the last update, by identity
        self._finite: dict[int, bool] = {}

    def is_enabled(self) -> bool:
        """Whether anything is scaled."""
        return self._enabled

    def scale(self, outputs: Any) -> Any:
        """``outputs`` (a Tensor, or a list or tuple of them) times the factor."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, list | tuple):
            return type(outputs)(self.scale(output) for output in outputs)
        return outputs * self._scale

    def unscale_(self, optimizer: Any) -> None:
        """Divide the gradients of the optimizer's parameters by the factor, once between two updates.

        Raises:
            RuntimeError: it was done already, or the step was.
        """
        if not self._enabled:
            return
        stage = self._stages.get(id(optimizer), _READY)
        if stage is not _READY:
            raise RuntimeError(f"GradScaler.unscale_(): this optimizer was {stage} since the last update()")
        finite = True
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    with no_grad():
                        parameter.grad.mul_(1 / self._scale)
                    finite = finite and bool(np.isfinite(parameter.grad._array).all())
        self._finite[id(optimizer)] = finite
        self._stages[id(optimizer)] = _UNSCALED

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """``optimizer.step(...)`` on unscaled gradients, or nothing if one of them is not finite.

        Raises:
            RuntimeError: called twice since the last update, or with a closure.
        """
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs or args:
            raise RuntimeError("GradScaler.step(): a closure is not supported while scaling is enabled")
        if self._stages.get(id(optimizer)) is _STEPPED:
            raise RuntimeError("GradScaler.step(): called twice since the last update()")
        if self._stages.get(id(optimizer), _READY) is _READY:
            self.unscale_(optimizer)
        self._stages[id(optimizer)] = _STEPPED
        return optimizer.step(**kwargs) if self._finite[id(optimizer)] else None

    def update(self, new_scale: Any = None) -> None:
        """Let the factor grow or fall, by what the steps since the last update found; or set it."""
        if not self._enabled:
            return
        if new_scale is not None:
            self._scale = float(new_scale)
        elif not self._finite:
            raise RuntimeError("GradScaler.update(): no step since the last update()")
        elif not all(self._finite.values()):
            self._scale, self._good_steps = self._scale * self._backoff_factor, 0
        else:
            self._good_steps += 1
            if self._good_steps == self._growth_interval:
                grown = self._scale * self._growth_factor
                self._scale, self._good_steps = (grown if math.isfinite(grown) else self._scale), 0
        self._stages.clear()
        self._finite.clear()

    def get_scale(self) -> float:
        """The factor; 1.0 if disabled."""
        return self._scale if self._enabled else 1.0

    def state_dict(self) -> dict[str, Any]:
        """The factor and how it moves; empty if disabled."""
        if not self._enabled:
            return {}
        return {
            "scale": self._scale,
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._good_steps,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave.

        Raises:
            RuntimeError: an empty state, of a disabled scaler.
        """
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError("GradScaler.load_state_dict(): the state is empty, it comes from a disabled scaler")
        self._scale = float(state_dict["scale"])
        self._growth_factor = state_dict["growth_factor"]
        self._backoff_factor = state_dict["backoff_factor"]
        self._growth_interval = state_dict["growth_interval"]
        self._good_steps = state_dict["_growth_tracker"]
