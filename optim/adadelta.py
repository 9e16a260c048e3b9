"""Adadelta: steps in the units of the weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_cn.tensor import Tensor

from ._options import check_not_negative, defaults
from .optimizer import Optimizer, ParamGroup

__all__ = ["Adadelta"]


class Adadelta(Optimizer):
    """Gradient descent whose steps are scaled by the steps before.

    With the gradient ``g`` (plus ``weight_decay * w``)::

        v <- rho * v + (1 - rho) * g^2
        d = sqrt(u + eps) / sqrt(v + eps) * g
        u <- rho * u + (1 - rho) * d^2
        w <- w - lr * d

    Source: Zeiler, "ADADELTA: an adaptive learning rate method", 2012, arXiv:1212.5701.

    Args:
        params: tensors, or dictionaries of groups.
        lr: a factor of the step.
        rho: the decay rate of the two means.
        eps: added under the roots.
        weight_decay: the factor of the L2 penalty.
        maximize: go up instead of down.
        foreach, capturable, differentiable: as for `Adam`.

    Raises:
        ValueError: an option out of its range.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_not_negative(eps=eps, weight_decay=weight_decay)
        if not 0 <= rho <= 1:
            raise ValueError(f"Invalid rho value: {rho}; it must lie in [0, 1]")
        super().__init__(
            params,
            defaults(
                lr=lr,
                rho=rho,
                eps=eps,
                weight_decay=weight_decay,
                maximize=maximize,
                capturable=capturable,
                foreach=foreach,
                differentiable=differentiable,
            ),
        )

    def _update(self, param: Tensor, weight: Any, grad: Any, group: ParamGroup) -> None:
        lr, rho, eps, decay = group["lr"], group["rho"], group["eps"], group["weight_decay"]
        self._count(param)

        def change(w: Any, g: Any, v: Any, u: Any, s: Any, d: Any) -> None:
            if group["maximize"]:
                g = np.negative(g, out=s)
            if decay:
                g = np.add(g, np.multiply(w, decay, out=d), out=s)
            np.multiply(v, rho, out=v)
            np.add(v, np.multiply(np.multiply(g, g, out=d), 1 - rho, out=d), out=v)
            g = np.multiply(g, np.sqrt(np.add(u, eps, out=d), out=d), out=s)
            step = np.divide(g, np.sqrt(np.add(v, eps, out=d), out=d), out=s)
            np.multiply(u, rho, out=u)
            np.add(u, np.multiply(np.multiply(step, step, out=d), 1 - rho, out=d), out=u)
            np.subtract(w, np.multiply(step, lr, out=d), out=w)

        self._each(change, weight, grad, *self._buffers(param, weight, "square_avg", "acc_delta"))
