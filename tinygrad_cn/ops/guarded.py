"""Products and quotients of a cotangent that are zero where the cotangent is, whatever the other factor.

A branch that was not taken sends the cotangent 0; the local derivative there may be infinite or undefined (sqrt and
log at 0), and 0 * inf would turn into NaN and spread. Here 0 * inf = 0 / 0 = 0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cn.op import Op, elementwise

__all__ = ["over", "times"]


def _zero_where_zero(u: Any, result: Any) -> Any:
    """``result`` with 0 wherever ``u`` is 0. A finite sum shows in one cheap pass that nothing needs mending."""
    if math.isfinite(abs(np.sum(result))):
        return result
    return np.where(u == 0, result.dtype.type(0), result)


#: u * d, and 0 where u is 0.
times: Op = elementwise(
    "times",
    lambda u, d: _zero_where_zero(u, u * d),
    u=lambda g, d: times(g, d),
    d=lambda g, u: times(g, u),
)

#: u / d, and 0 where u is 0.
over: Op = elementwise(
    "over",
    lambda u, d: _zero_where_zero(u, u / d),
    u=lambda g, d: over(g, d),
    d=lambda g, d, out: -over(times(g, out), d),
)
