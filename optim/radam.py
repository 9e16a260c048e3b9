"""RAdam: Adam whose first steps are rectified."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_cn.tensor import Tensor

from ._options import check_betas, check_not_negative, defaults
from .optimizer import Optimizer, ParamGroup

__all__ = ["RAdam"]


class RAdam(Optimizer):
    """Adam with its variance rectified, and plain momentum while the variance cannot be told yet.

    With the gradient ``g`` (plus ``weight_decay * w``), at step ``t``, and r_inf = 2 / (1 - beta2) - 1::

        m <- beta1 * m + (1 - beta1) * g
        v <- beta2 * v + (1 - beta2) * g^2
        r = r_inf - 2 t beta2^t / (1 - beta2^t)
        c = sqrt((r - 4) (r - 2) r_inf / ((r_inf - 4) (r_inf - 2) r))
        w <- w - lr * m / (1 - beta1^t) * c * sqrt(1 - beta2^t) / (sqrt(v) + eps)     if r > 5
        w <- w - lr * m / (1 - beta1^t)                                               else

    Source: Liu et al., "On the variance of the adaptive learning rate and beyond", 2020, arXiv:1908.03265.

    Args:
        params: tensors, or dictionaries of groups.
        lr: the learning rate.
        betas: the decay rates of the two means.
        eps: added to the root.
        weight_decay: the factor of the L2 penalty.
        decoupled_weight_decay: shrink the weights by ``lr * weight_decay`` instead.
        maximize: go up instead of down.
        foreach, capturable, differentiable: as for `Adam`.

    Raises:
        ValueError: an option out of its range.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
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
                maximize=maximize,
                foreach=foreach,
                capturable=capturable,
                decoupled_weight_decay=decoupled_weight_decay,
                differentiable=differentiable,
            ),
        )

    def _update(self, param: Tensor, weight: Any, grad: Any, group: ParamGroup) -> None:
        lr, (beta1, beta2), eps, decay = group["lr"], group["betas"], group["eps"], group["weight_decay"]
        t = self._count(param)
        step, scale = lr / (1 - beta1**t), self._rectified(beta2, t)

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
            if scale is None:
                np.subtract(w, np.multiply(m, step, out=d), out=w)
            else:
                ratio = np.divide(m, np.add(np.sqrt(v, out=d), eps, out=d), out=d)
                np.subtract(w, np.multiply(ratio, step * scale, out=d), out=w)

        self._each(change, weight, grad, *self._buffers(param, weight, "exp_avg", "exp_avg_sq"))

    @staticmethod
    def _rectified(beta2: float, t: int) -> float | None:
        """The factor c sqrt(1 - beta2^t), or ``None`` while the variance cannot be told."""
        limit = 2 / (1 - beta2) - 1
        length = limit - 2 * t * beta2**t / (1 - beta2**t)
        if length <= 5:
            return None
        c = math.sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length))
        return c * math.sqrt(1 - beta2**t)
