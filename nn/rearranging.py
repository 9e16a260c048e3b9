"""Layers that move elements without changing them: between channels and pixels, between patches and images."""

from __future__ import annotations

from collections.abc import Sequence

from tinygrad_cn.tensor import Tensor

from . import functional as F
from .module import Module

__all__ = ["ChannelShuffle", "Fold", "PixelShuffle", "PixelUnshuffle", "Unfold"]

_Sizes = int | Sequence[int]


class PixelShuffle(Module):
    """Turns channels into pixels: an image ``r`` times as high and wide from ``r * r`` times as many channels.

    Source: Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional
    Neural Network", CVPR 2016.

    Args:
        upscale_factor: ``r``.

    Shape:
        - input: ``(*, C * r^2, H, W)``
        - output: ``(*, C, H * r, W * r)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.PixelShuffle(2)(tg.ones(1, 8, 3, 3)).shape
        Size([1, 2, 6, 6])
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Turns pixels into channels: the reverse of `PixelShuffle`.

    Args:
        downscale_factor: ``r``.

    Shape:
        - input: ``(*, C, H * r, W * r)``
        - output: ``(*, C * r^2, H, W)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.PixelUnshuffle(2)(tg.ones(1, 2, 6, 6)).shape
        Size([1, 8, 3, 3])
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Deals the channels of groups out in turn: the first of each group, then the second of each.

    Source: Zhang et al., "ShuffleNet", CVPR 2018.

    Args:
        groups: how many groups the channels stand in.

    Shape:
        - input: ``(*, C, H, W)``
        - output: the same

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.ChannelShuffle(2)(tg.arange(4.0).reshape(1, 4, 1, 1)).flatten().tolist()
        [0.0, 2.0, 1.0, 3.0]
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"


class Unfold(Module):
    """Cuts images into patches, each a column of the result.

    Args:
        kernel_size: size of a patch, one number or ``(height, width)``.
        dilation: distance between the elements of a patch.
        padding: zeros around the image.
        stride: step from patch to patch.

    Shape:
        - input: ``(N, C, H, W)`` or ``(C, H, W)``
        - output: ``(N, C * prod(kernel_size), L)`` or ``(C * prod(kernel_size), L)``, ``L`` the number of patches

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Unfold(2)(tg.arange(6.0).reshape(1, 1, 2, 3)).tolist()
        [[[0.0, 1.0], [1.0, 2.0], [3.0, 4.0], [4.0, 5.0]]]
    """

    def __init__(self, kernel_size: _Sizes, dilation: _Sizes = 1, padding: _Sizes = 0, stride: _Sizes = 1) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Fold(Module):
    """Adds patches up to images: the gradient of `Unfold`.

    Args:
        output_size: ``(height, width)`` of the image.
        kernel_size: size of a patch, one number or ``(height, width)``.
        dilation: distance between the elements of a patch.
        padding: taken off around the image.
        stride: step from patch to patch.

    Shape:
        - input: ``(N, C * prod(kernel_size), L)`` or ``(C * prod(kernel_size), L)``, ``L`` the number of patches
        - output: ``(N, C, *output_size)`` or ``(C, *output_size)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Fold((2, 3), 2)(tg.ones(1, 4, 2)).tolist()
        [[[[1.0, 2.0, 1.0], [1.0, 2.0, 1.0]]]]
    """

    def __init__(
        self,
        output_size: _Sizes,
        kernel_size: _Sizes,
        dilation: _Sizes = 1,
        padding: _Sizes = 0,
        stride: _Sizes = 1,
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )
