"""PyTorch's ``.pt`` files, read without running anything that they say.

Such a file is a zip: ``data.pkl``, a pickle of the nesting, and the storages of tensors as raw bytes. A pickle is a
program that may call any function by name. Here a small machine runs it that knows the few instructions and the few
names that tensors and plain containers need: a name is never imported, only looked up in a table of this file.

Source: Python's `pickletools`, which documents each instruction.
"""

from __future__ import annotations

import pickletools
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any
from zipfile import ZipFile

import numpy as np

from tinygrad_cn import dtypes
from tinygrad_cn.errors import FileFormatError, UnsafeFileError
from tinygrad_cn.tensor import Tensor

from .archive import read_member
from .manifest import make_size, make_tensor

__all__ = ["read_pytorch"]

#: The dtypes of PyTorch's storages; bfloat16, which NumPy has not, is read as float32, which holds all its values.
_STORAGES = {
    "HalfStorage": "float16",
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "CharStorage": "int8",
    "ShortStorage": "int16",
    "IntStorage": "int32",
    "LongStorage": "int64",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
    "BFloat16Storage": "bfloat16",
    "UntypedStorage": "bytes",
}


class _Global:
    """A name in a pickle: a function that it may call, or a kind of storage."""

    __slots__ = ("call", "value")

    def __init__(self, call: Callable[..., Any] | None = None, value: Any = None) -> None:
        self.call = call
        self.value = value


def _rebuild(storage: np.ndarray, offset: int, size: Any, stride: Any, requires_grad: bool = False, *_: Any) -> Tensor:
    """A view of a storage; NumPy refuses one that leaves its memory."""
    if not isinstance(storage, np.ndarray) or offset < 0 or min(size, default=0) < 0 or min(stride, default=0) < 0:
        raise FileFormatError("load: a tensor without a storage, or with a negative size, offset or stride")
    item = storage.itemsize
    steps = tuple(step * item for step in stride)
    view: np.ndarray = np.ndarray(tuple(size), storage.dtype, storage.data, offset * item, steps)
    return make_tensor(view, bool(requires_grad))


def _rebuild_untyped(
    storage: np.ndarray, offset: int, size: Any, stride: Any, requires_grad: bool, hooks: Any, dtype: Any, *_: Any
) -> Tensor:
    if not isinstance(dtype, dtypes.dtype):
        raise FileFormatError("load: a tensor whose dtype is none")
    return _rebuild(storage.view(dtype.dtype), offset, size, stride, requires_grad)


def _rebuild_parameter(data: Tensor, requires_grad: bool = True, *_: Any) -> Tensor:
    return make_tensor(data._array, requires_grad, parameter=True)


def _check_keys(keys: Any) -> None:
    """Refuse keys that nobody writes: the hash of tuples within tuples, ever deeper, would exhaust the stack.

    Raises:
        FileFormatError: a key that is neither a plain value nor a tuple of a few levels.
    """
    level = list(keys)
    for _ in range(_KEY_DEPTH):
        if not all(isinstance(key, _PLAIN) for key in level):
            raise FileFormatError("load: the pickle has a key that is neither a plain value nor a tuple of such")
        level = [part for key in level if isinstance(key, tuple) for part in key]
        if not level:
            return
    raise FileFormatError("load: the pickle has a key of tuples nested too deeply")


def _rebuild_set(items: Any = ()) -> set[Any]:
    _check_keys(items)
    return set(items)


def _rebuild_ordered(items: Any = ()) -> OrderedDict[Any, Any]:
    pairs = [(key, value) for key, value in items]
    _check_keys(key for key, _ in pairs)
    return OrderedDict(pairs)


_KEY_DEPTH = 8
_PLAIN = (str, bytes, int, float, complex, type(None), tuple, dtypes.dtype)

_CALLS: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": _rebuild_ordered,
    "collections.Counter": lambda items=None: Counter(_rebuild_ordered((items or {}).items())),
    "torch.Size": make_size,
    "torch._utils._rebuild_tensor_v2": _rebuild,
    "torch._utils._rebuild_tensor_v3": _rebuild_untyped,
    "torch._utils._rebuild_parameter": _rebuild_parameter,
    "__builtin__.set": _rebuild_set,
    "builtins.set": _rebuild_set,
    "__builtin__.complex": complex,
    "builtins.complex": complex,
    "_codecs.encode": lambda text, encoding: str.encode(text, "latin1"),
}
_GLOBALS: dict[str, Any] = {name: _Global(call) for name, call in _CALLS.items()}
_GLOBALS |= {f"torch.{name}": _Global(value=dtype) for name, dtype in _STORAGES.items()}
_GLOBALS |= {f"torch.storage.{name}": _Global(value=dtype) for name, dtype in _STORAGES.items()}
_GLOBALS |= {f"torch.{dtype.name}": dtype for dtype in dtypes.ALL}


def read_pytorch(archive: ZipFile, pickle_name: str) -> Any:
    """Read a zip file that ``torch.save`` wrote.

    Args:
        archive: the file.
        pickle_name: the name of its pickle: ``<folder>/data.pkl``.

    Raises:
        UnsafeFileError: the pickle asks for something else than tensors and plain containers.
        FileFormatError: the file is damaged.
    """
    folder = pickle_name[: -len("data.pkl")]
    order = bytes(read_member(archive, f"{folder}byteorder")) if f"{folder}byteorder" in archive.namelist() else b""
    storages: dict[str, np.ndarray] = {}

    def storage(reference: Any) -> np.ndarray:
        kind, stands_for, key, _, count = reference
        if kind != "storage" or getattr(stands_for, "value", None) is None or not isinstance(key, str):
            raise FileFormatError("load: the pickle refers to something that is no storage")
        if key not in storages:
            storages[key] = _read_storage(read_member(archive, f"{folder}data/{key}"), stands_for.value, count, order)
        return storages[key]

    return _Machine(storage).run(bytes(read_member(archive, pickle_name)))


def _read_storage(data: bytearray, kind: Any, count: int, order: bytes) -> np.ndarray:
    if kind == "bytes":
        return np.frombuffer(data, np.uint8)
    dtype = np.dtype("uint16" if kind == "bfloat16" else kind)
    array = np.frombuffer(data, dtype.newbyteorder(">" if order == b"big" else "<")).astype(dtype, copy=False)
    if array.size < count:
        raise FileFormatError(f"load: a storage has {array.size} elements instead of {count}")
    if kind == "bfloat16":
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array


class _Machine:
    """Runs the pickle of a state.

    Args:
        storage: gives the array that a persistent id refers to.
    """

    def __init__(self, storage: Callable[[Any], np.ndarray]) -> None:
        self._storage = storage
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def run(self, program: bytes) -> Any:
        for instruction, argument, _ in pickletools.genops(program):
            name = instruction.name
            if name == "STOP":
                return self._stack.pop()
            if name in _CONSTANTS:
                self._stack.append(_CONSTANTS[name]())
            elif name in _LITERALS:
                self._stack.append(argument)
            elif name == "MARK":
                self._marks.append(len(self._stack))
            elif name in ("BINPUT", "LONG_BINPUT", "MEMOIZE"):
                self._memo[len(self._memo) if argument is None else int(argument)] = self._stack[-1]
            elif name in ("BINGET", "LONG_BINGET"):
                self._stack.append(self._memo[int(argument or 0)])
            elif name in ("GLOBAL", "STACK_GLOBAL"):
                self._global(argument)
            elif name in ("PROTO", "FRAME"):
                continue
            elif name == "BINPERSID":
                self._stack.append(self._storage(self._stack.pop()))
            elif name in ("REDUCE", "NEWOBJ"):
                self._call()
            elif name == "BUILD":
                self._build()
            else:
                self._fill(name)
        raise FileFormatError("load: the pickle has no end")

    def _since_mark(self) -> list[Any]:
        start = self._marks.pop()
        items = self._stack[start:]
        del self._stack[start:]
        return items

    def _fill(self, name: str) -> None:
        """The instructions that make tuples and fill containers."""
        stack = self._stack
        if name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            count = int(name[-1])
            if len(stack) < count:
                raise FileFormatError("load: the pickle makes a tuple of more than it has")
            stack[-count:] = [tuple(stack[-count:])]
        elif name == "TUPLE":
            stack.append(tuple(self._since_mark()))
        elif name in ("APPEND", "APPENDS"):
            items = [stack.pop()] if name == "APPEND" else self._since_mark()
            self._top(list).extend(items)
        elif name == "ADDITEMS":
            items = self._since_mark()
            _check_keys(items)
            self._top(set).update(items)
        elif name in ("SETITEM", "SETITEMS"):
            items = [stack.pop(-2), stack.pop()] if name == "SETITEM" else self._since_mark()
            _check_keys(items[::2])
            self._top(dict).update(zip(items[::2], items[1::2], strict=True))
        else:
            raise UnsafeFileError(
                f"load: the pickle has the instruction {name}, which tensors and containers do not need"
            )

    def _top(self, kind: type) -> Any:
        top = self._stack[-1]
        if not isinstance(top, kind):
            raise FileFormatError(f"load: the pickle fills a {type(top).__name__} as if it were a {kind.__name__}")
        return top

    def _global(self, argument: Any) -> None:
        if argument is None:
            name, module = self._stack.pop(), self._stack.pop()
        else:
            module, name = argument.split(" ", 1)
        found = _GLOBALS.get(f"{module}.{name}")
        if found is None:
            raise UnsafeFileError(
                f"load: the file asks for {module}.{name}, which is not read: only tensors, OrderedDict and plain "
                "containers are. Save the state_dict() instead of the object itself"
            )
        self._stack.append(found)

    def _call(self) -> None:
        arguments, called = self._stack.pop(), self._stack.pop()
        if not isinstance(called, _Global) or called.call is None or not isinstance(arguments, tuple):
            raise UnsafeFileError("load: the pickle calls something that is no function of the list")
        self._stack.append(called.call(*arguments))

    def _build(self) -> None:
        """Set attributes: of an OrderedDict only, where a state_dict keeps the versions of its modules."""
        state = self._stack.pop()
        target = self._top(OrderedDict)
        if not isinstance(state, dict) or set(state) - {"_metadata"}:
            raise UnsafeFileError("load: the pickle sets attributes of an OrderedDict other than _metadata")
        target.__dict__.update(state)


_CONSTANTS: dict[str, Callable[[], Any]] = {
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_SET": set,
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
}
_LITERALS = frozenset(
    {"BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"}
    | {"SHORT_BINBYTES", "BINBYTES", "BINBYTES8"}
)
