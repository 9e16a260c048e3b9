"""Keeping gradients from growing too large.

Source: Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks", ICML 2013.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator

import numpy as np

from tinygrad_cn.autograd import no_grad
from tinygrad_cn.creation import from_numpy
from tinygrad_cn.tensor import Tensor

__all__ = ["clip_grad_norm", "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]


def get_total_norm(
    tensors: Tensor | Iterable[Tensor],
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of several tensors taken as one vector.

    Args:
        tensors: one or several.
        norm_type: the order of the norm; may be infinite.
        error_if_nonfinite: refuse a norm that is NaN or infinite.
        foreach: accepted as in PyTorch; there is one implementation.

    Raises:
        RuntimeError: the norm is not finite and ``error_if_nonfinite`` is set.
    """
    norm_type = float(norm_type)
    norms = [np.linalg.norm(t.detach().numpy().ravel(), norm_type) for t in _several(tensors)]
    total = np.asarray(np.linalg.norm(np.stack(norms), norm_type) if norms else np.float32(0))
    if error_if_nonfinite and not np.isfinite(total):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it cannot be "
            "clipped. To disable this error and scale the gradients by the non-finite norm anyway, set "
            "`error_if_nonfinite=False`"
        )
    return from_numpy(total)


def clip_grads_with_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale gradients, in place, by ``max_norm / total_norm`` where that is below 1.

    Args:
        parameters: one or several; those without a gradient are left out.
        max_norm: the norm that the gradients may have together.
        total_norm: the norm that they have (see `get_total_norm`).
        foreach: accepted as in PyTorch; there is one implementation.
    """
    factor = float(max_norm) / (float(total_norm) + 1e-6)
    if math.isnan(factor) or factor < 1:  # a NaN spreads, as in PyTorch, instead of passing unseen
        with no_grad():
            for grad in _grads(parameters):
                grad.mul_(factor)


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale gradients, in place, so that their norm taken together is at most ``max_norm``.

    Args:
        parameters: one or several; those without a gradient are left out.
        max_norm: the largest norm.
        norm_type: the order of the norm; may be infinite.
        error_if_nonfinite: refuse a norm that is NaN or infinite.
        foreach: accepted as in PyTorch; there is one implementation.

    Returns:
        The norm before clipping.

    Raises:
        RuntimeError: the norm is not finite and ``error_if_nonfinite`` is set.

    Example:
        >>> import tinygrad_cn as tg
        >>> w = tg.nn.Parameter(tg.tensor([1.0, 1.0]))
        >>> (w * tg.tensor([3.0, 4.0])).sum().backward()
        >>> tg.nn.utils.clip_grad_norm_(w, 1.0).item()
        5.0
        >>> round(w.grad.norm().item(), 4)
        1.0
    """
    given = list(_several(parameters))
    if not given and isinstance(parameters, Iterator):
        warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=2)
    total_norm = get_total_norm(_grads(given), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(given, max_norm, total_norm)
    return total_norm


clip_grad_norm = clip_grad_norm_  # its first name, which PyTorch keeps too


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Cut gradients off, in place, at ``-clip_value`` and ``clip_value``.

    Args:
        parameters: one or several; those without a gradient are left out.
        clip_value: the largest absolute value.
        foreach: accepted as in PyTorch; there is one implementation.
    """
    limit = float(clip_value)
    with no_grad():
        for grad in _grads(parameters):
            grad.clamp_(-limit, limit)


def _several(tensors: Tensor | Iterable[Tensor]) -> Iterable[Tensor]:
    return (tensors,) if isinstance(tensors, Tensor) else tensors


def _grads(parameters: Tensor | Iterable[Tensor]) -> Iterator[Tensor]:
    return (parameter.grad for parameter in _several(parameters) if parameter.grad is not None)
