"""What happens beside the training itself hangs on five hooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .run import Run

__all__ = ["Callback"]


class Callback:
    """The base of what `fit` calls while it trains. A subclass defines the hooks that it needs.

    A callback with something to remember defines `state_dict` and `load_state_dict`: it then goes on where it was when
    a run is resumed. The `Run` that every hook is given holds the model, the counts and the history; a hook ends the
    training by `Run.stop`.

    Example:
        >>> from tinygrad_cn.training import Callback
        >>> class Patience(Callback):
        ...     def after_step(self, run):
        ...         if run.step == 100:
        ...             run.stop("a hundred steps are enough")
    """

    def begin(self, run: Run) -> None:
        """Before the first step, or the first after resuming."""

    def after_step(self, run: Run) -> None:
        """After each step of the optimizer; ``run.loss`` is the loss of its batch."""

    def after_epoch(self, run: Run) -> None:
        """After each epoch and its validation; ``run.history[-1]`` is its record."""

    def end(self, run: Run) -> None:
        """When training has ended, also by `Run.stop`, but not by an error."""

    def close(self) -> None:
        """At the very end, also after an error: files are closed here."""

    def state_dict(self) -> dict[str, Any]:
        """What is to be kept in a checkpoint: plain values and tensors; empty if there is nothing."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`."""
