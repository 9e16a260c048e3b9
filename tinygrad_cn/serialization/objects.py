"""Files of whole objects, as modules and the arguments of a program: a pickle, read only where that is asked for."""

from __future__ import annotations

import pickle
from typing import Any, BinaryIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from tinygrad_cn.errors import UnsafeFileError

__all__ = ["OBJECTS", "pickled", "unpickled", "write_objects"]

OBJECTS = "objects.pkl"


def pickled(obj: Any) -> bytes | None:
    """The pickle of an object, or None if it has none."""
    try:
        return pickle.dumps(obj)
    except (pickle.PicklingError, TypeError, AttributeError, RuntimeError):
        return None


def write_objects(data: bytes, file: BinaryIO) -> None:
    """Write a pickle as the one member of an archive."""
    with ZipFile(file, "w", ZIP_STORED) as archive:
        archive.writestr(ZipInfo(OBJECTS), data)


def unpickled(data: bytes | bytearray, weights_only: bool) -> Any:
    """The object of a pickle.

    Raises:
        UnsafeFileError: ``weights_only``; pickles can run any code.
    """
    if weights_only:
        raise UnsafeFileError(
            "load: the file holds whole objects of Python, as a module or its settings, in a pickle, which can run any "
            "code; if you trust who wrote it, pass weights_only=False"
        )
    return pickle.loads(data)
