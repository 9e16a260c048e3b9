"""Upsampling: sequences, images and volumes made larger by repeating or interpolating."""

from __future__ import annotations

from collections.abc import Sequence

from tinygrad_cn.tensor import Tensor

from . import functional as F
from .module import Module

__all__ = ["Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"]


class Upsample(Module):
    """Brings the axes after the channels to another size.

    Args:
        size: the size of the output, one number or one for each axis.
        scale_factor: the factor of the size; give one of the two.
        mode: ``"nearest"``, ``"linear"`` (sequences), ``"bilinear"``, ``"bicubic"`` (images) or ``"trilinear"``.
        align_corners: whether the centres of the corner values stay at the corners.
        recompute_scale_factor: work the factor out again from the sizes, which are rounded down.

    Shape:
        - input: ``(N, C, *S)``
        - output: ``(N, C, *size)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.Upsample(scale_factor=2)(tg.tensor([[[1.0, 2.0]]])).tolist()
        [[[1.0, 1.0, 2.0, 2.0]]]
    """

    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale_factor: float | tuple[float, ...] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.name = type(self).__name__
        self.size = size
        self.scale_factor: float | tuple[float, ...] | None
        if isinstance(scale_factor, tuple):
            self.scale_factor = tuple(map(float, scale_factor))
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.interpolate(
            input,
            self.size,
            self.scale_factor,
            self.mode,
            self.align_corners,
            recompute_scale_factor=self.recompute_scale_factor,
        )

    def extra_repr(self) -> str:
        by = f"size={self.size!r}" if self.scale_factor is None else f"scale_factor={self.scale_factor!r}"
        return f"{by}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Makes images larger by repeating pixels.

    Args:
        size: ``(height, width)`` of the output, or one number for both.
        scale_factor: the factor of the size; give one of the two.

    Shape:
        - input: ``(N, C, H, W)``
        - output: ``(N, C, H_out, W_out)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.UpsamplingNearest2d(scale_factor=2)(tg.ones(1, 1, 2, 3)).shape
        Size([1, 1, 4, 6])
    """

    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale_factor: float | tuple[float, ...] | None = None,
    ) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """Makes images larger by interpolating, the corners staying where they are.

    Args:
        size: ``(height, width)`` of the output, or one number for both.
        scale_factor: the factor of the size; give one of the two.

    Shape:
        - input: ``(N, C, H, W)``
        - output: ``(N, C, H_out, W_out)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.UpsamplingBilinear2d(size=(1, 3))(tg.tensor([[[[1.0, 2.0]]]])).tolist()
        [[[[1.0, 1.5, 2.0]]]]
    """

    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale_factor: float | tuple[float, ...] | None = None,
    ) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)
