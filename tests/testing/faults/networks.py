"""Normalisation and recurrent layers."""

import numpy as np
from testing.faults.record import Base, Seeded, changed, numbers, seeded

from tinygrad_cn.testing import FaultKind as K

EPS = 1e-5


def _sigmoid(a):
    return 1 / (1 + np.exp(-a))


# ---------------------------------------------------------------------------------- normalisation


def _batch_norm(x, weight, bias):
    """(N, C): over the batch."""
    centred = x - x.mean(axis=0)
    return centred / np.sqrt((centred * centred).mean(axis=0) + EPS) * weight + bias


def _batch_norm_parts(xs, g):
    x, weight, _ = xs
    centred = x - x.mean(axis=0)
    scale = 1 / np.sqrt((centred**2).mean(axis=0) + EPS)
    normal = centred * scale
    return normal, scale * weight, g.mean(axis=0), (g * normal).mean(axis=0)


def _batch_norm_back(xs, g):
    normal, scale, mean, along = _batch_norm_parts(xs, g)
    return [scale * (g - mean - normal * along), (g * normal).sum(axis=0), g.sum(axis=0)]


def _without_mean(gradients, arrays, g):
    normal, scale, _, along = _batch_norm_parts(arrays, g)
    return [scale * (g - normal * along), *gradients[1:]]


def _without_variance(gradients, arrays, g):
    _, scale, mean, _ = _batch_norm_parts(arrays, g)
    return [scale * (g - mean), *gradients[1:]]


def _as_in_evaluation(gradients, arrays, g):
    return [_batch_norm_parts(arrays, g)[1] * g, *gradients[1:]]


def _layer_norm(x):
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + EPS)


def _layer_norm_back(xs, g):
    (x,) = xs
    centred = x - x.mean(axis=-1, keepdims=True)
    scale = 1 / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPS)
    normal = centred * scale
    return [scale * (g - g.mean(axis=-1, keepdims=True) - normal * (g * normal).mean(axis=-1, keepdims=True))]


BATCH_NORM = Base("normalisation", "batch norm", _batch_norm, _batch_norm_back,
                  (numbers(4, 2), numbers(2, low=0.5, seed=1), numbers(2, seed=2)))  # fmt: skip
LAYER_NORM = Base("normalisation", "layer norm", _layer_norm, _layer_norm_back, (numbers(2, 3),))

# -------------------------------------------------------------------------------------- recurrent


def _rnn(x, h, w):
    """Three steps of tanh(x_t + W h): (3, H), (H,), (H, H) -> (H,)."""
    for row in x:
        h = np.tanh(row + w @ h)
    return h


def _rnn_sweep(xs, g, steps=3, local=lambda h: 1 - h * h, turned=True):
    x, h, w = xs
    states = [h]
    for row in x:
        states.append(np.tanh(row + w @ states[-1]))
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for t in range(2, 2 - steps, -1):
        a = g * local(states[t + 1])
        dx[t] = a
        dw += np.outer(a, states[t])
        g = (w.T if turned else w) @ a
    return [dx, g, dw]


def _lstm_cell(a, c):
    """Gates (4, H) in the order i, f, g, o, and the cell (H,) -> the state (H,)."""
    i, f, o = _sigmoid(a[0]), _sigmoid(a[1]), _sigmoid(a[3])
    return o * np.tanh(f * c + i * np.tanh(a[2]))


def _lstm_cell_back(xs, g):
    a, c = xs
    i, f, n, o = _sigmoid(a[0]), _sigmoid(a[1]), np.tanh(a[2]), _sigmoid(a[3])
    t = np.tanh(f * c + i * n)
    dc = g * o * (1 - t * t)
    da = np.stack([dc * n * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - n * n), g * t * o * (1 - o)])
    return [da, dc * f]


def _gates_exchanged(gradients, arrays, g):
    return [gradients[0][[1, 0, 2, 3]], gradients[1]]


def _forget_gate_not_applied(gradients, arrays, g):
    return [gradients[0], gradients[1] / _sigmoid(arrays[0][1])]


def _gru_cell(a, h):
    """(3, H), (H,): r, z, n with the reset gate on the state."""
    r, z = _sigmoid(a[0]), _sigmoid(a[1])
    return (1 - z) * np.tanh(a[2] + r * h) + z * h


def _gru_cell_back(xs, g):
    a, h = xs
    r, z = _sigmoid(a[0]), _sigmoid(a[1])
    n = np.tanh(a[2] + r * h)
    dn = g * (1 - z) * (1 - n * n)
    return [np.stack([dn * h * r * (1 - r), g * (h - n) * z * (1 - z), dn]), dn * r + g * z]


def _only_the_direct_way(gradients, arrays, g):
    return [gradients[0], g * _sigmoid(arrays[0][1])]


RNN = Base("recurrent", "three steps of a recurrent layer", _rnn, lambda xs, g: _rnn_sweep(xs, g),
           (numbers(3, 2), numbers(2, seed=1), 0.5 * numbers(2, 2, seed=2)))  # fmt: skip
LSTM = Base("recurrent", "LSTM cell", _lstm_cell, _lstm_cell_back, (numbers(4, 2), numbers(2, seed=1)))
GRU = Base("recurrent", "GRU cell", _gru_cell, _gru_cell_back, (numbers(3, 2), numbers(2, seed=1)))

FAULTS: list[Seeded] = [
    seeded(BATCH_NORM, "mean taken as constant", K.OTHER, _without_mean),
    seeded(BATCH_NORM, "variance taken as constant", K.OTHER, _without_variance),
    seeded(BATCH_NORM, "statistics taken as constants", K.OTHER, _as_in_evaluation),
    seeded(BATCH_NORM, "scale and shift exchanged", K.SWAPPED, lambda ds, xs, g: [ds[0], ds[2], ds[1]]),
    seeded(BATCH_NORM, "input's times 1.0005", K.FACTOR, changed(0, lambda d: 1.0005 * d), size=5e-4),
    seeded(LAYER_NORM, "averaged over the batch", K.OTHER, lambda ds, xs, g: [
        ds[0] + g.mean(axis=-1, keepdims=True) - g.mean(axis=0)]),
    seeded(LAYER_NORM, "divided by n - 1", (K.FACTOR, K.OTHER), changed(0, lambda d: d * 3 / 2)),
    seeded(RNN, "truncated after two steps", (K.MASKED, K.OTHER), lambda ds, xs, g: _rnn_sweep(
        xs, g, steps=2)),
    seeded(RNN, "weight not transposed on the way back", (K.OTHER, K.MASKED), lambda ds, xs, g: _rnn_sweep(
        xs, g, turned=False)),
    seeded(RNN, "derivative of the sigmoid", K.OTHER, lambda ds, xs, g: _rnn_sweep(
        xs, g, local=lambda h: h * (1 - h))),
    seeded(RNN, "weight's transposed", K.TRANSPOSED, changed(2, lambda d: d.T)),
    seeded(LSTM, "gates in another order", (K.TRANSPOSED, K.OTHER, K.MASKED), _gates_exchanged),
    seeded(LSTM, "forget gate not applied", K.OTHER, _forget_gate_not_applied),
    seeded(LSTM, "cell's off by 1e-4", K.FACTOR, changed(1, lambda d: d * (1 + 1e-4)), size=1e-4),
    seeded(GRU, "state's without the way through the gates", K.OTHER, _only_the_direct_way),
    seeded(GRU, "update gate's sign", K.MASKED, lambda ds, xs, g: [
        ds[0] * np.array([1, -1, 1])[:, None], ds[1]]),
]  # fmt: skip
