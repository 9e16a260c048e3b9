"""Rprop: steps that only ask for the sign of the gradient."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_cn.creation import from_numpy

from ._options import check_not_negative, defaults
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
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_not_negative(lr=lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}; they must lie below and above 1")
        super().__init__(
            params,
            defaults(
                differentiable,
                lr=lr,
                etas=etas,
                step_sizes=step_sizes,
                foreach=foreach,
                maximize=maximize,
                capturable=capturable,
            ),
        )

    def _update(self, group: ParamGroup) -> None:
        (shrink, grow), (smallest, largest) = group["etas"], group["step_sizes"]
        for param, weight, grad in self._with_gradients(group):
            self._count(param)
            if "step_size" not in self.state[param]:
                self.state[param]["step_size"] = from_numpy(np.full_like(weight, float(group["lr"])))
            before, sizes = self._buffers(param, weight, "prev", "step_size")
            for w, g, p, d, s, t in self._scratch.pieces(weight, grad, before, sizes):
                g = np.negative(g, out=s) if group["maximize"] else np.positive(g, out=s)
                turned = np.sign(np.multiply(p, g, out=t), out=t)
                same, back = turned > 0, turned < 0
                np.multiply(d, grow, out=d, where=same)
                np.multiply(d, shrink, out=d, where=back)
                np.clip(d, smallest, largest, out=d)
                g[back] = 0
                np.subtract(w, np.multiply(np.sign(g, out=t), d, out=t), out=w)
                np.copyto(p, g)
