"""Sizes along several axes, where a single number stands for the same along each."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["per_axis"]


def per_axis(value: int | Iterable[int], axes: int) -> tuple[int, ...]:
    """``value`` as a tuple: a single number is repeated for each of ``axes``, a sequence is taken as it is."""
    return tuple(value) if isinstance(value, Iterable) else (value,) * axes
