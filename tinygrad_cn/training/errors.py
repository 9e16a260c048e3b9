"""What can go wrong in training."""

from __future__ import annotations

__all__ = ["CheckpointError", "CheckpointWarning", "NonFiniteError"]


class NonFiniteError(ArithmeticError):
    """The loss, a gradient or a weight is infinite or NaN; the message names the step, the epoch and the rate."""


class CheckpointError(RuntimeError):
    """No checkpoint can be written, or none of those that are there can be read."""


class CheckpointWarning(UserWarning):
    """A checkpoint could not be written, or is damaged; training goes on."""
