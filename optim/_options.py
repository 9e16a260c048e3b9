"""Checks and keywords that the adaptive algorithms share."""

from __future__ import annotations

from typing import Any

__all__ = ["check_betas", "check_not_negative", "defaults"]


def check_not_negative(**values: Any) -> None:
    """Refuse negative options.

    Raises:
        ValueError: one is negative.
    """
    for name, value in values.items():
        if not value >= 0:
            raise ValueError(f"Invalid {name} value: {value}; it must not be negative")


def check_betas(betas: tuple[float, ...]) -> None:
    """Refuse decay rates outside [0, 1).

    Raises:
        ValueError: one lies outside.
    """
    for i, beta in enumerate(betas):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter at index {i}: {beta}; it must lie in [0, 1)")


def defaults(differentiable: bool, **options: Any) -> dict[str, Any]:
    """The options of a group, with those that PyTorch has for its several implementations.

    Raises:
        ValueError: ``differentiable`` is asked for.
    """
    if differentiable:
        raise ValueError("differentiable=True is not supported: write the update with tensor operations instead")
    return {**options, "differentiable": differentiable}
