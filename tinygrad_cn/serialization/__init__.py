"""save and load: states in files that hold data only, written in full or not at all."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
import zlib
from typing import Any, BinaryIO

from tinygrad_cn.errors import FileFormatError
from tinygrad_cn.size import as_device

from .archive import MANIFEST, check_sizes, read_archive, write_archive
from .atomic import atomic_file
from .manifest import Encoder
from .pytorch import read_pytorch
from .safe_tensors import from_safetensors, to_safetensors

__all__ = ["atomic_file", "load", "save"]

_Name = str | os.PathLike[str]


def save(obj: Any, f: _Name | BinaryIO, pickle_module: Any = None, pickle_protocol: int = 2, **_: Any) -> None:
    """Write a state to a file.

    The file is a ``.npz`` of the tensors with a manifest of the nesting, whatever its name; a name that ends in
    ``.safetensors`` gives that format. A named file appears in full or not at all. Tensors over the same memory, as
    tied weights, are written once and share memory when loaded.

    Whole modules and settings are saved as the name of their class and their attributes; such a file can be read
    only where the class is. The state of a module outlives changes of the program.

    Args:
        obj: a tensor, or dicts, lists, tuples and sets of tensors, NumPy arrays, numbers, strings and ``None``: what
            ``state_dict()`` gives, for one. Also modules, dataclasses, enumerations, `argparse.Namespace`, paths.
        f: a name, or a binary file open for writing.
        pickle_module: accepted as in PyTorch, as are ``pickle_protocol`` and what chooses between its own formats.

    Raises:
        TypeError: something in ``obj`` is not saved; the message names the keys that lead to it. Nothing is written.
        OSError: the file cannot be written; an old file of that name is as it was.
        MissingExtraError: a ``.safetensors`` file without the package safetensors.

    Example:
        >>> import io
        >>> import tinygrad_cn as tg
        >>> file = io.BytesIO()
        >>> tg.save({"epoch": 3, "model": tg.nn.Linear(2, 1).state_dict()}, file)
        >>> tg.load(file)["model"]["weight"].shape
        Size([1, 2])
    """
    if not isinstance(f, str | os.PathLike) and not hasattr(f, "write"):
        raise TypeError(f"save: expected a file name or a binary file, got {type(f).__name__}")
    if isinstance(f, io.TextIOBase):
        raise TypeError("save: the file is open as text; open it in binary mode, 'wb'")
    if isinstance(f, str | os.PathLike) and os.fspath(f).endswith(".safetensors"):
        data = to_safetensors(obj)
        with atomic_file(f) as file:
            file.write(data)
        return
    encoder = Encoder()
    try:
        tree = encoder.encode(obj)
    except RecursionError:
        raise ValueError("save: the object is nested too deeply") from None
    if isinstance(f, str | os.PathLike):
        with atomic_file(f) as file:
            write_archive(encoder, tree, file)
    else:
        write_archive(encoder, tree, f)


def load(
    f: _Name | BinaryIO,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **_: Any,
) -> Any:
    """Read a state from a file that `save`, PyTorch, NumPy or safetensors wrote. No code in the file is ever run.

    A whole module is an empty instance of its class with the attributes put in: the class is looked up among what the
    program has imported, and neither its ``__init__`` nor anything else of it is called.

    Args:
        f: a name, or a binary file that can be sought in; it is read from its start.
        map_location: where to put the tensors: the CPU, the only place there is.
        pickle_module: accepted as in PyTorch, as are arguments for it; nothing is ever unpickled.
        weights_only: ``True`` refuses whole objects. Of PyTorch's files only tensors and plain values are read in any
            case.
        mmap: accepted as in PyTorch, and without effect.

    Raises:
        FileFormatError: the file is damaged or of another kind.
        UnsafeFileError: a file of PyTorch that asks for more than tensors and containers, or whole objects of classes
            that are not there or hold no mere values; the message names what it asks for.
        MissingExtraError: a ``.safetensors`` file without the package safetensors.
    """
    if isinstance(map_location, str) or type(map_location).__name__ == "device":
        as_device(map_location)
    if isinstance(f, io.TextIOBase):
        raise TypeError("load: the file is open as text; open it in binary mode, 'rb'")
    if not isinstance(f, str | os.PathLike):
        f.seek(0)
        return _read(f, plain=bool(weights_only))
    with open(f, "rb") as file:
        return _read(file, plain=bool(weights_only))


def _read(file: BinaryIO, *, plain: bool) -> Any:
    """Read a file of the kind that its first bytes tell."""
    start = file.read(9)
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    try:
        if start[:2] == b"PK":
            with zipfile.ZipFile(file) as archive:
                check_sizes(archive, size)
                names = archive.namelist()
                pickles = [name for name in names if name.endswith("/data.pkl")]
                if MANIFEST not in names and pickles:
                    return read_pytorch(archive, pickles[0])
                return read_archive(archive, plain=plain)
        if start[8:] == b"{":
            return from_safetensors(file, size)
    except FileFormatError:
        raise
    except (zipfile.BadZipFile, zlib.error, json.JSONDecodeError, EOFError, struct.error, NotImplementedError) as error:
        raise FileFormatError(f"load: the file is damaged: {error}") from error
    except (KeyError, IndexError, ValueError, TypeError, AttributeError, RuntimeError, OverflowError) as error:
        raise FileFormatError(f"load: the file is damaged: {type(error).__name__}: {error}") from error
    if start[:1] == b"\x80":
        raise FileFormatError("load: the file is a bare pickle, which could run code; torch.save writes zip files")
    raise FileFormatError(
        "load: not a file of this library, PyTorch, NumPy (.npz) or safetensors, or cut off at its start"
    )
