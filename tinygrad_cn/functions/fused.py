"""Products and quotients of two tensors added to a third."""

from __future__ import annotations

from typing import Any

from tinygrad_cn import dtypes
from tinygrad_cn.functions._arguments import accepts_factors_between, raw, tensor
from tinygrad_cn.ops import arithmetic

Number = bool | int | float


def _scaled(name: str, part: Any, value: Number, dtype: Any) -> Any:
    if value == 1:
        return part
    if isinstance(value, float) and dtype.kind in "biu":
        raise RuntimeError(f"{name}(): value is {value}, but for integer tensors it must be an integer")
    return arithmetic.multiply(part, value)


def _three(name: str, input: Any, tensor1: Any, tensor2: Any) -> Any:
    tensors = (tensor(name, input), tensor(name, tensor1, "tensor1"), tensor(name, tensor2, "tensor2"))
    return dtypes.result_dtype(*(raw(t) for t in tensors))


@accepts_factors_between("value", tensors=3)
def addcmul(input: Any, tensor1: Any, tensor2: Any, *, value: Number = 1) -> Any:
    """input + value * tensor1 * tensor2, broadcast.

    Args:
        input (Tensor)
        tensor1 (Tensor)
        tensor2 (Tensor)
        value (number): the factor of the product; an integer for tensors of integers.

    Raises:
        ShapeError: the shapes do not broadcast.

    >>> import tinygrad_cn as tg
    >>> tg.addcmul(tg.tensor([1., 1.]), tg.tensor([2., 3.]), tg.tensor([4., 5.]), value=0.5)
    tensor([5.0000, 8.5000])
    """
    dtype = _three("addcmul", input, tensor1, tensor2)
    return arithmetic.add(input, _scaled("addcmul", arithmetic.multiply(tensor1, tensor2), value, dtype))


@accepts_factors_between("value", tensors=3)
def addcdiv(input: Any, tensor1: Any, tensor2: Any, *, value: Number = 1) -> Any:
    """input + value * tensor1 / tensor2, broadcast.

    Raises:
        RuntimeError: the quotient is one of integers, for which PyTorch has no such division.
        ShapeError: the shapes do not broadcast.
    """
    dtype = _three("addcdiv", input, tensor1, tensor2)
    if dtypes.result_dtype(raw(tensor1), raw(tensor2)).kind in "biu":
        raise RuntimeError("addcdiv(): does not divide integers by integers; convert one with .float()")
    return arithmetic.add(input, _scaled("addcdiv", arithmetic.divide(tensor1, tensor2), value, dtype))
