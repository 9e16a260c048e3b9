"""Rprop: steps that only ask for the sign of the gradient."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_cn.creation import from_numpy
from tinygrad_cn.tensor import Tensor

from ._options import defaults
from .optimizer import Optimizer, ParamGroup

__all__ = ["Rprop"]


class Rprop(Optimizer):
    """Resilient backpropagation: each weight has a step of its own, which grows while its gradient keeps its sign.

    With the gradient ``g`` and that of the step before ``p``, elementwise::

        d <- min(d * eta_plus, largest)     if g p > 0
        d <- max(d * eta_minus, smallest)   if g p < 0, and then g <- 0
        w <- w - sign(g) * d

    Source: Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning", 1993.

    Args:
        params: tensors, or dictionaries of groups.
        lr: the first step.
        etas: the factors of shrinking and growing.
        step_sizes: the smallest and the largest step.
        maximize: go up instead of down.
        foreach, capturable, differentiable: as for `Adam`.

    Raises:
        ValueError: an option out of its range.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}; they must lie below and above 1")
        super().__init__(
            params,
            defaults(
                lr=lr,
                etas=etas,
                step_sizes=step_sizes,
                foreach=foreach,
                maximize=maximize,
                capturable=capturable,
                differentiable=differentiable,
            ),
        )

    def _update(self, param: Tensor, weight: Any, grad: Any, group: ParamGroup) -> None:
        lr = group["lr"]
        (shrink, grow), (smallest, largest) = group["etas"], group["step_sizes"]
        state = self.state[param]
        self._count(param)
        if "step_size" not in state:
            start = float(lr) * (1 + 1j if param._array.dtype.kind == "c" else 1)
            state["step_size"] = from_numpy(np.full_like(param._array, start))

        def change(w: Any, g: Any, p: Any, d: Any, s: Any, t: Any, f: Any) -> None:
            g = np.negative(g, out=s) if group["maximize"] else np.positive(g, out=s)
            same = np.multiply(np.sign(p, out=t), np.sign(g, out=f), out=t)
            np.multiply(d, np.add(np.multiply(np.maximum(same, 0, out=f), grow - 1, out=f), 1, out=f), out=d)
            turned = np.minimum(same, 0, out=t)
            np.multiply(d, np.add(np.multiply(turned, 1 - shrink, out=f), 1, out=f), out=d)
            np.minimum(np.maximum(d, smallest, out=d), largest, out=d)
            g = np.multiply(g, np.add(turned, 1, out=t), out=s)
            np.subtract(w, np.multiply(np.sign(g, out=t), d, out=t), out=w)
            np.positive(g, out=p)

        self._each(change, weight, grad, *self._buffers(param, weight, "prev", "step_size"), spare=3)
