"""Before the first step: what does not go together is refused, and the parts of a run are gathered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tinygrad_cn.nn import Module
from tinygrad_cn.optim import LBFGS, Optimizer
from tinygrad_cn.optim.lr_scheduler import HalvingLR, LRScheduler, ReduceLROnPlateau
from tinygrad_cn.optim.swa_utils import AveragedModel

from .callback import Callback
from .checkpoint import Checkpoint
from .run import Run, Stateful
from .streams import RandomStreams

__all__ = ["WATCHING", "check_arguments", "make_run"]

#: Schedules that watch a measure of the epoch.
WATCHING = (ReduceLROnPlateau, HalvingLR)


def check_arguments(
    optimizer: Optimizer,
    epochs: int,
    scheduler: LRScheduler | None,
    scheduler_every: str,
    scheduler_metric: str,
    validation: Any,
    accumulate: int,
) -> None:
    """Refuse arguments of `fit` that cannot be meant.

    Raises:
        ValueError: the message names the argument.
    """
    if isinstance(optimizer, LBFGS):
        raise ValueError(
            "fit: LBFGS computes the loss several times in a step, over the same data; call its step(closure) in a "
            "loop of your own"
        )
    if epochs < 0 or accumulate < 1:
        raise ValueError(f"fit: epochs must be 0 or above and accumulate 1 or above, got {epochs} and {accumulate}")
    if scheduler_every not in ("epoch", "step"):
        raise ValueError(f"fit: scheduler_every must be 'epoch' or 'step', got {scheduler_every!r}")
    if scheduler is None:
        return
    if scheduler.optimizer is not optimizer:
        raise ValueError("fit: the scheduler belongs to another optimizer; make it with the one that is given to fit")
    if isinstance(scheduler, WATCHING):
        name = type(scheduler).__name__
        if scheduler_every == "step":
            raise ValueError(f"fit: {name} waits for a measure of the epoch; take scheduler_every='epoch'")
        if validation is None and scheduler_metric.startswith("validation_"):
            raise ValueError(
                f"fit: {name} is to watch {scheduler_metric!r}, but nothing is validated; give validation=, "
                "or scheduler_metric='training_loss'"
            )


def make_run(
    model: Module,
    loader: Iterable[Any],
    optimizer: Optimizer,
    epochs: int,
    scheduler: LRScheduler | None,
    average: AveragedModel | None,
    callbacks: Sequence[Callback],
    checkpoint: Checkpoint | None,
    streams: RandomStreams | None,
) -> Run:
    """The run that `fit` begins with.

    Raises:
        ValueError: checkpoints are wanted within epochs, but the loader cannot say where it is.
    """
    parts: dict[str, Any] = {"model": model, "optimizer": optimizer}
    parts |= {"scheduler": scheduler, "average": average, "streams": streams}
    if hasattr(loader, "state_dict"):
        parts["loader"] = loader
    elif checkpoint is not None and checkpoint.within_epochs:
        raise ValueError(
            f"fit: checkpoints within an epoch need to know where the loader is, but {type(loader).__name__} has no "
            "state_dict(); use a DataLoader, or write checkpoints after epochs only"
        )
    stateful: dict[str, Stateful] = {} if checkpoint is None else {"Checkpoint": checkpoint}
    for callback in callbacks:
        name, count = type(callback).__name__, 1
        while name in stateful:
            count += 1
            name = f"{type(callback).__name__}-{count}"
        stateful[name] = callback
    return Run(
        model=model,
        optimizer=optimizer,
        loader=loader,
        epochs=epochs,
        measured=model if average is None else average.module,
        parts={name: part for name, part in parts.items() if part is not None},
        callbacks=stateful,
    )
