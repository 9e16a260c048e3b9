"""A training from the command line: what it is made of, what it prints, what it leaves in its folder."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from tinygrad_cn import Tensor, cat, nn, no_grad
from tinygrad_cn.cli.files import RunFolder
from tinygrad_cn.cli.gradient_report import report_gradients
from tinygrad_cn.cli.plots import plot_misread
from tinygrad_cn.cli.settings import DEFAULTS, Data, Settings, make_optimizer, make_scheduler
from tinygrad_cn.cli.user_model import check_scores, find_model
from tinygrad_cn.datasets import Augmented, Distortion
from tinygrad_cn.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tinygrad_cn.training import (
    Callback,
    Checkpoint,
    CheckpointError,
    Curves,
    EarlyStopping,
    MetricsLog,
    ProgressBar,
    RandomStreams,
    Run,
    TensorBoard,
    accuracy,
    fit,
)
from tinygrad_cn.utils.data import DataLoader, Dataset, TensorDataset

__all__ = ["TrainRun", "scores_of", "written"]

CLASSES = 10


class TrainRun:
    """One run: made, trained, reported.

    Args:
        settings (Settings): what it depends on.
        training, held_out (TensorDataset): images and labels.
        workers (int): threads that prepare batches.
        folder (RunFolder): for what it leaves behind.
        console, errors (Console): where to print.

    Raises:
        ModelError: the user's model cannot be had, or does not fit the data.
    """

    def __init__(
        self,
        settings: Settings,
        training: TensorDataset,
        held_out: TensorDataset,
        workers: int,
        folder: RunFolder,
        console: Console,
        errors: Console,
    ) -> None:
        self.settings, self.training, self.held_out = settings, training, held_out
        self.folder, self.console, self.errors = folder, console, errors
        self.streams = RandomStreams(settings.seed)
        self.streams.seed_globals()
        with self.streams.as_default("init"):
            self.model, self.name = _network(settings, training)
        self.parameters = sum(parameter.numel() for parameter in self.model.parameters())
        self.loader: DataLoader[Any] = DataLoader(
            self._augmented(),
            batch_size=settings.batch_size,
            shuffle=True,
            generator=self.streams["shuffle"],
            num_workers=workers,
        )
        # Over the last half of an epoch, about: later in a run the weights move less, and nothing older is of use.
        decay = 1 - 1 / min(1000, max(10, len(self.loader) // settings.accumulate // 2))
        averaging = get_ema_multi_avg_fn(decay)
        self.average = AveragedModel(self.model, multi_avg_fn=averaging) if settings.ema else None
        self.checkpoint: Checkpoint | None = None
        self.run: Run | None = None

    @property
    def interrupted(self) -> int | None:
        """The signal that ended the run before its time."""
        signal = None if self.run is None else self.run.interrupted
        return None if signal is None else signal.value

    @property
    def result(self) -> nn.Module:
        """What was trained: the average of the weights if there is one."""
        return self.model if self.average is None else self.average.module

    def fit(self, checkpoint: Checkpoint, resume: bool, tensorboard: bool, quiet: bool) -> None:
        """Trains, with a progress bar and a line per epoch."""
        settings = self.settings
        if not quiet:
            self.console.print(
                f"{self.name} with {self.parameters:,} parameters learns {len(self.training):,} images; "
                f"{len(self.held_out):,} are held out.",
                markup=False,
            )
        optimizer = make_optimizer(settings, self.model)
        steps = math.ceil(len(self.loader) / settings.accumulate)
        scheduler, scheduler_every = make_scheduler(settings, optimizer, steps)
        callbacks: list[Callback] = [
            MetricsLog(self.folder.metrics),
            Curves(self.folder.curves, f"{self.name} on {settings.data}"),
        ]
        if not quiet:
            callbacks.append(ProgressBar())
        if tensorboard:
            callbacks.append(TensorBoard(self.folder.tensorboard))
        if settings.early_stopping is not None:
            callbacks.append(EarlyStopping(settings.early_stopping))
        self.checkpoint = checkpoint
        with self._warnings_printed():
            self.run = fit(
                self.model,
                self.loader,
                nn.CrossEntropyLoss(),
                optimizer,
                settings.epochs,
                validation=DataLoader(self.held_out, batch_size=500),
                metrics={"accuracy": accuracy},
                scheduler=scheduler,
                scheduler_every=scheduler_every,
                clip_norm=settings.clip_grad,
                accumulate=settings.accumulate,
                average=self.average,
                callbacks=callbacks,
                checkpoint=checkpoint,
                resume=resume,
                streams=self.streams,
            )
        with written(self.folder.weights):
            self.folder.save_weights(self.result.state_dict())

    def report(self, quiet: bool) -> None:
        """Prints what came of it, and draws what is misread."""
        assert self.run is not None
        images, labels = (part.numpy() for part in self.held_out.tensors)
        self.scores = scores_of(self.result, self.held_out).numpy()
        with written(self.folder.misread):
            misread = plot_misread(images, labels, self.scores, self.folder.misread)
        self.accuracy = 100 * (len(labels) - misread) / len(labels)
        epochs = self.run.history[-1]["epoch"] if self.run.history else 0
        seconds = sum(record["seconds"] for record in self.run.history)
        if self.run.stopped is not None and not quiet:
            self.console.print(f"Stopped early: {self.run.stopped}.", markup=False)
        self.console.print(
            f"{'Interrupted' if self.run.interrupted else 'Trained'} after {epochs:.3g} epochs and {seconds:.1f} s: "
            f"{self.accuracy:.2f} % of the held-out images are read correctly, {misread} are not."
        )
        self.console.print(f"Weights, metrics, curves and misread images are in {self.folder.path}", markup=False)
        if self.run.interrupted:
            self.console.print(f"Go on with: tinygrad-cn train --resume --out {self.folder.path}", markup=False)

    def judge(self, check: bool, expect: float | None) -> bool:
        """Whether gradients, accuracy and checkpoints are as they should be; prints what is not."""
        assert self.run is not None
        assert self.checkpoint is not None
        good = True
        for failure in self.checkpoint.failures[-1:]:
            self.errors.print(
                f"Error: {len(self.checkpoint.failures)} checkpoints are missing; {failure}", style="red", markup=False
            )
            good = False
        if self.run.interrupted:
            return good
        if check:
            checked = copy.deepcopy(self.model)
            checked.load_state_dict(self.result.state_dict())
            good &= report_gradients(checked, self.held_out, self.scores, self.settings.seed, self.console)
        if expect is not None and self.accuracy < expect:
            self.errors.print(
                f"Accuracy on held-out data is {self.accuracy:.2f} %, expected at least {expect:g} %.", style="red"
            )
            good = False
        return good

    def _augmented(self) -> Dataset[Any]:
        """The training data, changed by amounts that leave a digit what it is."""
        if not self.settings.augment:
            return self.training
        width = self.training.tensors[0].shape[-1]
        amounts = {
            "shift": {"shift": width / 14},
            "rotate": {"rotation": 10.0},
            "elastic": {"elastic": 34.0 * width / 28, "smoothness": 4.0 * width / 28},
        }
        chosen: dict[str, float] = {}
        for name in self.settings.augment:
            chosen |= amounts[name]
        return Augmented(self.training, Distortion(**chosen), self.streams.child_seed("augmentation"))

    @contextmanager
    def _warnings_printed(self) -> Iterator[None]:
        """Warnings as lines for the user, each one every time."""
        with warnings.catch_warnings():
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = lambda message, *_: self.errors.print(
                f"Warning: {message}", style="yellow", markup=False
            )
            yield


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Says which file it was that could not be written."""
    try:
        yield
    except OSError as error:
        raise CheckpointError(f"{path} could not be written: {error}") from error


def _network(settings: Settings, training: TensorDataset) -> tuple[nn.Module, str]:
    """The network to train, and what to call it."""
    if settings.model is None:
        model = DEFAULTS[Data(settings.data)].network()
        return model, type(model).__name__
    model = find_model(settings.model)(**settings.model_args)
    check_scores(settings.model, model, training.tensors[0][:2], CLASSES)
    return model, type(model).__name__


def scores_of(model: nn.Module, data: TensorDataset, batch_size: int = 500) -> Tensor:
    """The scores of each image, in the mode for use (dropout off)."""
    model.eval()
    with no_grad():
        loader: DataLoader[list[Tensor]] = DataLoader(data, batch_size=batch_size)
        return cat([model(images) for images, _ in loader])
