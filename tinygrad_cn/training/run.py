"""A training in progress: what is trained, how far it has come, and all of that as one state."""

from __future__ import annotations

import importlib.metadata
import math
import platform
import signal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from tinygrad_cn.nn import Module
from tinygrad_cn.optim import Optimizer

from .metrics import Means
from .streams import global_random_state, restore_global_random_state

__all__ = ["FORMAT", "Run", "Stateful"]

FORMAT = 1  # of a checkpoint; raise it when the meaning of an entry changes

_VERSION = importlib.metadata.version("tinygrad_cn")
_COUNTS = ("epoch", "step", "batches", "seconds", "history", "stopped")


class Stateful(Protocol):
    """What can be kept in a checkpoint."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: Any, /) -> Any: ...


@dataclass
class Run:
    """What `fit` is doing and has done so far; every hook of a `Callback` is given it.

    Attributes:
        model: what is trained.
        optimizer: what trains it.
        loader: the batches to train on.
        epochs: how many are to be made.
        measured: the model that validation measures: an average of the weights, or ``model`` itself.
        parts: everything with a state beside this run, by the name it has in a checkpoint. Without ``callbacks``.
        callbacks: those with something to remember, by name.
        epoch: how many are complete.
        step: steps of the optimizer, in all epochs.
        batches: batches of the epoch that is not complete.
        seconds: what that epoch has taken.
        loss: of the last step.
        history: a record of each epoch: ``epoch``, ``step``, ``lr``, ``seconds``, and the loss and the metrics with the
            prefixes ``training_`` and ``validation_``. ``epoch`` is a fraction where training ended within one.
        stopped: why training ended before its last epoch, by `stop`.
        interrupted: the signal that ended it, a Ctrl-C mostly.
        means: of what was measured on the batches of the epoch that is not complete.
    """

    model: Module
    optimizer: Optimizer
    loader: Iterable[Any]
    epochs: int
    measured: Module
    parts: dict[str, Stateful]
    callbacks: dict[str, Stateful]
    epoch: int = 0
    step: int = 0
    batches: int = 0
    seconds: float = 0.0
    loss: float = math.nan
    history: list[dict[str, float]] = field(default_factory=list)
    stopped: str | None = None
    interrupted: signal.Signals | None = None
    means: Means = field(default_factory=Means)

    @property
    def lr(self) -> float:
        """The learning rate of the first group of parameters."""
        return float(self.optimizer.param_groups[0]["lr"])

    def stop(self, reason: str) -> None:
        """End the training after this step.

        Args:
            reason: one line for the user.
        """
        self.stopped = reason

    def state_dict(self) -> dict[str, Any]:
        """Everything that the rest of the training depends on, as plain values and tensors."""
        return {
            "format": FORMAT,
            "versions": {"tinygrad_cn": _VERSION, "numpy": np.__version__, "python": platform.python_version()},
            **{name: getattr(self, name) for name in _COUNTS},
            "means": self.means.state_dict(),
            "parts": {name: part.state_dict() for name, part in self.parts.items()},
            "callbacks": {name: part.state_dict() for name, part in self.callbacks.items()},
            "random": global_random_state(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`, as if there had been no interruption.

        Raises:
            ValueError: the state is of a newer format, or of a run that is put together in another way.
        """
        if state["format"] > FORMAT:
            raise ValueError(
                f"the checkpoint is of format {state['format']}, of version {state['versions']['tinygrad_cn']}; this "
                f"version ({_VERSION}) reads up to {FORMAT}"
            )
        if state["parts"].keys() != self.parts.keys():
            raise ValueError(
                f"the checkpoint holds {', '.join(sorted(state['parts']))}, but this run has "
                f"{', '.join(sorted(self.parts))}; resume with what the run was begun with"
            )
        for name, part in self.parts.items():
            part.load_state_dict(state["parts"][name])
        for name, part in self.callbacks.items():
            if name in state["callbacks"]:
                part.load_state_dict(state["callbacks"][name])
        for name in _COUNTS:
            setattr(self, name, state[name])
        self.means.load_state_dict(state["means"])
        restore_global_random_state(state["random"])
