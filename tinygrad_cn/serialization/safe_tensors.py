"""``.safetensors`` files: a flat dictionary of tensors, through the package of that name."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from types import ModuleType
from typing import Any, BinaryIO

import numpy as np

from tinygrad_cn.errors import FileFormatError, MissingExtraError
from tinygrad_cn.tensor import Tensor

from .manifest import make_tensor, refuse_duplicates

__all__ = ["from_safetensors", "to_safetensors"]

_DTYPES = {"F16": "float16", "F32": "float32", "F64": "float64", "BOOL": "bool", "C64": "complex64", "BF16": "uint16"}
_DTYPES |= {f"{s}{bits}": f"{name}{bits}" for s, name in (("I", "int"), ("U", "uint")) for bits in (8, 16, 32, 64)}


def _package() -> ModuleType:
    """The safetensors package.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import safetensors.numpy  # only here: tinygrad_cn itself needs NumPy alone
    except ImportError:
        raise MissingExtraError(
            'this file needs safetensors, which is not installed; pip install "tinygrad_cn[safetensors]"'
        ) from None
    return safetensors


def to_safetensors(obj: Any) -> bytes:
    """The bytes of a file with these tensors.

    Args:
        obj: a dictionary of tensors.

    Raises:
        TypeError: something else, or something else in it; such a file holds nothing but tensors.
    """
    package = _package()
    if not isinstance(obj, Mapping):
        raise TypeError(f"save: a .safetensors file holds a dictionary of tensors, not a {type(obj).__name__}")
    arrays = {}
    for name, value in obj.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise TypeError(
                f"save: a .safetensors file holds tensors by name, but [{name!r}] is a {type(value).__name__}; "
                "other file names take nested containers and plain values too"
            )
        arrays[name] = np.ascontiguousarray(value._array).reshape(value._array.shape)
    return package.numpy.save(arrays)


def from_safetensors(file: BinaryIO, size: int) -> dict[str, Tensor]:
    """The tensors of a file of ``size`` bytes; bfloat16, which NumPy has not, as float32.

    Raises:
        FileFormatError: the file is damaged, or has a dtype that there is not here.
    """
    package = _package()
    (length,) = struct.unpack("<Q", file.read(8))
    if length > size - 8:
        raise FileFormatError(f"load: the file has {size} bytes and claims a header of {length}; it is damaged")
    json.loads(file.read(length), object_pairs_hook=refuse_duplicates)  # the package takes the last of equal names
    file.seek(0)
    try:
        parts = package.deserialize(file.read())
    except package.SafetensorError as error:
        raise FileFormatError(f"load: not a safetensors file, or a damaged one: {error}") from None
    result = {}
    for name, part in parts:
        if part["dtype"] not in _DTYPES:
            raise FileFormatError(f"load: {name!r} is of dtype {part['dtype']}, which is not supported")
        array = np.frombuffer(part["data"], _DTYPES[part["dtype"]]).reshape(part["shape"])
        if part["dtype"] == "BF16":
            array = (array.astype(np.uint32) << 16).view(np.float32)
        elif not array.flags.writeable:
            array = array.copy()
        result[name] = make_tensor(array, requires_grad=False)
    return result
