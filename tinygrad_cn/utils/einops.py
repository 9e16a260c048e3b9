"""Tensors in einops: importing this module tells einops how to handle them, through its own extension point.

>>> import tinygrad_cn.utils.einops  # doctest: +SKIP
>>> from einops import rearrange  # doctest: +SKIP
>>> rearrange(tinygrad_cn.arange(6), "(a b) -> b a", a=2).shape  # doctest: +SKIP
Size([3, 2])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import tinygrad_cn
from tinygrad_cn.errors import MissingExtraError

try:
    from einops._backends import AbstractBackend
except ImportError as error:
    raise MissingExtraError("tinygrad_cn.utils.einops needs einops: pip install einops") from error

__all__ = ["Backend"]


class Backend(AbstractBackend):  # type: ignore[misc]
    """What einops asks of an array library; it finds this class among the subclasses of its own."""

    framework_name = "tinygrad_cn"

    def is_appropriate_type(self, tensor: Any) -> bool:
        return isinstance(tensor, tinygrad_cn.Tensor)

    def from_numpy(self, x: np.ndarray) -> Any:
        return tinygrad_cn.from_numpy(x)

    def to_numpy(self, x: Any) -> np.ndarray:
        array: np.ndarray = x.detach().numpy()
        return array

    def arange(self, start: int, stop: int) -> Any:
        return tinygrad_cn.arange(start, stop)

    def shape(self, x: Any) -> tuple[int, ...]:
        return tuple(x.shape)

    def transpose(self, x: Any, axes: Sequence[int]) -> Any:
        return x.permute(tuple(axes))

    def reduce(self, x: Any, operation: str, axes: Sequence[int]) -> Any:
        if operation in ("max", "min"):
            return getattr(x, f"a{operation}")(dim=tuple(axes))
        if operation in ("sum", "mean"):
            return getattr(x, operation)(dim=tuple(axes))
        for axis in sorted(axes, reverse=True):  # these take one axis at a time
            x = getattr(x, operation)(dim=axis)
        return x

    def stack_on_zeroth_dimension(self, tensors: list[Any]) -> Any:
        return tinygrad_cn.stack(tensors)

    def add_axis(self, x: Any, new_position: int) -> Any:
        return x.unsqueeze(new_position)

    def tile(self, x: Any, repeats: Sequence[int]) -> Any:
        return x.repeat(tuple(repeats))

    def add_axes(self, x: Any, n_axes: int, pos2len: dict[int, int]) -> Any:
        sizes = [-1] * n_axes
        for position, length in pos2len.items():
            x = x.unsqueeze(position)
            sizes[position] = length
        return x.expand(sizes)

    def concat(self, tensors: Sequence[Any], axis: int) -> Any:
        return tinygrad_cn.cat(tensors, axis)

    def is_float_type(self, x: Any) -> bool:
        floating: bool = x.is_floating_point()
        return floating

    def einsum(self, pattern: str, *x: Any) -> Any:
        return tinygrad_cn.einsum(pattern, *x)
