"""The default stream of random numbers: what every function draws from that is not given a generator."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, SupportsInt

import numpy as np
from numpy.typing import ArrayLike

from tinygrad_cn.generator import Generator
from tinygrad_cn.size import around_meta
from tinygrad_cn.thread_streams import ThreadStreams

__all__ = [
    "Generator",
    "default_generator",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "seed",
    "set_rng_state",
]


class _DefaultGenerator(ThreadStreams, Generator):
    """The stream of the program; within a worker thread of a data loader, the worker's."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Generator, (), self.get_state()  # a copy is a stream like any other

    def __repr__(self) -> str:
        return f"Generator(device='cpu', initial_seed={self._seed})"


default_generator = _DefaultGenerator()


def manual_seed(seed: SupportsInt) -> Generator:
    """Restart the default stream from ``seed``; returns the default generator.

    Args:
        seed (int): from -2**63 to 2**64 - 1.

    >>> manual_seed(0).integers(0, 10, 4)
    array([4, 9, 3, 0])
    """
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Restart the default stream from a seed taken from the operating system; returns the seed."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed that the default stream was started from."""
    return default_generator.initial_seed()


def get_rng_state() -> np.ndarray:
    """The state of the default generator, 5056 bytes."""
    return default_generator.get_state()


def set_rng_state(new_state: ArrayLike) -> None:
    """Continue the default stream from a state that `get_rng_state` returned."""
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(devices: Any = None, enabled: bool = True) -> Iterator[None]:
    """Leave the default stream at the end of a ``with`` block where it was at its start.

    Args:
        devices: accepted as in PyTorch; there is only the CPU.
        enabled (bool): False makes it do nothing.

    >>> with fork_rng():
    ...     _ = manual_seed(1).uniform(3)
    """
    if not enabled:
        yield
        return
    state = default_generator.get_state()
    try:
        yield
    finally:
        default_generator.set_state(state)


around_meta.append(fork_rng)
