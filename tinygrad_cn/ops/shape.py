"""Ops that move elements without computing: shapes, axes, joining, padding, repeating, triangles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.graph import unbroadcast
from tinygrad_cn.op import Op, op

Axes = tuple[int, ...]

reshape = op(
    "reshape",
    lambda x, *, shape: np.reshape(x, shape),
    x=lambda g, x_shape: np.reshape(g, x_shape),
    view=True,
    label="View",
)
transpose = op(
    "transpose",
    lambda x, *, axes=None: np.transpose(x, axes),
    x=lambda g, axes: np.transpose(g, None if axes is None else tuple(np.argsort(axes).tolist())),
    view=True,
    label="Permute",
)
swapaxes = op(
    "swapaxes",
    lambda x, *, axis1, axis2: np.swapaxes(x, axis1, axis2),
    x=lambda g, axis1, axis2: np.swapaxes(g, axis1, axis2),
    view=True,
    label="Transpose",
)
squeeze = op(
    "squeeze",
    lambda x, *, axis=None: np.squeeze(x, axis),
    x=lambda g, x_shape: np.reshape(g, x_shape),
    view=True,
)
expand_dims = op(
    "expand_dims",
    lambda x, *, axis: np.expand_dims(x, axis),
    x=lambda g, x_shape: np.reshape(g, x_shape),
    view=True,
    label="Unsqueeze",
)
broadcast_to = op(
    "broadcast_to",
    lambda x, *, shape: np.broadcast_to(x, shape),
    x=lambda g, x_shape: unbroadcast(g, x_shape),
    view=True,
    label="Expand",
)
flip = op("flip", lambda x, *, axis: np.flip(x, axis).copy(), x=lambda g, axis: np.flip(g, axis))
roll = op(
    "roll",
    lambda x, *, shift, axis=None: np.roll(x, shift, axis),
    x=lambda g, shift, axis: np.roll(g, tuple(-s for s in shift) if isinstance(shift, tuple) else -shift, axis),
)
copy = op("copy", lambda x: x.copy(), x=lambda g: g, label="Clone")


# ----------------------------------------------------------------------------------------- joining


def _concatenate(*arrays: Any, axis: int = 0) -> Any:
    return np.concatenate(arrays, axis)


def _split_back(g: Any, needs: Sequence[bool], shapes: Sequence[Axes], axis: int) -> list[Any]:
    parts, start = [], 0
    for i, shape in enumerate(shapes):
        stop = start + shape[axis]
        index = (slice(None),) * (axis % len(shape)) + (slice(start, stop),)
        parts.append(g[index] if i < len(needs) and needs[i] else None)
        start = stop
    return parts


concatenate = op("concatenate", _concatenate, joint=_split_back, promotes=("arrays",), label="Cat")

# ---------------------------------------------------------------------------- padding and cropping


def _pad(x: Any, *, widths: Sequence[tuple[int, int]], value: Any = 0) -> Any:
    """Constant padding; a negative width crops."""
    if any(w < 0 for pair in widths for w in pair):
        x = x[_crop_index(x.shape, [(min(a, 0), min(b, 0)) for a, b in widths])]
        widths = [(max(a, 0), max(b, 0)) for a, b in widths]
    shape = tuple(n + a + b for n, (a, b) in zip(x.shape, widths, strict=True))
    out = np.full_like(x, value, shape=shape) if value else np.zeros_like(x, shape=shape)
    out[tuple(slice(a, a + n) for n, (a, _) in zip(x.shape, widths, strict=True))] = x
    return out


def _crop_index(shape: Axes, widths: Sequence[tuple[int, int]]) -> tuple[slice, ...]:
    return tuple(slice(-a if a < 0 else 0, n + b if b < 0 else n) for n, (a, b) in zip(shape, widths, strict=True))


pad: Op = op(
    "pad",
    _pad,
    x=lambda g, widths: pad(g, widths=[(-a, -b) for a, b in widths]),
    label="ConstantPadNd",
)

# --------------------------------------------------------------------------------------- repeating


def _tile_x(g: Any, x_shape: Axes, reps: Axes) -> Any:
    """Each axis of the result is (rep, size): sum over the reps."""
    shape = (1,) * (len(reps) - len(x_shape)) + x_shape
    pairs = [n for pair in zip(reps, shape, strict=True) for n in pair]
    summed = np.sum(np.reshape(g, tuple(pairs)), axis=tuple(range(0, 2 * len(reps), 2)))
    return np.reshape(summed, x_shape)


#: ``reps`` has at least as many entries as ``x`` has axes.
tile = op("tile", lambda x, *, reps: np.tile(x, reps), x=_tile_x, label="Repeat")

# --------------------------------------------------------------------------------------- triangles

tril = op("tril", lambda x, *, k=0: np.tril(x, k), x=lambda g, k: np.tril(g, k))
triu = op("triu", lambda x, *, k=0: np.triu(x, k), x=lambda g, k: np.triu(g, k))
