"""Muon: momentum whose matrix is made orthogonal before it is taken off the weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_cn.tensor import Tensor

from ._options import check_not_negative, defaults
from .optimizer import Optimizer, ParamGroup

__all__ = ["Muon"]


class Muon(Optimizer):
    """Momentum orthogonalized by Newton-Schulz iterations, for the matrices of hidden layers.

    With the gradient ``g`` of an ``A`` by ``B`` matrix::

        m <- momentum * m + (1 - momentum) * g
        u <- m                                          (nesterov: (1 - momentum) * g + momentum * m)
        x <- u / |u|;  ns_steps times:  y <- x x^T,     x <- a x + (b y + c y y) x
        w <- (1 - lr * weight_decay) * w - lr * sqrt(max(1, A / B)) * x

    ``x`` comes near to the orthogonal matrix closest to ``u``: its singular values lie around 1. As in PyTorch it is
    computed in bfloat16, that is, each ``x`` and each bracket is rounded to eight bits; the products are summed up in
    float32. Biases and embeddings are for another optimizer, `AdamW` for one.

    Source: Jordan and others, "Muon: an optimizer for hidden layers in neural networks", 2024; for
    ``"match_rms_adamw"`` Liu and others, "Muon is scalable for LLM training", 2025, arXiv:2502.16982.

    Args:
        params: matrices, or dictionaries of groups of them.
        lr: the learning rate.
        weight_decay: the share of the weight that is lost in a step, over the learning rate.
        momentum: the share of the buffer that is kept.
        nesterov: look ahead by one step of momentum.
        ns_coefficients: ``a``, ``b`` and ``c`` of the iteration.
        eps: the least norm that is divided by.
        ns_steps: the number of iterations, below 100.
        adjust_lr_fn: the factor of the rate: ``"original"``, the root above, also for ``None``; ``"match_rms_adamw"``,
            ``0.2 * sqrt(max(A, B))``, by which rate and decay may be those of `AdamW`.

    Raises:
        ValueError: an option out of its range; a parameter that is no matrix.

    Example:
        >>> import tinygrad_cn as tg
        >>> w = tg.zeros(2, 2, requires_grad=True)
        >>> optimizer = tg.optim.Muon([w], lr=1.0)
        >>> (w * tg.tensor([[3.0, 0.0], [0.0, 1.0]])).sum().backward()
        >>> optimizer.step()
        >>> [[round(value, 1) for value in row] for row in w.tolist()]
        [[-0.8, 0.0], [0.0, -1.1]]
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        check_not_negative(momentum=momentum, weight_decay=weight_decay)
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(
                f"Adjust learning rate function {adjust_lr_fn} is not supported; 'original' and 'match_rms_adamw' are"
            )
        super().__init__(
            params,
            defaults(
                lr=lr,
                weight_decay=weight_decay,
                momentum=momentum,
                nesterov=nesterov,
                ns_coefficients=ns_coefficients,
                eps=eps,
                ns_steps=ns_steps,
                adjust_lr_fn=adjust_lr_fn,
            ),
        )

    def add_param_group(self, param_group: ParamGroup) -> None:
        """Add a group of matrices.

        Raises:
            ValueError: a parameter is no matrix, or as for other optimizers; nothing is added.
        """
        super().add_param_group(param_group)
        for param in param_group["params"]:
            if param.ndim != 2:
                self.param_groups.pop()
                raise ValueError(
                    f"Muon only supports 2D parameters whereas we found a parameter with size: {tuple(param.shape)}; "
                    "give vectors and embeddings to another optimizer"
                )

    def _update(self, param: Tensor, weight: Any, grad: Any, group: ParamGroup) -> None:
        if weight.dtype.kind == "c":
            raise RuntimeError(f"Muon does not support complex parameters, got shape {weight.shape}, {weight.dtype}")
        lr, decay, momentum = group["lr"], group["weight_decay"], group["momentum"]
        (buffer,) = self._buffers(param, weight, "momentum_buffer")
        u = self._scratch.room(weight.shape, weight.dtype)
        np.add(buffer, np.multiply(np.subtract(grad, buffer, out=u), 1 - momentum, out=u), out=buffer)
        if group["nesterov"]:
            np.add(grad, np.multiply(np.subtract(buffer, grad, out=u), momentum, out=u), out=u)
        else:
            np.positive(buffer, out=u)
        rows, columns = weight.shape
        if group["adjust_lr_fn"] == "match_rms_adamw":
            step = lr * 0.2 * max(rows, columns) ** 0.5
        else:
            step = lr * max(1, rows / columns) ** 0.5
        x = self._orthogonalized(u if rows <= columns else u.T, group)
        np.multiply(weight, 1 - lr * decay, out=weight)
        np.copyto(u, x if rows <= columns else x.T)  # float32 here, and perhaps float64 from here on
        np.subtract(weight, np.multiply(u, step, out=u), out=weight)

    def _orthogonalized(self, u: np.ndarray, group: ParamGroup) -> np.ndarray:
        """A matrix of no more rows than columns with its singular values moved to about 1."""
        a, b, c = group["ns_coefficients"]
        if group["ns_steps"] >= 100:
            raise ValueError(f"ns_steps must be less than 100, got {group['ns_steps']}")
        (n, k), room = u.shape, self._scratch.room
        x, product = room((n, k), np.float32, 1), room((n, k), np.float32, 2)
        y, bracket = room((n, n), np.float32, 3), room((n, n), np.float32, 4)
        np.copyto(x, u, casting="same_kind")
        self._round(x)
        norm = self._round(np.array([np.linalg.norm(x)], np.float32))
        self._round(np.divide(x, max(float(norm[0]), group["eps"]), out=x))
        for _ in range(group["ns_steps"]):
            self._round(np.matmul(x, x.T, out=y))
            np.multiply(np.matmul(y, y, out=bracket), c, out=bracket)
            self._round(np.add(bracket, np.multiply(y, b, out=y), out=bracket))
            np.matmul(bracket, x, out=product)
            self._round(np.add(product, np.multiply(x, a, out=x), out=x))
        return x

    def _round(self, x: np.ndarray) -> np.ndarray:
        """Round float32 to bfloat16, its upper half, in place: to the nearest, halves to the even."""
        bits = x.view(np.uint32)
        odd = np.right_shift(bits, 16, out=self._scratch.room(x.shape, np.uint32))
        np.add(np.bitwise_and(odd, 1, out=odd), 0x7FFF, out=odd)
        np.bitwise_and(np.add(bits, odd, out=bits), 0xFFFF0000, out=bits)
        return x
