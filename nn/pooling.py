"""Pooling: the maximum or the mean over windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tinygrad_cn.tensor import Tensor

from . import functional as F
from ._sizes import per_axis
from .module import Module

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
]

_Sizes = int | Sequence[int]


class _MaxPoolNd(Module):
    _pool: Callable[..., Any]

    def __init__(
        self,
        kernel_size: _Sizes,
        stride: _Sizes | None = None,
        padding: _Sizes = 0,
        dilation: _Sizes = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Any:
        return type(self)._pool(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPoolNd):
    """The maximum over windows of sequences.

    Args:
        kernel_size: length of the window.
        stride: step of the window; ``kernel_size`` if ``None``.
        padding: minus infinity added at both ends, at most half the window.
        dilation: distance between the elements of the window.
        return_indices: also return where the maxima are.
        ceil_mode: round the output size up: the last window may stand out over the end.

    Shape:
        - input: ``(N, C, L)`` or ``(C, L)``
        - output: ``(N, C, L_out)`` or ``(C, L_out)``,
          ``L_out = (L + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.MaxPool1d(2)(tg.arange(6.0).reshape(1, 1, 6)).tolist()
        [[[1.0, 3.0, 5.0]]]
    """

    _pool = F.max_pool1d


class MaxPool2d(_MaxPoolNd):
    """The maximum over windows of images. Arguments as in `MaxPool1d`; sizes are one number or a pair.

    Shape:
        - input: ``(N, C, H, W)`` or ``(C, H, W)``
        - output: ``(N, C, H_out, W_out)`` or ``(C, H_out, W_out)``, sizes as in `MaxPool1d`

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.MaxPool2d(2)(tg.ones(1, 3, 8, 8)).shape
        Size([1, 3, 4, 4])
    """

    _pool = F.max_pool2d


class MaxPool3d(_MaxPoolNd):
    """The maximum over windows of volumes. Arguments as in `MaxPool1d`; sizes are one number or a triple.

    Shape:
        - input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - output: ``(N, C, D_out, H_out, W_out)`` or ``(C, D_out, H_out, W_out)``, sizes as in `MaxPool1d`

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.MaxPool3d(2)(tg.ones(1, 3, 8, 8, 8)).shape
        Size([1, 3, 4, 4, 4])
    """

    _pool = F.max_pool3d


class _AvgPoolNd(Module):
    kernel_size: Any
    stride: Any
    padding: Any

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPoolNd):
    """The mean over windows of sequences.

    Args:
        kernel_size: length of the window.
        stride: step of the window; ``kernel_size`` if ``None``.
        padding: zeros added at both ends, at most half the window.
        ceil_mode: round the output size up.
        count_include_pad: whether the zeros of the padding count in the mean.

    Shape:
        - input: ``(N, C, L)`` or ``(C, L)``
        - output: ``(N, C, L_out)`` or ``(C, L_out)``, ``L_out = (L + 2 * padding - kernel_size) // stride + 1``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.AvgPool1d(2)(tg.arange(6.0).reshape(1, 1, 6)).tolist()
        [[[0.5, 2.5, 4.5]]]
    """

    def __init__(
        self,
        kernel_size: _Sizes,
        stride: _Sizes | None = None,
        padding: _Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = per_axis(kernel_size, 1)
        self.stride = per_axis(kernel_size if stride is None else stride, 1)
        self.padding = per_axis(padding, 1)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class _AvgPoolWithDivisor(_AvgPoolNd):
    _pool: Callable[..., Tensor]

    def __init__(
        self,
        kernel_size: _Sizes,
        stride: _Sizes | None = None,
        padding: _Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        return type(self)._pool(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class AvgPool2d(_AvgPoolWithDivisor):
    """The mean over windows of images. Arguments as in `AvgPool1d`; sizes are one number or a pair.

    Args:
        divisor_override: divide by this instead of the size of the window.

    Shape:
        - input: ``(N, C, H, W)`` or ``(C, H, W)``
        - output: ``(N, C, H_out, W_out)`` or ``(C, H_out, W_out)``, sizes as in `AvgPool1d`

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.AvgPool2d(2)(tg.ones(1, 3, 8, 8)).shape
        Size([1, 3, 4, 4])
    """

    _pool = F.avg_pool2d


class AvgPool3d(_AvgPoolWithDivisor):
    """The mean over windows of volumes. Arguments as in `AvgPool2d`; sizes are one number or a triple.

    Shape:
        - input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - output: ``(N, C, D_out, H_out, W_out)`` or ``(C, D_out, H_out, W_out)``, sizes as in `AvgPool1d`

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.AvgPool3d(2)(tg.ones(1, 3, 8, 8, 8)).shape
        Size([1, 3, 4, 4, 4])
    """

    _pool = F.avg_pool3d


class _AdaptivePoolNd(Module):
    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptivePoolNd):
    """The mean over as many windows as the output is long, whatever the input's length.

    Args:
        output_size: length of the output.

    Shape:
        - input: ``(N, C, L)`` or ``(C, L)``
        - output: ``(N, C, output_size)`` or ``(C, output_size)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.AdaptiveAvgPool1d(2)(tg.arange(6.0).reshape(1, 1, 6)).tolist()
        [[[1.0, 4.0]]]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptivePoolNd):
    """The mean over as many windows as the output has pixels, whatever the input's size.

    Args:
        output_size: ``(height, width)``, or one number for both; ``None`` for an axis keeps its size.

    Shape:
        - input: ``(N, C, H, W)`` or ``(C, H, W)``
        - output: ``(N, C, *output_size)`` or ``(C, *output_size)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.AdaptiveAvgPool2d(1)(tg.ones(1, 3, 8, 8)).shape
        Size([1, 3, 1, 1])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(_AdaptivePoolNd):
    """The mean over as many windows as the output has voxels, whatever the input's size.

    Args:
        output_size: ``(depth, height, width)``, or one number for all; ``None`` for an axis keeps its size.

    Shape:
        - input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - output: ``(N, C, *output_size)`` or ``(C, *output_size)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.AdaptiveAvgPool3d(1)(tg.ones(1, 3, 8, 8, 8)).shape
        Size([1, 3, 1, 1, 1])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool3d(input, self.output_size)


class _AdaptiveMaxPoolNd(_AdaptivePoolNd):
    _pool: Callable[..., Any]

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = return_indices

    def forward(self, input: Tensor) -> Any:
        return type(self)._pool(input, self.output_size, self.return_indices)


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """The maximum over as many windows as the output is long, whatever the input's length.

    Args:
        output_size: length of the output.
        return_indices: also return where the maxima are.

    Shape:
        - input: ``(N, C, L)`` or ``(C, L)``
        - output: ``(N, C, output_size)`` or ``(C, output_size)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.AdaptiveMaxPool1d(2)(tg.arange(6.0).reshape(1, 1, 6)).tolist()
        [[[2.0, 5.0]]]
    """

    _pool = F.adaptive_max_pool1d


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """The maximum over as many windows as the output has pixels, whatever the input's size.

    Args:
        output_size: ``(height, width)``, or one number for both; ``None`` for an axis keeps its size.
        return_indices: also return where the maxima are, as positions in the flat image.

    Shape:
        - input: ``(N, C, H, W)`` or ``(C, H, W)``
        - output: ``(N, C, *output_size)`` or ``(C, *output_size)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.AdaptiveMaxPool2d((1, 2))(tg.ones(1, 3, 8, 8)).shape
        Size([1, 3, 1, 2])
    """

    _pool = F.adaptive_max_pool2d


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """The maximum over as many windows as the output has voxels. Arguments as in `AdaptiveMaxPool2d`.

    Shape:
        - input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - output: ``(N, C, *output_size)`` or ``(C, *output_size)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.AdaptiveMaxPool3d(1)(tg.ones(1, 3, 8, 8, 8)).shape
        Size([1, 3, 1, 1, 1])
    """

    _pool = F.adaptive_max_pool3d
