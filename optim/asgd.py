"""ASGD: gradient descent that also averages its weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_cn.creation import from_numpy
from tinygrad_cn.tensor import Tensor

from ._options import check_not_negative, defaults
from .optimizer import Optimizer, ParamGroup

__all__ = ["ASGD"]


class ASGD(Optimizer):
    """Averaged stochastic gradient descent.

    With the gradient ``g`` (plus ``weight_decay * w``), at step ``t``::

        w <- (1 - lambd * eta) * w - eta * g
        ax <- ax + mu * (w - ax)
        eta <- lr / (1 + lambd * lr * t)^alpha,     mu <- 1 / max(1, t - t0)

    Source: Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992.

    Args:
        params: tensors, or dictionaries of groups.
        lr: the learning rate.
        lambd: how fast the weights and the rate fall.
        alpha: the power by which the rate falls.
        t0: the step at which averaging starts.
        weight_decay: the factor of the L2 penalty.
        maximize: go up instead of down.
        foreach, capturable, differentiable: as for `Adam`.

    Raises:
        ValueError: an option out of its range.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_not_negative(weight_decay=weight_decay)
        super().__init__(
            params,
            defaults(
                lr=lr,
                lambd=lambd,
                alpha=alpha,
                t0=t0,
                weight_decay=weight_decay,
                foreach=foreach,
                maximize=maximize,
                capturable=capturable,
                differentiable=differentiable,
            ),
        )

    def _update(self, param: Tensor, weight: Any, grad: Any, group: ParamGroup) -> None:
        lr, lambd, decay = group["lr"], group["lambd"], group["weight_decay"]
        t = self._count(param)
        state = self.state[param]
        if "eta" not in state:
            state["eta"] = from_numpy(np.asarray(float(lr), dtype=np.float32))
            state["mu"] = from_numpy(np.ones((), dtype=np.float32))
        eta, mu = float(state["eta"]._array), float(state["mu"]._array)

        def change(w: Any, g: Any, a: Any, s: Any, d: Any) -> None:
            if group["maximize"]:
                g = np.negative(g, out=s)
            if decay:
                g = np.add(g, np.multiply(w, decay, out=d), out=s)
            np.multiply(w, 1 - lambd * eta, out=w)
            np.subtract(w, np.multiply(g, eta, out=d), out=w)
            if mu == 1:
                np.positive(w, out=a)
            else:
                np.add(a, np.multiply(np.subtract(w, a, out=d), mu, out=d), out=a)

        self._each(change, weight, grad, *self._buffers(param, weight, "ax"))
        state["eta"]._array[...] = np.float32(
            float(lr) / (1 + lambd * float(lr) * t) ** group["alpha"]
        )  # as PyTorch rounds
        state["mu"]._array[...] = np.float32(1 / max(1, t - group["t0"]))
