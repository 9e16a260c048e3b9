"""SGD: stochastic gradient descent with momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_cn.creation import from_numpy
from tinygrad_cn.tensor import Tensor

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
        differentiable: only ``False``.

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
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError(f"Tensor lr must be 1-element, got shape {tuple(lr.shape)}")
        for name, value in (("learning rate", lr), ("momentum value", momentum), ("weight_decay value", weight_decay)):
            if value < 0:
                raise ValueError(f"Invalid {name}: {value}; it must not be negative")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        if differentiable:
            raise ValueError("differentiable=True is not supported: write the update with tensor operations instead")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def _update(self, group: ParamGroup) -> None:
        lr, momentum, keep = float(group["lr"]), group["momentum"], 1 - group["dampening"]
        weight_decay, nesterov, maximize = float(group["weight_decay"]), group["nesterov"], group["maximize"]
        for param, weight, grad in self._with_gradients(group):
            buffer, first = self._buffer(param, weight) if momentum else (None, False)
            for w, g, v, s, t in self._scratch.pieces(weight, grad, buffer):
                if maximize:
                    g = np.negative(g, out=s)
                if weight_decay:
                    g = np.add(g, np.multiply(w, weight_decay, out=t), out=s)
                if v is not None:
                    if first:
                        np.copyto(v, g)
                    else:
                        np.multiply(v, momentum, out=v)
                        np.add(v, g if keep == 1 else np.multiply(g, keep, out=t), out=v)
                    g = np.add(g, np.multiply(v, momentum, out=t), out=s) if nesterov else v
                np.subtract(w, np.multiply(g, lr, out=t), out=w)

    def _buffer(self, param: Any, weight: np.ndarray) -> tuple[np.ndarray, bool]:
        """The parameter's momentum buffer, and whether it is new."""
        state = self.state[param]
        buffer = state.get("momentum_buffer")
        if buffer is not None:
            return buffer._array, False
        state["momentum_buffer"] = from_numpy(np.empty_like(weight))
        return state["momentum_buffer"]._array, True
