"""The one loop nest under convolution and its adjoints: sliding products, as matrix products.

Both functions cut the images into blocks that fit the cache, copy each block so that taps lie side by side
("lowering"), and hand it to BLAS. Two things keep the copy small against the product:

* The kernel's first axis is not copied. With rows in the order (row, taps of the other axes, channel, position), the
  inputs of output row r are the rows r*stride ... r*stride + kernel - 1: one matrix, as it lies. Lowering for 3x3 costs
  3 copies of the image, not 9. (Cho and Brand, "MEC: Memory-efficient Convolution for Deep Neural
  Network", 2017, with the axes turned so that images stay channels-first.)
* Several small images share one product.

`first_axis_folds` says when the first axis has to be, or had better be, copied as well. It is then as if there were an
axis of size 1 before it, so one code serves both, and every number of spatial axes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .arrays import Array
from .scratch import scratch
from .threads import share, team
from .windows import Ints

# Elements of one lowered block: a megabyte of float32, the second-level cache of one core, more or less.
_BLOCK = 1 << 18


@dataclass(frozen=True)
class Sweep:
    """How windows run over the spatial axes: tap k of window i reads position i*stride + k*dilation + offset.

    Positions outside the input read as zero, so padding before is a negative offset, and padding after needs no name.
    """

    kernel: Ints
    stride: Ints
    dilation: Ints
    offset: Ints
    out: Ints

    def with_leading_axis(self) -> Sweep:
        one, zero = (1,), (0,)
        return Sweep(one + self.kernel, one + self.stride, one + self.dilation, zero + self.offset, one + self.out)


@dataclass(frozen=True)
class Block:
    """Images first to last, output rows top to bottom (rows: positions along the first spatial axis)."""

    first: int
    last: int
    top: int
    bottom: int


class _Lowering:
    """Copies a block of images into a buffer with the axes rows, taps, channels, images, positions."""

    def __init__(self, x: Array, sweep: Sweep) -> None:
        self._x, self._sweep = x, sweep
        self._filled: object = None  # what `padded` holds: its shape and where its zeros are not

    def patch(self, block: Block) -> Array:
        """What the block's windows read, (images, C, positions of each axis): a view, or a copy with zeros around."""
        x, sweep = self._x, self._sweep
        begin = (block.top * sweep.stride[0] + sweep.offset[0], *sweep.offset[1:])
        counts = (block.bottom - block.top, *sweep.out[1:])
        span = [
            (n - 1) * s + (k - 1) * d + 1
            for n, s, k, d in zip(counts, sweep.stride, sweep.kernel, sweep.dilation, strict=True)
        ]
        read, write = [], []
        for b, length, n in zip(begin, span, x.shape[2:], strict=True):
            lo = min(max(b, 0), n)
            hi = max(min(b + length, n), lo)
            read.append(slice(lo, hi))
            write.append(slice(lo - b, hi - b) if hi > lo else slice(0, 0))
        source = x[(slice(block.first, block.last), slice(None), *read)]
        if list(source.shape[2:]) == span:
            return source
        padded = scratch("padded", (*source.shape[:2], *span), x.dtype)
        if self._filled != (padded.shape, write):
            padded[...] = 0
            self._filled = (padded.shape, write)
        padded[(slice(None), slice(None), *write)] = source
        return padded

    def __call__(self, block: Block, rows_first: bool) -> Array:
        """(rows, taps..., C, images, positions...) if `rows_first`, else (taps..., C, rows, images, positions...)."""
        sweep = self._sweep
        patch = self.patch(block)
        images, channels, *spatial = patch.strides
        taps, places = sweep.kernel[1:], sweep.out[1:]
        tap_strides = [s * d for s, d in zip(spatial[1:], sweep.dilation[1:], strict=True)]
        place_strides = [s * t for s, t in zip(spatial[1:], sweep.stride[1:], strict=True)]
        row = [(patch.shape[2], spatial[0])]
        head = [*zip(taps, tap_strides, strict=True), (patch.shape[1], channels)]
        tail = [(patch.shape[0], images), *zip(places, place_strides, strict=True)]
        axes = row + head + tail if rows_first else head + row + tail
        view = as_strided(patch, [n for n, _ in axes], [s for _, s in axes], writeable=False)
        lowered = scratch("lowered", view.shape, self._x.dtype)
        np.copyto(lowered, view)
        return lowered


def first_axis_folds(sweep: Sweep) -> bool:
    """Whether the kernel's first axis is copied like the others.

    It must be where rows of taps are not rows of the input side by side (dilation). It had better be where rows are
    skipped (a stride past the kernel) and where a row alone makes a slim product.
    """
    return (
        len(sweep.kernel) == 1
        or (sweep.dilation[0] > 1 and sweep.kernel[0] > 1)
        or sweep.stride[0] >= sweep.kernel[0]
        or math.prod(sweep.out[1:]) < 4
    )


def cut(images: int, sweep: Sweep, per_row: int, reach: int, members: int) -> list[Block]:
    """Blocks of about `_BLOCK` lowered elements, `per_row` of them in a row: several images, or some rows of one."""
    rows = sweep.out[0]
    lowered_rows = (rows - 1) * sweep.stride[0] + reach
    together = max(1, min(_BLOCK // max(1, per_row * lowered_rows), images // members))
    if together == 1:
        height = max(1, min(rows, (_BLOCK // max(1, per_row) - reach) // sweep.stride[0] + 1))
        # Even heights, and never so slim that halos dominate.
        height = min(rows, max(height, 2 * reach))
        height = -(-rows // -(-rows // height))
        return [Block(i, i + 1, r, min(r + height, rows)) for i in range(images) for r in range(0, rows, height)]
    together = -(-images // -(-images // together))  # blocks of the same size
    return [Block(i, min(i + together, images), 0, rows) for i in range(0, images, together)]


def is_product(sweep: Sweep, x: Sequence[int]) -> bool:
    """A kernel of one tap, at every position: a matrix product with nothing to copy."""
    return (
        all(k == s == 1 for k, s in zip(sweep.kernel, sweep.stride, strict=True))
        and not any(sweep.offset)
        and sweep.out == tuple(x[2:])
    )


def _multiply(out: Array, x: Array, w: Array, bias: Array | None) -> None:
    matrix, columns = w.reshape(w.shape[:2]), x.reshape(*x.shape[:2], -1)

    def job(images: Sequence[int]) -> None:
        mine = slice(images[0], images[-1] + 1)
        if out.flags.c_contiguous:
            np.matmul(matrix, columns[mine], out=out[mine].reshape(len(images), len(w), -1))
        else:
            out[mine] = np.matmul(matrix, columns[mine]).reshape(out[mine].shape)
        if bias is not None:
            out[mine] += bias.reshape(-1, *(1,) * (out.ndim - 2))

    share(job, range(len(x)), team(out.size * x.shape[1]))


def correlate(out: Array, x: Array, w: Array, bias: Array | None, sweep: Sweep) -> None:
    """Write out[n, o, i] = bias[o] + sum over c, k of w[o, c, k] * x[n, c, i*stride + k*dilation + offset].

    Shape: out (N, O, *sweep.out), a view of any strides; x (N, C, *S); w (O, C, *sweep.kernel); bias (O,).
    """
    images, maps = out.shape[:2]
    channels = x.shape[1]
    if not out.size:
        return
    if not x.size:
        out[...] = 0 if bias is None else bias.reshape(-1, *(1,) * len(sweep.out))
        return
    if is_product(sweep, x.shape):
        _multiply(out, x, w, bias)
        return
    if first_axis_folds(sweep):
        out, x, w, sweep = out[:, :, None], x[:, :, None], w[:, :, None], sweep.with_leading_axis()
    ndim = len(sweep.out)
    members = team(out.size * channels * math.prod(sweep.kernel))
    # (O, C, K, *taps) -> (O, K, *taps, C), the order of the lowered rows
    matrix = np.moveaxis(w, 1, -1).reshape(maps, -1)
    places = math.prod(sweep.out[1:])
    per_row = math.prod(sweep.kernel[1:]) * channels * places
    column = None if bias is None else bias.reshape(-1, *(1,) * ndim)

    def job(blocks: Sequence[Block]) -> None:
        lower = _Lowering(x, sweep)
        for block in blocks:
            lowered = lower(block, rows_first=True)
            rows, together = block.bottom - block.top, block.last - block.first
            step = lowered.strides[0]
            width = together * places
            windows = as_strided(
                lowered,
                (rows, matrix.shape[1], width),
                (step * sweep.stride[0], lowered.itemsize * width, lowered.itemsize),
                writeable=False,
            )
            result = scratch("result", (rows, maps, width), x.dtype)
            np.matmul(matrix, windows, out=result)
            # (rows, O, images * places) -> (images, O, rows, *places)
            turned = np.moveaxis(result.reshape(rows, maps, together, *sweep.out[1:]), (2, 1), (0, 1))
            target = out[block.first : block.last, :, block.top : block.bottom]
            if column is None:
                target[...] = turned
            else:
                np.add(turned, column, out=target)

    share(job, cut(images, sweep, per_row, sweep.kernel[0], members), members)


def correlate_weight(x: Array, g: Array, sweep: Sweep) -> Array:
    """Return w[o, c, k] = sum over n, i of g[n, o, i] * x[n, c, i*stride + k*dilation + offset].

    Shape: x (N, C, *S); g (N, O, *sweep.out); result (O, C, *sweep.kernel).
    """
    images, maps = g.shape[:2]
    channels = x.shape[1]
    kernel = sweep.kernel
    if not g.size or not x.size:
        return np.zeros_like(x, shape=(maps, channels, *kernel), order="C")
    # Here rows of one tap must follow each other, whatever lies between the taps. And slim products are slow.
    if len(kernel) == 1 or sweep.stride[0] > 1 or channels * math.prod(kernel[1:]) < 16:
        x, g, sweep = x[:, :, None], g[:, :, None], sweep.with_leading_axis()
    members = team(g.size * channels * math.prod(kernel))
    places = math.prod(sweep.out[1:])
    side = math.prod(sweep.kernel[1:]) * channels
    first, apart = sweep.kernel[0], sweep.dilation[0]

    def job(blocks: Sequence[Block]) -> Array:
        lower = _Lowering(x, sweep)
        total = np.zeros_like(x, shape=(first, maps, side), order="C")
        for block in blocks:
            lowered = lower(block, rows_first=False)
            rows, together = block.bottom - block.top, block.last - block.first
            width = together * places
            # (images, O, rows, *places) -> (O, rows * images * places)
            part = g[block.first : block.last, :, block.top : block.bottom]
            turned = np.moveaxis(part, 0, 2)
            if together == 1 and part[0].flags.c_contiguous:
                left = part[0].reshape(maps, rows * width)
            else:
                left = scratch("cotangent", (maps, rows * width), g.dtype)
                np.copyto(left.reshape(turned.shape), turned)
            all_rows = lowered.shape[len(sweep.kernel)]  # after the taps of the other axes, and the channels
            item = lowered.itemsize
            right = as_strided(
                lowered,
                (first, rows * width, side),
                (apart * width * item, item, all_rows * width * item),
                writeable=False,
            )
            total += left @ right
        return total

    reach = (first - 1) * apart + 1
    parts = share(job, cut(images, sweep, side * places, reach, members), members)
    total = parts[0]
    for part in parts[1:]:
        total += part
    # (K, O, *taps * C) -> (O, C, K, *taps)
    turned = np.moveaxis(total.reshape(first, maps, *sweep.kernel[1:], channels), (1, -1), (0, 1))
    return turned.reshape(maps, channels, *kernel)
