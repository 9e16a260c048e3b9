"""The files of checkpoints: the last few and the best, each whole or not there."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

from tinygrad_cn.errors import FileFormatError
from tinygrad_cn.serialization import atomic_file, load, save

from .errors import CheckpointError, CheckpointWarning

__all__ = ["CheckpointFiles"]

_NAME = re.compile(r"checkpoint-(\d{8,})\.npz")


class CheckpointFiles:
    """The folder with the checkpoints of one run, named for their steps: ``checkpoint-00000120.npz``, ``best.npz``.

    Args:
        folder (Path): may be missing; `prepare` makes it.
        keep (int): how many of the last ones stay.
    """

    def __init__(self, folder: Path, keep: int) -> None:
        self.folder, self.keep = folder, keep
        self.best = folder / "best.npz"

    def prepare(self) -> None:
        """Make the folder, and remove what a killed run left half written."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in self.folder.glob(".*.npz.*.tmp"):
            path.unlink(missing_ok=True)

    def last(self) -> list[Path]:
        """The checkpoints that are there, the newest first."""
        steps = {path: match for path in self.folder.glob("*.npz") if (match := _NAME.fullmatch(path.name))}
        return sorted(steps, key=lambda path: int(steps[path][1]), reverse=True)

    def exist(self) -> bool:
        """Whether there is a checkpoint."""
        return bool(self.last()) or self.best.exists()

    def write(self, state: dict[str, Any], step: int, best: bool = False) -> None:
        """Write a checkpoint, then let go of the oldest.

        Raises:
            OSError: it cannot be written; nothing is lost.
        """
        path = self.folder / f"checkpoint-{step:08}.npz"
        save(state, path)
        if best:
            _put_in_place(path, self.best)
        for old in self.last()[self.keep :]:
            with suppress(OSError):
                old.unlink()

    def read(self, path: Path) -> dict[str, Any]:
        """The state in a file.

        Raises:
            OSError: the file cannot be read.
            FileFormatError: it is damaged, or no checkpoint.
        """
        state = load(path)
        if not isinstance(state, dict) or not {"format", "parts", "step"} <= state.keys():
            raise FileFormatError(f"{path} is not a checkpoint")
        return state

    def read_last(self) -> dict[str, Any] | None:
        """The state of the newest checkpoint that is whole; ``None`` if there is none at all.

        A damaged one is renamed, so that it stays for who wants to look, and is warned of.

        Raises:
            CheckpointError: there are some, and none can be read.
        """
        failures = []
        for path in [*self.last(), *([self.best] if self.best.exists() else [])]:
            try:
                return self.read(path)
            except FileFormatError as error:
                failures.append(f"{path.name}: {error}")
                with suppress(OSError):
                    path.rename(path.with_suffix(".damaged"))
            except OSError as error:
                failures.append(f"{path.name}: {error}")
            warnings.warn(
                f"{path} cannot be read, the checkpoint before it is tried: {failures[-1]}",
                CheckpointWarning,
                stacklevel=2,
            )
        if failures:
            raise CheckpointError(f"none of the checkpoints in {self.folder} can be read:\n  " + "\n  ".join(failures))
        return None


def _put_in_place(source: Path, target: Path) -> None:
    """Give a file a second name, at once; where the file system has no second names, a copy."""
    link = target.with_name(f".{target.name}.{secrets.token_hex(8)}.tmp")
    try:
        os.link(source, link)
    except OSError:
        with source.open("rb") as old, atomic_file(target) as new:
            shutil.copyfileobj(old, new)
        return
    os.replace(link, target)
