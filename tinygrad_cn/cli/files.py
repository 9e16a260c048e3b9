"""The folder of a run: its settings, a line of metrics per epoch, checkpoints, the weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from tinygrad_cn import Tensor
from tinygrad_cn.serialization import atomic_file, load, save

__all__ = ["RunFolder", "load_weights"]


class RunFolder:
    """A folder with what a run leaves behind.

    Args:
        path (Path): the folder; it may exist if it is empty, or, to be resumed, if it is that of a run.
        resume (bool): go on with the run in the folder, if there is one.

    Raises:
        FileExistsError: if there is something in the folder, which another run may have left.
    """

    def __init__(self, path: Path, resume: bool = False) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.config = path / "config.json"
        self.metrics = path / "metrics.jsonl"
        self.weights = path / "weights.npz"
        self.curves = path / "curves.png"
        self.misread = path / "misread.png"
        self.checkpoints = path / "checkpoints"
        self.tensorboard = path / "tensorboard"
        if resume and (self.config.exists() or all(entry.suffix == ".tmp" for entry in path.iterdir())):
            return
        if any(path.iterdir()):
            kind = "is not the folder of a run" if resume else "is not empty"
            hint = "; --resume goes on with the run in it" if self.config.exists() else ""
            raise FileExistsError(f"{path} {kind}{hint}")

    @classmethod
    def by_time(cls, base: Path, data: str) -> RunFolder:
        """The folder `<base>/<time>-<data>`, or one beside it if another run began in the same second."""
        name = f"{datetime.now():%Y%m%d-%H%M%S}-{data}"
        path, count = base / name, 1
        while path.exists():
            count += 1
            path = base / f"{name}-{count}"
        return cls(path)

    def discard(self) -> None:
        """Removes the folder if there is nothing in it: a run that could not begin leaves nothing."""
        with suppress(OSError):
            self.path.rmdir()

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Writes the settings."""
        with atomic_file(self.config) as file:
            file.write(json.dumps(config, indent=2).encode() + b"\n")

    def read_config(self) -> dict[str, Any]:
        """The settings of the run in the folder; empty if there is none yet.

        Raises:
            ValueError: the file is no JSON.
        """
        if not self.config.exists():
            return {}
        config: dict[str, Any] = json.loads(self.config.read_text())
        return config

    def save_weights(self, state: Mapping[str, Tensor]) -> None:
        """Writes the weights so that the file is either there in full or not there."""
        save(dict(state), self.weights)


def load_weights(path: Path) -> dict[str, Tensor]:
    """Reads what `RunFolder.save_weights` wrote: the argument of `Module.load_state_dict`.

    No code is run by loading.
    """
    state: dict[str, Tensor] = load(path)
    return state
