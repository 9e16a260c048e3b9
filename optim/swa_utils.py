"""Averages of weights along the way: of equal weight (SWA) or exponential (EMA), and the schedule that goes with them.

This module knows layers, and so stands above the rest of the package, which does not.

Sources: Izmailov and others, "Averaging weights leads to wider optima and better generalization", 2018,
arXiv:1803.05407; Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from itertools import chain
from typing import Any

from tinygrad_cn.creation import tensor
from tinygrad_cn.grad_mode import no_grad
from tinygrad_cn.nn.batchnorm import _BatchNorm
from tinygrad_cn.nn.module import Module
from tinygrad_cn.tensor import Tensor

from .lr_scheduler import LRScheduler
from .optimizer import Optimizer

__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]

#: Gives the new average of one tensor from the average, the current value and how many were averaged.
AverageFunction = Callable[[Tensor, Tensor, Any], Tensor]
#: The same for lists of tensors, written into the first.
MultiAverageFunction = Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]


def _check_decay(decay: float) -> None:
    if not 0.0 <= decay <= 1.0:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")


def get_ema_avg_fn(decay: float = 0.999) -> AverageFunction:
    """The exponential average, ``average <- decay * average + (1 - decay) * current``, of one tensor.

    Raises:
        ValueError: ``decay`` lies outside [0, 1].
    """
    _check_decay(decay)

    @no_grad()
    def ema_update(average: Tensor, current: Tensor, num_averaged: Any) -> Tensor:
        return decay * average + (1 - decay) * current

    return ema_update


def get_ema_multi_avg_fn(decay: float = 0.999) -> MultiAverageFunction:
    """The exponential average of `get_ema_avg_fn` for lists of tensors, in place.

    Raises:
        ValueError: ``decay`` lies outside [0, 1].
    """
    _check_decay(decay)

    @no_grad()
    def ema_update(averages: Sequence[Tensor], currents: Sequence[Tensor], num_averaged: Any) -> None:
        for average, current in zip(averages, currents, strict=True):
            if average.is_floating_point() or average.is_complex():
                average.lerp_(current, 1 - decay)
            else:
                average.copy_(average * decay + current * (1 - decay))

    return ema_update


def get_swa_avg_fn() -> AverageFunction:
    """The plain mean, ``average <- average + (current - average) / (n + 1)``, of one tensor."""

    @no_grad()
    def swa_update(average: Tensor, current: Tensor, num_averaged: Any) -> Tensor:
        return average + (current - average) / (num_averaged + 1)

    return swa_update


def get_swa_multi_avg_fn() -> MultiAverageFunction:
    """The plain mean of `get_swa_avg_fn` for lists of tensors, in place."""

    @no_grad()
    def swa_update(averages: Sequence[Tensor], currents: Sequence[Tensor], num_averaged: Any) -> None:
        for average, current in zip(averages, currents, strict=True):
            if average.is_floating_point() or average.is_complex():
                average.lerp_(current, float(1 / (num_averaged + 1)))  # of a tensor in float32, as PyTorch has it
            else:
                average.copy_(average + (current - average) / (num_averaged + 1))

    return swa_update


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of the model's along the way.

    Call `update_parameters` after steps or epochs, use it like the model, and save its ``state_dict()``, in which the
    model's names stand after ``module.``. The averaging functions are not saved.

    Args:
        model: whose parameters are averaged.
        device: the CPU, the only place there is.
        avg_fn: gives the new average of a tensor; the plain mean if neither function is given.
        multi_avg_fn: writes the new averages of all tensors of a dtype.
        use_buffers: average the buffers, as running statistics, too; else they are the model's last ones.

    Raises:
        AssertionError: both functions are given.

    Example:
        >>> import tinygrad_cn as tg
        >>> from tinygrad_cn.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
        >>> model = tg.nn.Linear(1, 1, bias=False)
        >>> average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.75))
        >>> for value in (1.0, 5.0):
        ...     _ = tg.nn.init.constant_(model.weight, value)
        ...     average.update_parameters(model)
        >>> average(tg.ones(1, 1)).item()
        2.0
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: AverageFunction | None = None,
        multi_avg_fn: MultiAverageFunction | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", tensor(0, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the averaged model gives."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the model's present parameters into the average; the first ones are copied."""
        averages, currents = self._tensors(self.module), self._tensors(model)
        first = not self.n_averaged.item()
        if first:
            for average, current in zip(averages, currents, strict=True):
                average.copy_(current)
        elif self.multi_avg_fn is not None:
            for dtype in dict.fromkeys(average.dtype for average in averages):
                pairs = [(a, c) for a, c in zip(averages, currents, strict=True) if a.dtype == dtype]
                self.multi_avg_fn([a for a, _ in pairs], [c for _, c in pairs], self.n_averaged)
        else:
            function = self.avg_fn or get_swa_avg_fn()
            for average, current in zip(averages, currents, strict=True):
                average.copy_(function(average, current, self.n_averaged))
        if not self.use_buffers:
            for average, current in zip(self.module.buffers(), model.buffers(), strict=True):
                average.detach().copy_(current.detach())
        self.n_averaged += 1

    def _tensors(self, model: Module) -> list[Tensor]:
        tensors = chain(model.parameters(), model.buffers() if self.use_buffers else ())
        return [each.detach() for each in tensors]


@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running statistics of all batch normalizations anew, as means over ``loader``.

    Averaged weights give other activations than the weights whose statistics were running.

    Args:
        loader: batches: tensors, or lists and tuples whose first element is the input.
        model: whose statistics are wanted; its mode, training or evaluation, is kept.
        device: the CPU, the only place there is.
    """
    layers = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    if not layers:
        return
    momenta, training = [layer.momentum for layer in layers], model.training
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # statistics of equal weight
    model.train()
    for batch in loader:
        inputs = batch[0] if isinstance(batch, list | tuple) else batch
        model(inputs if device is None else inputs.to(device))
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    model.train(training)


class SWALR(LRScheduler):
    """From the present rates to ``swa_lr`` in ``anneal_epochs`` epochs, and then constant.

    ``lr = alpha * swa_lr + (1 - alpha) * initial_lr``, where ``alpha`` grows from 0 to 1 evenly or along half a cosine.

    Args:
        optimizer: whose groups get the rates.
        swa_lr (float or list): the rates in the end.
        anneal_epochs: epochs until then.
        anneal_strategy: "cos" or "linear".
        last_epoch: the epoch to continue after; -1 starts.

    Raises:
        ValueError: an unknown strategy; a number of epochs that is negative or no integer; as many rates as neither 1
            nor groups.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: Any,
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        groups = optimizer.param_groups
        rates = list(swa_lr) if isinstance(swa_lr, list | tuple) else [swa_lr] * len(groups)
        if len(rates) != len(groups):
            raise ValueError(f"swa_lr must have the same length as optimizer.param_groups: {len(rates)}, {len(groups)}")
        for rate, group in zip(rates, groups, strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._alpha(step - 1), self._alpha(step)
        rates = []
        for group in self.optimizer.param_groups:
            end = group["swa_lr"]
            start = end if before == 1 else (group["lr"] - before * end) / (1 - before)
            rates.append(end * now + start * (1 - now))
        return rates

    def _alpha(self, step: int) -> float:
        share = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return share if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * share)) / 2
