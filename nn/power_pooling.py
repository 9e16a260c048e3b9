"""Power-average pooling: the norm of the values in windows."""

from __future__ import annotations

from collections.abc import Sequence

from tinygrad_cn.tensor import Tensor

from . import functional as F
from .module import Module

__all__ = ["LPPool1d", "LPPool2d", "LPPool3d"]

_Sizes = int | Sequence[int]


class _LPPoolNd(Module):
    def __init__(
        self, norm_type: float, kernel_size: _Sizes, stride: _Sizes | None = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPoolNd):
    """The ``p``-norm of windows of sequences: ``sum(x ** p) ** (1 / p)``.

    Args:
        norm_type: ``p``; 1 sums, large ones approach the maximum.
        kernel_size: length of the window.
        stride: step of the window; ``kernel_size`` if ``None``.
        ceil_mode: round the output size up.

    Shape:
        - input: ``(N, C, L)`` or ``(C, L)``
        - output: ``(N, C, L_out)`` or ``(C, L_out)``, ``L_out = (L - kernel_size) // stride + 1``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.LPPool1d(2, 2)(tg.tensor([[[3.0, 4.0]]])).tolist()
        [[[5.0]]]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool1d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool2d(_LPPoolNd):
    """The ``p``-norm of windows of images. Arguments as in `LPPool1d`.

    Shape:
        - input: ``(N, C, H, W)`` or ``(C, H, W)``
        - output: ``(N, C, H_out, W_out)`` or ``(C, H_out, W_out)``, sizes as in `LPPool1d`

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.LPPool2d(2, 2)(tg.ones(1, 1, 4, 4)).tolist()
        [[[[2.0, 2.0], [2.0, 2.0]]]]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool2d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool3d(_LPPoolNd):
    """The ``p``-norm of windows of volumes. Arguments as in `LPPool1d`.

    Shape:
        - input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - output: ``(N, C, D_out, H_out, W_out)`` or ``(C, D_out, H_out, W_out)``, sizes as in `LPPool1d`

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.LPPool3d(1, 2)(tg.ones(1, 1, 2, 2, 2)).tolist()
        [[[[[8.0]]]]]
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool3d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)
