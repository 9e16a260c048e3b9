"""The adjoint of `correlation.correlate` in its input, in the two ways that pay.

* As correlations: each phase of inputs (those with the same remainder by the stride) is a correlation of the cotangent
  at stride 1 with some of the taps, backwards. Every input costs a product with all its taps.
* As scattered products: a product gives the terms of all taps for every window, and they are added where they belong.
  Windows cost, inputs do not: without padding, small images have far fewer windows than inputs. And few channels
  make slim products the other way round.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

from .arrays import Array
from .correlation import Block, Sweep, correlate, cut
from .scratch import scratch
from .threads import share, team
from .windows import Ints

Index = tuple[Any, ...]
Meeting = tuple[Ints, Index, Index]


def meetings(sweep: Sweep, sizes: Sequence[int]) -> Iterator[Meeting]:
    """For every tap the inputs it reads and the windows that read them, without the zeros outside, as indices."""
    for tap in product(*(range(k) for k in sweep.kernel)):
        inputs, windows = [], []
        for k, s, d, o, n, size in zip(tap, sweep.stride, sweep.dilation, sweep.offset, sweep.out, sizes, strict=True):
            shift = k * d + o
            lo = max(0, -(shift // s))  # the first window i with i*s + shift >= 0
            hi = max(lo, min(n, (size - 1 - shift) // s + 1))
            inputs.append(slice(lo * s + shift, (hi - 1) * s + shift + 1, s) if hi > lo else slice(0, 0))
            windows.append(slice(lo, hi) if hi > lo else slice(0, 0))
        yield tap, (..., *inputs), (..., *windows)


def spread(out: Array, g: Array, w: Array, sweep: Sweep) -> None:
    """Write out[n, c, i*stride + k*dilation + offset] += w[o, c, k] * g[n, o, i], from zero.

    Shape: out (N, C, *S); g (N, O, *sweep.out); w (O, C, *sweep.kernel).
    """
    if not out.size:
        return
    if not g.size:
        out[...] = 0
        return
    # Measured: a product of fewer than 16 rows costs like one of 16, and adding a term like 24 multiplications.
    windows, maps, channels = math.prod(sweep.out), g.shape[1], out.shape[1]
    by_phases = math.prod(out.shape[2:]) / math.prod(sweep.stride) * maps * max(16, channels)
    if by_phases > windows * channels * (max(16, maps) + 24):
        _scatter(out, g, w, sweep)
    else:
        _correlate_phases(out, g, w, sweep)


def _scatter(out: Array, g: Array, w: Array, sweep: Sweep) -> None:
    images, maps = g.shape[:2]
    if len(sweep.kernel) == 1 or sweep.dilation[0] > 1:  # as in correlation.py: the first axis scatters like the others
        out, g, w, sweep = out[:, :, None], g[:, :, None], w[:, :, None], sweep.with_leading_axis()
    channels, first = out.shape[1], sweep.kernel[0]
    kernel, places = sweep.kernel[1:], math.prod(sweep.out[1:])
    side = math.prod(kernel) * channels
    # (O, C, K, *taps) -> (K, *taps, C, O)
    matrix = np.moveaxis(w, (0, 1), (-1, -2)).reshape(first * side, maps)
    rest = Sweep(kernel, sweep.stride[1:], sweep.dilation[1:], sweep.offset[1:], sweep.out[1:])
    places_of_taps = list(meetings(rest, out.shape[3:]))
    reach = (sweep.out[0] - 1) * sweep.stride[0] + first
    lo, hi = max(0, sweep.offset[0]), min(out.shape[2], reach + sweep.offset[0])
    members = team(g.size * side * first)
    # Rows of windows overlap in what they add to, so a block has all the rows of its images.
    whole = Sweep((first, *kernel), sweep.stride, sweep.dilation, sweep.offset, sweep.out)
    together = max(b.last - b.first for b in cut(images, whole, side * places, first, members))
    blocks = [Block(i, min(i + together, images), 0, sweep.out[0]) for i in range(0, images, together)]

    def job(blocks: Sequence[Block]) -> None:
        for block in blocks:
            count = block.last - block.first
            width = count * places
            # (images, O, rows, *places) -> (rows, O, images * places)
            turned = np.moveaxis(g[block.first : block.last], (2, 1), (0, 1))
            left = scratch("cotangent", turned.shape, g.dtype)
            np.copyto(left, turned)
            terms = scratch("result", (first * side, width), g.dtype)
            rows = scratch("lowered", (reach, side, width), g.dtype)
            rows[...] = 0
            for i, cotangent in enumerate(left.reshape(sweep.out[0], maps, width)):
                np.matmul(matrix, cotangent, out=terms)
                top = i * sweep.stride[0]
                rows[top : top + first] += terms.reshape(first, side, width)
            target = np.moveaxis(out[block.first : block.last], (2, 1), (0, 1))  # (rows, C, images, *S)
            target[...] = 0
            target = target[lo:hi]
            lowered = rows.reshape(reach, *kernel, -1, count, *sweep.out[1:])
            # (rows, *taps, C, images, *places) -> (*taps, rows, ...)
            lowered = np.moveaxis(lowered[lo - sweep.offset[0] : hi - sweep.offset[0]], 0, len(kernel))
            for tap, inputs, windows in places_of_taps:
                target[inputs] += lowered[tap][windows]

    share(job, blocks, members)


def phases(kernel: int, stride: int, dilation: int, offset: int, size: int) -> list[tuple[slice, int, range, int]]:
    """Along one axis: which taps meet which inputs, when windows move by `stride`.

    Input j is read by tap k if j - offset - k*dilation is a multiple of the stride. Inputs that are alike in that
    respect form a phase: a slice of inputs, their number, their taps, and the window that reads the first of them with
    the first tap.
    """
    apart = stride // math.gcd(stride, dilation)
    out = []
    for start in range(min(stride, size)):
        inputs = slice(start, None, stride)
        taps = [k for k in range(min(kernel, apart)) if (start - offset - k * dilation) % stride == 0]
        members = range(taps[0], kernel, apart) if taps else range(0)
        window = (start - offset - members[0] * dilation) // stride if taps else 0
        out.append((inputs, -(-(size - start) // stride), members, window))
    return out


def _correlate_phases(out: Array, g: Array, w: Array, sweep: Sweep) -> None:
    turned = w.swapaxes(0, 1)
    per_axis = [
        phases(k, s, d, o, n)
        for k, s, d, o, n in zip(sweep.kernel, sweep.stride, sweep.dilation, sweep.offset, out.shape[2:], strict=True)
    ]
    apart = tuple(d // math.gcd(s, d) for s, d in zip(sweep.stride, sweep.dilation, strict=True))
    everything = (slice(None), slice(None))
    for phase in product(*per_axis):
        target = out[(*everything, *(p[0] for p in phase))]
        if any(not p[2] for p in phase):
            target[...] = 0  # no window reads these
            continue
        counts = tuple(len(p[2]) for p in phase)
        backwards = tuple(slice(p[2][-1], p[2][0] - 1 if p[2][0] else None, -p[2].step) for p in phase)
        # The j-th of these inputs meets the m-th of these taps in window j + first - m*apart.
        offset = tuple(p[3] - (c - 1) * a for p, c, a in zip(phase, counts, apart, strict=True))
        inner = Sweep(counts, (1,) * len(counts), apart, offset, tuple(p[1] for p in phase))
        correlate(target, g, turned[(*everything, *backwards)], None, inner)
