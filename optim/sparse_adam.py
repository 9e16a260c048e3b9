"""SparseAdam: Adam that leaves rows without a gradient alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_cn.tensor import Tensor

from ._options import check_betas, check_lr
from .optimizer import Optimizer, ParamGroup

__all__ = ["SparseAdam"]


class SparseAdam(Optimizer):
    """`Adam` for embeddings, of which a step sees a few rows: only these and their means change.

    With the rows ``i`` whose gradient ``g`` is not zero throughout, at step ``t``::

        m_i <- beta1 * m_i + (1 - beta1) * g_i
        v_i <- beta2 * v_i + (1 - beta2) * g_i^2
        w_i <- w_i - lr * sqrt(1 - beta2^t) / (1 - beta1^t) * m_i / (sqrt(v_i) + eps)

    Gradients are dense here, where PyTorch's sparse ones say which rows were looked up and its SparseAdam refuses
    dense ones. A row (along the first axis) whose gradient is zero throughout counts as not looked up. The two differ
    only for a row that was looked up and still got a gradient of exact zeros: PyTorch then lets its means decay.

    Source: Kingma and Ba, 2015, arXiv:1412.6980, algorithm 1, "lazily" as PyTorch has it.

    Args:
        params: tensors, or dictionaries of groups.
        lr: the learning rate, positive.
        betas: the decay rates of the two means.
        eps: added to the root, positive.
        maximize: go up instead of down.

    Raises:
        ValueError: an option out of its range; complex parameters.

    Example:
        >>> import tinygrad_cn as tg
        >>> table = tg.nn.Embedding(3, 1, _weight=tg.ones(3, 1))
        >>> optimizer = tg.optim.SparseAdam(table.parameters(), lr=0.5)
        >>> table(tg.tensor([0, 2])).sum().backward()
        >>> optimizer.step()
        >>> table.weight.flatten()
        tensor([0.5000, 1.0000, 0.5000], grad_fn=<ViewBackward0>)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        check_lr(lr)
        for name, value in (("learning rate", lr), ("epsilon value", eps)):
            if not value > 0:
                raise ValueError(f"Invalid {name}: {value}; it must be positive")
        check_betas(betas)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})
        places = [
            [i, j]
            for i, group in enumerate(self.param_groups)
            for j, param in enumerate(group["params"])
            if param.is_complex()
        ]
        if places:
            raise ValueError(f"Complex params at indices {places}: SparseAdam does not support complex parameters")

    def _update(self, param: Tensor, weight: Any, grad: Any, group: ParamGroup) -> None:
        (beta1, beta2), eps = group["betas"], group["eps"]
        state = self.state[param]
        mean, square = self._buffers(param, weight, "exp_avg", "exp_avg_sq")
        t = state["step"] = state.get("step", 0) + 1  # a plain number, as PyTorch's
        step = float(group["lr"]) * (1 - beta2**t) ** 0.5 / (1 - beta1**t)
        w, g, m, v = (array if array.ndim else array.reshape(1) for array in (weight, grad, mean, square))
        room = self._scratch.room
        touched = np.any(g, axis=tuple(range(1, g.ndim)), out=room(g.shape[:1], np.bool_))
        rows = np.flatnonzero(touched)

        def gathered(array: np.ndarray, number: int) -> np.ndarray:
            return np.take(array, rows, 0, room((len(rows), *array.shape[1:]), array.dtype, number), "clip")

        old_w, new_g, new_m, new_v = (gathered(array, number) for number, array in enumerate((w, g, m, v)))
        if group["maximize"]:
            np.negative(new_g, out=new_g)
        d = room(new_g.shape, g.dtype, 4)
        np.add(new_m, np.multiply(np.subtract(new_g, new_m, out=d), 1 - beta1, out=d), out=new_m)
        np.subtract(np.multiply(new_g, new_g, out=d), new_v, out=d)
        np.add(new_v, np.multiply(d, 1 - beta2, out=d), out=new_v)
        m[rows], v[rows] = new_m, new_v
        np.divide(new_m, np.add(np.sqrt(new_v, out=new_v), eps, out=new_v), out=d)
        w[rows] = np.subtract(old_w, np.multiply(d, step, out=d), out=d)
