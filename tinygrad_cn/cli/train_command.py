"""`tinygrad-cn train`: trains a convolutional network on handwritten digits and leaves a folder with the results."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from tinygrad_cn import __version__, from_numpy, manual_seed, nn
from tinygrad_cn.cli.files import RunFolder
from tinygrad_cn.cli.gradients import STEPS, TOLERANCE, Comparison, check_gradients
from tinygrad_cn.cli.interrupt import Interrupt
from tinygrad_cn.cli.model import DigitsNet, LeNet
from tinygrad_cn.cli.plots import plot_curves, plot_misread
from tinygrad_cn.cli.training import Diverged, Record, Settings, evaluate, fit
from tinygrad_cn.datasets import load_digits, load_mnist
from tinygrad_cn.utils.data import TensorDataset

__all__ = ["train"]

INTERRUPTED = 130  # what a shell reports for a command that Ctrl-C ended


class Data(StrEnum):
    digits = "digits"
    mnist = "mnist"


@dataclass(frozen=True)
class Task:
    """What is trained for a data set, and how, where the command line says nothing else."""

    network: Callable[[], nn.Module]
    epochs: int
    batch_size: int


TASKS = {Data.digits: Task(DigitsNet, epochs=15, batch_size=32), Data.mnist: Task(LeNet, epochs=2, batch_size=64)}


def _finite(value: float | None) -> float | None:
    # A range check lets nan through: no comparison with it fails.
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"must be a finite number, got {value}")
    return value


def _positive(value: float) -> float:
    if not value > 0:
        raise typer.BadParameter(f"must be above 0, got {value}")
    _finite(value)
    return value


def train(
    data: Annotated[Data, typer.Option(help="What to learn: 8x8 digits of scikit-learn, or MNIST.")] = Data.digits,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Folder with MNIST's four files, instead of a download.", exists=True, file_okay=False),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the data (digits: 15, mnist: 2).", min=1)] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images per step (digits: 32, mnist: 64).", min=1)] = None,
    lr: Annotated[float, typer.Option(help="Learning rate at the start; it falls to 0.", callback=_positive)] = 0.05,
    momentum: Annotated[float, typer.Option(help="Momentum of SGD.", min=0, max=1, callback=_finite)] = 0.9,
    weight_decay: Annotated[float, typer.Option(help="Weight decay of SGD.", min=0, callback=_finite)] = 5e-4,
    seed: Annotated[int, typer.Option(help="A run with the same seed ends with the same weights.", min=0)] = 0,
    out: Annotated[Path | None, typer.Option(help="The run's folder (else runs/<time>-<data>).")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the result only.")] = False,
    check: Annotated[
        bool,
        typer.Option("--check-gradients", help="Compare the trained network's gradients with finite differences."),
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
    """Train a convolutional network on handwritten digits."""
    console = Console(highlight=False, soft_wrap=True)
    errors = Console(highlight=False, soft_wrap=True, stderr=True)
    if data_dir is not None and data is not Data.mnist:
        raise typer.BadParameter("goes with --data mnist: the digits come with scikit-learn", param_hint="--data-dir")
    task = TASKS[data]
    settings = Settings(epochs or task.epochs, batch_size or task.batch_size, lr, momentum, weight_decay, seed)
    try:
        training, held_out = load_mnist(data_dir) if data is Data.mnist else load_digits()
    except (ValueError, OSError) as error:  # a damaged or missing file, no network
        errors.print(f"Error: {error}", style="red", markup=False)
        raise typer.Exit(1) from error
    try:
        folder = RunFolder(out) if out is not None else RunFolder.by_time(Path("runs"), data.value)
    except OSError as error:
        raise typer.BadParameter(f"cannot be used: {error}", param_hint="--out") from error

    manual_seed(settings.seed)
    model = task.network()
    parameters = sum(parameter.numel() for parameter in model.parameters())
    folder.write_config(
        {"data": data.value, "network": task.network.__name__, "parameters": parameters}
        | asdict(settings)
        | {"tinygrad_cn": __version__, "numpy": np.__version__, "python": platform.python_version()}
    )
    if not quiet:
        console.print(
            f"{task.network.__name__} with {parameters:,} parameters learns {len(training):,} handwritten digits; "
            f"{len(held_out):,} are held out."
        )
    interrupted = Interrupt()
    with interrupted:
        try:
            records = _train(model, training, held_out, settings, folder, interrupted, console, quiet)
        except Diverged as error:
            errors.print(f"Error: {error} (--lr is {lr})", style="red", markup=False)
            raise typer.Exit(1) from error
        folder.save_weights(model.state_dict())
        plot_curves(records, f"{task.network.__name__} on {data.value}", folder.curves)
        _, scores = evaluate(model, held_out)
        images, labels = (part.numpy() for part in held_out.tensors)
        misread = plot_misread(images, labels, scores.numpy(), folder.misread)

    accuracy = 100 * records[-1].held_out_accuracy
    seconds = sum(record.seconds for record in records)
    console.print(
        f"{'Interrupted' if interrupted() else 'Trained'} after {records[-1].epoch:.3g} epochs and {seconds:.1f} s: "
        f"{accuracy:.2f} % of the held-out digits are read correctly, {misread} are not."
    )
    console.print(f"Weights, metrics, curves and misread digits are in {folder.path}", markup=False)
    if interrupted():
        raise typer.Exit(INTERRUPTED)

    failed = False
    if check:
        failed |= not _check_gradients(task, model, held_out, scores.numpy(), seed, console)
    if expect is not None and accuracy < expect:
        errors.print(f"Accuracy on held-out data is {accuracy:.2f} %, expected at least {expect:g} %.", style="red")
        failed = True
    if failed:
        raise typer.Exit(1)


def _train(
    model: nn.Module,
    training: TensorDataset,
    held_out: TensorDataset,
    settings: Settings,
    folder: RunFolder,
    interrupted: Interrupt,
    console: Console,
    quiet: bool,
) -> list[Record]:
    """Trains with a progress bar and a line per epoch."""
    records = []
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[loss]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    # A file or a pipe gets the lines, and no bar.
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as progress:
        batches = math.ceil(len(training) / settings.batch_size)
        bar = progress.add_task("training", total=settings.epochs * batches, loss="")
        epochs = fit(
            model,
            training,
            held_out,
            settings,
            after_batch=lambda loss: progress.update(bar, advance=1, loss=f"loss {loss:.4f}"),
            interrupted=interrupted,
        )
        for record in epochs:
            records.append(record)
            folder.add(record)
            if not quiet:
                console.print(
                    f"epoch {record.epoch:>4.3g}/{settings.epochs}   "
                    f"training: loss {record.training_loss:.4f}, {100 * record.training_accuracy:6.2f} %   "
                    f"held out: loss {record.held_out_loss:.4f}, {100 * record.held_out_accuracy:6.2f} %   "
                    f"{record.seconds:.1f} s"
                )
    return records


def _check_gradients(
    task: Task, model: nn.Module, held_out: TensorDataset, scores: np.ndarray, seed: int, console: Console
) -> bool:
    """Prints the comparison with finite differences, parameter by parameter."""
    images, labels = (part.numpy() for part in held_out.tensors)
    # The images read least surely have the largest gradients, the most to compare.
    label_scores = np.take_along_axis(scores, labels[:, None], axis=1)  # (N, 10) -> (N, 1)
    hardest = np.argsort((label_scores - scores).min(axis=1), kind="stable")[:16]
    copy = task.network()
    copy.load_state_dict(model.state_dict())
    results = check_gradients(copy, from_numpy(images[hardest]), from_numpy(labels[hardest]), seed=seed)
    console.print(_gradient_table(results), soft_wrap=False)
    failures = [result.name for result in results if not result.passed]
    if failures:
        console.print(f"Gradients and finite differences do not agree: {', '.join(failures)}", style="red")
    else:
        console.print("The gradients of every parameter agree with finite differences.", style="green")
    return not failures


def _gradient_table(results: list[Comparison]) -> Table:
    table = Table(
        title="Gradients beside finite differences (float64)",
        caption=f"Entries drawn at random; differences over steps of {STEPS[0]:g} to {STEPS[-1]:g}, "
        f"left out at a kink; relative to the parameter's largest gradient, where {TOLERANCE:g} is allowed.",
        box=box.SIMPLE_HEAD,
    )
    table.add_column("parameter", no_wrap=True)
    for name in ("checked", "kinks", "difference", "relative", "digits"):
        table.add_column(name, justify="right", no_wrap=True)
    for result in results:
        table.add_row(
            result.name,
            f"{result.checked} of {math.prod(result.shape):,}",
            str(result.at_kinks),
            f"{result.largest_difference:.1e}",
            f"{result.relative_difference:.1e}",
            f"{result.digits:.1f}",
            style=None if result.passed else "red",
        )
    return table
