"""Python's operators on Tensors, and NumPy's protocols. Operators call the ops directly: they are the hot path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinygrad_cn import protocols
from tinygrad_cn.errors import UnsupportedOperand
from tinygrad_cn.functions import arithmetic as functions
from tinygrad_cn.functions import comparison as logic
from tinygrad_cn.functions import pointwise, products, selecting
from tinygrad_cn.inplace import in_place
from tinygrad_cn.ops import arithmetic, comparison, linear_algebra

__all__ = ["Operators"]


def _operator(operation: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """``self <op> other``; an operand that is no tensor, array or number gets its own chance (``NotImplemented``)."""

    def method(self: Any, other: Any) -> Any:
        try:
            return operation(self, other)
        except UnsupportedOperand:
            return NotImplemented

    return method


def _reflected(operation: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """``other <op> self``."""

    def method(self: Any, other: Any) -> Any:
        try:
            return operation(other, self)
        except UnsupportedOperand:
            return NotImplemented

    return method


def _product(a: Any, b: Any) -> Any:
    """The matrix product; beside a plain array as NumPy has it, which also takes other dtypes."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return linear_algebra.matmul(a, b)
    return products.matmul(a, b)


def _power(x: Any, y: Any) -> Any:
    """The op itself, but for what `functions.pow` may have to refuse: integers to a negative power."""
    return functions.pow(x, y) if type(y) is int and y < 0 else arithmetic.power(x, y)


class Operators:
    """Operators, conversions to Python numbers, and NumPy's protocols."""

    __slots__ = ()

    _array: Any
    _result_class: type

    __add__ = __radd__ = _operator(arithmetic.add)
    __sub__ = _operator(arithmetic.subtract)
    __rsub__ = _reflected(arithmetic.subtract)
    __mul__ = __rmul__ = _operator(arithmetic.multiply)
    __truediv__ = __div__ = _operator(arithmetic.divide)
    __rtruediv__ = __rdiv__ = _reflected(arithmetic.divide)
    __floordiv__ = _operator(functions.floor_divide)
    __rfloordiv__ = _reflected(functions.floor_divide)
    __mod__ = _operator(functions.remainder)
    __rmod__ = _reflected(functions.remainder)
    __pow__ = _operator(_power)
    __rpow__ = _reflected(arithmetic.power)
    __matmul__ = _operator(_product)
    __rmatmul__ = _reflected(_product)
    __and__ = __rand__ = _operator(comparison.bitwise_and)
    __or__ = __ror__ = _operator(comparison.bitwise_or)
    __xor__ = __rxor__ = _operator(comparison.bitwise_xor)
    __lshift__ = _operator(comparison.left_shift)
    __rlshift__ = _reflected(comparison.left_shift)
    __rshift__ = _operator(comparison.right_shift)
    __rrshift__ = _reflected(comparison.right_shift)

    __eq__ = _operator(comparison.equal)
    __ne__ = _operator(comparison.not_equal)
    __lt__ = _operator(comparison.less)
    __le__ = _operator(comparison.less_equal)
    __gt__ = _operator(comparison.greater)
    __ge__ = _operator(comparison.greater_equal)

    __iadd__ = in_place(functions.add)
    __isub__ = in_place(functions.sub)
    __imul__ = in_place(functions.mul)
    __itruediv__ = __idiv__ = in_place(functions.div)
    __ifloordiv__ = in_place(functions.floor_divide)
    __imod__ = in_place(functions.remainder)
    __ipow__ = in_place(functions.pow)
    __iand__ = in_place(logic.bitwise_and)
    __ior__ = in_place(logic.bitwise_or)
    __ixor__ = in_place(logic.bitwise_xor)

    def __neg__(self) -> Any:
        return arithmetic.negative(self)

    def __pos__(self) -> Any:
        return pointwise.positive(self)

    def __abs__(self) -> Any:
        return arithmetic.absolute(self)

    def __invert__(self) -> Any:
        return comparison.bitwise_not(self)

    def __hash__(self) -> int:
        return id(self)

    # ------------------------------------------------------------------------------------- container

    __getitem__ = selecting.getitem
    __setitem__ = selecting.setitem

    def __len__(self) -> int:
        if not self._array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return len(self._array)

    def __iter__(self) -> Iterator[Any]:
        if not self._array.ndim:
            raise TypeError("iteration over a 0-d tensor; use .item() for its number")
        return iter([self[i] for i in range(len(self._array))])

    def __reversed__(self) -> Any:
        return self.flip(0) if self._array.ndim else self  # type: ignore[attr-defined]

    def __contains__(self, element: Any) -> bool:
        return bool((self == element).any())

    # ---------------------------------------------------------------------------- Python's numbers

    def item(self) -> Any:
        """The only element as a Python number.

        Raises:
            RuntimeError: there is not exactly one.
        """
        array = self._array
        if array.size != 1:
            raise RuntimeError(
                f"item(): a tensor with {array.size} elements (shape {list(array.shape)}) cannot be converted to a "
                "number; "
                "reduce it first, or use .tolist()"
            )
        return array.item()

    def __bool__(self) -> bool:
        if self._array.size != 1:
            raise RuntimeError(
                f"the truth of a tensor with {self._array.size} elements is ambiguous; use .any() or .all()"
            )
        return bool(self._array.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __index__(self) -> int:
        if self._array.dtype.kind not in "biu" or self._array.size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self._array.item())

    def __round__(self, ndigits: int | None = None) -> Any:
        return self.round(decimals=ndigits or 0)  # type: ignore[attr-defined]

    def __format__(self, spec: str) -> str:
        if self._array.ndim == 0 and (spec or type(self) is self._result_class):  # as in PyTorch, not a Parameter
            return format(self._array.item(), spec)
        return format(str(self), spec)

    # --------------------------------------------------------------------------- NumPy's protocols

    __array_priority__ = 1000

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return protocols.array_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return protocols.array_function(function, args, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """The plain array, without a copy where possible.

        Raises:
            RuntimeError: the tensor requires a gradient, which a plain array would lose.
        """
        self._refuse_tracked("np.asarray(tensor)")
        return np.array(self._array, dtype=dtype, copy=copy)

    def _refuse_tracked(self, action: str) -> None:
        if self.requires_grad:  # type: ignore[attr-defined]
            raise RuntimeError(
                f"{action}: the tensor requires grad, and a NumPy array would lose it. Call .detach() first, or use a "
                "NumPy function that is defined for Tensors (tinygrad_cn.protocols.FUNCTIONS)"
            )

    def __dlpack__(self, **kwargs: Any) -> Any:
        """The memory as a DLPack capsule.

        Raises:
            BufferError: the tensor requires a gradient.
        """
        if self.requires_grad:  # type: ignore[attr-defined]
            raise BufferError("a tensor that requires grad cannot be exported through DLPack; call .detach() first")
        return self._array.__dlpack__(**kwargs)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._array.__dlpack_device__()
