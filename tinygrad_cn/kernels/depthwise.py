"""Depthwise convolution: each channel by itself, as a sum over taps of shifted copies times a number.

There is no sum over channels for a matrix product to do, so memory is the limit, and blocks that stay in the cache are
what makes it quick. With a channel multiplier m = O / C every channel has m maps, so maps are (C, m).

At stride 1 planes are laid out with their padding, as one line each (`_Lines`): then every tap is that line, moved, and
whole planes are copied at a time, not rows of them. The lines of all taps make each channel a small matrix product. The
few sums across the ends of rows are thrown away.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .arrays import Array
from .correlation import Sweep
from .scratch import scratch
from .spreading import meetings
from .threads import share, team

# Elements of one block of results: with its scratch and inputs it fits the second-level cache.
_BLOCK = 1 << 16
# Elements of one block of the lines of all taps.
_LOWERED = 1 << 19


def _cut(images: int, channels: int, per_channel: int, most: int = _BLOCK) -> list[tuple[slice, slice]]:
    """Blocks of images, or of channels of one image."""
    if per_channel * channels <= most:
        step = max(1, most // max(1, per_channel * channels))
        return [(slice(i, i + step), slice(None)) for i in range(0, images, step)]
    step = max(1, most // max(1, per_channel))
    return [(slice(i, i + 1), slice(c, c + step)) for i in range(images) for c in range(0, channels, step)]


def _by_channel(maps: Array, channels: int) -> Array:
    """(N, C * m, *S) -> (N, C, m, *S)"""
    return maps.reshape(maps.shape[0], channels, -1, *maps.shape[2:])


class _Lines:
    """Padded planes as lines, and the taps of all windows as lines beside each other; the stride is 1."""

    def __init__(self, x: Array, sweep: Sweep) -> None:
        self._x, self._sweep = x, sweep
        self._padded = tuple(n + (k - 1) * d for n, k, d in zip(sweep.out, sweep.kernel, sweep.dilation, strict=True))
        self._steps = [math.prod(self._padded[axis + 1 :]) for axis in range(len(self._padded))]
        self._length = sum((n - 1) * step for n, step in zip(sweep.out, self._steps, strict=True)) + 1
        self._read, self._write = [], []
        for o, n, size in zip(sweep.offset, self._padded, x.shape[2:], strict=True):
            low, high = min(max(o, 0), size), max(min(o + n, size), 0)
            self._read.append(slice(low, max(low, high)))
            self._write.append(slice(low - o, high - o) if high > low else slice(0, 0))

    def blocks(self) -> list[tuple[slice, slice]]:
        images, channels = self._x.shape[:2]
        return _cut(images, channels, math.prod(self._padded) * math.prod(self._sweep.kernel), _LOWERED)

    def taps(self, images: slice, channels: slice) -> Array:
        """(channels, taps, images * line)"""
        source = self._x[(images, channels, *self._read)]
        count, some = source.shape[:2]
        planes = scratch("padded", (count, some, *self._padded), source.dtype)
        planes[...] = 0
        planes[(slice(None), slice(None), *self._write)] = source
        image, channel, *steps = planes.strides
        taps = [d * s for d, s in zip(self._sweep.dilation, steps, strict=True)]
        view = as_strided(
            planes,
            (some, *self._sweep.kernel, count, self._length),
            (channel, *taps, image, planes.itemsize),
            writeable=False,
        )
        lowered = scratch("lowered", (some, math.prod(self._sweep.kernel), count * self._length), source.dtype)
        np.copyto(lowered.reshape(view.shape), view)
        return lowered

    def windows(self, lines: Array, count: int) -> Array:
        """The places in (channels, maps, images * line) that belong to windows, (images, channels, maps, *out)."""
        item = lines.itemsize
        view = as_strided(
            lines,
            (*lines.shape[:2], count, *self._sweep.out),
            (*lines.strides[:2], self._length * item, *(step * item for step in self._steps)),
        )
        return np.moveaxis(view, 2, 0)


def _correlate_lines(out: Array, x: Array, w: Array, bias: Array | None, sweep: Sweep) -> None:
    channels = x.shape[1]
    grid = _by_channel(out, channels)
    weights = np.ascontiguousarray(w).reshape(channels, -1, math.prod(sweep.kernel))  # BLAS takes no reversed axes
    shift = None if bias is None else bias.reshape(channels, -1, *(1,) * len(sweep.out))

    def job(blocks: Sequence[tuple[slice, slice]]) -> None:
        lines = _Lines(x, sweep)
        for images, some in blocks:
            lowered, target = lines.taps(images, some), grid[images, some]
            result = scratch("result", (len(lowered), weights.shape[1], lowered.shape[2]), x.dtype)
            np.matmul(weights[some], lowered, out=result)  # (c, m, taps) by (c, taps, n * line)
            found = lines.windows(result, len(target))
            if shift is None:
                target[...] = found
            else:
                np.add(found, shift[some], out=target)

    share(job, _Lines(x, sweep).blocks(), team(4 * out.size * math.prod(sweep.kernel)))


def _weight_lines(x: Array, g: Array, sweep: Sweep) -> Array:
    channels, maps = x.shape[1], g.shape[1]
    grid = _by_channel(g, channels)

    def job(blocks: Sequence[tuple[slice, slice]]) -> Array:
        total = np.zeros_like(x, shape=(channels, maps // channels, math.prod(sweep.kernel)), order="C")
        lines = _Lines(x, sweep)
        for images, some in blocks:
            lowered, source = lines.taps(images, some), grid[images, some]
            cotangents = scratch("result", (len(lowered), total.shape[1], lowered.shape[2]), g.dtype)
            cotangents[...] = 0  # between the rows of windows
            lines.windows(cotangents, len(source))[...] = source
            total[some] += np.matmul(cotangents, lowered.swapaxes(1, 2))  # (c, m, n * line) by (c, n * line, taps)
        return total

    parts = share(job, _Lines(x, sweep).blocks(), team(4 * g.size * math.prod(sweep.kernel)))
    total = parts[0]
    for part in parts[1:]:
        total += part
    return total.reshape(maps, 1, *sweep.kernel)


def _backwards(sweep: Sweep, sizes: Sequence[int]) -> Sweep:
    """The sweep over cotangents by which inputs of ``sizes`` gather what was taken from them; the stride is 1."""
    offset = tuple(-(k - 1) * d - o for k, d, o in zip(sweep.kernel, sweep.dilation, sweep.offset, strict=True))
    return Sweep(sweep.kernel, sweep.stride, sweep.dilation, offset, tuple(sizes))


def depthwise_correlate(out: Array, x: Array, w: Array, bias: Array | None, sweep: Sweep) -> None:
    """`correlation.correlate` for w of shape (C * m, 1, *K)."""
    if not out.size:
        return
    if x.size and set(sweep.stride) == {1}:
        _correlate_lines(out, x, w, bias, sweep)
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
    if out.size and g.size and set(sweep.stride) == {1} and g.shape[1] == out.shape[1]:
        turned = np.flip(w, tuple(range(2, w.ndim)))
        _correlate_lines(out, g, turned, None, _backwards(sweep, out.shape[2:]))
        return
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
    if set(sweep.stride) == {1}:
        return _weight_lines(x, g, sweep)
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
