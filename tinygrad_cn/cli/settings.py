"""What a training from the command line depends on, and what an option means where it is not given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from tinygrad_cn import nn, optim
from tinygrad_cn.cli.model import DigitsNet, LeNet
from tinygrad_cn.optim.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LRScheduler,
    OneCycleLR,
    ReduceLROnPlateau,
    StepLR,
)

__all__ = ["Data", "OptimizerName", "SchedulerName", "Settings", "make_optimizer", "make_scheduler"]


class Data(StrEnum):
    digits = "digits"
    mnist = "mnist"
    fashion_mnist = "fashion-mnist"


class OptimizerName(StrEnum):
    sgd = "sgd"
    adam = "adam"
    adamw = "adamw"
    nadam = "nadam"
    radam = "radam"
    rmsprop = "rmsprop"
    adagrad = "adagrad"


class SchedulerName(StrEnum):
    constant = "constant"
    cosine = "cosine"
    onecycle = "onecycle"
    step = "step"
    exponential = "exponential"
    plateau = "plateau"


@dataclass(frozen=True)
class Defaults:
    """What a data set is trained with unless the command line says otherwise."""

    network: Callable[[], nn.Module]
    epochs: int
    batch_size: int


DEFAULTS = {
    Data.digits: Defaults(DigitsNet, epochs=15, batch_size=32),
    Data.mnist: Defaults(LeNet, epochs=2, batch_size=64),
    Data.fashion_mnist: Defaults(LeNet, epochs=5, batch_size=64),
}

#: The class, the learning rate and the weight decay unless given.
OPTIMIZERS: dict[OptimizerName, tuple[type[optim.Optimizer], float, float]] = {
    OptimizerName.sgd: (optim.SGD, 0.05, 5e-4),
    OptimizerName.adam: (optim.Adam, 1e-3, 0.0),
    OptimizerName.adamw: (optim.AdamW, 1e-3, 1e-2),
    OptimizerName.nadam: (optim.NAdam, 1e-3, 0.0),
    OptimizerName.radam: (optim.RAdam, 1e-3, 0.0),
    OptimizerName.rmsprop: (optim.RMSprop, 1e-3, 0.0),
    OptimizerName.adagrad: (optim.Adagrad, 1e-2, 0.0),
}


@dataclass(frozen=True)
class Settings:
    """What a run depends on, beside the data: two runs with equal settings end with equal weights."""

    model: str | None
    model_args: Mapping[str, Any]
    data: str
    epochs: int
    batch_size: int
    optimizer: str
    lr: float
    momentum: float
    weight_decay: float
    scheduler: str
    clip_grad: float | None
    accumulate: int
    augment: list[str]
    ema: bool
    early_stopping: int | None
    seed: int

    @classmethod
    def completed(cls, options: Mapping[str, Any]) -> Settings:
        """The settings of options in which ``None`` stands for what was not given."""
        defaults = DEFAULTS[Data(options["data"])]
        _, lr, weight_decay = OPTIMIZERS[OptimizerName(options["optimizer"])]
        meant: dict[str, Any] = {
            "epochs": defaults.epochs,
            "batch_size": defaults.batch_size,
            "lr": lr,
            "weight_decay": weight_decay,
        }
        complete: dict[str, Any] = {name: meant.get(name) if v is None else v for name, v in options.items()}
        return cls(**complete)


def make_optimizer(settings: Settings, model: nn.Module) -> optim.Optimizer:
    """The optimizer of a run; momentum is SGD's alone."""
    kind, _, _ = OPTIMIZERS[OptimizerName(settings.optimizer)]
    momentum = {"momentum": settings.momentum} if kind is optim.SGD else {}
    options: dict[str, Any] = {"lr": settings.lr, "weight_decay": settings.weight_decay, **momentum}
    return kind(model.parameters(), **options)


def make_scheduler(
    settings: Settings, optimizer: optim.Optimizer, steps: int
) -> tuple[LRScheduler | None, Literal["epoch", "step"]]:
    """The schedule of the learning rate, and when it steps.

    Args:
        settings (Settings): name it and the epochs.
        optimizer (Optimizer): whose rate is set.
        steps (int): of the optimizer, in an epoch.
    """
    epochs, total = settings.epochs, settings.epochs * steps
    match SchedulerName(settings.scheduler):
        case SchedulerName.constant:
            return None, "epoch"
        case SchedulerName.cosine:
            return CosineAnnealingLR(optimizer, total), "step"
        case SchedulerName.onecycle:
            cycles = "momentum" in optimizer.defaults or "betas" in optimizer.defaults
            return OneCycleLR(optimizer, settings.lr, total_steps=total, cycle_momentum=cycles), "step"
        case SchedulerName.step:
            return StepLR(optimizer, max(1, round(epochs / 3))), "epoch"
        case SchedulerName.exponential:
            return ExponentialLR(optimizer, 0.01 ** (1 / epochs)), "epoch"
        case SchedulerName.plateau:
            return ReduceLROnPlateau(optimizer, factor=0.5, patience=2), "epoch"
