"""What a seeded fault is, and how faults are made of right gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_cn.testing import FaultKind

Arrays = tuple[np.ndarray, ...]


@dataclass(frozen=True, eq=False)
class Base:
    """A function with its right gradient, at a point.

    Attributes:
        family: what kind of function it is.
        name: of the function.
        function: ``function(*arrays)``, one array.
        gradient: ``gradient(arrays, g)``, a list with an array for each input.
        inputs: the point.
    """

    family: str
    name: str
    function: Callable[..., np.ndarray]
    gradient: Callable[[Arrays, np.ndarray], list[Any]]
    inputs: Arrays

    def __str__(self) -> str:
        return f"{self.family}: {self.name}"


@dataclass(frozen=True, eq=False)
class Seeded:
    """A function whose gradient is wrong.

    Attributes:
        base: the function with its right gradient.
        name: of the mistake.
        kinds: what a report may call it, the best name first.
        make: a new pair (function, gradient): some mistakes need a memory.
        size: the size of the mistake relative to the gradient, where it is small.
        strict: it shows only where a checker is handed the very arrays (dtypes, shapes).
    """

    base: Base
    name: str
    kinds: tuple[FaultKind, ...]
    make: Callable[[], tuple[Callable[..., Any], Callable[[Arrays, np.ndarray], list[Any]]]]
    size: float = 1.0
    strict: bool = False

    def __str__(self) -> str:
        return f"{self.base}: {self.name}"


Spoil = Callable[[list[Any], Arrays, np.ndarray], Any]


def seeded(base: Base, name: str, kinds: FaultKind | Sequence[FaultKind], spoil: Spoil, *, size: float = 1.0) -> Seeded:
    """A fault that changes the right gradients: ``spoil(gradients, arrays, g)`` gives the wrong ones."""

    def gradient(arrays: Arrays, g: np.ndarray) -> list[Any]:
        return list(spoil(list(base.gradient(arrays, g)), arrays, g))

    return Seeded(base, name, named(kinds), lambda: (base.function, gradient), size)


def named(kinds: FaultKind | Sequence[FaultKind]) -> tuple[FaultKind, ...]:
    """All names that fit. Of another formula altogether it can also be said that a term is missing or too much."""
    kinds = (kinds,) if isinstance(kinds, FaultKind) else tuple(kinds)
    return (*kinds, FaultKind.MISSING_TERM) if FaultKind.OTHER in kinds else kinds


def changed(which: int, change: Callable[[Any], Any]) -> Spoil:
    """The gradient by one input changed, whatever the point."""

    def spoil(gradients: list[Any], arrays: Arrays, g: np.ndarray) -> list[Any]:
        gradients[which] = change(gradients[which])
        return gradients

    return spoil


def numbers(*shape: int, low: float = -2.0, high: float = 2.0, seed: int = 0) -> np.ndarray:
    """Numbers without a pattern, the same in every run."""
    return np.random.default_rng([seed, *shape]).uniform(low, high, size=shape)
