"""NAdam: Adam with Nesterov's look ahead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_cn.creation import from_numpy
from tinygrad_cn.tensor import Tensor

from ._options import check_betas, check_not_negative, defaults
from .optimizer import Optimizer, ParamGroup

__all__ = ["NAdam"]


class NAdam(Optimizer):
    """Adam with Nesterov's momentum.

    With the gradient ``g`` (plus ``weight_decay * w``), at step ``t``::

        mu_t = beta1 * (1 - 0.96^(t * momentum_decay) / 2)
        m <- beta1 * m + (1 - beta1) * g
        v <- beta2 * v + (1 - beta2) * g^2
        n = (1 - mu_t) * g / (1 - mu_1 ... mu_t) + mu_(t+1) * m / (1 - mu_1 ... mu_(t+1))
        w <- w - lr * n / (sqrt(v / (1 - beta2^t)) + eps)

    Source: Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016.

    Args:
        params: tensors, or dictionaries of groups.
        lr: the learning rate.
        betas: the decay rates of the two means.
        eps: added to the root.
        weight_decay: the factor of the L2 penalty.
        momentum_decay: how fast the momentum grows to ``beta1``.
        decoupled_weight_decay: shrink the weights by ``lr * weight_decay`` instead.
        maximize: go up instead of down.
        foreach, capturable, differentiable: as for `Adam`.

    Raises:
        ValueError: an option out of its range.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_not_negative(eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay)
        check_betas(betas)
        super().__init__(
            params,
            defaults(
                lr=lr,
                betas=betas,
                eps=eps,
                weight_decay=weight_decay,
                momentum_decay=momentum_decay,
                decoupled_weight_decay=decoupled_weight_decay,
                maximize=maximize,
                foreach=foreach,
                capturable=capturable,
                differentiable=differentiable,
            ),
        )

    def _update(self, param: Tensor, weight: Any, grad: Any, group: ParamGroup) -> None:
        lr, (beta1, beta2), eps, decay = group["lr"], group["betas"], group["eps"], group["weight_decay"]
        t = self._count(param)
        mu, ahead = (beta1 * (1 - 0.5 * 0.96 ** (n * group["momentum_decay"])) for n in (t, t + 1))
        product = self._product(param, mu)
        by_gradient, by_mean = lr * (1 - mu) / (1 - product), lr * ahead / (1 - product * ahead)

        def change(w: Any, g: Any, m: Any, v: Any, s: Any, d: Any) -> None:
            if group["maximize"]:
                g = np.negative(g, out=s)
            if decay and group["decoupled_weight_decay"]:
                np.multiply(w, 1 - lr * decay, out=w)
            elif decay:
                g = np.add(g, np.multiply(w, decay, out=d), out=s)
            np.add(m, np.multiply(np.subtract(g, m, out=d), 1 - beta1, out=d), out=m)
            np.multiply(v, beta2, out=v)
            np.add(v, np.multiply(np.multiply(g, g, out=d), 1 - beta2, out=d), out=v)
            size = np.add(np.sqrt(np.divide(v, 1 - beta2**t, out=d), out=d), eps, out=d)
            g = np.multiply(g, by_gradient, out=s)
            np.subtract(w, np.divide(g, size, out=s), out=w)
            np.subtract(w, np.multiply(np.divide(m, size, out=d), by_mean, out=d), out=w)

        self._each(change, weight, grad, *self._buffers(param, weight, "exp_avg", "exp_avg_sq"))

    def _product(self, param: Any, mu: float) -> float:
        """The product of all momenta so far, kept with the parameter."""
        state = self.state[param]
        if "mu_product" not in state:
            state["mu_product"] = from_numpy(np.ones((), dtype=np.float32))
        state["mu_product"]._array *= mu
        return float(state["mu_product"]._array)
