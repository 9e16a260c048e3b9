"""Windows that slide along an axis (``Tensor.unfold``)."""

from __future__ import annotations

from typing import Any

from tinygrad_cn.functions._arguments import axis, tensor
from tinygrad_cn.ops import indexing, shape, sliding

__all__ = ["unfold"]


def unfold(input: Any, dimension: int, size: int, step: int) -> Any:
    """A view of the windows of ``size`` elements along an axis, ``step`` apart; their elements on a new last axis.

    Windows that overlap share elements, so such a view is not to be written in place.

    Args:
        input (Tensor)
        dimension (int): the axis.
        size (int): the elements of a window, at most as many as the axis has.
        step (int): how far apart windows start.

    Shape:
        (..., n, ...) -> (..., (n - size) // step + 1, ..., size).

    Raises:
        RuntimeError: the size does not fit, or the step is not positive.

    >>> import tinygrad_cn as tg
    >>> tg.arange(5).unfold(0, 2, 1)
    tensor([[0, 1],
            [1, 2],
            [2, 3],
            [3, 4]])
    """
    array = tensor("unfold", input)._array
    number = axis("unfold", dimension, array.ndim)
    n = array.shape[number] if array.ndim else 1
    if not 0 <= size <= n:
        raise RuntimeError(f"unfold(): size must be between 0 and {n}, the size of dim {dimension}; got {size}")
    if step <= 0:
        raise RuntimeError(f"unfold(): step must be positive, got {step}")
    if array.ndim == 0:
        return indexing.getitem(shape.reshape(input, shape=(1,)), index=slice(0, size))
    return sliding.windows(input, axis=number, size=int(size), step=int(step))
