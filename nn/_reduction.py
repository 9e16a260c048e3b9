"""How losses of other programs are told to reduce: PyTorch's numbers for it, and what its two old arguments mean."""

from __future__ import annotations

from .loss import _legacy_reduction

__all__ = ["get_enum", "legacy_get_enum", "legacy_get_string"]

_NUMBERS = {"none": 0, "mean": 1, "elementwise_mean": 1, "sum": 2}


def get_enum(reduction: str) -> int:
    """0 for ``"none"``, 1 for ``"mean"``, 2 for ``"sum"``.

    Raises:
        ValueError: another word.
    """
    if reduction not in _NUMBERS:
        raise ValueError(f"reduction must be 'none', 'mean' or 'sum', got {reduction!r}")
    return _NUMBERS[reduction]


def legacy_get_string(size_average: bool | None, reduce: bool | None, emit_warning: bool = True) -> str:
    """The reduction that ``size_average`` and ``reduce`` stand for; what is None counts as true.

    Args:
        size_average: whether to divide by the number of elements.
        reduce: whether to reduce at all.
        emit_warning: whether to say that both are deprecated.
    """
    return _legacy_reduction(size_average, reduce, emit_warning)


def legacy_get_enum(size_average: bool | None, reduce: bool | None, emit_warning: bool = True) -> int:
    """The number of the reduction that ``size_average`` and ``reduce`` stand for."""
    return get_enum(legacy_get_string(size_average, reduce, emit_warning))
