"""Random streams by name, all children of one seed, and the state of everything that draws random numbers."""

from __future__ import annotations

import operator
import random as python_random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, SupportsIndex

import numpy as np

from tinygrad_cn.random import Generator, default_generator

__all__ = ["RandomStreams", "global_random_state", "restore_global_random_state"]


class RandomStreams:
    """Random streams that depend on one seed and on their own name alone.

    A stream that is added, or asked for earlier than before, changes no other: giving a model one more layer does not
    change the order of the samples. The child seeds are those of NumPy's ``SeedSequence``, whose spawn key is the name;
    a child seed given to PyTorch's ``manual_seed`` starts the same stream there.

    Args:
        seed (int): 0 or above.

    Raises:
        ValueError: a negative seed.

    Example:
        >>> from tinygrad_cn.training import RandomStreams
        >>> streams = RandomStreams(0)
        >>> first = streams["shuffle"].integers(0, 10, 3).tolist()
        >>> _ = RandomStreams(0)["dropout"].uniform(1000)
        >>> RandomStreams(0)["shuffle"].integers(0, 10, 3).tolist() == first
        True
    """

    def __init__(self, seed: SupportsIndex) -> None:
        self.seed = operator.index(seed)
        if self.seed < 0:
            raise ValueError(f"RandomStreams: the seed must be 0 or above, got {self.seed}")
        self._streams: dict[str, Generator] = {}

    def __repr__(self) -> str:
        return f"RandomStreams(seed={self.seed}, streams={sorted(self._streams)})"

    def child_seed(self, name: str) -> int:
        """The seed of the stream ``name``, of 64 bits."""
        child = np.random.SeedSequence(self.seed, spawn_key=tuple(name.encode()))
        return int(child.generate_state(1, np.uint64)[0])

    def __getitem__(self, name: str) -> Generator:
        """The stream ``name``: the same generator each time."""
        if name not in self._streams:
            self._streams[name] = Generator().manual_seed(self.child_seed(name))
        return self._streams[name]

    @contextmanager
    def as_default(self, name: str) -> Iterator[None]:
        """Let all that draws from the default stream (initial weights, dropout) draw from the stream ``name``.

        Afterwards the default stream goes on where it was.

        Example:
            >>> from tinygrad_cn import nn
            >>> from tinygrad_cn.training import RandomStreams
            >>> with RandomStreams(0).as_default("init"):
            ...     layer = nn.Linear(2, 1)
        """
        stream, outside = self[name], default_generator.get_state()
        default_generator.set_state(stream.get_state())
        try:
            yield
        finally:
            stream.set_state(default_generator.get_state())
            default_generator.set_state(outside)

    def seed_globals(self) -> None:
        """Seed the streams that belong to the whole process: the default one, Python's and NumPy's legacy one."""
        default_generator.manual_seed(self.child_seed("default"))
        python_random.seed(self.child_seed("python"))
        np.random.seed(self.child_seed("numpy") % 2**32)  # noqa: NPY002

    def state_dict(self) -> dict[str, Any]:
        """The seed and the state of every stream asked for so far."""
        return {"seed": self.seed, "streams": {name: stream.get_state() for name, stream in self._streams.items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue every stream from a `state_dict`; generators given out before go on from there too.

        Raises:
            ValueError: the state comes from another seed.
        """
        if state["seed"] != self.seed:
            raise ValueError(
                f"RandomStreams: the state is of a run with seed {state['seed']}, this one has {self.seed}"
            )
        for name, saved in state["streams"].items():
            self[name].set_state(saved)


def global_random_state() -> dict[str, Any]:
    """Where the streams of the process are: this library's default one, Python's and NumPy's legacy one."""
    version, words, gauss = python_random.getstate()
    engine, key, position, has_gauss, cached = np.random.get_state(legacy=True)  # noqa: NPY002
    return {
        "default": default_generator.get_state(),
        "python": {"version": version, "words": np.array(words, np.uint32), "gauss": gauss},
        "numpy": {"engine": engine, "key": key, "position": position, "has_gauss": has_gauss, "cached": cached},
    }


def restore_global_random_state(state: Mapping[str, Any]) -> None:
    """Continue the streams of the process from a `global_random_state`."""
    default_generator.set_state(state["default"])
    python, numpy = state["python"], state["numpy"]
    python_random.setstate((python["version"], tuple(python["words"].tolist()), python["gauss"]))
    words = (numpy["engine"], numpy["key"], numpy["position"], numpy["has_gauss"], numpy["cached"])
    np.random.set_state(words)  # noqa: NPY002
