"""Checks and keywords that the algorithms share."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np

from tinygrad_cn.tensor import Tensor

__all__ = ["check_betas", "check_lr", "check_not_negative", "defaults", "plain"]


def check_lr(lr: Any) -> None:
    """Refuse what is no learning rate.

    Raises:
        ValueError: a tensor of several, or a negative number.
    """
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError(f"Tensor lr must be 1-element, got shape {tuple(lr.shape)}")
    if not lr >= 0:
        raise ValueError(f"Invalid learning rate: {lr}; it must not be negative")


def check_not_negative(**values: Any) -> None:
    """Refuse negative options.

    Raises:
        ValueError: one is negative.
    """
    for name, value in values.items():
        if not value >= 0:
            raise ValueError(f"Invalid {name} value: {value}; it must not be negative")


def check_betas(betas: tuple[Any, ...]) -> None:
    """Refuse decay rates outside [0, 1).

    Raises:
        ValueError: one lies outside, or some are tensors and some are not.
    """
    if len({isinstance(beta, Tensor) for beta in betas}) > 1:
        raise ValueError(f"betas must be either both floats or both Tensors, got {betas}")
    for i, beta in enumerate(betas):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter at index {i}: {beta}; it must lie in [0, 1)")
        if isinstance(beta, Tensor) and beta.numel() != 1:
            raise ValueError(f"Tensor betas[{i}] must be 1-element, got shape {tuple(beta.shape)}")


def defaults(lr: Any = None, **options: Any) -> dict[str, Any]:
    """The options of a group, with those that PyTorch has for its several implementations.

    Raises:
        ValueError: no learning rate.
        RuntimeError: implementations that exclude one another.
    """
    check_lr(lr)
    if options.get("fused") and options.get("differentiable"):
        raise RuntimeError("`fused` does not support `differentiable`")
    if options.get("fused") and options.get("foreach"):
        raise RuntimeError("`fused` and `foreach` cannot be `True` together")
    return {"lr": lr, **options}


def plain(group: dict[str, Any]) -> dict[str, Any]:
    """A group whose options are plain numbers, as which NumPy takes them soonest: itself if they are."""
    for name, value in group.items():
        if type(value) not in _PLAIN and name not in _NO_OPTIONS:
            if type(value) is tuple and _PLAIN.issuperset(map(type, value)):
                continue
            return {name: value if name in _NO_OPTIONS else _plain(value) for name, value in group.items()}
    return group


_PLAIN = frozenset({float, int, bool, str, type(None)})
_NO_OPTIONS = frozenset({"params", "param_names"})


def _plain(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, tuple | list):
        return tuple(map(_plain, value))
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Real) or (isinstance(value, Tensor | np.ndarray) and math.prod(value.shape) == 1):
        return float(value)
    return value
