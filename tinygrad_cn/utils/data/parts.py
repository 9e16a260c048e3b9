"""What data sets and loaders are made of: which parts are told of an epoch, and which have a state to keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["Together", "Wrapping", "has_state", "order_of", "stateful", "tell_epoch"]


def has_state(value: Any) -> bool:
    """Whether something writes down where it stands, and takes that up again."""
    return callable(getattr(value, "state_dict", None)) and callable(getattr(value, "load_state_dict", None))


def tell_epoch(part: Any, epoch: int) -> None:
    """Call ``set_epoch`` where there is one."""
    if callable(getattr(part, "set_epoch", None)):
        part.set_epoch(epoch)


def order_of(loader: Any) -> Iterator[Any]:
    """What says in which order a loader visits samples, from outside in, each once; any loader that has such parts."""
    batches = getattr(loader, "batch_sampler", None)
    found: list[Any] = []
    for part in (batches, getattr(batches, "sampler", None), getattr(loader, "sampler", None)):
        if part is not None and not any(part is other for other in found):
            found.append(part)
            yield part


class Wrapping:
    """Something around data sets, which passes on to them what epoch it is; a subclass defines ``_wrapped``."""

    def _wrapped(self) -> Sequence[Any]:
        """The data sets within."""
        raise NotImplementedError(f"{type(self).__name__} should define _wrapped")

    def set_epoch(self, epoch: int) -> None:
        """Tell the data sets within, of which those that do something else in each epoch have a ``set_epoch``."""
        for part in self._wrapped():
            tell_epoch(part, epoch)


class Together:
    """Several parts that have states, as one."""

    def __init__(self, parts: Sequence[Any]) -> None:
        self.parts = parts

    def state_dict(self) -> dict[str, Any]:
        """The state of each."""
        return {"parts": [part.state_dict() for part in self.parts]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Each goes on from its own.

        Raises:
            ValueError: the state is not of so many parts.
        """
        states = state_dict.get("parts")
        if states is None or len(states) != len(self.parts):
            held = "another data set" if states is None else f"{len(states)} data sets"
            raise ValueError(
                f"DataLoader.load_state_dict: the state is of {held}, but within this data set there are "
                f"{len(self.parts)} with a state; build both loaders alike"
            )
        for part, state in zip(self.parts, states, strict=True):
            part.load_state_dict(state)


def stateful(dataset: Any) -> Any:
    """What keeps the state of a data set that is read by index: itself, those within it, or ``None``."""
    if has_state(dataset):
        return dataset
    found = {id(part): part for part in _within(dataset)}
    return Together(list(found.values())) if found else None


def _within(dataset: Any) -> Iterator[Any]:
    """The outermost data sets with a state."""
    if has_state(dataset):
        yield dataset
    elif isinstance(dataset, Wrapping):
        for part in dataset._wrapped():
            yield from _within(part)
