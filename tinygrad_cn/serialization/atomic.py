"""Files that are there in full or not at all."""

from __future__ import annotations

import importlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import BinaryIO

__all__ = ["atomic_file"]


def _locks() -> ModuleType | None:
    """Locks on open files, which end with their process; Windows has none, nor needs them here."""
    try:
        return importlib.import_module("fcntl")
    except ImportError:
        return None


_fcntl = _locks()


@contextmanager
def atomic_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Write a file so that at any moment, also after a crash, its name means the old contents or all of the new ones.

    The new contents go to a file beside it, which takes the name once it has reached the disk. An exception in the
    block leaves the old file as it was. What a process that was killed has left beside it goes with the next call.

    Args:
        path: the name of the file; a symbolic link is followed, the permissions of an old file are kept.

    Raises:
        OSError: the folder cannot be written, or the disk is full.

    Example:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "note"
        >>> with atomic_file(path) as file:
        ...     _ = file.write(b"kept")
        >>> path.read_bytes()
        b'kept'
    """
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):  # a device or a pipe; a folder is refused by open()
        with open(target, "wb") as device:
            yield device
        return
    folder, name = os.path.split(target)
    stem = f".{name[:100]}."
    _remove_abandoned(folder, stem)
    file, unfinished = _open_locked(folder, stem)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            with suppress(OSError):
                shutil.copymode(target, unfinished)
            if _fcntl is not None:  # the lock ends only after the file has its name
                os.replace(unfinished, target)
        if _fcntl is None:
            os.replace(unfinished, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(unfinished)
        raise
    _sync_folder(folder)


def _open_locked(folder: str, stem: str) -> tuple[BinaryIO, str]:
    """A new file that bears the lock of a living writer, and its name."""
    while True:
        path = os.path.join(folder, f"{stem}{secrets.token_hex(8)}.tmp")
        file = open(path, "xb")  # noqa: SIM115 - it is open when the caller gets it
        try:
            if _lock(file) is not False and os.path.exists(path):
                return file, path
        except BaseException:
            file.close()
            raise
        file.close()  # another writer took it for abandoned, in the moment before the lock
        with suppress(OSError):
            os.unlink(path)


def _lock(file: BinaryIO) -> bool | None:
    """Lock a file against other openings of it; ``False`` if another has it, ``None`` if there are no locks."""
    if _fcntl is None:
        return None
    try:
        _fcntl.flock(file, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return None
    return True


def _remove_abandoned(folder: str, stem: str) -> None:
    """Remove unfinished files of writers that are gone: their locks have ended with them."""
    ours = re.compile(re.escape(stem) + r"[0-9a-f]{16}\.tmp")
    with suppress(OSError):
        for name in os.listdir(folder or os.curdir):
            if not ours.fullmatch(name):
                continue
            path = os.path.join(folder, name)
            with suppress(OSError):
                if _fcntl is None:
                    os.unlink(path)  # Windows refuses while the writer has it open
                    continue
                with open(path, "rb") as file:
                    if _lock(file):
                        os.unlink(path)


def _sync_folder(folder: str) -> None:
    """Make the new name reach the disk too, where the system lets folders be opened."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # some network file systems do not sync folders; the file itself is complete
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
