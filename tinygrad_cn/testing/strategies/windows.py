"""Convolutions whose sizes, strides, paddings, dilations and groups fit together."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tinygrad_cn.testing.strategies._hypothesis import st
from tinygrad_cn.testing.strategies.arrays import arrays

__all__ = ["Convolution", "convolutions"]


class Convolution(NamedTuple):
    """The arguments of one call of ``conv1d``, ``conv2d`` or ``conv3d``.

    Attributes:
        input: images (N, C_in, *S).
        weight: kernels (C_out, C_in / groups, *K).
        bias: one number per map (C_out,), or ``None``.
        options: ``stride``, ``padding`` and ``dilation`` for each axis, and ``groups``.
    """

    input: np.ndarray
    weight: np.ndarray
    bias: np.ndarray | None
    options: dict[str, Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the result (N, C_out, *S_out)."""
        sizes = zip(
            self.input.shape[2:],
            self.weight.shape[2:],
            self.options["stride"],
            self.options["padding"],
            self.options["dilation"],
            strict=True,
        )
        out = (((n + 2 * p - d * (k - 1) - 1) // s + 1) for n, k, s, p, d in sizes)
        return (self.input.shape[0], self.weight.shape[0], *out)


@st.composite
def convolutions(
    draw: Any,
    ndim: int = 2,
    *,
    max_batch: int = 2,
    max_channels: int = 2,
    max_kernel: int = 3,
    max_stride: int = 2,
    max_padding: int = 2,
    max_dilation: int = 2,
    max_groups: int = 2,
    max_extra: int = 2,
    dtype: Any = np.float64,
) -> Convolution:
    """Convolutions of images with ``ndim`` axes; every result has at least one element.

    Args:
        ndim (int): 1, 2 or 3.
        max_batch (int): the largest number of images.
        max_channels (int): the largest number of channels, and of maps, of one group.
        max_kernel (int): the largest side of a kernel.
        max_stride (int): the largest stride.
        max_padding (int): the largest padding on each side.
        max_dilation (int): the largest distance between the points of a kernel.
        max_groups (int): the largest number of groups.
        max_extra (int): how many pixels an image may have beyond what one window needs.
        dtype: of the arrays.
    """

    def each(low: int, high: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(low, high)) for _ in range(ndim))

    kernel, stride, dilation = each(1, max_kernel), each(1, max_stride), each(1, max_dilation)
    padding = each(0, max_padding)
    needed = (d * (k - 1) + 1 - 2 * p for d, k, p in zip(dilation, kernel, padding, strict=True))
    size = tuple(max(n, 1) + extra for n, extra in zip(needed, each(0, max_extra), strict=True))
    batch, groups = draw(st.integers(1, max_batch)), draw(st.integers(1, max_groups))
    channels, maps = draw(st.integers(1, max_channels)), draw(st.integers(1, max_channels))
    return Convolution(
        draw(arrays((batch, groups * channels, *size), dtype=dtype)),
        draw(arrays((groups * maps, channels, *kernel), bits=5, dtype=dtype)),
        draw(st.one_of(st.none(), arrays((groups * maps,), bits=6, dtype=dtype))),
        {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups},
    )
