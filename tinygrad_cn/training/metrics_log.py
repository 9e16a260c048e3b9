"""The records of a run as a file with a line of JSON for each."""

from __future__ import annotations

import json
from pathlib import Path

from tinygrad_cn.serialization import atomic_file

from .callback import Callback
from .run import Run

__all__ = ["MetricsLog"]


class MetricsLog(Callback):
    """Writes a line of JSON after each epoch; the file is whole at any time.

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
        with atomic_file(self.path) as file:
            for record in run.history:
                file.write(json.dumps(record).encode() + b"\n")
