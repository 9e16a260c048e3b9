"""Adam and AdamW: steps scaled by running means of the gradient and of its square."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_cn.tensor import Tensor

from ._options import check_betas, check_not_negative, defaults
from .optimizer import Optimizer, ParamGroup

__all__ = ["Adam", "AdamW"]


class Adam(Optimizer):
    """Adaptive moment estimation.

    With the gradient ``g`` (plus ``weight_decay * w``), at step ``t``::

        m <- beta1 * m + (1 - beta1) * g
        v <- beta2 * v + (1 - beta2) * g^2
        w <- w - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)

    Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015, arXiv:1412.6980, algorithm 1; with
    ``amsgrad`` the largest ``v`` so far takes ``v``'s place (Reddi, Kale and Kumar, 2018, arXiv:1904.09237).

    Args:
        params: tensors, or dictionaries of groups.
        lr: the learning rate.
        betas: the decay rates of the two means.
        eps: added to the root.
        weight_decay: the factor of the L2 penalty ``weight_decay / 2 * |w|^2``.
        amsgrad: use the largest mean of squares so far.
        maximize: go up instead of down.
        decoupled_weight_decay: shrink the weights by ``lr * weight_decay`` instead, as `AdamW` does.
        foreach, fused, capturable: accepted as in PyTorch; there is one implementation.
        differentiable: let gradients flow through a step, as meta-learning does; parameters are then no leaves that
            require gradients.

    Raises:
        ValueError: an option out of its range.

    Example:
        >>> import tinygrad_cn as tg
        >>> w = tg.tensor([1.0], requires_grad=True)
        >>> optimizer = tg.optim.Adam([w], lr=0.5)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.5000], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        check_not_negative(eps=eps, weight_decay=weight_decay)
        check_betas(betas)
        for name, value in (("lr", lr), ("betas[0]", betas[0]), ("betas[1]", betas[1])):
            if isinstance(value, Tensor) and foreach and not capturable:
                raise ValueError(f"{name} as a Tensor is not supported for capturable=False and foreach=True")
        if isinstance(betas[0], Tensor) and isinstance(betas[1], Tensor):
            betas = (betas[0].reshape(()), betas[1].reshape(()))
        super().__init__(
            params,
            defaults(
                lr=lr,
                betas=betas,
                eps=eps,
                weight_decay=weight_decay,
                amsgrad=amsgrad,
                maximize=maximize,
                foreach=foreach,
                capturable=capturable,
                fused=fused,
                decoupled_weight_decay=decoupled_weight_decay,
                differentiable=differentiable,
            ),
        )

    def _update(self, param: Tensor, weight: Any, grad: Any, group: ParamGroup) -> None:
        lr, (beta1, beta2), eps, decay = group["lr"], group["betas"], group["eps"], group["weight_decay"]
        t = self._count(param)
        root = (1 - beta2**t) ** 0.5  # both sides of the quotient are multiplied by it: one pass less
        step, least, rest1, keep2, rest2, shrink, penalty = self._scalars(
            weight, lr / (1 - beta1**t) * root, eps * root, 1 - beta1, beta2, 1 - beta2, 1 - lr * decay, decay
        )

        def change(w: Any, g: Any, m: Any, v: Any, top: Any, s: Any, d: Any) -> None:
            if group["maximize"]:
                g = np.negative(g, out=s)
            if decay and group["decoupled_weight_decay"]:
                np.multiply(w, shrink, out=w)
            elif decay:
                g = np.add(g, np.multiply(w, penalty, out=d), out=s)
            np.add(m, np.multiply(np.subtract(g, m, out=d), rest1, out=d), out=m)
            np.multiply(v, keep2, out=v)
            np.add(v, np.multiply(np.multiply(g, g, out=d), rest2, out=d), out=v)
            if top is not None:
                v = np.maximum(top, v, out=top)
            size = np.add(np.sqrt(v, out=d), least, out=d)
            np.subtract(w, np.multiply(np.divide(m, size, out=d), step, out=d), out=w)

        mean, square = self._buffers(param, weight, "exp_avg", "exp_avg_sq")
        largest = self._buffers(param, weight, "max_exp_avg_sq")[0] if group["amsgrad"] else None
        self._each(change, weight, grad, mean, square, largest)


class AdamW(Adam):
    """`Adam` whose weight decay shrinks the weights themselves: ``w <- (1 - lr * weight_decay) * w`` before the step.

    Source: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019, arXiv:1711.05101.

    Args:
        params: tensors, or dictionaries of groups.
        lr, betas, eps, amsgrad, maximize, foreach, capturable, differentiable, fused: as for `Adam`.
        weight_decay: the share of the weight that is lost in a step, over the learning rate.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )
