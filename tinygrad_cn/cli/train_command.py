"""`tinygrad-cn train`: trains a network on images of ten classes and leaves a folder with the results."""

from __future__ import annotations

import math
import platform
import re
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from tinygrad_cn import __version__
from tinygrad_cn.cli.files import RunFolder
from tinygrad_cn.cli.settings import Data, OptimizerName, SchedulerName, Settings
from tinygrad_cn.cli.train_run import TrainRun, written
from tinygrad_cn.cli.user_model import ModelError, parse_arguments
from tinygrad_cn.datasets import load_digits, load_fashion_mnist, load_mnist
from tinygrad_cn.errors import MissingExtraError
from tinygrad_cn.training import Checkpoint, CheckpointError, NonFiniteError
from tinygrad_cn.utils.data import TensorDataset

__all__ = ["train"]

LOADERS: dict[Data, Callable[[Path | None], tuple[TensorDataset, TensorDataset]]] = {
    Data.digits: lambda folder: load_digits(),
    Data.mnist: load_mnist,
    Data.fashion_mnist: load_fashion_mnist,
}
AUGMENTATIONS = ("shift", "rotate", "elastic")


def _finite(value: float | None) -> float | None:
    # A range check lets nan through: no comparison with it fails.
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"must be a finite number, got {value}")
    return value


def _positive(value: float | None) -> float | None:
    if value is not None and not value > 0:
        raise typer.BadParameter(f"must be above 0, got {value}")
    return _finite(value)


def _augmentations(value: str) -> str:
    for name in filter(None, value.split(",")):
        if name not in AUGMENTATIONS:
            raise typer.BadParameter(f"knows {', '.join(AUGMENTATIONS)}, separated by commas; got {name!r}")
    return value


def _interval(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"0*[1-9]\d*[sm]?", value):
        raise typer.BadParameter(f"is a number of steps (500), or of seconds or minutes (30s, 10m); got {value!r}")
    return value


def train(
    context: typer.Context,
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE:NAME",
            help="The network, as in model.py:Net: a class, a function that makes it, or a Module. "
            "Without it: a convolutional network for the data.",
        ),
    ] = None,
    model_arg: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="An argument for the network; may be repeated.")
    ] = None,
    data: Annotated[Data, typer.Option(help="What to learn: 8x8 digits, or 28x28 images.")] = Data.digits,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Folder with the data's four files, instead of a download.", exists=True, file_okay=False),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the data (digits: 15, mnist: 2).", min=1)] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images per batch (digits: 32, others: 64).", min=1)] = None,
    optimizer: Annotated[OptimizerName, typer.Option(help="The algorithm.")] = OptimizerName.sgd,
    lr: Annotated[
        float | None,
        typer.Option(help="Learning rate (sgd: 0.05, adagrad: 0.01, others: 0.001).", callback=_positive),
    ] = None,
    momentum: Annotated[float, typer.Option(help="Momentum of SGD.", min=0, max=1, callback=_finite)] = 0.9,
    weight_decay: Annotated[
        float | None, typer.Option(help="Weight decay (sgd: 5e-4, adamw: 0.01, others: 0).", min=0, callback=_finite)
    ] = None,
    scheduler: Annotated[
        SchedulerName, typer.Option(help="How the learning rate changes; cosine: it falls to 0.")
    ] = SchedulerName.cosine,
    clip_grad: Annotated[
        float | None, typer.Option(help="The largest norm of all gradients together.", callback=_positive)
    ] = None,
    accumulate: Annotated[int, typer.Option(help="Batches whose gradients make one step.", min=1)] = 1,
    augment: Annotated[
        str,
        typer.Option(
            metavar="LIST", help="Change training images at random: shift,rotate,elastic.", callback=_augmentations
        ),
    ] = "",
    ema: Annotated[bool, typer.Option("--ema", help="Use an average of the weights over the steps.")] = False,
    early_stopping: Annotated[
        int | None,
        typer.Option(help="End after so many epochs without a lower held-out loss, with the best weights.", min=1),
    ] = None,
    seed: Annotated[int, typer.Option(help="A run with the same seed ends with the same weights.", min=0)] = 0,
    workers: Annotated[int, typer.Option(help="Threads that prepare batches ahead.", min=0)] = 0,
    out: Annotated[Path | None, typer.Option(help="The run's folder (else runs/<time>-<data>).")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out; without one, begin it.")
    ] = False,
    checkpoint_every: Annotated[
        str | None,
        typer.Option(
            metavar="STEPS|TIME", help="Also write checkpoints within epochs: 500, 30s, 10m.", callback=_interval
        ),
    ] = None,
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="Write event files for TensorBoard.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the result only.")] = False,
    check: Annotated[
        bool,
        typer.Option("--check-gradients", help="Compare the trained network's gradients with numeric derivatives."),
    ] = False,
    expect: Annotated[
        float | None,
        typer.Option(
            "--expect-accuracy",
            help="Fail below this accuracy on held-out data, in percent.",
            min=0,
            max=100,
            callback=_finite,
        ),
    ] = None,
) -> None:
    """Train a network on images of ten classes: handwritten digits, or your own model's."""
    console = Console(highlight=False, soft_wrap=True)
    errors = Console(highlight=False, soft_wrap=True, stderr=True)
    if data_dir is not None and data is Data.digits:
        raise typer.BadParameter(
            "goes with --data mnist or fashion-mnist: the digits come with scikit-learn", param_hint="--data-dir"
        )
    if resume and out is None:
        raise typer.BadParameter("needs --out, the folder of the run", param_hint="--resume")
    try:
        options: dict[str, Any] = {
            "model": model,
            "model_args": parse_arguments(model_arg or ()),
            "data": data.value,
            "epochs": epochs,
            "batch_size": batch_size,
            "optimizer": optimizer.value,
            "lr": lr,
            "momentum": momentum,
            "weight_decay": weight_decay,
            "scheduler": scheduler.value,
            "clip_grad": clip_grad,
            "accumulate": accumulate,
            "augment": sorted(filter(None, augment.split(","))),
            "ema": ema,
            "early_stopping": early_stopping,
            "seed": seed,
        }
    except ModelError as error:
        raise typer.BadParameter(str(error), param_hint="--model-arg") from error
    try:
        folder = RunFolder(out, resume) if out is not None else RunFolder.by_time(Path("runs"), data.value)
        stored = folder.read_config()
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"cannot be used: {error}", param_hint="--out") from error
    settings = _resumed(context, options, stored) if stored else Settings.completed(options)

    try:
        training, held_out = _loaded(Data(settings.data), data_dir)
        run = TrainRun(settings, training, held_out, workers, folder, console, errors)
        versions = {"tinygrad_cn": __version__, "numpy": np.__version__, "python": platform.python_version()}
        with written(folder.config):
            folder.write_config({"network": run.name, "parameters": run.parameters} | asdict(settings) | versions)
        run.fit(_checkpoint(folder, checkpoint_every), resume, tensorboard, quiet)
        run.report(quiet)
        failed = not run.judge(check, expect)
    except (ModelError, DataError, CheckpointError, MissingExtraError, NonFiniteError) as error:
        errors.print(f"Error: {error}", style="red", markup=False)
        if isinstance(error, NonFiniteError):
            errors.print(f"The last good checkpoints are in {folder.checkpoints}", style="red", markup=False)
        raise typer.Exit(1) from error
    finally:
        folder.discard()
    if run.interrupted is not None:
        raise typer.Exit(128 + run.interrupted)  # what a shell reports for a command that a signal ended
    if failed:
        raise typer.Exit(1)


class DataError(Exception):
    """A damaged or missing file, or no network."""


def _loaded(data: Data, folder: Path | None) -> tuple[TensorDataset, TensorDataset]:
    """Training and held-out data."""
    try:
        return LOADERS[data](folder)
    except (ValueError, OSError) as error:
        raise DataError(str(error)) from error


def _resumed(context: typer.Context, options: dict[str, Any], stored: dict[str, Any]) -> Settings:
    """The settings of the run in the folder; what is given on the command line must be the same."""
    names = {"model_args": "model_arg"}
    given = {name: value for name, value in options.items() if _is_given(context, names.get(name, name))}
    missing = sorted(options.keys() - stored.keys())
    if missing:
        raise typer.BadParameter(
            f"holds the run of another version, without {', '.join(missing)}; take a new folder", param_hint="--out"
        )
    settings = Settings(**{name: stored[name] for name in options})
    for name, value in given.items():
        option = "--" + names.get(name, name).replace("_", "-")
        if name == "epochs":
            laid_out = settings.scheduler not in (SchedulerName.constant, SchedulerName.plateau)
            if value != settings.epochs and laid_out:
                raise typer.BadParameter(
                    f"cannot be changed: the schedule {settings.scheduler} was laid out for {settings.epochs} epochs",
                    param_hint=option,
                )
        elif value != getattr(settings, name):
            raise typer.BadParameter(
                f"is {value}, but the run in the folder has {getattr(settings, name)}; leave it out to go on with that",
                param_hint=option,
            )
    return replace(settings, epochs=given.get("epochs", settings.epochs))


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"


def _checkpoint(folder: RunFolder, every: str | None) -> Checkpoint:
    if every is None:
        return Checkpoint(folder.checkpoints)
    if every.isdigit():
        return Checkpoint(folder.checkpoints, every_steps=int(every))
    return Checkpoint(folder.checkpoints, every_seconds=float(every[:-1]) * (60 if every.endswith("m") else 1))
