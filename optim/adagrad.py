"""Adagrad: steps scaled by all squared gradients so far."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_cn.creation import from_numpy
from tinygrad_cn.tensor import Tensor

from ._options import check_not_negative, defaults
from .optimizer import Optimizer, ParamGroup

__all__ = ["Adagrad"]


class Adagrad(Optimizer):
    """Gradient descent, each gradient divided by the root of the sum of its squares so far.

    With the gradient ``g`` (plus ``weight_decay * w``), at step ``t``::

        v <- v + g^2
        w <- w - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(v) + eps)

    Source: Duchi, Hazan and Singer, "Adaptive subgradient methods", JMLR 12, 2011.

    Args:
        params: tensors, or dictionaries of groups.
        lr: the learning rate.
        lr_decay: how fast it falls.
        weight_decay: the factor of the L2 penalty.
        initial_accumulator_value: the sum to begin with.
        eps: added to the root.
        maximize: go up instead of down.
        foreach, differentiable, fused: as for `Adam`.

    Raises:
        ValueError: an option out of its range.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_not_negative(
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
        )
        super().__init__(
            params,
            defaults(
                lr=lr,
                lr_decay=lr_decay,
                eps=eps,
                weight_decay=weight_decay,
                initial_accumulator_value=initial_accumulator_value,
                foreach=foreach,
                maximize=maximize,
                fused=fused,
                differentiable=differentiable,
            ),
        )

    def add_param_group(self, param_group: ParamGroup) -> None:
        """Add a group of parameters; their sums start at ``initial_accumulator_value``."""
        super().add_param_group(param_group)
        for param in param_group["params"]:
            start = param_group["initial_accumulator_value"] * (1 + 1j if param._array.dtype.kind == "c" else 1)
            state = self.state[param]
            state["step"] = from_numpy(np.zeros((), dtype=np.float32))
            state["sum"] = from_numpy(np.full_like(param._array, start))

    def _update(self, param: Tensor, weight: Any, grad: Any, group: ParamGroup) -> None:
        lr, lr_decay, eps, decay = group["lr"], group["lr_decay"], group["eps"], group["weight_decay"]
        lr = lr / (1 + (self._count(param) - 1) * lr_decay)

        def change(w: Any, g: Any, v: Any, s: Any, d: Any) -> None:
            if group["maximize"]:
                g = np.negative(g, out=s)
            if decay:
                g = np.add(g, np.multiply(w, decay, out=d), out=s)
            np.add(v, np.multiply(g, g, out=d), out=v)
            step = np.divide(g, np.add(np.sqrt(v, out=d), eps, out=d), out=d)
            np.subtract(w, np.multiply(step, lr, out=d), out=w)

        self._each(change, weight, grad, *self._buffers(param, weight, "sum"))
