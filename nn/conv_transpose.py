"""Transposed convolutions: the adjoints of convolutions, which make outputs larger than inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad_cn.tensor import Tensor

from . import functional as F
from ._sizes import per_axis
from .conv import _ConvNd

__all__ = ["ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]


class _ConvTransposeNd(_ConvNd):
    """What transposed convolutions in any number of dimensions share."""

    _transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | str | Sequence[int] = 0,
        output_padding: int | Sequence[int] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | Sequence[int] = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}, got {padding_mode!r}')
        if isinstance(padding, str):
            raise TypeError(f"{type(self).__name__}: padding must be given in numbers, got {padding!r}")
        super().__init__(
            *(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode),
            device=device,
            dtype=dtype,
        )
        self.output_padding = per_axis(output_padding, self._axes)

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        extra = self.output_padding if output_size is None else self._extra_for(input, output_size)
        return type(self)._convolve(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )

    def _extra_for(self, input: Tensor, output_size: Sequence[int]) -> tuple[int, ...]:
        """The output padding that makes the output ``output_size``: strides leave a choice of sizes."""
        axes = self._axes
        before = input.dim() - axes
        size = tuple(output_size)
        if len(size) == before + axes:
            size = size[before:]
        if len(size) != axes:
            raise ValueError(
                f"ConvTranspose{axes}D: for {input.dim()}D input, output_size must have {axes} or {before + axes} "
                f"elements (got {len(size)})"
            )
        least = []
        for axis in range(axes):
            reach = self.dilation[axis] * (self.kernel_size[axis] - 1) + 1
            least.append((input.shape[before + axis] - 1) * self.stride[axis] - 2 * int(self.padding[axis]) + reach)
        most = [low + stride - 1 for low, stride in zip(least, self.stride, strict=True)]
        if any(not low <= n <= high for n, low, high in zip(size, least, most, strict=True)):
            raise ValueError(
                f"requested an output size of {list(size)}, but valid sizes range from {least} to {most} "
                f"(for an input of shape {tuple(input.shape)})"
            )
        return tuple(n - low for n, low in zip(size, least, strict=True))

    def _more_repr(self) -> list[str]:
        return [f"output_padding={self.output_padding}"] if any(self.output_padding) else []


class ConvTranspose1d(_ConvTransposeNd):
    """A transposed convolution over sequences: the gradient of `Conv1d` with respect to its input.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: length of the kernel.
        stride: step of the kernel over the output.
        padding: taken off at both ends of the output.
        output_padding: added at one end of the output, less than ``stride`` or ``dilation``.
        groups: the channels are split into this many groups that do not mix.
        bias: whether to add a bias to each output channel.
        dilation: distance between the elements of the kernel.
        padding_mode: ``"zeros"``.
        device: the CPU.
        dtype: of the parameters; the default dtype if ``None``.

    Shape:
        - input: ``(N, C_in, L)`` or ``(C_in, L)``
        - output: ``(N, C_out, L_out)`` or ``(C_out, L_out)``,
          ``L_out = (L - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1``

    ``forward`` takes ``output_size``, from which it works out the output padding.

    Attributes:
        weight: ``(in_channels, out_channels / groups, kernel_size)``
        bias: ``(out_channels,)``

    Raises:
        ValueError: groups or padding mode do not fit; ``output_size`` cannot be reached.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.ConvTranspose1d(2, 4, 3, stride=2)(tg.ones(8, 2, 10)).shape
        Size([8, 4, 21])
    """

    _axes = 1
    _convolve = F.conv_transpose1d


class ConvTranspose2d(_ConvTransposeNd):
    """A transposed convolution over images. Arguments as in `ConvTranspose1d`; sizes are one number or a pair.

    Shape:
        - input: ``(N, C_in, H, W)`` or ``(C_in, H, W)``
        - output: ``(N, C_out, H_out, W_out)`` or ``(C_out, H_out, W_out)``, sizes as in `ConvTranspose1d`

    Attributes:
        weight: ``(in_channels, out_channels / groups, *kernel_size)``
        bias: ``(out_channels,)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.ConvTranspose2d(3, 4, 2, stride=2)(tg.ones(8, 3, 5, 5)).shape
        Size([8, 4, 10, 10])
    """

    _axes = 2
    _convolve = F.conv_transpose2d


class ConvTranspose3d(_ConvTransposeNd):
    """A transposed convolution over volumes. Arguments as in `ConvTranspose1d`; sizes are one number or a triple.

    Shape:
        - input: ``(N, C_in, D, H, W)`` or ``(C_in, D, H, W)``
        - output: ``(N, C_out, D_out, H_out, W_out)`` or ``(C_out, D_out, H_out, W_out)``, sizes as in `ConvTranspose1d`

    Attributes:
        weight: ``(in_channels, out_channels / groups, *kernel_size)``
        bias: ``(out_channels,)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.ConvTranspose3d(1, 2, 2)(tg.ones(1, 1, 3, 3, 3)).shape
        Size([1, 2, 4, 4, 4])
    """

    _axes = 3
    _convolve = F.conv_transpose3d
