"""Nested plain values as JSON: the arrays in them are taken out and numbered.

What JSON has (None, booleans, integers, finite floats, strings) stands for itself. Everything else is an object whose
first key says what it is: ``{"tuple": [...]}``, ``{"dict": [[key, value], ...]}``, ``{"tensor": 0}``.
"""

from __future__ import annotations

import base64
import math
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cn import dtypes
from tinygrad_cn.errors import FileFormatError, UnsafeFileError
from tinygrad_cn.nn.parameter import Parameter
from tinygrad_cn.size import Size
from tinygrad_cn.tensor import Tensor

from .objects import TAGS, Shared, describe, rebuild

__all__ = ["Decoder", "Encoder", "make_size", "make_tensor", "refuse_duplicates"]


def make_size(items: Any) -> Size:
    """The shape that was read.

    Raises:
        FileFormatError: something else than whole numbers.
    """
    if not all(type(item) is int for item in items):
        raise FileFormatError("load: a Size of something else than integers")
    return Size(items)


_SEQUENCES: dict[str, Callable[[Any], Any]] = {"list": list, "tuple": tuple, "size": make_size, "set": set}
_MAPPINGS: dict[str, Callable[[Any], Any]] = {"dict": dict, "ordered_dict": OrderedDict, "counter": dict}
_TAGS: dict[type, str] = {list: "list", tuple: "tuple", Size: "size", set: "set", dict: "dict"}
_TAGS |= {OrderedDict: "ordered_dict", Counter: "counter"}


class Encoder:
    """Turns a value into JSON and a dictionary of arrays.

    Attributes:
        arrays: the arrays met so far. They are named for where they stood, as far as a name can say it.
    """

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self._known: dict[Any, str] = {}
        self._open: set[int] = set()
        self._shared = Shared()

    def encode(self, value: Any, path: tuple[Any, ...] = ()) -> Any:
        """The JSON of ``value``.

        Args:
            value: a plain value, a tensor or an array, or a container of them.
            path: the keys that lead to it.

        Raises:
            TypeError: a type that is not saved; the message names the path to it.
            ValueError: a container that contains itself.
        """
        kind = type(value)
        if value is None or kind in (bool, int, str):
            return value
        if kind is float:
            return value if math.isfinite(value) else {"float": str(value)}
        if kind is complex:
            return {"complex": [self.encode(value.real), self.encode(value.imag)]}
        if kind is bytes:
            return {"bytes": base64.b64encode(value).decode()}
        if kind is dtypes.dtype:
            return {"dtype": value.name}
        number = self._shared.number(value)
        if number is not None:
            return {"same": number}
        if isinstance(value, Tensor):
            return self._tensor(value, path)
        if isinstance(value, np.ndarray | np.generic):
            return self._numpy(value, path)
        if kind not in _TAGS:
            described = describe(value, lambda part, key: self.encode(part, (*path, key)), self._shared)
            if described is not None:
                return described
            raise TypeError(
                f"save: {_written(path)} is of type {kind.__module__}.{kind.__qualname__}, which is not saved; "
                "tensors, NumPy arrays, numbers, strings, None, modules, dataclasses, dicts, lists, tuples and sets "
                "are. Of an optimizer or a schedule save its state_dict()"
            )
        if id(value) in self._open:
            raise ValueError(f"save: {_written(path)} contains itself")
        self._open.add(id(value))
        if isinstance(value, dict):
            items: list[Any] = [[self.encode(k, (*path, k)), self.encode(v, (*path, k))] for k, v in value.items()]
        else:
            items = [self.encode(item, (*path, i)) for i, item in enumerate(value)]
        self._open.discard(id(value))
        return {_TAGS[kind]: items}

    def _tensor(self, value: Tensor, path: tuple[Any, ...]) -> dict[str, Any]:
        self._shared.add(value)
        result: dict[str, Any] = {"tensor": self._keep(value._array, path)}
        if value.requires_grad:
            result["requires_grad"] = True
        if _is_parameter(value):
            result["parameter"] = True
        return result

    def _numpy(self, value: Any, path: tuple[Any, ...]) -> dict[str, Any]:
        try:
            dtype = dtypes.from_numpy(value.dtype.newbyteorder("=")).dtype
        except TypeError as error:
            raise TypeError(f"save: {_written(path)}: {error}") from None
        array = np.asarray(value, dtype)
        return {"scalar" if isinstance(value, np.generic) else "array": self._keep(array, path)}

    def _keep(self, array: np.ndarray, path: tuple[Any, ...]) -> str:
        """Keep an array and give its name; tensors over the same memory, as tied weights are, share one."""
        # a scalar's array is made on the spot: its address would mean nothing later, if nothing held the array
        key = (array.__array_interface__["data"][0], array.shape, array.strides, array.dtype.str)
        if key not in self._known or not array.size:
            name = ".".join(str(part) for part in path) or "value"
            if not (len(name) <= 200 and all(c.isalnum() or c in "._- " for c in name)):
                name = "tensor"
            free, count = name, 0
            while free in self.arrays:
                count += 1
                free = f"{name}~{count}"
            self.arrays[free] = array
            self._known[key] = free
        return self._known[key]


class Decoder:
    """Turns what an `Encoder` made into values again.

    Args:
        array: gives the array of a name; the same one each time.
        plain: refuse whole objects.
    """

    def __init__(self, array: Callable[[str], np.ndarray], *, plain: bool = False) -> None:
        self._array = array
        self._plain = plain
        self._shared = Shared()

    def decode(self, node: Any) -> Any:
        """The value of a piece of JSON.

        Raises:
            FileFormatError: it is not what an `Encoder` writes.
        """
        if not isinstance(node, dict | list):
            return node
        if not isinstance(node, dict) or not node:
            raise FileFormatError(f"load: the manifest holds {str(node)[:80]}, which has no meaning there")
        tag, content = next(iter(node.items()))
        if tag in _SEQUENCES:
            return _SEQUENCES[tag]([self.decode(item) for item in content])
        if tag in _MAPPINGS:
            result = _MAPPINGS[tag]([(self.decode(key), self.decode(value)) for key, value in content])
            if len(result) != len(content):
                raise FileFormatError("load: the manifest holds a dictionary with a key twice")
            return Counter(result) if tag == "counter" else result
        if tag == "tensor":
            return self._tensor(node)
        if tag == "array":
            return self._array(content)
        if tag == "scalar":
            return self._array(content)[()]
        if tag == "float":
            return float(content)
        if tag == "complex":
            return complex(*[self.decode(part) for part in content])
        if tag == "bytes":
            return base64.b64decode(content, validate=True)
        if tag == "dtype":
            return dtypes.as_dtype(content)
        if tag == "same":
            return self._shared[content]
        if tag in TAGS:
            if self._plain:
                raise UnsafeFileError(
                    f"load: the file holds whole objects ({tag} {str(content)[:80]}), not only tensors and plain "
                    "values; leave weights_only out, or pass False"
                )
            return rebuild(node, self.decode, self._shared)
        raise FileFormatError(f"load: the manifest holds {tag!r}, which this version does not know")

    def _tensor(self, node: dict[str, Any]) -> Tensor:
        made = make_tensor(self._array(node["tensor"]), bool(node.get("requires_grad")), bool(node.get("parameter")))
        self._shared.add(made)
        return made


def refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON, for `json.loads`, which would take the last of several values of a key.

    Raises:
        FileFormatError: a key stands there twice.
    """
    result = dict(pairs)
    if len(result) != len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise FileFormatError(f"load: the key {twice[:80]!r} stands twice; the file is damaged or hostile")
    return result


def make_tensor(array: np.ndarray, requires_grad: bool, parameter: bool = False) -> Tensor:
    """A tensor, or a parameter, over an array that was read."""
    result = Tensor._wrap(array)
    if parameter:
        return Parameter(result, requires_grad)
    return result.requires_grad_() if requires_grad else result


def _is_parameter(value: Tensor) -> bool:
    return isinstance(value, Parameter)


def _written(path: tuple[Any, ...]) -> str:
    return "the object" + "".join(f"[{key!r}]" for key in path)
