"""Where a pass over a data set stands, written down so that it can be taken up again."""

from __future__ import annotations

import contextlib
import copy
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrad_cn.random import Generator

from .workers import Answer

__all__ = ["Progress", "Station", "restored", "states", "streams_at"]


@dataclass
class Station:
    """Where one worker stands, after the last of its batches that was handed out."""

    handed_out: int = 0  # in this pass
    ended: bool = False
    random: dict[str, Any] | None = None  # its streams; None: as its seed started them
    dataset: Any = None  # the state of its copy of the data set, which has one

    def note(self, answer: Answer) -> None:
        """Takes down what came with an answer."""
        if answer.random is not None:
            self.random = answer.random
        if answer.dataset is not None:
            self.dataset = answer.dataset
        self.ended = answer.kind in ("last", "end")
        self.handed_out += answer.kind != "end"


@dataclass
class Progress:
    """Where a pass stands: shared by the iterator that makes it and the loader that writes it down.

    Attributes:
        start: the states of the generators when the pass began.
        seeded: whether it began with drawing the workers' seed. Workers that stay keep theirs.
        base_seed: the workers' seed.
        handed_out: batches.
        drawn: how many times the order was asked for indices.
        exhausted: whether it has no more; or the stream, where there is no order.
        pending: the indices that were drawn, and whose batches are still to come.
        finished: whether the pass is over.
        turn: which worker is next, where they go through streams.
        stations: where the workers stand.
    """

    start: dict[str, np.ndarray]
    seeded: bool = True
    base_seed: int = 0
    handed_out: int = 0
    drawn: int = 0
    exhausted: bool = False
    pending: deque[Any] = field(default_factory=deque)
    finished: bool = False
    turn: int = 0
    stations: list[Station] = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        """All of it as plain data."""
        plain = {name: getattr(self, name) for name in _FIELDS}
        return {
            **plain,
            "start": dict(self.start),
            "pending": copy.deepcopy(list(self.pending)),
            "stations": [dict(vars(station)) for station in self.stations],
        }

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Progress:
        """What `state` was made of."""
        return cls(
            **{name: state[name] for name in _FIELDS},
            start={name: np.asarray(value) for name, value in state["start"].items()},
            pending=deque(copy.deepcopy(list(state["pending"]))),
            stations=[Station(**station) for station in state["stations"]],
        )


_FIELDS = ("seeded", "base_seed", "handed_out", "drawn", "exhausted", "finished", "turn")


def states(generators: Mapping[str, Generator]) -> dict[str, np.ndarray]:
    """The state of each generator."""
    return {name: generator.get_state() for name, generator in generators.items()}


def restored(generators: Mapping[str, Generator], saved: Mapping[str, Any]) -> None:
    """Sets each generator to the state that was saved of it.

    Raises:
        ValueError: other generators were saved.
    """
    if generators.keys() != saved.keys():
        raise ValueError(
            f"DataLoader.load_state_dict: the state was saved with the generators {', '.join(saved)}; this loader has "
            f"{', '.join(generators)}: build it as the other was built"
        )
    for name, generator in generators.items():
        generator.set_state(np.asarray(saved[name]))


@contextlib.contextmanager
def streams_at(generators: Mapping[str, Generator], start: Mapping[str, Any] | None) -> Iterator[None]:
    """Takes the generators back to where a pass began; after the block they are where they were.

    Args:
        generators: by name.
        start: their states when the pass began; ``None``: they stay as they are.
    """
    if start is None:
        yield
        return
    now = states(generators)
    restored(generators, start)
    try:
        yield
    finally:
        restored(generators, now)
