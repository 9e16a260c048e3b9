"""Resampling: interpolation along axes. Its adjoint is resampling by the transposed tables.

The work is done in `tinygrad_cn.kernels.resampling`.
"""

from __future__ import annotations

from tinygrad_cn.kernels import resampling
from tinygrad_cn.op import Op, op

#: ``lines`` say, for each of the last axes, which inputs each output reads and with which weights.
resample: Op = op(
    "resample",
    lambda x, *, lines: resampling.resample(x, lines),
    x=lambda g, lines: resample(g, lines=[table.transposed for table in lines]),
    label="Upsample",
)
