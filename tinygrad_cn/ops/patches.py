"""Images cut into patches and put together again: two ops, each the other's rule.

The work is done in `tinygrad_cn.kernels.patches`.
"""

from __future__ import annotations

from tinygrad_cn.kernels import patches
from tinygrad_cn.op import Op, op

#: Shapes: x (N, C, *S) -> (N, C * prod(kernel), L).
cut_patches: Op = op(
    "cut_patches",
    lambda x, *, kernel, stride, padding, dilation: patches.cut(x, kernel, stride, padding, dilation),
    x=lambda g, x_shape, kernel, stride, padding, dilation: paste_patches(
        g, spatial=tuple(x_shape[2:]), kernel=kernel, stride=stride, padding=padding, dilation=dilation
    ),
    label="Im2Col",
)
#: Shapes: x (N, C * prod(kernel), L) -> (N, C, *spatial).
paste_patches: Op = op(
    "paste_patches",
    lambda x, *, spatial, kernel, stride, padding, dilation: patches.paste(
        x, spatial, kernel, stride, padding, dilation
    ),
    x=lambda g, kernel, stride, padding, dilation: cut_patches(
        g, kernel=kernel, stride=stride, padding=padding, dilation=dilation
    ),
    label="Col2Im",
)
