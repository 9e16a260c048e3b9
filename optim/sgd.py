"""SGD: stochastic gradient descent with momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_cn.tensor import Tensor

from ._options import check_lr, check_not_negative, defaults
from .optimizer import Optimizer, ParamGroup

__all__ = ["SGD"]


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum, Nesterov's form of it and weight decay.

    With the gradient ``g``, which is ``-g`` if maximizing, and the buffer ``v``::

        g <- g + weight_decay * w
        v <- momentum * v + (1 - dampening) * g        (v = g in the first step)
        w <- w - lr * v                                (nesterov: w - lr * (g + momentum * v))

    Source: Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep learning",
    ICML 2013, in PyTorch's form, where the learning rate stands outside of ``v``.

    Args:
        params: tensors, or dictionaries of groups.
        lr: the learning rate.
        momentum: the share of the buffer that is kept.
        dampening: the share of the gradient that is left out of the buffer.
        weight_decay: the factor of the L2 penalty ``weight_decay / 2 * |w|^2``.
        nesterov: look ahead by one step of momentum.
        maximize: go up instead of down.
        foreach, fused: accepted as in PyTorch; there is one implementation.
        differentiable: let gradients flow through a step, as meta-learning does; parameters are then no leaves that
            require gradients.

    Raises:
        ValueError: a negative rate, or Nesterov's form without momentum or with dampening.

    Example:
        >>> import tinygrad_cn as tg
        >>> w = tg.tensor([1.0], requires_grad=True)
        >>> optimizer = tg.optim.SGD([w], lr=0.25)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.tolist()
        [0.5]
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_lr(lr)
        check_not_negative(momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(
            params,
            defaults(
                lr=lr,
                momentum=momentum,
                dampening=dampening,
                weight_decay=weight_decay,
                nesterov=nesterov,
                maximize=maximize,
                foreach=foreach,
                differentiable=differentiable,
                fused=fused,
            ),
        )

    def _update(self, param: Tensor, weight: Any, grad: Any, group: ParamGroup) -> None:
        momentum, dampening, decay = group["momentum"], group["dampening"], group["weight_decay"]
        lr, mu, keep, penalty = self._scalars(weight, group["lr"], momentum, 1 - dampening, decay)
        buffer = None
        if momentum:
            first = self.state[param].get("momentum_buffer") is None
            if first:
                self.state[param].pop("momentum_buffer", None)  # None comes from PyTorch, where there was no momentum
            (buffer,) = self._buffers(param, weight, "momentum_buffer")

        def change(w: Any, g: Any, v: Any, s: Any, t: Any) -> None:
            if group["maximize"]:
                g = np.negative(g, out=s)
            if decay:
                g = np.add(g, np.multiply(w, penalty, out=t), out=s)
            if v is not None:
                if first:
                    np.positive(g, out=v)
                else:
                    np.multiply(v, mu, out=v)
                    np.add(v, np.multiply(g, keep, out=t) if dampening else g, out=v)
                g = np.add(g, np.multiply(v, mu, out=t), out=s) if group["nesterov"] else v
            np.subtract(w, np.multiply(g, lr, out=t), out=w)

        self._each(change, weight, grad, buffer)
