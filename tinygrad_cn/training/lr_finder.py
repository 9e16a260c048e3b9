"""The threshold of the learning rate: the largest one at which the cost on the training data still falls."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from tinygrad_cn.grad_mode import no_grad
from tinygrad_cn.nn import Module
from tinygrad_cn.optim import Optimizer

from .errors import NonFiniteError
from .streams import global_random_state, restore_global_random_state

__all__ = ["LRThreshold", "find_threshold_lr"]


@dataclass(frozen=True)
class LRThreshold:
    """What `find_threshold_lr` found.

    Attributes:
        threshold: the largest rate that was tried at which the cost fell in every epoch.
        tried: the costs at each rate, in the order of the trials: before the first epoch and after each.
    """

    threshold: float
    tried: dict[float, list[float]]

    @property
    def suggestion(self) -> float:
        """Half the threshold: a rate to train with."""
        return self.threshold / 2


def find_threshold_lr(
    train: Callable[[], Any],
    cost: Callable[[], Any],
    model: Module,
    optimizer: Optimizer,
    *,
    start: float = 0.01,
    epochs: int = 3,
    lowest: float = 1e-8,
    highest: float = 1e4,
) -> LRThreshold:
    """Find the threshold of the learning rate: first its order of magnitude, then to a factor of two.

    From ``start`` the rate is raised by tens while the cost falls in each of the first epochs, or lowered by tens until
    it does; then it is doubled as long as the cost still falls. A cost that rises, oscillates, stays or is no longer
    finite does not fall. Every trial begins with the same weights, state and random numbers, and these are back to the
    bit in the end, also after an error.

    Source: Nielsen, "Neural Networks and Deep Learning", chapter 3, on how to choose hyper-parameters.

    Args:
        train: trains the model for an epoch, by steps of ``optimizer``.
        cost: gives the cost on the training data, or on a fixed part of them.
        model: whose parameters, buffers and modes are put back.
        optimizer: whose groups get the rates: the first the one on trial, others in proportion to it.
        start: the first rate on trial.
        epochs: epochs of a trial.
        lowest, highest: rates that are not passed.

    Raises:
        ValueError: an option out of its range; no rate down to ``lowest`` makes the cost fall.

    Example:
        >>> import tinygrad_cn as tg
        >>> from tinygrad_cn.training.lr_finder import find_threshold_lr
        >>> model = tg.nn.Linear(1, 1, bias=False)
        >>> optimizer = tg.optim.SGD(model.parameters(), lr=0.1)
        >>> def cost():
        ...     return (model.weight**2).sum()
        >>> def train():
        ...     optimizer.zero_grad()
        ...     cost().backward()
        ...     optimizer.step()
        >>> found = find_threshold_lr(train, cost, model, optimizer)  # the weight is multiplied by 1 - 2 lr
        >>> found.threshold, found.suggestion, list(found.tried)
        (0.8, 0.4, [0.01, 0.1, 1.0, 0.2, 0.4, 0.8])
    """
    if not 0 < lowest <= start <= highest:
        raise ValueError(
            f"find_threshold_lr: expected 0 < lowest <= start <= highest, got {lowest}, {start}, {highest}"
        )
    if epochs < 1:
        raise ValueError(f"find_threshold_lr: epochs must be at least 1, got {epochs}")
    if not float(optimizer.param_groups[0]["lr"]) > 0:
        raise ValueError("find_threshold_lr: the first group has a rate of 0, so others have no proportion to it")
    tried: dict[float, list[float]] = {}

    def falls(rate: float) -> bool:
        with _put_back(model, optimizer), np.errstate(all="ignore"):
            tried[rate] = _trial(train, cost, optimizer, rate, epochs)
        costs = tried[rate]
        return len(costs) == epochs + 1 and all(b < a for a, b in pairwise(costs))

    rate = start
    if falls(rate):
        while _tens(rate, 1) <= highest and falls(_tens(rate, 1)):
            rate = _tens(rate, 1)
    else:
        while not falls(rate := _tens(rate, -1)):
            if _tens(rate, -1) < lowest:
                raise ValueError(
                    f"find_threshold_lr: the cost does not fall at any rate from {start} down to {rate}: check the "
                    f"gradients and that cost() is of the data that train() sees; the costs were {tried}"
                )
    for _ in range(3):  # below ten times the rate, where the cost does not fall
        if 2 * rate > highest or not falls(2 * rate):
            break
        rate = 2 * rate
    return LRThreshold(rate, tried)


def _tens(rate: float, power: int) -> float:
    """The rate times or over ten, without the last digits that repeated multiplication leaves."""
    return float(f"{rate * 10.0**power:.12g}")


def _trial(
    train: Callable[[], Any], cost: Callable[[], Any], optimizer: Optimizer, rate: float, epochs: int
) -> list[float]:
    """The costs before and after each epoch, up to the first that does not fall."""
    share = rate / float(optimizer.param_groups[0]["lr"])
    for group in optimizer.param_groups:
        group["lr"] = float(group["lr"]) * share
    costs = [float(cost())]
    try:
        for _ in range(epochs):
            train()
            costs.append(float(cost()))
            if not costs[-1] < costs[-2] or not math.isfinite(costs[-1]):
                break
    except (FloatingPointError, NonFiniteError):
        costs.append(math.nan)
    return costs


@contextmanager
def _put_back(model: Module, optimizer: Optimizer) -> Iterator[None]:
    """Put everything that training changes back to where it was, to the bit."""
    tensors = [*model.parameters(), *model.buffers()]
    for group in optimizer.param_groups:
        tensors += [param for param in group["params"] if not any(param is tensor for tensor in tensors)]
    values = [(tensor, tensor.detach().clone(), tensor.grad) for tensor in tensors]
    gradients = [None if gradient is None else gradient.detach().clone() for _, _, gradient in values]
    modes = [(module, module.training) for module in model.modules()]
    groups = [dict(group) for group in optimizer.param_groups]
    state = {key: deepcopy(entry) for key, entry in optimizer.state.items()}
    random = global_random_state()
    try:
        yield
    finally:
        with no_grad():
            for (tensor, value, gradient), kept in zip(values, gradients, strict=True):
                tensor.copy_(value)
                tensor.grad = gradient
                if gradient is not None and kept is not None:
                    gradient.copy_(kept)
        for module, training in modes:
            module.training = training
        for group, options in zip(optimizer.param_groups, groups, strict=True):
            group.clear()
            group.update(options)
        optimizer.state.clear()
        optimizer.state.update(state)
        restore_global_random_state(random)
