"""Average pooling on arrays, and its adjoint: sums over intervals, one axis after the other, over a count.

A box is a product of intervals, so its sum is a sum of sums: k + k additions for a k x k window, not k * k. Regular
and adaptive windows differ only in where their intervals begin and end. Both functions are linear, so each is
the other's gradient to every order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .arrays import Array
from .windows import Ints, Pads, adaptive_bounds, check_window, output_shape


@dataclass(frozen=True)
class Intervals:
    """Windows along one axis of `size`: window i sums start[i] ... end[i] - 1 and divides by count[i].

    Taps are counted from `origin`, that of a window before it was cut to the input.
    """

    size: int
    origin: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    count: NDArray[np.int64]


def average_windows(
    op: str,
    shape: Sequence[int],
    kernel: Ints,
    stride: Ints,
    padding: Pads,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> list[Intervals]:
    """The windows of an average pooling over an input of `shape` (N, C, *S) or (C, *S), axis by axis.

    With `count_include_pad` a window is divided by its size within the padded input (what `ceil_mode` lets hang over
    the end of that does not count), else by its size within the input.

    Raises:
        ValueError: windows that do not fit, or padding of more than half a window
    """
    ndim = len(kernel)
    ones = (1,) * ndim
    check_window(op, kernel, stride, padding, ones)
    if any(2 * p > k for pair, k in zip(padding, kernel, strict=True) for p in pair):
        raise ValueError(f"{op}: padding {padding} must be at most half of the kernel {kernel}")
    spatial = shape[len(shape) - ndim :]
    out = output_shape(op, spatial, kernel, stride, padding, ones, ceil_mode)
    windows = []
    for n, k, s, (before, after), o in zip(spatial, kernel, stride, padding, out, strict=True):
        origin = np.arange(o, dtype=np.int64) * s - before
        stop = np.minimum(origin + k, n + after)
        start, end = np.maximum(origin, 0), np.minimum(stop, n)
        windows.append(Intervals(n, origin, start, end, stop - origin if count_include_pad else end - start))
    return windows


def adaptive_windows(shape: Sequence[int], out: Ints) -> list[Intervals]:
    """Windows from floor(i*n/out) to ceil((i+1)*n/out), for the last axes of `shape`.

    Raises:
        ValueError: an axis to average over is empty
    """
    spatial = shape[len(shape) - len(out) :]
    windows = []
    for n, o in zip(spatial, out, strict=True):
        if not n and o:
            raise ValueError(f"adaptive_avg_pool: input {tuple(shape)} has an empty spatial axis; nothing to average")
        starts, ends = (np.asarray(b, np.int64) for b in adaptive_bounds(n, o))
        windows.append(Intervals(n, starts, starts, ends, ends - starts))
    return windows


def _compact(places: NDArray[np.int64]) -> slice | NDArray[np.int64]:
    """A slice where the places are evenly spaced, for slices are views."""
    if len(places) == 1:
        return slice(int(places[0]), int(places[0]) + 1)
    steps = np.diff(places)
    step = int(steps[0])
    if step > 0 and (steps == step).all():
        return slice(int(places[0]), int(places[-1]) + 1, step)
    return places


def _taps(w: Intervals) -> list[tuple[slice | NDArray[np.int64], slice | NDArray[np.int64]]]:
    """For every tap: the inputs it reads and the windows that read them."""
    out = []
    for t in range(int((w.end - w.origin).max(initial=0))):
        place = w.origin + t
        which = np.flatnonzero((place >= w.start) & (place < w.end))
        if len(which):
            out.append((_compact(place[which]), _compact(which)))
    return out


def _sum_axis(x: Array, axis: int, w: Intervals) -> Array:
    """(..., size, ...) -> (..., windows, ...)"""
    before = (slice(None),) * axis
    if len(w.start) == 1:
        return np.add.reduce(x[(*before, slice(int(w.start[0]), int(w.end[0])))], axis, keepdims=True)
    shape = list(x.shape)
    shape[axis] = len(w.start)
    out: Array | None = None
    for inputs, windows in _taps(w):
        if out is None:
            if windows == slice(0, shape[axis], 1):
                out = x[(*before, inputs)].copy()
                continue
            out = np.zeros_like(x, shape=shape, order="C")
        out[(*before, windows)] += x[(*before, inputs)]
    return np.zeros_like(x, shape=shape, order="C") if out is None else out


def _spread_axis(g: Array, axis: int, w: Intervals) -> Array:
    """(..., windows, ...) -> (..., size, ...), the adjoint of `_sum_axis`."""
    before = (slice(None),) * axis
    shape = list(g.shape)
    shape[axis] = w.size
    out = np.zeros_like(g, shape=shape, order="C")
    if len(w.start) == 1:
        out[(*before, slice(int(w.start[0]), int(w.end[0])))] = g
        return out
    if len(w.origin) > w.size:  # more windows than inputs: several begin at the same
        for i, (a, b) in enumerate(zip(w.start.tolist(), w.end.tolist(), strict=True)):
            out[(*before, slice(a, b))] += g[(*before, slice(i, i + 1))]
        return out
    for inputs, windows in _taps(w):
        out[(*before, inputs)] += g[(*before, windows)]
    return out


def _divide(x: Array, windows: list[Intervals], divisor: int | None) -> None:
    """Divide in place by the windows' counts, or by one number for all."""
    if divisor is not None:
        x /= divisor
        return
    for i, w in enumerate(windows):
        if not len(w.count):
            return
        if (w.count == w.count[0]).all():
            x /= int(w.count[0])
        else:
            x /= w.count.reshape(-1, *(1,) * (len(windows) - 1 - i)).astype(x.real.dtype)


def avg_pool(x: Array, windows: list[Intervals], divisor: int | None = None) -> Array:
    """The average of every window.

    Args:
        x (ndarray): the images
        windows (list of Intervals): from `average_windows` or `adaptive_windows`
        divisor (int or None): divide by this instead of the windows' counts

    Shape: x (..., *S); result (..., *S')

    >>> x = np.array([[[1.0, 3.0, 2.0, 4.0]]])
    >>> avg_pool(x, average_windows("avg_pool1d", x.shape, (2,), (2,), ((0, 0),)))
    array([[[2., 3.]]])
    """
    out = x
    if all(len(w.start) == 1 and w.end[0] - w.start[0] == w.size for w in windows):
        out = x.sum(tuple(range(x.ndim - len(windows), x.ndim)), keepdims=True)
        windows_left = 0  # one sum over everything
    else:
        windows_left = len(windows)
    for axis in range(x.ndim - 1, x.ndim - 1 - windows_left, -1):
        out = _sum_axis(out, axis, windows[axis - x.ndim])
    _divide(out, windows, divisor)
    return out


def avg_pool_adjoint(g: Array, windows: list[Intervals], divisor: int | None = None) -> Array:
    """The adjoint of `avg_pool`: every cotangent, divided as there, to all of its window.

    Shape: g (..., *S'); result (..., *S)

    >>> windows = average_windows("avg_pool1d", (1, 1, 4), (2,), (2,), ((0, 0),))
    >>> avg_pool_adjoint(np.array([[[2.0, 4.0]]]), windows)
    array([[[1., 1., 2., 2.]]])
    """
    out = g.copy()
    _divide(out, windows, divisor)
    for axis in range(g.ndim - len(windows), g.ndim):
        out = _spread_axis(out, axis, windows[axis - g.ndim])
    return out
