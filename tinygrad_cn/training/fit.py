"""fit: the loop over epochs and batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import ExitStack
from itertools import islice
from typing import Any, Literal

from tinygrad_cn.nn import Module
from tinygrad_cn.optim import Optimizer
from tinygrad_cn.optim.lr_scheduler import HalvingLR, LRScheduler
from tinygrad_cn.optim.swa_utils import AveragedModel
from tinygrad_cn.tensor import Tensor
from tinygrad_cn.utils.data.parts import order_of, tell_epoch

from .callback import Callback
from .checkpoint import Checkpoint
from .evaluation import evaluate
from .interrupt import Interrupt
from .metrics import Means, Metric
from .preparation import WATCHING, check_arguments, make_run
from .run import Run
from .step import Step
from .streams import RandomStreams

__all__ = ["fit"]


def fit(
    model: Module,
    training: Iterable[Any],
    loss: Callable[[Any, Any], Tensor],
    optimizer: Optimizer,
    epochs: int,
    *,
    validation: Iterable[Any] | None = None,
    metrics: Mapping[str, Metric] | None = None,
    scheduler: LRScheduler | None = None,
    scheduler_every: Literal["epoch", "step"] = "epoch",
    scheduler_metric: str = "validation_loss",
    clip_norm: float | None = None,
    clip_value: float | None = None,
    accumulate: int = 1,
    augment: Callable[[Any], Any] | None = None,
    average: AveragedModel | None = None,
    callbacks: Sequence[Callback] = (),
    checkpoint: Checkpoint | None = None,
    resume: bool = False,
    streams: RandomStreams | None = None,
) -> Run:
    """Train a model.

    The first Ctrl-C ends the training after its step, with a checkpoint if there are any; the second one at once.

    Args:
        model (Module): is called with the inputs of a batch.
        training (iterable): batches ``(inputs, ..., targets)``, mostly a `DataLoader`; passed over in each epoch.
        loss (callable): of outputs and targets, a mean over the batch.
        optimizer (Optimizer): over the model's parameters.
        epochs (int): how many in all, also when resuming.
        validation (iterable, optional): batches that are measured after each epoch.
        metrics (dict, optional): more to measure, by name; see `Metric`.
        scheduler (LRScheduler, optional): of the learning rate. ReduceLROnPlateau and HalvingLR are given
            ``scheduler_metric``, and the end of the latter ends the training.
        scheduler_every (str): whether it steps after each ``"epoch"`` or each ``"step"`` of the optimizer.
        scheduler_metric (str): a name in the records.
        clip_norm, clip_value (float, optional): the largest norm of all gradients together, the largest entry.
        accumulate (int): batches whose gradients make one step; the last step of an epoch takes those that are left.
        augment (callable, optional): is given the first input of each training batch and returns it changed.
        average (AveragedModel, optional): takes the weights in after each step; it is what validation measures.
        callbacks (sequence): called in this order.
        checkpoint (Checkpoint, optional): where and when the state of the run is written.
        resume (bool): go on from the last checkpoint, if there is one.
        streams (RandomStreams, optional): where randomness comes from: dropout, and what else draws from the default
            stream, draws from the stream ``"dropout"`` while this runs.

    Returns:
        The `Run`: its ``history`` has a record of each epoch, ``stopped`` says why it ended early.

    Raises:
        NonFiniteError: the loss or a gradient is infinite or NaN; the last good checkpoint stays the last.
        CheckpointError: no checkpoint can be written at the start, none can be read, or it is of another run.
        ValueError: arguments that do not go together.

    Example:
        >>> import tinygrad_cn as tg
        >>> from tinygrad_cn import nn, optim
        >>> from tinygrad_cn.training import fit
        >>> from tinygrad_cn.utils.data import DataLoader, TensorDataset
        >>> x = tg.linspace(-1, 1, 64)[:, None]
        >>> model = nn.Linear(1, 1)
        >>> loader = DataLoader(TensorDataset(x, 3 * x + 1), batch_size=16, shuffle=True)
        >>> run = fit(model, loader, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.3), epochs=20)
        >>> run.step, round(model.weight.item(), 2), run.history[-1]["training_loss"] < 1e-4
        (80, 3.0, True)
    """
    check_arguments(optimizer, epochs, scheduler, scheduler_every, scheduler_metric, validation, accumulate)
    step = Step(loss, metrics or {}, augment, clip_norm, clip_value, accumulate)
    run = make_run(model, training, optimizer, epochs, scheduler, average, callbacks, checkpoint, streams)
    each_step = scheduler if scheduler_every == "step" else None

    with ExitStack() as stack:
        interrupted = stack.enter_context(Interrupt())
        if streams is not None:
            stack.enter_context(streams.as_default("dropout"))
        if checkpoint is not None:
            checkpoint.begin(run, resume)
        elif resume:
            raise ValueError("fit: resume=True needs checkpoint=, which says where the checkpoints are")
        for callback in callbacks:
            stack.callback(callback.close)
            callback.begin(run)

        while run.epoch < run.epochs and run.stopped is None and run.interrupted is None:
            complete = _train(run, step, each_step, average, callbacks, checkpoint, interrupted)
            if checkpoint is not None and interrupted() and not complete and "loader" in run.parts:
                checkpoint.write(run)  # before anything is measured: when resumed, the epoch goes on from here
            record = _record(run, complete)
            if validation is not None:
                measured = evaluate(run.measured, validation, loss, metrics)
                record |= {f"validation_{name}": value for name, value in measured.items()}
            run.history.append(record)
            if complete:
                run.epoch, run.batches, run.seconds, run.means = run.epoch + 1, 0, 0.0, Means()
                if isinstance(scheduler, WATCHING):
                    scheduler.step(record[scheduler_metric])
                    if isinstance(scheduler, HalvingLR) and scheduler.finished:
                        run.stop("the schedule has come to its end")
                elif scheduler is not None and each_step is None:
                    scheduler.step()
            for callback in callbacks:
                callback.after_epoch(run)
            if checkpoint is not None and (complete or run.stopped is not None):
                checkpoint.after_epoch(run)
            run.interrupted = interrupted.signal if run.epoch < run.epochs else None
        for callback in callbacks:
            callback.end(run)
    return run


def _train(
    run: Run,
    step: Step,
    scheduler: LRScheduler | None,
    average: AveragedModel | None,
    callbacks: Sequence[Callback],
    checkpoint: Checkpoint | None,
    interrupted: Interrupt,
) -> bool:
    """The rest of an epoch; whether it came to its end."""
    run.model.train()
    _set_epoch(run.loader, run.epoch)
    started = time.perf_counter() - run.seconds
    for batches in _groups(run.loader, step.accumulate):
        step(run, batches)
        if scheduler is not None:
            scheduler.step()
        if average is not None:
            average.update_parameters(run.model)
        run.seconds = time.perf_counter() - started
        for callback in callbacks:
            callback.after_step(run)
        if len(batches) < step.accumulate:  # the loader has ended, and with it this epoch
            return True
        if interrupted() or run.stopped is not None:
            return False
        if checkpoint is not None:
            checkpoint.after_step(run)
    if not run.batches:
        raise ValueError(
            f"fit: the loader gave no batches in epoch {run.epoch + 1}; what can be passed over only once, as a "
            "generator, must become a list or a DataLoader"
        )
    return True


def _set_epoch(loader: Any, epoch: int) -> None:
    """Tell a data set or a sampler that does something else in each epoch which one this is."""
    for part in (getattr(loader, "dataset", None), *order_of(loader)):
        tell_epoch(part, epoch)


def _groups(batches: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Lists of ``size`` batches; the last may be shorter."""
    iterator = iter(batches)
    while group := list(islice(iterator, size)):
        yield group


def _record(run: Run, complete: bool) -> dict[str, float]:
    """What is known of the epoch that has just been trained."""
    epoch: float = run.epoch + 1
    if not complete:
        epoch = run.epoch + (run.batches / len(run.loader) if isinstance(run.loader, Sized) else 0)
    times = {"epoch": epoch, "step": run.step, "lr": run.lr, "seconds": run.seconds}
    return times | run.means.values("training_")
