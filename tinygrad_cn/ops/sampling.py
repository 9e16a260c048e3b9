"""Weighted reads at scattered places and their adjoints: three ops, each a rule of the others.

The work is done in `tinygrad_cn.kernels.sampling`, where the shapes stand.
"""

from __future__ import annotations

from tinygrad_cn.kernels import sampling
from tinygrad_cn.op import Op, op

#: Shapes: x (N, C, L), w and index (N, T, P) -> (N, C, P).
sample: Op = op(
    "sample",
    lambda x, w, *, index: sampling.sample(x, w, index),
    x=lambda g, w, x_shape, index: spread(g, w, index=index, size=x_shape[2]),
    w=lambda g, x, index: match(x, g, index=index),
    label="GridSampler",
)
#: Shapes: y (N, C, P), w and index (N, T, P) -> (N, C, size).
spread: Op = op(
    "spread",
    lambda y, w, *, index, size: sampling.spread(y, w, index, size),
    y=lambda g, w, index: sample(g, w, index=index),
    w=lambda g, y, index: match(g, y, index=index),
    label="GridSamplerBackward",
)
#: Shapes: x (N, C, L), y (N, C, P), index (N, T, P) -> (N, T, P).
match: Op = op(
    "match",
    lambda x, y, *, index: sampling.match(x, y, index),
    x=lambda g, y, x_shape, index: spread(y, g, index=index, size=x_shape[2]),
    y=lambda g, x, index: sample(x, g, index=index),
    label="GridSamplerBackward",
)
