"""Diagonals of matrices: reading them as views and writing them into zeros. The two are adjoint to each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn.op import op

Shape = tuple[int, ...]


def _diagonal(x: Any, *, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonals of the planes of two axes, on a new last axis."""
    view = np.diagonal(x, offset, axis1, axis2)
    if isinstance(view, np.ndarray):
        view.flags.writeable = x.flags.writeable  # NumPy hands out a read-only view, ours may be written through
    return view


def _diagonal_back(g: Any, x_shape: Shape, offset: int, axis1: int, axis2: int) -> Any:
    return embed_diagonal(g, offset=offset, axis1=axis1, axis2=axis2, shape=x_shape)


diagonal = op("diagonal", _diagonal, x=_diagonal_back, view=True)


def _embed_diagonal(x: Any, *, offset: int = 0, axis1: int = 0, axis2: int = 1, shape: Shape) -> Any:
    out = np.zeros_like(x, shape=shape)
    _diagonal(out, offset=offset, axis1=axis1, axis2=axis2)[...] = x
    return out


#: Zeros of ``shape`` with the last axis of ``x`` on the diagonals of the planes of two axes.
embed_diagonal = op(
    "embed_diagonal",
    _embed_diagonal,
    x=lambda g, offset, axis1, axis2: diagonal(g, offset=offset, axis1=axis1, axis2=axis2),
    label="DiagEmbed",
)
