"""The part of ``torch.fft`` that works on real tensors: shifting the zero frequency to the centre and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad_cn.functions._arguments import axis, tensor
from tinygrad_cn.functions.shaping import roll
from tinygrad_cn.ops import shape

__all__ = ["fftshift", "ifftshift"]


def fftshift(input: Any, dim: int | Sequence[int] | None = None) -> Any:
    """The zero-frequency element moved from the front to the middle: a roll by half the size, rounded down.

    Args:
        input (Tensor)
        dim (int or ints, optional): the axes; all by default.

    >>> import tinygrad_cn as tg
    >>> tg.fft.fftshift(tg.tensor([0, 1, 2, -2, -1]))
    tensor([-2, -1,  0,  1,  2])
    """
    return _shifted("fftshift", input, dim, 1)


def ifftshift(input: Any, dim: int | Sequence[int] | None = None) -> Any:
    """What undoes `fftshift`: a roll back by half the size, rounded down."""
    return _shifted("ifftshift", input, dim, -1)


def _shifted(name: str, input: Any, dim: int | Sequence[int] | None, sign: int) -> Any:
    sizes = tensor(name, input)._array.shape
    asked = range(len(sizes)) if dim is None else (dim,) if isinstance(dim, int) else dim
    axes = tuple(axis(name, d, len(sizes)) for d in asked)
    if not sizes or not axes:
        return shape.copy(input)
    return roll(input, tuple(sign * (sizes[a] // 2) for a in axes), axes)
