"""What a user sees of a training: a bar that moves, and a line for each epoch."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sized
from typing import Any, TextIO

from .callback import Callback
from .run import Run

__all__ = ["ProgressBar", "describe"]


class ProgressBar(Callback):
    """Prints a line after each epoch, and shows a bar while it is made.

    The bar needs a terminal and rich (``pip install 'tinygrad_cn[cli]'``); without them, in a file or a pipe, there
    are the lines alone.

    Args:
        file (text file): where to print; standard output unless given.

    Example:
        >>> from tinygrad_cn.training import ProgressBar
        >>> bar = ProgressBar()
    """

    def __init__(self, file: TextIO | None = None) -> None:
        self._file = file
        self._bar: Any = None
        self._task: Any = None

    def begin(self, run: Run) -> None:
        file = self._file or sys.stdout
        if file.isatty():
            self._bar = _bar(file)
        if self._bar is not None:
            total = None
            if isinstance(run.loader, Sized):
                total = run.epochs * len(run.loader)
            self._task = self._bar.add_task("training", total=total, completed=self._batches(run), loss="")
            self._bar.start()

    def after_step(self, run: Run) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=self._batches(run), loss=f"loss {run.loss:.4f}")

    def after_epoch(self, run: Run) -> None:
        line = describe(run.history[-1], run.epochs)
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            print(line, file=self._file or sys.stdout, flush=True)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()

    @staticmethod
    def _batches(run: Run) -> int:
        return run.epoch * (len(run.loader) if isinstance(run.loader, Sized) else 0) + run.batches


def describe(record: Mapping[str, float], epochs: int) -> str:
    """A record as a line.

    Example:
        >>> describe({"epoch": 1, "lr": 0.1, "seconds": 0.25, "training_loss": 2.0, "training_accuracy": 0.5}, 3)
        'epoch    1/3   training: loss 2.0000, accuracy  50.00 %   0.2 s'
    """
    parts = [f"epoch {record['epoch']:>4.3g}/{epochs}"]
    for part in ("training", "validation"):
        measures = [
            f"{name} {100 * value:6.2f} %" if name == "accuracy" else f"{name} {value:.4f}"
            for key, value in record.items()
            if (name := key.removeprefix(f"{part}_")) != key
        ]
        if measures:
            parts.append(f"{part}: {', '.join(measures)}")
    return "   ".join([*parts, f"{record['seconds']:.1f} s"])


def _bar(file: TextIO) -> Any:
    """A bar of rich; ``None`` where rich is not installed."""
    try:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
    except ImportError:
        return None
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[loss]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(file=file),
        transient=True,
    )
