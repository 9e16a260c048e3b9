"""Shapes and devices as users know them from PyTorch."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any

__all__ = ["Size", "as_device", "device"]


class Size(tuple[int, ...]):
    """A shape: a tuple of ints that prints its name and knows its number of elements."""

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements of a tensor of this shape."""
        return math.prod(self)

    def __repr__(self) -> str:
        return f"Size([{', '.join(map(str, self))}])"

    def __getitem__(self, index: Any) -> Any:
        item = tuple.__getitem__(self, index)
        return Size(item) if isinstance(index, slice) else item

    def __add__(self, other: Any) -> Size:
        return Size(tuple.__add__(self, tuple(other)))

    def __radd__(self, other: Any) -> Size:
        return Size(tuple(other) + tuple(self))


#: Makers of what a block of ``device("meta")`` stands in.
around_meta: list[Callable[[], AbstractContextManager[None]]] = []


class device:
    """The place where tensors live. There is one: ``device("cpu")``.

    ``device("meta")`` is taken too, where programs ask for modules without data to fill them afterwards
    (``load_state_dict(..., assign=True)``, ``to_empty``, ``func.functional_call``): here such modules lie in memory as
    all others do, and say so. A block of it leaves the random stream where it was: in PyTorch nothing is drawn.

    Raises:
        RuntimeError: another device is asked for.
    """

    __slots__ = ("_blocks", "index", "type")

    type: str
    index: int | None
    _blocks: list[ExitStack]

    def __init__(self, type: Any = "cpu", index: int | None = None) -> None:
        name, _, number = (type.type if isinstance(type, device) else str(type)).partition(":")
        if name not in ("cpu", "meta"):
            raise RuntimeError(f"device {type!r} is not available: tinygrad_cn computes on the CPU; use device('cpu')")
        self.type = name
        self._blocks = []
        self.index = int(number) if number else index

    def __repr__(self) -> str:
        return (
            f"device(type='{self.type}')" if self.index is None else f"device(type='{self.type}', index={self.index})"
        )

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __enter__(self) -> device:
        if self.type == "meta":
            block = ExitStack()
            for make in around_meta:
                block.enter_context(make())
            self._blocks.append(block)
        return self

    def __exit__(self, *exception: Any) -> None:
        if self._blocks:
            self._blocks.pop().close()


CPU = device("cpu")


def as_device(value: Any) -> device:
    """The device that ``value`` means (``None``: the CPU).

    Raises:
        RuntimeError: it is another one.
    """
    return CPU if value is None else value if isinstance(value, device) else device(value)
