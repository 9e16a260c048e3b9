"""Comparisons, logic, bits, questions about elements: results that carry no gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn.errors import DTypeError
from tinygrad_cn.functions._arguments import accepts_axis, axes, axis, raw, tensor
from tinygrad_cn.graph import Handle
from tinygrad_cn.op import cast
from tinygrad_cn.ops import arithmetic, comparison


def eq(input: Any, other: Any) -> Any:
    """input == other, elementwise."""
    return comparison.equal(tensor("eq", input), other)


def ne(input: Any, other: Any) -> Any:
    """input != other, elementwise."""
    return comparison.not_equal(tensor("ne", input), other)


def lt(input: Any, other: Any) -> Any:
    """input < other, elementwise."""
    return comparison.less(tensor("lt", input), other)


def le(input: Any, other: Any) -> Any:
    """input <= other, elementwise."""
    return comparison.less_equal(tensor("le", input), other)


def gt(input: Any, other: Any) -> Any:
    """input > other, elementwise."""
    return comparison.greater(tensor("gt", input), other)


def ge(input: Any, other: Any) -> Any:
    """input >= other, elementwise."""
    return comparison.greater_equal(tensor("ge", input), other)


def logical_and(input: Any, other: Any) -> Any:
    """Whether both are nonzero."""
    return comparison.logical_and(tensor("logical_and", input), tensor("logical_and", other, "other"))


def logical_or(input: Any, other: Any) -> Any:
    """Whether at least one is nonzero."""
    return comparison.logical_or(tensor("logical_or", input), tensor("logical_or", other, "other"))


def logical_xor(input: Any, other: Any) -> Any:
    """Whether exactly one is nonzero."""
    return comparison.logical_xor(tensor("logical_xor", input), tensor("logical_xor", other, "other"))


def _some_tensor(name: str, input: Any, other: Any) -> None:
    if not isinstance(other, Handle):
        tensor(name, input)


def bitwise_and(input: Any, other: Any) -> Any:
    """The bits that are set in both (of bools: and)."""
    _some_tensor("bitwise_and", input, other)
    return comparison.bitwise_and(input, other)


def bitwise_or(input: Any, other: Any) -> Any:
    """The bits that are set in at least one (of bools: or)."""
    _some_tensor("bitwise_or", input, other)
    return comparison.bitwise_or(input, other)


def bitwise_xor(input: Any, other: Any) -> Any:
    """The bits that are set in exactly one (of bools: xor)."""
    _some_tensor("bitwise_xor", input, other)
    return comparison.bitwise_xor(input, other)


def isclose(input: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """|input - other| <= atol + rtol * |other|, elementwise."""
    x, y = tensor("isclose", input)._array, tensor("isclose", other, "other")._array
    if x.dtype != y.dtype:
        raise DTypeError(f"isclose(): the tensors have dtypes {x.dtype} and {y.dtype}; convert one with .to(dtype)")
    if not (rtol >= 0 and atol >= 0):
        raise RuntimeError(f"isclose(): rtol and atol must be at least 0, got {rtol} and {atol}")
    return arithmetic.isclose(input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)


def allclose(input: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether |input - other| <= atol + rtol * |other| for all elements."""
    return bool(isclose(input, other, rtol, atol, equal_nan)._array.all())


def equal(input: Any, other: Any) -> bool:
    """Whether two tensors have the same shape and the same elements."""
    return bool(np.array_equal(raw(tensor("equal", input)), raw(tensor("equal", other, "other"))))


def _as_asked(input: Any, result: Any) -> Any:
    """Of uint8 tensors, which once were PyTorch's bools, the answer is uint8 too."""
    return cast(result, dtype=input._array.dtype) if input._array.dtype == np.uint8 else result


@accepts_axis
def all(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Whether all elements, or all along ``dim``, are nonzero."""
    a = tensor("all", input)
    return _as_asked(a, comparison.all_(a, axis=axes("all", dim, a._array.ndim), keepdims=keepdim))


@accepts_axis
def any(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Whether any element, or any along ``dim``, is nonzero."""
    a = tensor("any", input)
    return _as_asked(a, comparison.any_(a, axis=axes("any", dim, a._array.ndim), keepdims=keepdim))


def _position(name: str, operation: Any, input: Any, dim: int | None, keepdim: bool) -> Any:
    array = tensor(name, input)._array
    if array.dtype.kind == "b":
        raise RuntimeError(f"{name}(): not defined for bool tensors; convert with .int()")
    if dim is None:
        if array.size == 0:
            raise IndexError(f"{name}(): expected a dim for an input with no elements, of shape {array.shape}")
        return operation(input, axis=None, keepdims=keepdim)
    number = axis(name, dim, array.ndim)
    if array.ndim == 0:
        return operation(input, axis=None)
    if array.shape[number] == 0:
        raise IndexError(f"{name}(): dim {dim} has size 0; there is nothing to choose from")
    return operation(input, axis=number, keepdims=keepdim)


@accepts_axis
def argmax(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The index of the (first) largest element, in the flattened tensor or along ``dim``.

    Raises:
        IndexError: there is nothing to choose from.
    """
    return _position("argmax", comparison.argmax, input, dim, keepdim)


@accepts_axis
def argmin(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The index of the (first) smallest element, in the flattened tensor or along ``dim``.

    Raises:
        IndexError: there is nothing to choose from.
    """
    return _position("argmin", comparison.argmin, input, dim, keepdim)


def count_nonzero(input: Any, dim: Any = None) -> Any:
    """How many elements, in all or along ``dim``, are nonzero."""
    a = tensor("count_nonzero", input)
    return comparison.count_nonzero(a, axis=axes("count_nonzero", dim, a._array.ndim))


greater, greater_equal, less, less_equal, not_equal = gt, ge, lt, le, ne
