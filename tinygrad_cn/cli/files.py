"""The folder of a run: its settings, a line of metrics per epoch, the weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from tinygrad_cn import Tensor
from tinygrad_cn.cli.training import Record
from tinygrad_cn.serialization import load, save


class RunFolder:
    """A new folder with what a run leaves behind.

    Args:
        path (Path): the folder; it may exist if it is empty.

    Raises:
        FileExistsError: if there is something in the folder, which another run may have left.
    """

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise FileExistsError(f"{path} is not empty")
        self.path = path
        self.metrics = path / "metrics.jsonl"
        self.weights = path / "weights.npz"
        self.curves = path / "curves.png"
        self.misread = path / "misread.png"

    @classmethod
    def by_time(cls, base: Path, data: str) -> RunFolder:
        """The folder `<base>/<time>-<data>`, or one beside it if another run began in the same second."""
        name = f"{datetime.now():%Y%m%d-%H%M%S}-{data}"
        path, count = base / name, 1
        while path.exists():
            count += 1
            path = base / f"{name}-{count}"
        return cls(path)

    def write_config(self, config: Mapping[str, Any]) -> None:
        (self.path / "config.json").write_text(json.dumps(config, indent=2) + "\n")

    def add(self, record: Record) -> None:
        """Appends a line to the metrics; the file is whole after each epoch."""
        with self.metrics.open("a") as file:
            file.write(json.dumps(asdict(record)) + "\n")

    def save_weights(self, state: Mapping[str, Tensor]) -> None:
        """Writes the weights so that the file is either there in full or not there."""
        save(dict(state), self.weights)


def load_weights(path: Path) -> dict[str, Tensor]:
    """Reads what `RunFolder.save_weights` wrote: the argument of `Module.load_state_dict`.

    No code is run by loading.
    """
    state: dict[str, Tensor] = load(path)
    return state
