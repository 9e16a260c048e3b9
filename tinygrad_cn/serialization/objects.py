"""Whole objects as data: modules, settings and the names of what they refer to. Reading them runs no code.

Of an object its class is kept by name, and its attributes. It is made again without calling its class: an empty
instance, and the attributes put in. A name is looked up among what the running program has imported, and nothing is
imported for it; only classes of modules, dataclasses, enumerations and namespaces, and this library's functions, pass.
"""

from __future__ import annotations

import argparse
import dataclasses
import enum
import functools
import pathlib
import sys
from collections.abc import Callable
from types import FunctionType, SimpleNamespace
from typing import Any

from tinygrad_cn.errors import FileFormatError, UnsafeFileError
from tinygrad_cn.nn.module import Module
from tinygrad_cn.size import as_device

__all__ = ["TAGS", "Shared", "describe", "rebuild"]

#: The first keys of what `describe` makes.
TAGS = frozenset({"object", "enum", "name", "partial", "path", "device"})

#: Where functions stand that modules refer to, as their activation. None of them touches a file.
_FUNCTIONS = ("tinygrad_cn.functions.", "tinygrad_cn.nn.functional", "tinygrad_cn.nn.init")

_NAMESPACES = (argparse.Namespace, SimpleNamespace)

_OWN_WAYS = ("__getstate__", "__setstate__", "__reduce__", "__reduce_ex__")


class Shared:
    """The objects met so far, in their order: what stands in several places is written once."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._met: list[Any] = []

    def number(self, value: Any) -> int | None:
        """The number of an object that was added before."""
        return self._numbers.get(id(value))

    def add(self, value: Any) -> None:
        """Give an object the next number; it is kept alive, so that its address stays its own."""
        self._numbers[id(value)] = len(self._met)
        self._met.append(value)

    def __getitem__(self, number: Any) -> Any:
        if type(number) is not int or not 0 <= number < len(self._met):
            raise FileFormatError(f"load: the manifest refers to object {str(number)[:20]}, which it does not hold")
        return self._met[number]


def describe(value: Any, encode: Callable[[Any, Any], Any], shared: Shared) -> dict[str, Any] | None:
    """The JSON of a whole object, or ``None`` for what is not saved.

    Args:
        value: the object.
        encode: turns a part of it into JSON; its second argument is the key that leads to the part.
        shared: an object is added to it.
    """
    kind = type(value)
    if isinstance(value, enum.Enum):
        return {"enum": [_name(kind), value.name]} if _is_taken(kind) else None
    if isinstance(value, pathlib.PurePath):
        return {"path": str(value)}
    if kind is type(as_device("cpu")):
        return {"device": str(value)}
    if kind is functools.partial:
        return {"partial": [encode(part, "partial") for part in (value.func, list(value.args), value.keywords)]}
    if isinstance(value, type | FunctionType):
        return {"name": _name(value)} if _is_taken(value) else None
    if not _is_taken(kind) or not hasattr(value, "__dict__"):
        return None
    shared.add(value)
    return {"object": _name(kind), "state": [[key, encode(part, key)] for key, part in vars(value).items()]}


def rebuild(node: dict[str, Any], decode: Callable[[Any], Any], shared: Shared) -> Any:
    """The object of what `describe` made.

    Raises:
        UnsafeFileError: it names what is no class of values and no function of this library, or is not there.
        FileFormatError: it is not what `describe` makes.
    """
    tag, content = next(iter(node.items()))
    if tag == "path":
        return pathlib.Path(str(content))
    if tag == "device":
        return as_device(str(content))
    if tag == "partial":
        function, args, keywords = (decode(part) for part in content)
        return functools.partial(function, *args, **keywords)
    if tag == "name":
        return _look_up(content)
    kind: Any = _look_up(content[0] if tag == "enum" else content)
    is_class = isinstance(kind, type)
    if not is_class or issubclass(kind, enum.Enum) != (tag == "enum"):
        raise FileFormatError(f"load: the manifest makes an object of {str(content)[:80]}, which is no class of such")
    if tag == "enum":
        return kind.__members__[content[1]]
    made = kind() if kind in _NAMESPACES else object.__new__(kind)
    shared.add(made)
    state = {str(key): decode(part) for key, part in node["state"]}
    made.__dict__.update(state)
    return made


def _name(thing: Any) -> str:
    return f"{thing.__module__}:{thing.__qualname__}"


def _is_taken(thing: Any) -> bool:
    """Whether a class or function may stand in a file, and is found again by its name."""
    if isinstance(thing, FunctionType):
        taken = thing.__module__.startswith(_FUNCTIONS)
    else:
        taken = thing in _NAMESPACES or issubclass(thing, enum.Enum)
        taken = taken or ((issubclass(thing, Module) or dataclasses.is_dataclass(thing)) and not _has_own_way(thing))
    return taken and _find(_name(thing)) is thing


def _has_own_way(kind: type) -> bool:
    """Whether the class says itself how it is copied and saved, so that its attributes are not all."""
    return any(getattr(kind, name, None) is not getattr(object, name, None) for name in _OWN_WAYS)


def _find(name: str) -> Any:
    module, _, path = name.partition(":")
    found: Any = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    return found


def _look_up(name: Any) -> Any:
    found = _find(name) if isinstance(name, str) else None
    if found is None:
        raise UnsafeFileError(
            f"load: the file holds an object of {str(name)[:80]}, which is not there; import what defines it first"
        )
    if not isinstance(found, type | FunctionType) or not _is_taken(found):
        raise UnsafeFileError(
            f"load: the file asks for {name[:80]}; only classes of modules, dataclasses, enumerations and namespaces, "
            "and this library's functions, are taken"
        )
    return found
