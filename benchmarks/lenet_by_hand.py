"""LeNet's training step in plain NumPy: convolutions as products of matrices, all gradients written out."""

from __future__ import annotations

from typing import Any

import numpy as np

from .harness import Run, repeat


def convolve(x: Any, w: Any, b: Any, pad: int) -> tuple[Any, Any]:
    """(N, C, H, W) with (O, C, K, K) -> (N, O, OH, OW), and the columns (N*OH*OW, C*K*K) for the gradient."""
    if pad:
        x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    k = w.shape[-1]
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))  # (N, C, OH, OW, K, K)
    n, c, oh, ow = windows.shape[:4]
    columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * oh * ow, c * k * k)
    out = columns @ w.reshape(len(w), -1).T + b
    return np.ascontiguousarray(out.reshape(n, oh, ow, -1).transpose(0, 3, 1, 2)), columns


def convolve_back(g: Any, columns: Any, w: Any, shape: tuple[int, ...] | None) -> tuple[Any, Any, Any]:
    """The gradients of w, b and, if its (unpadded) ``shape`` is given, of x."""
    n, o, oh, ow = g.shape
    c, k = w.shape[1:3]
    rows = g.transpose(0, 2, 3, 1).reshape(-1, o)  # (N*OH*OW, O)
    dw, db = (rows.T @ columns).reshape(w.shape), rows.sum(axis=0)
    if shape is None:
        return dw, db, None
    dcolumns = (rows @ w.reshape(o, -1)).reshape(n, oh, ow, c, k, k)
    dx = np.zeros(shape, g.dtype)
    for i in range(k):
        for j in range(k):
            dx[:, :, i : i + oh, j : j + ow] += dcolumns[..., i, j].transpose(0, 3, 1, 2)
    return dw, db, dx


def pool(x: Any) -> tuple[Any, Any]:
    """The largest of each 2x2, and which of the four it is."""
    n, c, h, w = x.shape
    blocks = x.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h // 2, w // 2, 4)
    which = blocks.argmax(axis=-1)[..., None]
    return np.take_along_axis(blocks, which, axis=-1)[..., 0], which


def pool_back(g: Any, which: Any) -> Any:
    n, c, h, w = g.shape
    blocks = np.zeros((n, c, h, w, 4), g.dtype)
    np.put_along_axis(blocks, which, g[..., None], axis=-1)
    return blocks.reshape(n, c, h, w, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, 2 * h, 2 * w)


def build(x: Any, target: Any, weights: list[Any], biases: list[Any], rate: float) -> Run:
    """The step on these images; the parameters are copied."""
    w, b = [p.copy() for p in weights], [p.copy() for p in biases]
    rows = np.arange(len(x))

    def step() -> Any:
        z1, columns1 = convolve(x, w[0], b[0], pad=2)
        s1, which1 = pool(np.maximum(z1, 0, out=z1))
        z2, columns2 = convolve(s1, w[1], b[1], pad=0)
        s2, which2 = pool(np.maximum(z2, 0, out=z2))
        signals = [s2.reshape(len(x), -1)]
        for i in (2, 3):
            z = signals[-1] @ w[i].T + b[i]
            signals.append(np.maximum(z, 0, out=z))
        scores = signals[-1] @ w[4].T + b[4]
        scores -= scores.max(axis=1, keepdims=True)
        g = np.exp(scores)
        total = g.sum(axis=1, keepdims=True)
        loss = (np.log(total[:, 0]) - scores[rows, target]).mean()

        g /= total
        g[rows, target] -= 1
        g /= len(x)
        grads: dict[int, tuple[Any, Any]] = {}
        for i in (4, 3, 2):
            signal = signals[i - 2]
            grads[i] = g.T @ signal, g.sum(axis=0)
            g = g @ w[i]
            if i > 2:
                g *= signal > 0
        g = pool_back(g.reshape(s2.shape), which2) * (z2 > 0)
        dw, db, g = convolve_back(g, columns2, w[1], s1.shape)
        grads[1] = dw, db
        g = pool_back(g, which1) * (z1 > 0)
        dw, db, _ = convolve_back(g, columns1, w[0], None)
        grads[0] = dw, db
        for i, (dw, db) in grads.items():
            w[i] -= rate * dw
            b[i] -= rate * db
        return loss

    return repeat(step)
