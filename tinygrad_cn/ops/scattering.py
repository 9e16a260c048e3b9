"""The extremes of elements that are scattered to the same place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.op import op
from tinygrad_cn.ops.indexing import _grid, put_along_axis, take_along_axis


def _largest(x: Any, src: Any, *, index: Any, axis: int) -> Any:
    out = x.copy()
    np.maximum.at(out, _grid(index, axis), src)
    return out


def _smallest(x: Any, src: Any, *, index: Any, axis: int) -> Any:
    out = x.copy()
    np.minimum.at(out, _grid(index, axis), src)
    return out


def _shared(g: Any, needs: Sequence[bool], x: Any, src: Any, out: Any, index: Any, axis: int) -> tuple[Any, Any]:
    """Each result's cotangent is shared evenly by the elements that equal it."""
    own = np.equal(x, out)
    sent = np.equal(src, take_along_axis(out, index=index, axis=axis))
    senders = put_along_axis(sent * np.ones_like(src), index=index, axis=axis, shape=tuple(out.shape))
    share = g / np.where(own, senders + 1, np.where(np.equal(senders, 0), 1, senders))
    return (
        np.where(own, share, 0) if needs[0] else None,
        np.where(sent, take_along_axis(share, index=index, axis=axis), 0) if needs[1] else None,
    )


#: ``x`` with the maximum of each element and those of ``src`` that ``index`` sends to it along ``axis``.
scatter_max = op("scatter_max", _largest, joint=_shared, label="ScatterReduce")
scatter_min = op("scatter_min", _smallest, joint=_shared, label="ScatterReduce")
