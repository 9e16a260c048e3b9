"""Softmax and its logarithm along an axis."""

from __future__ import annotations

from typing import Any

from tinygrad_cn import dtypes
from tinygrad_cn.functions._arguments import accepts_axis, axis, tensor
from tinygrad_cn.op import Op, cast
from tinygrad_cn.ops import shape
from tinygrad_cn.ops import softmax as ops


def _along(name: str, operation: Op, input: Any, dim: int, dtype: Any) -> Any:
    a = tensor(name, input)
    if dtype is not None:
        a = cast(a, dtype=dtypes.to_numpy(dtype))
    if a._array.dtype.kind not in "fc":
        raise RuntimeError(f"{name}(): needs a floating dtype, got {a._array.dtype}; use .float() or pass dtype=")
    number = axis(name, dim, a._array.ndim)
    if a._array.ndim == 0:
        return shape.reshape(operation(shape.reshape(a, shape=(1,)), axis=0), shape=())
    return operation(a, axis=number)


@accepts_axis
def softmax(input: Any, dim: int, dtype: Any = None) -> Any:
    """e^x over the sum of e^x along ``dim``, without overflow.

    Args:
        input (Tensor): floating.
        dim (int): the axis along which the results add up to 1.
        dtype (dtype, optional): convert to it first.

    Raises:
        IndexError: there is no such axis.

    >>> import tinygrad_cn as tg
    >>> tg.softmax(tg.tensor([0., 0.]), dim=0)
    tensor([0.5000, 0.5000])
    """
    return _along("softmax", ops.softmax, input, dim, dtype)


@accepts_axis
def log_softmax(input: Any, dim: int, dtype: Any = None) -> Any:
    """The logarithm of `softmax` along ``dim``, computed without taking the logarithm of a small number.

    Raises:
        IndexError: there is no such axis.
    """
    return _along("log_softmax", ops.log_softmax, input, dim, dtype)
