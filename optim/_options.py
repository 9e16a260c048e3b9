"""Checks and keywords that the algorithms share."""

from __future__ import annotations

from typing import Any

from tinygrad_cn.tensor import Tensor

__all__ = ["check_betas", "check_lr", "check_not_negative", "defaults", "numbers"]


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


def numbers(group: dict[str, Any], *names: str) -> list[Any]:
    """Options of a group as plain numbers; just as they are if the step is to be differentiated."""
    if group.get("differentiable"):
        return [group[name] for name in names]
    return [value if type(value := group[name]) in _NUMBERS else _plain(value) for name in names]


_NUMBERS = (float, int)


def _plain(value: Any) -> Any:
    return tuple(map(float, value)) if isinstance(value, tuple | list) else float(value)
