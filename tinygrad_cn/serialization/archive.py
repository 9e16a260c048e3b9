"""The project's own files: a ``.npz`` of all arrays, and a manifest that says how they are nested.

NumPy reads the arrays of such a file with `numpy.load`; a ``.npz`` that NumPy wrote is read as a dictionary.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from tokenize import TokenError
from typing import Any, BinaryIO
from zipfile import ZIP_STORED, ZipExtFile, ZipFile, ZipInfo

import numpy as np

from tinygrad_cn import dtypes
from tinygrad_cn.errors import FileFormatError

from .manifest import Decoder, Encoder, make_tensor, refuse_duplicates

__all__ = ["MANIFEST", "check_sizes", "read_archive", "read_member", "write_archive"]

MANIFEST = "manifest.json"
_FORMAT = "tinygrad_cn 1"


def write_archive(encoder: Encoder, value: Any, file: BinaryIO) -> None:
    """Write the JSON that ``encoder`` gave and the arrays that it kept.

    The bytes depend on the values alone: the same state gives the same file.
    """
    with ZipFile(file, "w", ZIP_STORED) as archive:
        text = json.dumps({"format": _FORMAT, "value": value}, allow_nan=False)
        archive.writestr(ZipInfo(MANIFEST), text)
        for name, array in encoder.arrays.items():
            with archive.open(ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def read_archive(archive: ZipFile, *, plain: bool = False) -> Any:
    """Read what `write_archive` wrote, or a plain ``.npz`` as a dictionary of tensors; if ``plain``, no whole objects.

    Raises:
        FileFormatError: the contents are not such.
    """
    names = archive.namelist()
    arrays: dict[str, np.ndarray] = {}

    def array(name: Any) -> np.ndarray:
        if name not in arrays:
            arrays[name] = _read_array(archive, f"{name}.npy")
        return arrays[name]

    if MANIFEST not in names:
        if not all(name.endswith(".npy") for name in names):
            raise FileFormatError("load: the zip file holds neither tensors of this library nor of PyTorch or NumPy")
        return {name[:-4]: make_tensor(array(name[:-4]), requires_grad=False) for name in names}
    manifest = json.loads(read_member(archive, MANIFEST), object_pairs_hook=refuse_duplicates)
    if not isinstance(manifest, dict) or manifest.get("format") != _FORMAT:
        raise FileFormatError(
            f"load: the manifest is not of the format {_FORMAT!r}; a newer version may have written it"
        )
    return Decoder(array, plain=plain).decode(manifest["value"])


def check_sizes(archive: ZipFile, size: int) -> None:
    """Refuse archives that would unfold to more than their own size, before anything of them is read.

    Raises:
        FileFormatError: compressed or overlapping members, or two of one name.
    """
    for info in archive.infolist():
        if info.compress_type != ZIP_STORED:
            raise FileFormatError(
                f"load: {info.filename!r} is compressed, which load does not read; numpy.load reads .npz files with "
                "compressed arrays, which savez writes uncompressed"
            )
    if sum(info.file_size for info in archive.infolist()) > size:
        raise FileFormatError(f"load: the file has {size} bytes and claims to hold more; it is damaged or hostile")
    names = archive.namelist()
    if len(set(names)) != len(names):
        twice = Counter(names).most_common(1)[0][0]
        raise FileFormatError(f"load: the file holds {twice!r} twice; it is damaged or hostile")


def read_member(archive: ZipFile, name: str) -> bytearray:
    """The bytes of a member, writable; its check sum is verified."""
    info = archive.getinfo(name)
    data = bytearray(info.file_size)
    with archive.open(info) as member:
        assert isinstance(member, ZipExtFile)
        read = member.readinto(data)
        if read != len(data) or member.read(1):
            raise FileFormatError(f"load: {name!r} is cut off")
    return data


def _read_array(archive: ZipFile, name: str) -> np.ndarray:
    """An array of a member in NumPy's format, made only once its size is known to fit."""
    size = archive.getinfo(name).file_size
    with archive.open(name) as member:
        assert isinstance(member, ZipExtFile)
        version = np.lib.format.read_magic(member)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        try:
            shape, fortran, dtype = read_header(member)
        except (SyntaxError, TokenError) as error:
            raise FileFormatError(f"load: the header of {name!r} is damaged: {error}") from None
        dtypes.from_numpy(dtype.newbyteorder("="))  # refuses arrays of Python objects, among others
        rest = size - member.tell()
        if math.prod(shape) * dtype.itemsize != rest or min(shape, default=0) < 0:
            raise FileFormatError(f"load: {name!r} has {rest} bytes, but an array of shape {shape} and {dtype} has not")
        array = np.empty(shape, dtype, order="F" if fortran else "C")
        flat = array.reshape(-1, order="A").view(np.uint8) if rest else array
        if rest and member.readinto(flat.data) != rest:
            raise FileFormatError(f"load: {name!r} is cut off")
        member.read(1)  # at the end the check sum is compared
    return array.astype(dtype.newbyteorder("="), copy=False)
