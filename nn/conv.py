"""Convolutions in one, two and three dimensions.

What deep learning calls a convolution is a cross-correlation: the kernel is not flipped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from tinygrad_cn.creation import empty
from tinygrad_cn.tensor import Tensor

from . import functional as F
from . import init
from ._sizes import per_axis
from .module import Module
from .parameter import Parameter

__all__ = ["Conv1d", "Conv2d", "Conv3d"]

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    """What convolutions in any number of dimensions share. Subclasses set ``_axes`` and ``_convolve``."""

    _axes: int
    _convolve: Callable[..., Tensor]
    _transposed = False

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | str | Sequence[int] = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _check_groups(in_channels, out_channels, groups)
        axes = self._axes
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = per_axis(kernel_size, axes)
        self.stride = per_axis(stride, axes)
        self.padding = padding if isinstance(padding, str) else per_axis(padding, axes)
        self.dilation = per_axis(dilation, axes)
        self.groups = groups
        self.padding_mode = padding_mode
        self._check_padding()
        self.weight = Parameter(empty(self._weight_shape(), device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_channels, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def _weight_shape(self) -> tuple[int, ...]:
        channels = (self.out_channels, self.in_channels)
        first, second = reversed(channels) if self._transposed else channels
        return (first, second // self.groups, *self.kernel_size)

    def _check_padding(self) -> None:
        if self.padding_mode not in _PADDING_MODES:
            raise ValueError(f"padding_mode must be one of {_PADDING_MODES}, got padding_mode='{self.padding_mode}'")
        if isinstance(self.padding, str):
            if self.padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string {self.padding!r}, should be one of 'same', 'valid'")
            if self.padding == "same" and any(stride != 1 for stride in self.stride):
                raise ValueError("padding='same' is not supported for strided convolutions; give it in numbers")

    def reset_parameters(self) -> None:
        """Draw the parameters anew: U(-k, k) with ``k = 1 / sqrt(in_channels / groups * prod(kernel_size))``."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, self.weight, self.bias)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        padding: Any = self.padding
        if self.padding_mode != "zeros":  # the convolution pads with zeros: pad otherwise before it
            input = F.pad(input, self._pads(), mode=self.padding_mode)
            padding = 0
        return type(self)._convolve(input, weight, bias, self.stride, padding, self.dilation, self.groups)

    def _pads(self) -> list[int]:
        """The padding as ``F.pad`` takes it: before and after, the last axis first."""
        pads: list[int] = []
        for axis in reversed(range(self._axes)):
            if isinstance(self.padding, str):
                total = self.dilation[axis] * (self.kernel_size[axis] - 1) if self.padding == "same" else 0
                pads += [total // 2, total - total // 2]
            else:
                pads += [self.padding[axis]] * 2
        return pads

    def extra_repr(self) -> str:
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        if self.padding != (0,) * self._axes:
            parts.append(f"padding={self.padding}")
        if self.dilation != (1,) * self._axes:
            parts.append(f"dilation={self.dilation}")
        parts += self._more_repr()
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)

    def _more_repr(self) -> list[str]:
        return []

    def _label(self) -> str:
        return f"{type(self).__name__} {self.in_channels} -> {self.out_channels}"


def _check_groups(in_channels: int, out_channels: int, groups: int) -> None:
    if groups <= 0:
        raise ValueError(f"groups must be a positive integer, got {groups}")
    for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
        if channels % groups != 0:
            raise ValueError(f"{name} must be divisible by groups: {channels} channels, {groups} groups")


class Conv1d(_ConvNd):
    """A convolution over sequences.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output: the number of kernels.
        kernel_size: length of the kernel.
        stride: step of the kernel over the input.
        padding: added at both ends; ``"valid"``: none; ``"same"``: as much as keeps the length.
        dilation: distance between the elements of the kernel.
        groups: the channels are split into this many groups that do not mix.
        bias: whether to add a bias to each output channel.
        padding_mode: what is added: ``"zeros"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
        device: the CPU.
        dtype: of the parameters; the default dtype if ``None``.

    Shape:
        - input: ``(N, C_in, L)`` or ``(C_in, L)``
        - output: ``(N, C_out, L_out)`` or ``(C_out, L_out)``,
          ``L_out = (L + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1``

    Attributes:
        weight: ``(out_channels, in_channels / groups, kernel_size)``
        bias: ``(out_channels,)``

    Raises:
        ValueError: groups, padding or padding mode do not fit.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Conv1d(2, 4, 3, padding=1)(tg.ones(8, 2, 10)).shape
        Size([8, 4, 10])
    """

    _axes = 1
    _convolve = F.conv1d


class Conv2d(_ConvNd):
    """A convolution over images. Arguments as in `Conv1d`; sizes are one number or a pair ``(height, width)``.

    Shape:
        - input: ``(N, C_in, H, W)`` or ``(C_in, H, W)``
        - output: ``(N, C_out, H_out, W_out)`` or ``(C_out, H_out, W_out)``, sizes as in `Conv1d`

    Attributes:
        weight: ``(out_channels, in_channels / groups, *kernel_size)``
        bias: ``(out_channels,)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Conv2d(3, 4, 3, stride=2, padding=1)(tg.ones(8, 3, 10, 10)).shape
        Size([8, 4, 5, 5])
    """

    _axes = 2
    _convolve = F.conv2d


class Conv3d(_ConvNd):
    """A convolution over volumes. Arguments as in `Conv1d`; sizes are one number or ``(depth, height, width)``.

    Shape:
        - input: ``(N, C_in, D, H, W)`` or ``(C_in, D, H, W)``
        - output: ``(N, C_out, D_out, H_out, W_out)`` or ``(C_out, D_out, H_out, W_out)``, sizes as in `Conv1d`

    Attributes:
        weight: ``(out_channels, in_channels / groups, *kernel_size)``
        bias: ``(out_channels,)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Conv3d(1, 2, 3)(tg.ones(1, 1, 5, 5, 5)).shape
        Size([1, 2, 3, 3, 3])
    """

    _axes = 3
    _convolve = F.conv3d
