"""Checkpoints: when they are written, which are kept, and going on from one."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .checkpoint_files import CheckpointFiles
from .errors import CheckpointError, CheckpointWarning, NonFiniteError
from .run import Run
from .watch import Watch

__all__ = ["Checkpoint"]


class Checkpoint:
    """Writes the whole state of a run, so that a run that was stopped, or killed, ends as if it had not been.

    One is written before the first step, so that what cannot be saved, or a folder that cannot be written, is found at
    once; then after each epoch, and after a Ctrl-C. A checkpoint that cannot be written later gives a
    `CheckpointWarning`, and training goes on: what is on the disk stays as it is, and ``failures`` tells.

    Args:
        folder (str or Path): a folder for the checkpoints of one run.
        keep (int): how many of the last ones stay, beside the best.
        every_steps (int, optional): write one after each so many steps too.
        every_seconds (float, optional): write one after the step that ends so many seconds after the last one too.
        monitor (str, optional): what makes the best one, as ``"validation_accuracy"``; the validation loss, or the
            training loss where nothing is validated, unless given.
        mode (str): ``"min"`` if smaller is better, else ``"max"``.

    Attributes:
        failures: what went wrong in writing, one line for each checkpoint that is missing.

    Raises:
        ValueError: a number below 1, or another mode.

    Example:
        >>> from tinygrad_cn.training import Checkpoint
        >>> checkpoint = Checkpoint("runs/first/checkpoints", keep=3, every_seconds=600)
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        keep: int = 3,
        every_steps: int | None = None,
        every_seconds: float | None = None,
        monitor: str | None = None,
        mode: str = "min",
    ) -> None:
        if keep < 1 or (every_steps is not None and every_steps < 1):
            raise ValueError(f"Checkpoint: keep and every_steps must be 1 or above, got {keep} and {every_steps}")
        if every_seconds is not None and not every_seconds > 0:
            raise ValueError(f"Checkpoint: every_seconds must be above 0, got {every_seconds}")
        self.files = CheckpointFiles(Path(folder), keep)
        self.every_steps, self.every_seconds = every_steps, every_seconds
        self.watch = Watch("Checkpoint", monitor, mode)
        self.failures: list[str] = []
        self._written = 0.0

    @property
    def within_epochs(self) -> bool:
        """Whether checkpoints are written at other times than after an epoch."""
        return self.every_steps is not None or self.every_seconds is not None

    # ------------------------------------------------------------------------------ what `fit` calls

    def begin(self, run: Run, resume: bool) -> None:
        """Go on from the last good checkpoint, or write the first.

        Args:
            run: is put in the state of the checkpoint.
            resume: whether to go on; without a checkpoint the run starts from its beginning.

        Raises:
            FileExistsError: not to be resumed, but the folder holds checkpoints.
            CheckpointError: none can be read, it is of a run that is put together in another way, or the first cannot
                be written.
        """
        if not resume and self.files.exist():
            raise FileExistsError(
                f"{self.files.folder} holds the checkpoints of a run: go on with resume=True, or take another folder"
            )
        try:
            self.files.prepare()
            state = self.files.read_last() if resume else None
            if state is None:
                self.files.write(run.state_dict(), run.step)
        except OSError as error:
            raise CheckpointError(
                f"checkpoints cannot be written to {self.files.folder}: {error}. Take another folder"
            ) from error
        if state is not None:
            try:
                run.load_state_dict(state)
            except (ValueError, RuntimeError, KeyError) as error:
                raise CheckpointError(
                    f"the run cannot go on from the checkpoint of step {state['step']} in {self.files.folder}: {error}"
                ) from error
        self._written = time.monotonic()

    def after_step(self, run: Run) -> None:
        """Write one if it is time."""
        if (self.every_steps is not None and run.step % self.every_steps == 0) or (
            self.every_seconds is not None and time.monotonic() - self._written >= self.every_seconds
        ):
            self.write(run)

    def after_epoch(self, run: Run) -> None:
        """Write one, which may be the best."""
        self.write(run, best=self.watch.improved(run))

    def write(self, run: Run, best: bool = False) -> None:
        """Write one now.

        Raises:
            NonFiniteError: the weights are not finite; the last good checkpoint stays the last.
        """
        _check_finite(run)
        try:
            self.files.write(run.state_dict(), run.step, best)
        except (OSError, TypeError, ValueError) as error:
            self.failures.append(f"the checkpoint of step {run.step} could not be written: {error}")
            warnings.warn(f"{self.failures[-1]}; training goes on without it", CheckpointWarning, stacklevel=2)
        self._written = time.monotonic()

    # ------------------------------------------------------------------------------------- afterwards

    def best_weights(self) -> dict[str, Any]:
        """The weights of the best epoch: what was measured then, an average if there was one.

        Raises:
            FileNotFoundError: no epoch is complete.
        """
        parts: dict[str, dict[str, Any]] = self.files.read(self.files.best)["parts"]
        if "average" not in parts:
            return parts["model"]
        averaged = {name.removeprefix("module."): value for name, value in parts["average"].items()}
        return {name: value for name, value in averaged.items() if name in parts["model"]}

    def state_dict(self) -> dict[str, Any]:
        """The best measure."""
        return {"best": self.watch.best}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`."""
        self.watch.best = state["best"]


def _check_finite(run: Run) -> None:
    """Refuse weights that are lost: the step that made them had a finite loss, but no finite gradient."""
    for name, parameter in run.model.named_parameters():
        if not np.isfinite(parameter.detach().numpy()).all():
            raise NonFiniteError(
                f"the weights {name} are no longer finite after step {run.step} (epoch {run.epoch + 1}, learning rate "
                f"{run.lr:g}); take a lower learning rate, or clip the gradients"
            )
