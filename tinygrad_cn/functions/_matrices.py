"""Checks of arguments that are (batches of) matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn.errors import DTypeError, ShapeError
from tinygrad_cn.functions._arguments import raw, tensor
from tinygrad_cn.op import cast

__all__ = ["floating", "in_dtype", "matrix", "permuted_rows", "same_dtype", "square", "tolerances", "transposed"]


def floating(name: str, value: Any, argument: str = "A") -> Any:
    """``value``, if it is a Tensor of float32 or float64.

    Raises:
        DTypeError: another dtype.
    """
    dtype = tensor(name, value, argument)._array.dtype
    if dtype.kind != "f" or dtype.itemsize < 4:
        raise DTypeError(
            f"{name}(): {argument} must hold float32 or float64, got {dtype}; convert it, as with .float()"
        )
    return value


def matrix(name: str, value: Any, argument: str = "A") -> Any:
    """``value``, if it is a floating Tensor of matrices.

    Raises:
        ShapeError: it has fewer than 2 dimensions.
    """
    shape = floating(name, value, argument)._array.shape
    if len(shape) < 2:
        raise ShapeError(f"{name}(): {argument} must have at least 2 dimensions, got shape {list(shape)}")
    return value


def square(name: str, value: Any, argument: str = "A") -> Any:
    """``value``, if it is a floating Tensor of square matrices.

    Raises:
        ShapeError: the last two sizes differ.
    """
    shape = matrix(name, value, argument)._array.shape
    if shape[-1] != shape[-2]:
        raise ShapeError(f"{name}(): {argument} must hold square matrices, got shape {list(shape)}")
    return value


def same_dtype(name: str, a: Any, b: Any, argument: str = "B") -> None:
    """Refuse two Tensors of different dtypes.

    Raises:
        DTypeError: they differ.
    """
    x, y = a._array.dtype, tensor(name, b, argument)._array.dtype
    if x != y:
        raise DTypeError(f"{name}(): the tensors have dtypes {x} and {y}; convert one with .to(dtype)")


def in_dtype(input: Any, dtype: Any) -> Any:
    """``input`` converted, unless ``dtype`` is ``None``."""
    return input if dtype is None else cast(input, dtype=np.dtype(dtype))


def transposed(value: Any) -> Any:
    """Every matrix transposed."""
    return np.swapaxes(value, -1, -2)


def permuted_rows(value: Any, order: Any) -> Any:
    """The rows of matrices in another order. Shape: (..., m, k), (..., m) -> (..., m, k)."""
    shape = (*np.broadcast_shapes(value.shape[:-2], order.shape[:-1]), *value.shape[-2:])
    if tuple(value.shape) != shape:
        value = np.broadcast_to(value, shape)
    return np.take_along_axis(value, np.broadcast_to(order[..., None], shape), axis=-2)


def tolerances(name: str, a: Any, atol: Any, rtol: Any) -> tuple[Any, Any]:
    """The absolute and the relative tolerance on singular values, as numbers or arrays in the dtype of ``a``.

    What is left open is 0, or, when no positive absolute tolerance is given, the machine epsilon times the larger size.
    """
    array = a._array
    given = [raw(t) for t in (atol, rtol)]
    for t in given:
        if isinstance(t, np.ndarray) and t.dtype.kind == "c":
            raise DTypeError(f"{name}(): tolerances must be real, got {t.dtype}")
    least = np.zeros((), array.dtype) if given[0] is None else np.asarray(given[0], dtype=array.dtype)
    default = np.asarray(np.finfo(array.dtype).eps * max(array.shape[-2:]), dtype=array.dtype)
    if given[1] is None:
        return least, np.where(least > 0, array.dtype.type(0), default)
    return least, np.asarray(given[1], dtype=array.dtype)
