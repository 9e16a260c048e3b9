"""The records of a run as a file with a line of JSON for each."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

from tinygrad_cn.serialization import atomic_file

from .callback import Callback
from .errors import CheckpointWarning
from .run import Run

__all__ = ["MetricsLog"]


class MetricsLog(Callback):
    """Writes a line of JSON after each epoch; the file is whole at any time.

    Where it cannot be written, on a full disk, there is a `CheckpointWarning`, and training goes on.

    A resumed run has the lines of the epochs that count, each once: those of work that was lost are gone.

    Args:
        path (str or Path): of the file, ``metrics.jsonl`` say; one that is there is replaced.

    Example:
        >>> from tinygrad_cn.training import MetricsLog
        >>> log = MetricsLog("runs/first/metrics.jsonl")
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def begin(self, run: Run) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if run.history or self.path.exists():
            self._write_all(run)

    def after_epoch(self, run: Run) -> None:
        self._write_all(run)

    def _write_all(self, run: Run) -> None:
        try:
            with atomic_file(self.path) as file:
                for record in run.history:
                    file.write(json.dumps(record).encode() + b"\n")
        except OSError as error:  # no reason to end the training: the next epoch writes this one's line too
            warnings.warn(f"{self.path} could not be written: {error}", CheckpointWarning, stacklevel=2)
