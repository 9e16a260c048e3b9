"""Adafactor: adaptive steps whose memory of a matrix is a row and a column."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_cn.creation import from_numpy
from tinygrad_cn.tensor import Tensor

from ._options import check_not_negative, defaults
from .optimizer import Optimizer, ParamGroup

__all__ = ["Adafactor"]


class Adafactor(Optimizer):
    """Steps divided by the root of the mean squared gradient, which is kept as means over rows and over columns.

    With the gradient ``g`` of a matrix, ``b = t^beta2_decay`` at step ``t``, and ``rms`` the root of the mean square::

        r <- r + b (mean of g^2 over each row - r);     c <- c + b (mean of g^2 over each column - c)
        v <- r c / max(mean(r), eps1)
        u <- g / sqrt(max(v, eps1^2))
        w <- (1 - lr * weight_decay) w - min(lr, 1 / sqrt(t)) max(eps2, rms(w)) u / max(1, rms(u) / d)

    Vectors keep the whole ``v <- v + b (g^2 - v)``. ``rms(w)`` is that of the weights before they shrink.

    Source: Shazeer and Stern, "Adafactor: adaptive learning rates with sublinear memory cost", 2018,
    arXiv:1804.04235, with the means that PyTorch has for the paper's sums.

    Args:
        params: tensors, or dictionaries of groups.
        lr: the learning rate.
        beta2_decay: the exponent of ``b``, negative.
        eps: ``eps1``, of which ``None`` means the dtype's epsilon, and ``eps2``.
        d: the largest root mean square of an update.
        weight_decay: the share of the weight that is lost in a step, over the learning rate.
        foreach: accepted as in PyTorch, and without effect.
        maximize: go up instead of down.

    Raises:
        ValueError: an option out of its range.

    Example:
        >>> import tinygrad_cn as tg
        >>> w = tg.ones(2, 3, requires_grad=True)
        >>> optimizer = tg.optim.Adafactor([w], lr=0.5)
        >>> w.sum().backward()
        >>> optimizer.step()
        >>> w.tolist()
        [[0.5, 0.5, 0.5], [0.5, 0.5, 0.5]]
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        check_not_negative(weight_decay=weight_decay)
        for i, value in enumerate(eps, 1):
            if value is not None and not value >= 0:
                raise ValueError(f"epsilon{i} should be >= 0, but is {value}")
        if beta2_decay > 0:
            raise ValueError(f"beta2_decay should be <= 0, but is {beta2_decay}")
        if d < 1:
            raise ValueError(f"Clipping threshold d should be >= 1, but is {d}")
        super().__init__(
            params,
            defaults(
                lr=lr,
                beta2_decay=beta2_decay,
                eps=eps,
                d=d,
                weight_decay=weight_decay,
                foreach=foreach,
                maximize=maximize,
            ),
        )

    def _update(self, param: Tensor, weight: Any, grad: Any, group: ParamGroup) -> None:
        w, g, (eps1, eps2) = weight, grad, group["eps"]
        if w.dtype.kind == "c":
            raise RuntimeError(f"Adafactor does not support complex parameters, got shape {w.shape}, {w.dtype}")
        lr, beta2_decay, largest, decay = group["lr"], group["beta2_decay"], group["d"], group["weight_decay"]
        floor = float(np.finfo(w.dtype).eps) if eps1 is None else eps1
        t = self._count(param)
        b = t**beta2_decay
        step = max(eps2, _rms(w)) * min(lr, t**-0.5)
        if decay:
            np.multiply(w, 1 - lr * decay, out=w)
        u = np.multiply(g, g, out=self._scratch.room(w.shape, w.dtype))
        if w.ndim > 1:
            rows, columns = self._kept(param, row_var=(*w.shape[:-1], 1), col_var=(*w.shape[:-2], 1, w.shape[-1]))
            self._average(rows, u, -1, b)
            self._average(columns, u, -2, b)
            scale = self._mean(rows, -2)
            scaled = self._scratch.room(rows.shape, w.dtype, 2)
            np.divide(rows, np.maximum(scale, floor, out=scale), out=scaled)
            np.matmul(scaled, columns, out=u)  # multiply would broadcast through buffers
        else:
            (v,) = self._kept(param, variance=w.shape)
            np.add(v, np.multiply(np.subtract(u, v, out=u), b, out=u), out=v)
            np.positive(v, out=u)
        np.sqrt(np.maximum(u, floor * floor, out=u), out=u)
        np.divide(g, u, out=u)
        step /= max(1.0, _rms(u) / largest)
        np.subtract(w, np.multiply(u, -step if group["maximize"] else step, out=u), out=w)

    def _average(self, kept: np.ndarray, square: np.ndarray, axis: int, b: float) -> None:
        """``kept <- kept + b (mean of square over axis - kept)``."""
        mean = self._mean(square, axis)
        np.add(kept, np.multiply(np.subtract(mean, kept, out=mean), b, out=mean), out=kept)

    def _mean(self, array: np.ndarray, axis: int) -> np.ndarray:
        """The mean over an axis, which stays with length 1; `numpy.mean` would allocate."""
        shape = list(array.shape)
        shape[axis] = 1
        total = np.add.reduce(array, axis, keepdims=True, out=self._scratch.room(tuple(shape), array.dtype, 1))
        return np.divide(total, array.shape[axis] or math.nan, out=total)

    def _kept(self, param: Tensor, **shapes: tuple[int, ...]) -> list[np.ndarray]:
        """The arrays that are kept for a parameter: zeros at first."""
        state = self.state[param]
        for name, shape in shapes.items():
            if name not in state:
                state[name] = from_numpy(np.zeros(shape, param._array.dtype))
        return [state[name]._array for name in shapes]


def _rms(array: np.ndarray) -> float:
    """The root of the mean square."""
    return float(np.linalg.norm(array)) / max(array.size, 1) ** 0.5
