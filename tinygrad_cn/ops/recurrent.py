"""Recurrent layers: one op runs a layer of an RNN or GRU over all steps in one direction; `lstm` has that of an LSTM.

How the steps stand is said in `recurrent_steps`. What the inputs contribute to the gates, ``x``, does not depend on the
steps before and comes as one product; the op adds what the state contributes.

Each op is fused: its backward pass walks the steps once, and the gradients of the weights are one product over all
steps. Its spelled-out twin serves at second order and as its test.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.kernels.products import matmul
from tinygrad_cn.op import op
from tinygrad_cn.ops.recurrent_steps import in_order, kept, result_kind, spelled_sigmoid, transposed, walk

__all__ = ["gru_layer", "rnn_layer"]

# --------------------------------------------------------------------------------------------- GRU


def _gru(
    x: Any, h: Any, weight: Any, bias: Any, *, batch_sizes: tuple[int, ...], reverse: bool = False
) -> tuple[Any, Any]:
    kind = result_kind(x, h, weight, bias)
    size = h.shape[1]
    gates = x.astype(kind, order="C")  # (N, 3 * size), at each step made into r, z, n
    recurrent = transposed(weight)
    out = np.empty_like(h, dtype=kind, shape=(gates.shape[0], size))
    before = np.empty_like(out)
    inner = np.empty_like(out)  # what the state contributes to n, before r is applied
    h = h.astype(kind)
    for at, count in walk(batch_sizes, reverse):
        a, state = gates[at], h[:count]
        before[at] = state
        u = matmul(state, recurrent)
        if bias is not None:
            u = u + bias
        inner[at] = u[:, 2 * size :]
        sigmoids, n = a[:, : 2 * size], a[:, 2 * size :]
        sigmoids += u[:, : 2 * size]
        sigmoids *= 0.5
        np.tanh(sigmoids, out=sigmoids)
        sigmoids *= 0.5
        sigmoids += 0.5
        n += sigmoids[:, :size] * u[:, 2 * size :]
        np.tanh(n, out=n)
        state -= n
        state *= sigmoids[:, size:]
        state += n
        out[at] = state
    return (out, h), (gates, before, inner)


def _gru_back(g: Any, needs: Sequence[bool], weight: Any, batch_sizes: Any, reverse: bool, aux: Any) -> tuple[Any, ...]:
    gates, before, inner = aux
    g_out, dh = g[0], g[1].copy()
    size = before.shape[1]
    r, z, n = (gates[:, k * size : (k + 1) * size] for k in range(3))
    to_n = (1 - z) * (1 - n * n)
    along = np.empty_like(gates)  # what the cotangent of the state is multiplied by, for each gate
    np.multiply(to_n * inner, r * (1 - r), out=along[:, :size])
    np.multiply(before - n, z * (1 - z), out=along[:, size : 2 * size])
    np.multiply(to_n, r, out=along[:, 2 * size :])
    du = np.empty_like(gates)
    arrived = np.empty_like(before)
    for at, count in reversed(walk(batch_sizes, reverse)):
        state = dh[:count]
        state += g_out[at]
        arrived[at] = state
        d = du[at]
        gate = (count, 3, size)
        np.multiply(along[at].reshape(gate), state[:, None], out=d.reshape(gate, copy=False))
        state *= z[at]
        state += matmul(d, weight)
    dx = du.copy()
    np.multiply(arrived, to_n, out=dx[:, 2 * size :])
    dw = matmul(transposed(du), before) if needs[2] else None
    db = np.add.reduce(du, axis=0) if needs[3] else None
    return dx, dh, dw, db


def _gru_spelled(
    x: Any, h: Any, weight: Any, bias: Any, *, batch_sizes: tuple[int, ...], reverse: bool = False
) -> tuple[Any, Any]:
    size = h.shape[1]
    outs = []
    for at, count in walk(batch_sizes, reverse):
        a, state = x[at], h[:count]
        u = np.matmul(state, transposed(weight))
        if bias is not None:
            u = u + bias
        r, z = (spelled_sigmoid(a[:, k * size : (k + 1) * size] + u[:, k * size : (k + 1) * size]) for k in (0, 1))
        n = np.tanh(a[:, 2 * size :] + r * u[:, 2 * size :])
        state = n + z * (state - n)
        outs.append(state)
        h = kept(state, h)
    return in_order(outs, reverse), h


#: Cho et al., 2014, arXiv:1406.1078, with the reset gate after the product, as cuDNN has it. Gates: r, z, n.
#: Shapes: x (N, 3 H), h (B, H), weight (3 H, H), bias (3 H,) or ``None`` -> the state after each step (N, H), the last
#: ones (B, H).
gru_layer = op("gru_layer", _gru, joint=_gru_back, composite=_gru_spelled, aux=True, outputs=2, label="GruLayer")

# --------------------------------------------------------------------------------------------- RNN


def _rnn(
    x: Any, h: Any, weight: Any, *, batch_sizes: tuple[int, ...], reverse: bool = False, relu: bool = False
) -> tuple[Any, Any]:
    kind = result_kind(x, h, weight)
    out = x.astype(kind, order="C")
    before = np.empty_like(out)
    recurrent = transposed(weight)
    h = h.astype(kind)
    for at, count in walk(batch_sizes, reverse):
        a, state = out[at], h[:count]
        before[at] = state
        a += matmul(state, recurrent)
        if relu:
            np.maximum(a, 0, out=a)
        else:
            np.tanh(a, out=a)
        state[...] = a
    return (out, h), before


def _rnn_back(
    g: Any, needs: Sequence[bool], weight: Any, batch_sizes: Any, reverse: bool, relu: bool, out: Any, aux: Any
) -> tuple[Any, ...]:
    before, states = aux, out[0]
    g_out, dh = g[0], g[1].copy()
    dx = (states > 0).astype(states.dtype) if relu else 1 - states * states  # the slopes, then the cotangents
    for at, count in reversed(walk(batch_sizes, reverse)):
        d, state = dx[at], dh[:count]
        state += g_out[at]
        d *= state
        state[...] = matmul(d, weight)
    return dx, dh, matmul(transposed(dx), before) if needs[2] else None


def _rnn_spelled(
    x: Any, h: Any, weight: Any, *, batch_sizes: tuple[int, ...], reverse: bool = False, relu: bool = False
) -> tuple[Any, Any]:
    outs = []
    for at, count in walk(batch_sizes, reverse):
        a = x[at] + np.matmul(h[:count], transposed(weight))
        state = np.where(a > 0, a, 0) if relu else np.tanh(a)
        outs.append(state)
        h = kept(state, h)
    return in_order(outs, reverse), h


#: Elman, "Finding Structure in Time", Cognitive Science 14 (1990).
#: Shapes: x (N, H), h (B, H), weight (H, H) -> the state after each step (N, H), the last ones (B, H).
rnn_layer = op("rnn_layer", _rnn, joint=_rnn_back, composite=_rnn_spelled, aux=True, outputs=2, label="RnnLayer")
