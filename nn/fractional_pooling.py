"""Fractional max pooling: windows at random steps, so that the size shrinks by any ratio.

Source: Graham, "Fractional Max-Pooling", 2014, arXiv:1412.6071.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad_cn.tensor import Tensor

from . import functional as F
from ._sizes import per_axis
from .module import Module

__all__ = ["FractionalMaxPool2d", "FractionalMaxPool3d"]

_Sizes = int | Sequence[int]
_Ratios = float | Sequence[float]


class _FractionalMaxPoolNd(Module):
    _axes: int
    _random_samples: Tensor | None

    def __init__(
        self,
        kernel_size: _Sizes,
        output_size: _Sizes | None = None,
        output_ratio: _Ratios | None = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        name, axes = type(self).__name__, self._axes
        self.kernel_size = per_axis(kernel_size, axes)
        if any(size <= 0 for size in self.kernel_size):
            raise ValueError(f"kernel_size must be greater than 0, but got {kernel_size}")
        if output_size is None and output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ValueError(f"{name}: only one of output_size and output_ratio may be specified")
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else per_axis(output_size, axes)
        ratios: Any = output_ratio if isinstance(output_ratio, Sequence) else (output_ratio,) * axes
        self.output_ratio = None if output_ratio is None else tuple(ratios)
        if self.output_ratio is not None and not all(0 < ratio < 1 for ratio in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")


class FractionalMaxPool2d(_FractionalMaxPoolNd):
    """The maximum over windows of images that stand at random steps.

    Args:
        kernel_size: size of the window, one number or ``(height, width)``.
        output_size: size of the output, one number or ``(height, width)``.
        output_ratio: size of the output as a ratio of that of the input, between 0 and 1; give one of the two.
        return_indices: also return where the maxima are.

    Shape:
        - input: ``(N, C, H, W)`` or ``(C, H, W)``
        - output: ``(N, C, H_out, W_out)`` or ``(C, H_out, W_out)``

    Raises:
        ValueError: neither size nor ratio, or both; a ratio that is not between 0 and 1.

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.FractionalMaxPool2d(2, output_ratio=0.75)(tg.ones(1, 1, 8, 8)).shape
        Size([1, 1, 6, 6])
    """

    _axes = 2

    def forward(self, input: Tensor) -> Any:
        return F.fractional_max_pool2d(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            _random_samples=self._random_samples,
        )


class FractionalMaxPool3d(_FractionalMaxPoolNd):
    """The maximum over windows of volumes that stand at random steps. Arguments as in `FractionalMaxPool2d`.

    Shape:
        - input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - output: ``(N, C, D_out, H_out, W_out)`` or ``(C, D_out, H_out, W_out)``

    Example:
        >>> import tinygrad_cn as tg
        >>> tg.nn.FractionalMaxPool3d(2, output_size=3)(tg.ones(1, 1, 8, 8, 8)).shape
        Size([1, 1, 3, 3, 3])
    """

    _axes = 3

    def forward(self, input: Tensor) -> Any:
        return F.fractional_max_pool3d(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            _random_samples=self._random_samples,
        )
