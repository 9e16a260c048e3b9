"""What can go wrong in training."""

from __future__ import annotations

__all__ = ["CheckpointError", "CheckpointWarning", "NonFiniteError"]


class NonFiniteError(ArithmeticError):
    """The loss, a gradient or a weight is infinite or NaN; the message names the step, the epoch and the rate."""


class CheckpointError(RuntimeError):
    """What must be written cannot be, no checkpoint can be read, or it is of another run."""


class CheckpointWarning(UserWarning):
    """A checkpoint, or another file of a run, could not be written or is damaged; training goes on."""
