"""Max pooling on arrays: values and winners, and the two movements along winners that are its derivatives.

A winner is the number of a tap of the window, row by row: one byte a window where PyTorch's index into the input plane
takes eight. `flat_indices` translates. The first of equal maxima wins. A NaN beats every number, and the last NaN of a
window wins, as in PyTorch. Padding loses against everything.

`scatter_winners` (the gradient) and `gather_winners` are each other's adjoint, so they are each other's gradient to
every order. `scatter_indices` and `gather_indices` are the same for flat indices, of adaptive pooling and unpooling.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from .arrays import Array
from .correlation import Sweep
from .scratch import scratch
from .spreading import Meeting, meetings
from .threads import share, team
from .windows import Ints, Pads, adaptive_bounds, check_window, output_shape

Indices = NDArray[Any]

# Elements of one block of windows: values, winners and a mask stay in the second-level cache.
_BLOCK = 1 << 15
# Past so many taps a pass over the windows for each is slower than laying the windows out.
_MANY_TAPS = 64


def max_sweep(
    op: str, shape: Sequence[int], kernel: Ints, stride: Ints, padding: Pads, dilation: Ints, ceil_mode: bool
) -> Sweep:
    """Check the windows of a max pooling, and say how they run over an input of `shape` (N, C, *S) or (C, *S).

    Raises:
        ValueError: windows that do not fit, or padding of more than half a window (a window could hold nothing else)
    """
    check_window(op, kernel, stride, padding, dilation)
    spatial = tuple(shape[len(shape) - len(kernel) :])
    if any(2 * p > d * (k - 1) + 1 for pair, k, d in zip(padding, kernel, dilation, strict=True) for p in pair):
        raise ValueError(f"{op}: padding {padding} must be at most half of the kernel {kernel} (dilation {dilation})")
    out = output_shape(op, spatial, kernel, stride, padding, dilation, ceil_mode)
    for size, k, s, (before, _), d, n in zip(spatial, kernel, stride, padding, dilation, out, strict=True):
        for position in range(-before, min(0, n * s - before), s):  # windows that begin in the padding
            first = -(position // d)
            if first >= k or position + first * d >= size:
                raise ValueError(
                    f"{op}: a window of kernel {kernel}, dilation {dilation}, padding {padding} steps over the whole "
                    f"input of spatial shape {spatial}, and has no maximum; use less padding or dilation"
                )
    return Sweep(kernel, stride, dilation, tuple(-before for before, _ in padding), out)


def _lowest(dtype: np.dtype) -> float | int:
    return -math.inf if np.issubdtype(dtype, np.floating) else int(np.iinfo(dtype).min)


def _winner_dtype(taps: int) -> np.dtype:
    return np.min_scalar_type(taps - 1)


def _first_taps(sweep: Sweep, dtype: np.dtype) -> Indices:
    """The first tap of each window that reads the input: the winner of a window full of -inf."""
    first = np.zeros((1,) * len(sweep.out), np.intp)
    for axis, (k, s, d, o, n) in enumerate(
        zip(sweep.kernel, sweep.stride, sweep.dilation, sweep.offset, sweep.out, strict=True)
    ):
        along = np.maximum(0, -((np.arange(n) * s + o) // d))
        first = first * k + along.reshape([-1 if a == axis else 1 for a in range(len(sweep.out))])
    return first.astype(dtype)


def _planes(x: Array, ndim: int) -> Array:
    """All axes before the spatial ones as one."""
    return x.reshape(-1, *x.shape[x.ndim - ndim :])


def max_pool(x: Array, sweep: Sweep) -> tuple[Array, Indices]:
    """The largest value of every window, and which tap it is.

    Args:
        x (ndarray): the images
        sweep (Sweep): the windows, from `max_sweep`

    Shape: x (..., *S); values and winners (..., *sweep.out)

    >>> x = np.array([[[1.0, 3.0, 2.0, 0.0]]])
    >>> values, winners = max_pool(x, max_sweep("max_pool1d", x.shape, (2,), (2,), ((0, 0),), (1,), False))
    >>> values, winners
    (array([[[3., 2.]]]), array([[[1, 0]]], dtype=uint8))
    """
    ndim, taps = len(sweep.out), math.prod(sweep.kernel)
    shape = x.shape[: x.ndim - ndim] + sweep.out
    values = np.empty_like(x, shape=shape, order="C")
    winners = np.empty(shape, _winner_dtype(taps))
    if not values.size:
        return values, winners
    planes, best_of, winner_of = _planes(x, ndim), _planes(values, ndim), _planes(winners, ndim)
    if taps > _MANY_TAPS and sweep.stride == sweep.kernel and set(sweep.dilation) == {1} and not any(sweep.offset):
        inside = all(n * s <= size for n, s, size in zip(sweep.out, sweep.stride, x.shape[-ndim:], strict=True))
        if inside:
            _pool_laid_out(planes, best_of, winner_of, sweep)
            return values, winners
    met = list(meetings(sweep, x.shape[x.ndim - ndim :]))
    padded = any(w != slice(0, n) for _, _, windows in met for w, n in zip(windows[1:], sweep.out, strict=True))
    first = _first_taps(sweep, winners.dtype) if padded else None

    def job(some: Sequence[int]) -> None:
        step = max(1, _BLOCK // math.prod(sweep.out))
        for i in range(some[0], some[-1] + 1, step):
            mine = slice(i, min(i + step, some[-1] + 1))
            _pool_block(planes[mine], best_of[mine], winner_of[mine], met, first)

    share(job, range(len(planes)), team(8 * taps * values.size))
    return values, winners


def _pool_block(
    x: Array,
    best: Array,
    winner: Indices,
    met: list[Meeting],
    first: Indices | None,
) -> None:
    with_nan = False
    while True:
        if first is None:
            best[...] = x[met[0][1]]
            winner[...] = 0
        else:
            best[...] = _lowest(x.dtype)
            winner[...] = first
        for number, (_, inputs, windows) in enumerate(met):
            if number == 0 and first is None:
                continue
            value, leader, holder = x[inputs], best[windows], winner[windows]
            better = value > leader
            if with_nan:
                better |= value != value
            np.maximum(leader, value, out=leader)
            # Numbers of taps rise, so the latest to be better has the largest.
            np.maximum(holder, np.multiply(better, number, dtype=winner.dtype), out=holder)
        # NaN is never better, though `maximum` keeps it. It is rare, so it pays to look for it at the end.
        if with_nan or not np.isnan(best).any():
            return
        with_nan = True


def _pool_laid_out(x: Array, best: Array, winner: Indices, sweep: Sweep) -> None:
    """Windows side by side, each a row."""
    ndim = len(sweep.out)
    axes = tuple(range(1, ndim + 1))
    windows = sliding_window_view(x, sweep.kernel, axes)[
        (slice(None), *(slice(None, (n - 1) * s + 1, s) for n, s in zip(sweep.out, sweep.stride, strict=True)))
    ]
    for i in range(len(x)):
        rows = windows[i].reshape(*sweep.out, -1)
        place = rows.argmax(-1)
        top = np.take_along_axis(rows, place[..., None], -1)[..., 0]
        gone = np.isnan(top)
        if gone.any():
            last = rows.shape[-1] - 1 - np.isnan(rows)[..., ::-1].argmax(-1)
            place = np.where(gone, last, place)
        best[i], winner[i] = top, place


def flat_indices(winners: Indices, input_shape: Sequence[int], sweep: Sweep) -> NDArray[np.int64]:
    """PyTorch's indices: the winner's position in its input plane, counted row by row.

    >>> sweep = max_sweep("max_pool1d", (1, 1, 4), (2,), (2,), ((0, 0),), (1,), False)
    >>> flat_indices(np.array([[[1, 0]]]), (1, 1, 4), sweep)
    array([[[1, 2]]])
    """
    ndim = len(sweep.out)
    spatial = tuple(input_shape[len(input_shape) - ndim :])
    base = np.zeros((1,) * ndim, np.int64)
    taps = np.zeros((1,) * ndim, np.int64)
    for axis, (size, k, s, d, o, n) in enumerate(
        zip(spatial, sweep.kernel, sweep.stride, sweep.dilation, sweep.offset, sweep.out, strict=True)
    ):
        along = [-1 if a == axis else 1 for a in range(ndim)]
        base = base * size + (np.arange(n) * s + o).reshape(along)
        taps = taps * size + (np.arange(k) * d).reshape(along)
    indices = taps.reshape(-1)[winners]
    indices += base
    return indices


def _masked(source: Array, mask: NDArray[np.bool_], out: Array) -> None:
    """Write `source` where the mask holds, else zero.

    The bits are multiplied, as whole numbers: infinity times zero is not zero, and `np.where` takes twice as long.
    """
    if source.dtype.kind == "f" and source.itemsize in (2, 4, 8):
        bits = np.dtype(f"u{source.itemsize}")
        np.multiply(source.view(bits), mask, out=out.view(bits))
    else:
        np.copyto(out, np.where(mask, source, source.dtype.type(0)))


def scatter_winners(g: Array, winners: Indices, input_shape: Sequence[int], sweep: Sweep) -> Array:
    """The gradient of `max_pool`: every cotangent goes to the winner of its window.

    Shape: g, winners (..., *sweep.out); result `input_shape` = (..., *S)

    >>> sweep = max_sweep("max_pool1d", (1, 1, 4), (2,), (2,), ((0, 0),), (1,), False)
    >>> scatter_winners(np.array([[[5.0, 6.0]]]), np.array([[[1, 0]]], np.uint8), (1, 1, 4), sweep)
    array([[[0., 5., 6., 0.]]])
    """
    ndim = len(sweep.out)
    out = np.empty_like(g, shape=tuple(input_shape), order="C")
    if not out.size:
        return out
    if not g.size:
        out[...] = 0
        return out
    if math.prod(sweep.kernel) > _MANY_TAPS:
        return scatter_indices(g, flat_indices(winners, input_shape, sweep), input_shape, ndim)
    planes, cotangents, winner_of = _planes(out, ndim), _planes(g, ndim), _planes(winners, ndim)
    met = list(meetings(sweep, input_shape[len(input_shape) - ndim :]))
    apart = set(sweep.dilation) == {1} and all(k <= s for k, s in zip(sweep.kernel, sweep.stride, strict=True))
    # Windows that tile the input write every element once.
    tiles = apart and sweep.kernel == sweep.stride and not any(sweep.offset)
    tiles = tiles and tuple(n * s for n, s in zip(sweep.out, sweep.stride, strict=True)) == out.shape[-ndim:]

    def job(some: Sequence[int]) -> None:
        step = max(1, _BLOCK // math.prod(sweep.out))
        for i in range(some[0], some[-1] + 1, step):
            part = slice(i, min(i + step, some[-1] + 1))
            target, source, holder = planes[part], cotangents[part], winner_of[part]
            if not tiles:
                target[...] = 0
            for number, (_, inputs, windows) in enumerate(met):
                mine = holder[windows] == number
                if apart:
                    _masked(source[windows], mine, target[inputs])
                else:
                    term = scratch("term", mine.shape, g.dtype)
                    _masked(source[windows], mine, term)
                    target[inputs] += term

    share(job, range(len(planes)), team(8 * g.size * len(met)))
    return out


def gather_winners(u: Array, winners: Indices, sweep: Sweep) -> Array:
    """The value of `u` at the winner of every window: the adjoint of `scatter_winners`.

    Shape: u (..., *S); winners and result (..., *sweep.out)

    >>> sweep = max_sweep("max_pool1d", (1, 1, 4), (2,), (2,), ((0, 0),), (1,), False)
    >>> gather_winners(np.array([[[1.0, 2.0, 3.0, 4.0]]]), np.array([[[1, 0]]], np.uint8), sweep)
    array([[[2., 3.]]])
    """
    return gather_indices(u, flat_indices(winners, u.shape, sweep), len(sweep.out))


def scatter_indices(g: Array, indices: Indices, input_shape: Sequence[int], ndim: int) -> Array:
    """Add every cotangent at its flat index in the last `ndim` axes of zeros of `input_shape`.

    Shape: g, indices (..., *S'); result `input_shape` = (..., *S)
    """
    out = np.zeros_like(g, shape=tuple(input_shape), order="C")
    if not out.size or not g.size:
        return out
    size = math.prod(input_shape[len(input_shape) - ndim :])
    planes = out.size // size
    place = indices.reshape(planes, -1) + np.arange(planes, dtype=np.int64)[:, None] * size
    np.add.at(out.reshape(-1), place.reshape(-1), g.reshape(-1))
    return out


def gather_indices(u: Array, indices: Indices, ndim: int) -> Array:
    """Read at flat indices in the last `ndim` axes: the adjoint of `scatter_indices`.

    Shape: u (..., *S); indices and result (..., *S')
    """
    lead = u.shape[: u.ndim - ndim]
    if not indices.size:
        return np.empty_like(u, shape=indices.shape, order="C")
    flat = u.reshape(*lead, -1)
    return np.take_along_axis(flat, indices.reshape(*lead, -1), -1).reshape(indices.shape)


def adaptive_max_pool(x: Array, out: Ints) -> tuple[Array, NDArray[np.int64]]:
    """The largest value of each of out[0] x out[1] ... windows that cover the input, and its flat index.

    Window i of an axis of n goes from floor(i*n/out) to ceil((i+1)*n/out).

    Shape: x (..., *S); values and indices (..., *out)

    >>> adaptive_max_pool(np.array([[[1.0, 5.0, 2.0, 4.0, 3.0]]]), (2,))
    (array([[[5., 4.]]]), array([[[1, 3]]]))
    """
    ndim = len(out)
    spatial = x.shape[x.ndim - ndim :]
    shape = x.shape[: x.ndim - ndim] + tuple(out)
    if not all(spatial) and math.prod(shape):
        raise ValueError(f"adaptive_max_pool: input {x.shape} has an empty spatial axis; windows would be empty")
    if not math.prod(shape):
        return np.empty_like(x, shape=shape, order="C"), np.empty(shape, np.int64)
    if all(n % o == 0 for n, o in zip(spatial, out, strict=True)):
        kernel = tuple(n // o for n, o in zip(spatial, out, strict=True))
        sweep = max_sweep("adaptive_max_pool", x.shape, kernel, kernel, ((0, 0),) * ndim, (1,) * ndim, False)
        values, winners = max_pool(x, sweep)
        return values, flat_indices(winners, x.shape, sweep)
    # Positions of each axis, tap by tap; a shorter window repeats its last position, which then wins nothing.
    positions = []
    for n, o in zip(spatial, out, strict=True):
        starts, ends = (np.asarray(b) for b in adaptive_bounds(n, o))
        reach = int((ends - starts).max())
        positions.append([np.minimum(starts + t, ends - 1) for t in range(reach)])
    flat = x.reshape(*x.shape[: x.ndim - ndim], -1)
    best = np.empty_like(x, shape=shape, order="C")
    indices = np.empty(shape, np.int64)
    for tap in np.ndindex(*(len(p) for p in positions)):
        place = np.zeros((1,) * ndim, np.int64)
        for axis, (t, n) in enumerate(zip(tap, spatial, strict=True)):
            place = place * n + positions[axis][t].reshape([-1 if a == axis else 1 for a in range(ndim)])
        value = flat[..., place]
        better = (value > best) | (value != value) if any(tap) else np.True_
        np.copyto(best, value, where=better)
        np.copyto(indices, place, where=better)
    return best, indices
