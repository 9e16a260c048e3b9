"""Flatten and Unflatten: several axes into one, and back."""

from __future__ import annotations

from collections.abc import Sequence

from tinygrad_cn.tensor import Tensor

from .module import Module

__all__ = ["Flatten", "Unflatten"]


class Flatten(Module):
    """Joins the axes from ``start_dim`` to ``end_dim`` into one; all but the batch axis unless told otherwise.

    Args:
        start_dim: the first axis to join.
        end_dim: the last one, included.

    Shape:
        - input: ``(*, S_start, ..., S_end, *)``
        - output: ``(*, S_start * ... * S_end, *)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Flatten()(tg.ones(8, 3, 4, 4)).shape
        Size([8, 48])
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Splits one axis into several.

    Args:
        dim: the axis to split.
        unflattened_size: the sizes to split it into; one may be -1.

    Shape:
        - input: ``(*, S, *)``, ``S`` at ``dim``
        - output: ``(*, *unflattened_size, *)``

    Raises:
        TypeError: ``unflattened_size`` is not a tuple or list of ints.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Unflatten(1, (3, 16))(tg.ones(8, 48)).shape
        Size([8, 3, 16])
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        if not isinstance(unflattened_size, tuple | list):
            raise TypeError(
                f"unflattened_size must be a tuple of ints, but found type {type(unflattened_size).__name__}"
            )
        for i, size in enumerate(unflattened_size):
            if not isinstance(size, int):
                raise TypeError(
                    "unflattened_size must be tuple of ints, "
                    f"but found element of type {type(size).__name__} at pos {i}"
                )
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
