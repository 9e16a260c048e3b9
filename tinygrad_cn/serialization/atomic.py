"""Files that are there in full or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

__all__ = ["atomic_file"]


@contextmanager
def atomic_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Write a file so that at any moment, also after a crash, its name means the old contents or all of the new ones.

    The new contents go to a file beside it, which takes the name once it has reached the disk. An exception in the
    block leaves the old file as it was.

    Args:
        path: the name of the file; a symbolic link is followed.

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
        with open(target, "wb") as file:
            yield file
        return
    folder, name = os.path.split(target)
    unfinished = os.path.join(folder, f".{name[:100]}.{secrets.token_hex(8)}.tmp")
    try:
        with open(unfinished, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(unfinished)
        raise
    _sync_folder(folder)


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
