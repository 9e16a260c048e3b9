"""What programs ask about processes that train together, answered: there is one process."""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = [
    "ReduceOp",
    "all_gather",
    "all_reduce",
    "barrier",
    "broadcast",
    "destroy_process_group",
    "get_rank",
    "get_world_size",
    "init_process_group",
    "is_available",
    "is_initialized",
    "is_torchelastic_launched",
]


def is_available() -> bool:
    """False: processes do not communicate."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def is_torchelastic_launched() -> bool:
    """False."""
    return False


def init_process_group(*args: Any, **kwargs: Any) -> NoReturn:
    """Refused.

    Raises:
        RuntimeError: always.
    """
    _refuse("init_process_group")


def destroy_process_group(group: Any = None) -> NoReturn:
    """Refused: there is no group.

    Raises:
        RuntimeError: always.
    """
    _refuse("destroy_process_group")


def get_rank(group: Any = None) -> NoReturn:
    """Refused, as in PyTorch before a group is made.

    Raises:
        ValueError: always.
    """
    raise ValueError("distributed.get_rank(): no process group was made; ask distributed.is_initialized() first")


def get_world_size(group: Any = None) -> NoReturn:
    """Refused, as in PyTorch before a group is made.

    Raises:
        ValueError: always.
    """
    raise ValueError("distributed.get_world_size(): no process group was made; ask distributed.is_initialized() first")


def barrier(*args: Any, **kwargs: Any) -> NoReturn:
    """Refused.

    Raises:
        RuntimeError: always.
    """
    _refuse("barrier")


def all_reduce(*args: Any, **kwargs: Any) -> NoReturn:
    """Refused.

    Raises:
        RuntimeError: always.
    """
    _refuse("all_reduce")


def all_gather(*args: Any, **kwargs: Any) -> NoReturn:
    """Refused.

    Raises:
        RuntimeError: always.
    """
    _refuse("all_gather")


def broadcast(*args: Any, **kwargs: Any) -> NoReturn:
    """Refused.

    Raises:
        RuntimeError: always.
    """
    _refuse("broadcast")


class ReduceOp:
    """The names of reductions between processes."""

    SUM, AVG, PRODUCT, MIN, MAX = "sum", "avg", "product", "min", "max"


def _refuse(name: str) -> NoReturn:
    raise RuntimeError(f"distributed.{name}(): tinygrad_cn trains in one process; ask distributed.is_available() first")
