"""Unpooling: values put back to where max pooling found them, zeros elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from tinygrad_cn.tensor import Tensor

from . import functional as F
from ._sizes import per_axis
from .module import Module

__all__ = ["MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"]

_Sizes = int | Sequence[int]


class _MaxUnpoolNd(Module):
    _axes: int

    def __init__(self, kernel_size: _Sizes, stride: _Sizes | None = None, padding: _Sizes = 0) -> None:
        super().__init__()
        self.kernel_size = per_axis(kernel_size, self._axes)
        self.stride = per_axis(kernel_size if stride is None else stride, self._axes)
        self.padding = per_axis(padding, self._axes)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpoolNd):
    """Puts the maxima of sequences back to where `MaxPool1d` found them.

    Args:
        kernel_size: length of the window of the pooling.
        stride: its step; ``kernel_size`` if ``None``.
        padding: its padding.

    ``forward`` takes the maxima, their indices, and ``output_size`` where the pooling dropped a rest.

    Shape:
        - input, indices: ``(N, C, L)`` or ``(C, L)``
        - output: ``(N, C, L_out)`` or ``(C, L_out)``, ``L_out = (L - 1) * stride - 2 * padding + kernel_size``

    Example:
        >>> import tinygrad_cn as tg
        >>> maxima, indices = tg.nn.MaxPool1d(2, return_indices=True)(tg.tensor([[1.0, 2.0, 4.0, 3.0]]))
        >>> tg.nn.MaxUnpool1d(2)(maxima, indices).tolist()
        [[0.0, 2.0, 4.0, 0.0]]
    """

    _axes = 1

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return F.max_unpool1d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool2d(_MaxUnpoolNd):
    """Puts the maxima of images back to where `MaxPool2d` found them. Arguments as in `MaxUnpool1d`.

    Shape:
        - input, indices: ``(N, C, H, W)`` or ``(C, H, W)``
        - output: ``(N, C, H_out, W_out)`` or ``(C, H_out, W_out)``, sizes as in `MaxUnpool1d`

    Example:
        >>> import tinygrad_cn as tg
        >>> maxima, indices = tg.nn.MaxPool2d(2, return_indices=True)(tg.ones(1, 1, 4, 4))
        >>> tg.nn.MaxUnpool2d(2)(maxima, indices).shape
        Size([1, 1, 4, 4])
    """

    _axes = 2

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return F.max_unpool2d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool3d(_MaxUnpoolNd):
    """Puts the maxima of volumes back to where `MaxPool3d` found them. Arguments as in `MaxUnpool1d`.

    Shape:
        - input, indices: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - output: ``(N, C, D_out, H_out, W_out)`` or ``(C, D_out, H_out, W_out)``, sizes as in `MaxUnpool1d`

    Example:
        >>> import tinygrad_cn as tg
        >>> maxima, indices = tg.nn.MaxPool3d(2, return_indices=True)(tg.ones(1, 1, 4, 4, 4))
        >>> tg.nn.MaxUnpool3d(2)(maxima, indices).shape
        Size([1, 1, 4, 4, 4])
    """

    _axes = 3

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return F.max_unpool3d(input, indices, self.kernel_size, self.stride, self.padding, output_size)
