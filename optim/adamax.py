"""Adamax: Adam with the largest gradient in place of the mean square."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_cn.tensor import Tensor

from ._options import check_betas, check_not_negative, defaults
from .optimizer import Optimizer, ParamGroup

__all__ = ["Adamax"]


class Adamax(Optimizer):
    """Adam by the infinity norm.

    With the gradient ``g`` (plus ``weight_decay * w``), at step ``t``::

        m <- beta1 * m + (1 - beta1) * g
        u <- max(beta2 * u, |g| + eps)
        w <- w - lr / (1 - beta1^t) * m / u

    Source: Kingma and Ba, 2015, arXiv:1412.6980, algorithm 2.

    Args:
        params: tensors, or dictionaries of groups.
        lr: the learning rate.
        betas: the decay rates of mean and norm.
        eps: added to the gradient's size.
        weight_decay: the factor of the L2 penalty.
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
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_not_negative(eps=eps, weight_decay=weight_decay)
        check_betas(betas)
        super().__init__(
            params,
            defaults(
                lr=lr,
                betas=betas,
                eps=eps,
                weight_decay=weight_decay,
                foreach=foreach,
                maximize=maximize,
                capturable=capturable,
                differentiable=differentiable,
            ),
        )

    def _update(self, param: Tensor, weight: Any, grad: Any, group: ParamGroup) -> None:
        lr, (beta1, beta2), eps, decay = group["lr"], group["betas"], group["eps"], group["weight_decay"]
        step = lr / (1 - beta1 ** self._count(param))

        def change(w: Any, g: Any, m: Any, u: Any, s: Any, d: Any) -> None:
            if group["maximize"]:
                g = np.negative(g, out=s)
            if decay:
                g = np.add(g, np.multiply(w, decay, out=d), out=s)
            np.add(m, np.multiply(np.subtract(g, m, out=d), 1 - beta1, out=d), out=m)
            np.multiply(u, beta2, out=u)
            np.maximum(u, np.add(np.absolute(g, out=d), eps, out=d), out=u)
            np.subtract(w, np.multiply(np.divide(m, u, out=d), step, out=d), out=w)

        self._each(change, weight, grad, *self._buffers(param, weight, "exp_avg", "exp_inf"))
