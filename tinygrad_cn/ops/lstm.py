"""The LSTM: one op runs a layer over all steps in one direction, fused as those of `recurrent` are.

Sigmoids are taken together: one exponential, one sum and one reciprocal serve all of a step's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.kernels.products import matmul
from tinygrad_cn.op import op
from tinygrad_cn.ops.recurrent_steps import in_order, kept, result_kind, spelled_sigmoid, transposed, walk

__all__ = ["lstm_layer"]

_SMALL = 262_144  # up to so many multiplications a product is BLAS's, on one thread


class _Track:
    """A state before and after each step, in the order of the steps' rows.

    Where all steps have the same rows, what comes after one step is what was before the next: one buffer holds both,
    and no step copies anything.
    """

    def __init__(self, start: Any, kind: Any, batch_sizes: Sequence[int], reverse: bool) -> None:
        rows, batch = sum(batch_sizes), batch_sizes[0]
        self.ragged = batch_sizes[-1] != batch
        self.current = start.astype(kind) if self.ragged else None
        if self.ragged:
            self.before = np.empty_like(start, dtype=kind, shape=(rows, start.shape[1]), order="C")
            self.after = np.empty_like(self.before, order="C")
            return
        track = np.empty_like(start, dtype=kind, shape=(rows + batch, start.shape[1]), order="C")
        track[rows if reverse else 0 :][:batch] = start
        self.before, self.after = (track[batch:], track[:rows]) if reverse else (track[:rows], track[batch:])
        self.end = slice(0, batch) if reverse else slice(rows - batch, rows)

    def enter(self, at: slice, count: int) -> Any:
        """The state before a step."""
        if self.current is not None:
            self.before[at] = self.current[:count]
        return self.before[at]

    def leave(self, at: slice, count: int) -> None:
        """Note the state after a step, which has been written."""
        if self.current is not None:
            self.current[:count] = self.after[at]

    def last(self) -> Any:
        """The state after the last step of each sequence."""
        return self.after[self.end].copy() if self.current is None else self.current


def _dot(x: Any, y: Any, out: Any) -> Any:
    """``x @ y`` into ``out``."""
    if type(x) is np.ndarray and x.shape[0] * y.size <= _SMALL and x.dtype == y.dtype == out.dtype:
        return np.dot(x, y, out=out)
    out[...] = matmul(x, y)
    return out


class _Gates:
    """The gates of all steps, each step's one after the other, (4, rows of the step, size): then no gate is strided.

    Within a step they stand in the order i, f, o, g: the sigmoids side by side.
    """

    order = (0, 1, 3, 2)  # of i, f, o, g among those of the weight

    def __init__(self, x: Any, kind: Any, size: int, batch_sizes: tuple[int, ...]) -> None:
        rows, batch = x.shape[0], batch_sizes[0]
        self.size = size
        self.flat = np.empty_like(x, dtype=kind, shape=(4 * size * rows,), order="C")
        self.even = batch_sizes[-1] == batch
        self.lead: tuple[int, ...] = (len(batch_sizes), batch) if self.even else (rows,)
        steps = [(slice(0, rows), rows)] if self.even else walk(batch_sizes, False)
        for at, count in steps:
            shape = (self.lead[0], 4, batch, size) if self.even else (1, 4, count, size)
            block = self.flat[4 * size * at.start : 4 * size * at.stop].reshape(shape)
            # (steps, rows, 4 * size) -> (steps, 4, rows, size)
            given = x[at].reshape(shape[0], shape[2], 4, size).swapaxes(1, 2)
            np.negative(given[:, :2], out=block[:, :2])
            np.negative(given[:, 3], out=block[:, 2])
            block[:, 3] = given[:, 2]

    def step(self, at: slice, count: int) -> Any:
        """(4, count, size)"""
        return self.flat[4 * self.size * at.start : 4 * self.size * at.stop].reshape(4, count, self.size)

    def each(self, batch_sizes: tuple[int, ...]) -> list[Any]:
        """i, f, o, g over all steps, each (*lead, size)."""
        if self.even:
            block = self.flat.reshape(self.lead[0], 4, self.lead[1], self.size)
            return [block[:, k] for k in range(4)]
        blocks = [self.step(at, count) for at, count in walk(batch_sizes, False)]
        return [np.concatenate([block[k] for block in blocks]) for k in range(4)]

    def by_gate(self, weight: Any, kind: Any) -> Any:
        """(4 * size, state) -> (4, state, size), with the signs that the gates have before they are squashed."""
        out = np.empty_like(weight, dtype=kind, shape=(4, weight.shape[1], self.size), order="C")
        for k, (target, gate) in enumerate(zip(out, self.order, strict=True)):
            part = weight[gate * self.size : (gate + 1) * self.size].T
            np.negative(part, out=target) if k < 3 else np.copyto(target, part)
        return out


def _add_shares(gates: Any, state: Any, weight: Any, shares: Any) -> None:
    """Add to the gates (4, count, size) what the state (count, width) contributes; weight (4, width, size)."""
    if state.size * weight.shape[0] * weight.shape[2] <= _SMALL:
        gates += np.matmul(state, weight, out=shares)
        return
    for gate, part in zip(gates, weight, strict=True):
        gate += matmul(state, part)


def _lstm(
    x: Any, h: Any, c: Any, weight: Any, projection: Any, *, batch_sizes: tuple[int, ...], reverse: bool = False
) -> tuple[Any, Any]:
    kind = result_kind(x, h, c, weight, projection)
    rows, size, batch = x.shape[0], c.shape[1], batch_sizes[0]
    gates = _Gates(x, kind, size, batch_sizes)
    recurrent = gates.by_gate(weight, kind)
    states, cells = _Track(h, kind, batch_sizes, reverse), _Track(c, kind, batch_sizes, reverse)
    squashed = np.empty_like(c, dtype=kind, shape=(rows, size), order="C")  # tanh of the cell
    shares = np.empty_like(squashed, shape=(4 * batch * size,), order="C")  # of the state in the gates
    written = np.empty_like(squashed, shape=(batch, size), order="C")
    for at, count in walk(batch_sizes, reverse):
        a, t, cell = gates.step(at, count), squashed[at], cells.after[at]
        _add_shares(a, states.enter(at, count), recurrent, shares[: a.size].reshape(a.shape))
        sigmoids = a[:3]
        np.exp(sigmoids, out=sigmoids)
        sigmoids += 1
        np.reciprocal(sigmoids, out=sigmoids)
        i, f, o, g = a
        np.tanh(g, out=g)
        np.multiply(cells.enter(at, count), f, out=cell)
        cell += np.multiply(i, g, out=written[:count])
        np.tanh(cell, out=t)
        if projection is None:
            np.multiply(o, t, out=states.after[at])
        else:
            states.after[at] = matmul(o * t, transposed(projection))
        states.leave(at, count)
        cells.leave(at, count)
    return (states.after, states.last(), cells.last()), (gates, squashed, states.before, cells.before)


def _lstm_back(
    g: Any, needs: Sequence[bool], weight: Any, projection: Any, batch_sizes: Any, reverse: bool, aux: Any
) -> tuple[Any, ...]:
    gates, squashed, before_h, before_c = aux
    g_out, dh, dc = g[0], g[1].copy(), g[2].copy()
    rows, size = before_c.shape
    i, f, o, s = gates.each(batch_sizes)
    t, before = squashed.reshape(*gates.lead, size), before_c.reshape(*gates.lead, size)
    # What the cotangents of the cell and the state are multiplied by, for each gate: in the order of the weight.
    by_gate = np.empty_like(before_c, shape=(rows, 4, size), order="C")
    along = by_gate.reshape(*gates.lead, 4, size)
    rest = np.empty_like(t, order="C")
    for k, slope, factor in ((0, i, s), (1, f, before), (3, o, t)):
        np.subtract(1, slope, out=rest)
        rest *= slope
        np.multiply(rest, factor, out=along[..., k, :])
    np.multiply(s, s, out=rest)
    np.subtract(1, rest, out=rest)
    np.multiply(rest, i, out=along[..., 2, :])
    np.multiply(t, t, out=rest)
    np.subtract(1, rest, out=rest)
    rest *= o
    to_cell = rest.reshape(rows, size)
    dx = np.empty_like(before_c, shape=(rows, 4 * size), order="C")
    dx_by_gate = dx.reshape(rows, 4, size)
    projected = None if projection is None else np.empty_like(before_h, order="C")
    shared = np.empty_like(dc, order="C")
    for at, count in reversed(walk(batch_sizes, reverse)):
        state, cell = dh[:count], dc[:count]
        state += g_out[at]
        full = state
        if projected is not None:
            projected[at] = state
            full = matmul(state, projection)
        cell += np.multiply(full, to_cell[at], out=shared[:count])
        d, factor = dx_by_gate[at], by_gate[at]
        np.multiply(factor[:, :3], cell[:, None], out=d[:, :3])
        np.multiply(factor[:, 3], full, out=d[:, 3])
        cell *= gates.step(at, count)[1]
        _dot(dx[at], weight, state)
    dw = matmul(transposed(dx), before_h) if needs[3] else None
    dp = None
    if projected is not None and needs[4]:
        dp = matmul(transposed(projected), (o * t).reshape(rows, size))
    return dx, dh, dc, dw, dp


def _lstm_spelled(
    x: Any, h: Any, c: Any, weight: Any, projection: Any, *, batch_sizes: tuple[int, ...], reverse: bool = False
) -> tuple[Any, Any, Any]:
    size = c.shape[1]
    outs = []
    for at, count in walk(batch_sizes, reverse):
        a = x[at] + np.matmul(h[:count], transposed(weight))
        i, f, o = (spelled_sigmoid(a[:, k * size : (k + 1) * size]) for k in (0, 1, 3))
        cell = c[:count] * f + i * np.tanh(a[:, 2 * size : 3 * size])
        state = o * np.tanh(cell)
        if projection is not None:
            state = np.matmul(state, transposed(projection))
        outs.append(state)
        h, c = kept(state, h), kept(cell, c)
    return in_order(outs, reverse), h, c


#: Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 9 (1997), with forget gates; the projection
#: of Sak et al., 2014, arXiv:1402.1128. Gates in the order i, f, g, o.
#: Shapes: x (N, 4 H), h (B, P), c (B, H), weight (4 H, P), projection (P, H) or ``None`` (then P = H)
#: -> the state after each step (N, P), the last ones (B, P), the last cells (B, H).
lstm_layer = op("lstm_layer", _lstm, joint=_lstm_back, composite=_lstm_spelled, aux=True, outputs=3, label="LstmLayer")
