"""RMSprop: steps scaled by a running mean of the gradient's square."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_cn.tensor import Tensor

from ._options import check_not_negative, defaults
from .optimizer import Optimizer, ParamGroup

__all__ = ["RMSprop"]


class RMSprop(Optimizer):
    """Gradient descent, each gradient divided by its running root mean square.

    With the gradient ``g`` (plus ``weight_decay * w``)::

        v <- alpha * v + (1 - alpha) * g^2
        a <- alpha * a + (1 - alpha) * g               (centered: v - a^2 takes v's place)
        b <- momentum * b + g / (sqrt(v) + eps)
        w <- w - lr * b

    Source: Tieleman and Hinton, "Lecture 6.5: RMSprop", COURSERA, 2012; centered: Graves, 2013, arXiv:1308.0850.

    Args:
        params: tensors, or dictionaries of groups.
        lr: the learning rate.
        alpha: the decay rate of the mean square.
        eps: added to the root.
        weight_decay: the factor of the L2 penalty.
        momentum: the share of the last step that is kept.
        centered: divide by the deviation instead.
        maximize: go up instead of down.
        foreach, capturable, differentiable: as for `Adam`.

    Raises:
        ValueError: an option out of its range.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_not_negative(eps=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        super().__init__(
            params,
            defaults(
                lr=lr,
                momentum=momentum,
                alpha=alpha,
                eps=eps,
                centered=centered,
                weight_decay=weight_decay,
                capturable=capturable,
                foreach=foreach,
                maximize=maximize,
                differentiable=differentiable,
            ),
        )

    def _update(self, param: Tensor, weight: Any, grad: Any, group: ParamGroup) -> None:
        lr, alpha, eps, decay = group["lr"], group["alpha"], group["eps"], group["weight_decay"]
        momentum = group["momentum"]
        self._count(param)

        def change(w: Any, g: Any, v: Any, b: Any, a: Any, s: Any, d: Any) -> None:
            if group["maximize"]:
                g = np.negative(g, out=s)
            if decay:
                g = np.add(g, np.multiply(w, decay, out=d), out=s)
            np.multiply(v, alpha, out=v)
            np.add(v, np.multiply(np.multiply(g, g, out=d), 1 - alpha, out=d), out=v)
            if a is not None:
                np.add(a, np.multiply(np.subtract(g, a, out=d), 1 - alpha, out=d), out=a)
                v = np.subtract(v, np.multiply(a, a, out=d), out=d)
            step = np.divide(g, np.add(np.sqrt(v, out=d), eps, out=d), out=d)
            if b is not None:
                step = np.add(np.multiply(b, momentum, out=b), step, out=b)
            np.subtract(w, np.multiply(step, lr, out=d), out=w)

        (squares,) = self._buffers(param, weight, "square_avg")
        buffer = self._buffers(param, weight, "momentum_buffer")[0] if momentum > 0 else None
        mean = self._buffers(param, weight, "grad_avg")[0] if group["centered"] else None
        self._each(change, weight, grad, squares, buffer, mean)
