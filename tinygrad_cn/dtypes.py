"""Data types as objects, PyTorch's rules of promotion, and the default floating dtype.

Promotion (https://docs.pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc): kinds are ordered
bool < integer < floating < complex. The dtype is decided by the operands with dimensions; a 0-d tensor counts only
when its kind is higher than theirs, a Python number only when its kind is higher than all tensors'.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = [
    "ALL",
    "as_dtype",
    "bfloat16",
    "bool_",
    "complex64",
    "complex128",
    "dtype",
    "finfo",
    "float16",
    "float32",
    "float64",
    "from_numpy",
    "get_default_dtype",
    "iinfo",
    "int8",
    "int16",
    "int32",
    "int64",
    "promote_types",
    "result_dtype",
    "set_default_dtype",
    "to_numpy",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
]


class dtype:
    """A data type: ``tinygrad_cn.float32`` and its like. NumPy takes it wherever it takes a dtype.

    >>> import tinygrad_cn as tg
    >>> tg.float32
    float32
    >>> tg.float32.is_floating_point, tg.float32.itemsize
    (True, 4)
    """

    __slots__ = ("dtype", "is_complex", "is_floating_point", "is_signed", "itemsize", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.dtype = np.dtype(name)  # NumPy converts any object that has this attribute
        self.itemsize = self.dtype.itemsize
        self.is_floating_point = self.dtype.kind == "f"
        self.is_complex = self.dtype.kind == "c"
        self.is_signed = self.dtype.kind in "fci"

    def __repr__(self) -> str:
        return self.name

    def __eq__(self, other: object) -> bool:
        if isinstance(other, dtype):
            return self is other
        try:
            return self.dtype == np.dtype(other)  # type: ignore[call-overload]
        except TypeError:
            return NotImplemented

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __reduce__(self) -> tuple[Any, ...]:
        return _named, (self.name,)

    def __copy__(self) -> dtype:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> dtype:
        return self

    def to_real(self) -> dtype:
        """The real dtype of the same precision."""
        return _BY_NAME[{"complex64": "float32", "complex128": "float64"}.get(self.name, self.name)]

    def to_complex(self) -> dtype:
        """The complex dtype of the same precision."""
        return _BY_NAME[{"float32": "complex64", "float64": "complex128"}.get(self.name, self.name)]


class _Absent(dtype):
    """A dtype that PyTorch has and NumPy has not: programs may name and compare it, but not make tensors of it."""

    __slots__ = ()

    def __init__(self, name: str, itemsize: int) -> None:
        self.name, self.itemsize = name, itemsize
        self.is_floating_point, self.is_complex, self.is_signed = True, False, True

    @property
    def dtype(self) -> np.dtype:  # type: ignore[override]
        raise TypeError(f"{self.name}: NumPy has no such dtype, and so no tensor can have it; use float32")

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return hash(self.name)


float16 = dtype("float16")
float32 = dtype("float32")
float64 = dtype("float64")
int8 = dtype("int8")
int16 = dtype("int16")
int32 = dtype("int32")
int64 = dtype("int64")
uint8 = dtype("uint8")
uint16 = dtype("uint16")
uint32 = dtype("uint32")
uint64 = dtype("uint64")
bool_ = dtype("bool")
complex64 = dtype("complex64")
complex128 = dtype("complex128")
bfloat16 = _Absent("bfloat16", 2)

ALL = (
    *(float16, float32, float64, int8, int16, int32, int64, uint8, uint16, uint32, uint64, bool_),
    *(complex64, complex128),
)
_BY_NAME = {d.name: d for d in ALL}
_ABSENT = {bfloat16.name: bfloat16}
_BY_NUMPY = {d.dtype: d for d in ALL}
_PYTHON_TYPES = {float: float32, int: int64, bool: bool_, complex: complex64}


def _named(name: str) -> dtype:
    """The dtype object of a name; what is pickled."""
    return _ABSENT.get(name) or _BY_NAME[name]


def from_numpy(numpy_dtype: Any) -> dtype:
    """The dtype object of a NumPy dtype."""
    try:
        return _BY_NUMPY[numpy_dtype]
    except KeyError:
        raise TypeError(
            f"dtype {numpy_dtype} has no tensor type; the supported ones are {', '.join(_BY_NAME)}"
        ) from None


def as_dtype(value: Any) -> dtype:
    """The dtype object that ``value`` (ours, NumPy's, a name, ``float`` / ``int`` / ``bool``) means."""
    if isinstance(value, dtype):
        return value
    if isinstance(value, type) and value in _PYTHON_TYPES:
        return default_float if value is float else _PYTHON_TYPES[value]
    try:
        return from_numpy(np.dtype(value))
    except TypeError:
        raise TypeError(f"{value!r} is not a dtype; use one of tinygrad_cn.{', '.join(_BY_NAME)}") from None


def to_numpy(value: Any) -> np.dtype | None:
    """The NumPy dtype of ``value``; ``None`` stays ``None``."""
    return None if value is None else as_dtype(value).dtype


default_float = float32


def get_default_dtype() -> dtype:
    """The dtype of new floating tensors made from Python numbers; ``float32`` unless set."""
    return default_float


def set_default_dtype(d: Any) -> None:
    """Set the dtype of new floating tensors made from Python numbers.

    Raises:
        TypeError: ``d`` is not a floating dtype.
    """
    global default_float
    new = as_dtype(d)
    if not new.is_floating_point:
        raise TypeError(f"set_default_dtype: only floating dtypes can be the default, got {new}")
    default_float = new


# --------------------------------------------------------------------------------------- promotion

_RANK = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}


def _joined(a: np.dtype, b: np.dtype) -> np.dtype:
    """The smallest dtype that holds both, except that an integer never widens a floating dtype."""
    if a == b:
        return a
    rank_a, rank_b = _RANK[a.kind], _RANK[b.kind]
    if rank_a != rank_b and max(rank_a, rank_b) >= 2 and min(rank_a, rank_b) < 2:
        return a if rank_a > rank_b else b
    joined = np.promote_types(a, b)
    if joined.kind == "f" and a.kind in "iu":
        raise TypeError(f"no dtype holds both {a} and {b}; convert one of them with .to(...)")
    return joined


def promote_types(type1: Any, type2: Any) -> dtype:
    """The smallest dtype that both promote to, by PyTorch's rules."""
    return from_numpy(_joined(as_dtype(type1).dtype, as_dtype(type2).dtype))


def scalar_dtype(value: Any) -> np.dtype:
    """The dtype that a Python number has when nothing else decides."""
    if isinstance(value, bool | np.bool_):
        return bool_.dtype
    if isinstance(value, int | np.integer):
        return int64.dtype
    if isinstance(value, float | np.floating):
        return default_float.dtype
    return default_float.to_complex().dtype


def result_dtype(*operands: Any) -> np.dtype:
    """The dtype of an operation on raw arrays and Python numbers, by PyTorch's rules."""
    groups: list[np.dtype | None] = [None, None, None]  # with dimensions, 0-d, numbers
    for operand in operands:
        if isinstance(operand, bool | int | float | complex | np.generic):
            group, kind = 2, scalar_dtype(operand)
        else:
            group, kind = (0 if operand.ndim else 1), operand.dtype
        known = groups[group]
        groups[group] = kind if known is None else _joined(known, kind)
    result: np.dtype | None = None
    for candidate in groups:
        if candidate is None:
            continue
        if result is None or _RANK[candidate.kind] > _RANK[result.kind]:
            result = candidate if result is None else _raised(result, candidate)
    assert result is not None
    return result


def _raised(result: np.dtype, candidate: np.dtype) -> np.dtype:
    """``candidate``'s higher kind; a complex one keeps the precision of a floating ``result``."""
    if candidate.kind == "c" and result.kind == "f":
        return from_numpy(result).to_complex().dtype if result.itemsize > 2 else candidate
    return candidate


# ----------------------------------------------------------------------------------- machine limits


class finfo:
    """Limits of a floating dtype: ``bits``, ``eps``, ``max``, ``min``, ``tiny``, ``resolution``."""

    def __init__(self, type: Any = None) -> None:
        info = np.finfo(to_numpy(default_float if type is None else type))
        self.bits = info.bits
        self.eps = float(info.eps)
        self.max = float(info.max)
        self.min = float(info.min)
        self.tiny = self.smallest_normal = float(info.tiny)
        self.resolution = float(info.resolution)
        self.dtype = str(info.dtype)

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )


class iinfo:
    """Limits of an integer dtype: ``bits``, ``max``, ``min``."""

    def __init__(self, type: Any) -> None:
        info = np.iinfo(to_numpy(type))
        self.bits = info.bits
        self.max = int(info.max)
        self.min = int(info.min)
        self.dtype = str(info.dtype)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"
