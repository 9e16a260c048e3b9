"""The records of a run as event files for TensorBoard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tinygrad_cn.utils.event_files import event_writer

from .callback import Callback
from .run import Run

__all__ = ["TensorBoard"]

_PARTS = ("training", "validation")


class TensorBoard(Callback):
    """Writes the loss, the metrics and the learning rate as scalars.

    They are named ``loss/training``, ``accuracy/validation``, ``lr`` and so on, over the steps of the optimizer;
    ``tensorboard --logdir FOLDER`` shows them. A resumed run hides what was written after the checkpoint that it goes
    on from.

    Args:
        folder (str or Path): of the event files.
        every_steps (int): the loss of every so manieth step is written as ``loss/step``.

    Raises:
        MissingExtraError: tensorboardX is not installed (``pip install 'tinygrad_cn[tensorboard]'``).
    """

    def __init__(self, folder: str | Path, every_steps: int = 10) -> None:
        self._new_writer = event_writer("TensorBoard")
        self.folder, self.every_steps = Path(folder), every_steps
        self._writer: Any = None

    def begin(self, run: Run) -> None:
        # Events of steps from the purged one on are hidden: they were made by work that was lost.
        purged = {"purge_step": run.step + 1} if run.step else {}
        self._writer = self._new_writer(str(self.folder), **purged)

    def after_step(self, run: Run) -> None:
        if run.step % self.every_steps == 0:
            self._writer.add_scalar("loss/step", run.loss, run.step)

    def after_epoch(self, run: Run) -> None:
        for name, value in run.history[-1].items():
            part, _, measure = name.partition("_")
            if part in _PARTS:
                self._writer.add_scalar(f"{measure}/{part}", value, run.step)
        self._writer.add_scalar("lr", run.history[-1]["lr"], run.step)
        self._writer.flush()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
