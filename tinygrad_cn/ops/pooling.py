"""Pooling. The winners of a max pooling are constants, so scattering and gathering by them close the set.

The work is done in `tinygrad_cn.kernels.pooling` and `.averaging`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn.kernels import averaging, pooling
from tinygrad_cn.op import Op, op

max_pool: Op = op(
    "max_pool",
    lambda x, *, sweep: pooling.max_pool(x, sweep),
    x=lambda g, x_shape, aux, sweep: scatter_winners(g, winners=aux, shape=x_shape, sweep=sweep),
    aux=True,
)
scatter_winners: Op = op(
    "scatter_winners",
    lambda x, *, winners, shape, sweep: pooling.scatter_winners(x, winners, shape, sweep),
    x=lambda g, winners, sweep: gather_winners(g, winners=winners, sweep=sweep),
    label="MaxPoolBackward",
)
gather_winners: Op = op(
    "gather_winners",
    lambda x, *, winners, sweep: pooling.gather_winners(x, winners, sweep),
    x=lambda g, x_shape, winners, sweep: scatter_winners(g, winners=winners, shape=x_shape, sweep=sweep),
    label="MaxPoolGather",
)

#: Picking by flat indices into the spatial planes, and its adjoint, which is max unpooling when no index repeats.
gather_planes: Op = op(
    "gather_planes",
    lambda x, *, indices, ndim: pooling.gather_indices(x, indices, ndim),
    x=lambda g, x_shape, indices, ndim: scatter_planes(g, indices=indices, shape=x_shape, ndim=ndim),
)
scatter_planes: Op = op(
    "scatter_planes",
    lambda x, *, indices, shape, ndim: pooling.scatter_indices(x, indices, shape, ndim),
    x=lambda g, indices, ndim: gather_planes(g, indices=indices, ndim=ndim),
)


def _averages(x: Any, *, windows: Any, divisor: Any = None) -> Any:
    if x.dtype.kind in "iu":  # rounded towards 0
        return averaging.avg_pool(x.astype(np.float64), windows, divisor).astype(x.dtype)
    return averaging.avg_pool(x, windows, divisor)


#: ``windows`` say which inputs each output averages (see `tinygrad_cn.kernels.averaging`).
avg_pool: Op = op(
    "avg_pool",
    _averages,
    x=lambda g, windows, divisor: avg_pool_adjoint(g, windows=windows, divisor=divisor),
)
avg_pool_adjoint: Op = op(
    "avg_pool_adjoint",
    lambda x, *, windows, divisor=None: averaging.avg_pool_adjoint(x, windows, divisor),
    x=lambda g, windows, divisor: avg_pool(g, windows=windows, divisor=divisor),
    label="AvgPoolBackward",
)
