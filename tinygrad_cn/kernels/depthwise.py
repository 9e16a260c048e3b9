"""Depthwise convolution: each channel by itself, as a sum over taps of shifted copies times a number.

There is no sum over channels for a matrix product to do, so memory is the limit, and blocks that stay in the cache are
what makes it quick. With a channel multiplier m = O / C every channel has m maps, so maps are (C, m).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .correlation import Array, Sweep
from .spreading import meetings
from .threads import share, team

# Elements of one block of results: with its scratch and inputs it fits the second-level cache.
_BLOCK = 1 << 16


def _cut(images: int, channels: int, per_channel: int) -> list[tuple[slice, slice]]:
    """Blocks of images, or of channels of one image."""
    if per_channel * channels <= _BLOCK:
        step = max(1, _BLOCK // max(1, per_channel * channels))
        return [(slice(i, i + step), slice(None)) for i in range(0, images, step)]
    step = max(1, _BLOCK // max(1, per_channel))
    return [(slice(i, i + 1), slice(c, c + step)) for i in range(images) for c in range(0, channels, step)]


def _by_channel(maps: Array, channels: int) -> Array:
    """(N, C * m, *S) -> (N, C, m, *S)"""
    return maps.reshape(maps.shape[0], channels, -1, *maps.shape[2:])


def depthwise_correlate(out: Array, x: Array, w: Array, bias: Array | None, sweep: Sweep) -> None:
    """`correlation.correlate` for w of shape (C * m, 1, *K)."""
    if not out.size:
        return
    channels, ones = x.shape[1], (1,) * len(sweep.out)
    grid = _by_channel(out, channels)  # a view: `out` is ours and contiguous
    weights = w.reshape(channels, -1, *sweep.kernel)
    by_tap = np.moveaxis(weights, (0, 1), (-2, -1))  # (C, m, *K) -> (*K, C, m)
    start = None if bias is None else bias.reshape(channels, -1, *ones)
    met = list(meetings(sweep, x.shape[2:]))

    def job(blocks: Sequence[tuple[slice, slice]]) -> None:
        scratch = np.empty_like(out, shape=(0,), order="C")
        for images, some in blocks:
            target, source = grid[images, some], x[images, some, None]
            target[...] = 0 if start is None else start[some]
            if scratch.size < target.size:
                scratch = np.empty_like(out, shape=(target.size,), order="C")
            for tap, inputs, windows in met:
                meet = target[windows]
                if not meet.size:
                    continue
                term = scratch[: meet.size].reshape(meet.shape)
                factor = by_tap[tap][some].reshape(-1, weights.shape[1], *ones)
                np.multiply(source[inputs], factor, out=term)
                meet += term

    blocks = _cut(x.shape[0], channels, out[0, 0].size * weights.shape[1])
    share(job, blocks, team(8 * out.size * math.prod(sweep.kernel)))


def depthwise_spread(out: Array, g: Array, w: Array, sweep: Sweep) -> None:
    """`spreading.spread` for w of shape (C * m, 1, *K)."""
    out[...] = 0
    if not out.size or not g.size:
        return
    channels, ones = out.shape[1], (1,) * len(sweep.out)
    grid = _by_channel(g, channels)
    weights = w.reshape(channels, -1, *sweep.kernel)
    by_tap = np.moveaxis(weights, (0, 1), (-2, -1))  # (C, m, *K) -> (*K, C, m)
    met = list(meetings(sweep, out.shape[2:]))

    def job(blocks: Sequence[tuple[slice, slice]]) -> None:
        scratch = np.empty_like(g, shape=(0,), order="C")
        for images, some in blocks:
            target, source = out[images, some], grid[images, some]
            if scratch.size < source[:, :, 0].size:
                scratch = np.empty_like(g, shape=(source[:, :, 0].size,), order="C")
            for tap, inputs, windows in met:
                meet = target[inputs]
                if not meet.size:
                    continue
                term = scratch[: meet.size].reshape(meet.shape)
                for m in range(weights.shape[1]):
                    factor = by_tap[tap][some, m].reshape(-1, *ones)
                    np.multiply(source[:, :, m][windows], factor, out=term)
                    meet += term

    blocks = _cut(out.shape[0], channels, max(out[0, 0].size, grid[0, 0].size))
    share(job, blocks, team(8 * g.size * math.prod(sweep.kernel)))


def depthwise_weight(x: Array, g: Array, sweep: Sweep) -> Array:
    """`correlation.correlate_weight` for a result of shape (C * m, 1, *K)."""
    channels, maps = x.shape[1], g.shape[1]
    shape = (*sweep.kernel, channels, maps // channels)
    if not g.size or not x.size:
        return np.zeros_like(x, shape=(maps, 1, *sweep.kernel), order="C")
    grid = _by_channel(g, channels)
    met = list(meetings(sweep, x.shape[2:]))
    places = "xyz"[: len(sweep.out)]
    sums = f"nc{places},ncm{places}->cm"

    def job(blocks: Sequence[tuple[slice, slice]]) -> Array:
        total = np.zeros_like(x, shape=shape, order="C")  # (*K, C, m)
        for images, some in blocks:
            source, cotangent = x[images, some], grid[images, some]
            for tap, inputs, windows in met:
                total[tap][some] += np.einsum(sums, source[inputs], cotangent[windows])
        return total

    blocks = _cut(x.shape[0], channels, max(x[0, 0].size, grid[0, 0].size))
    parts = share(job, blocks, team(8 * g.size * math.prod(sweep.kernel)))
    total = parts[0]
    for part in parts[1:]:
        total += part
    return np.moveaxis(total, (-2, -1), (0, 1)).reshape(maps, 1, *sweep.kernel)
