"""Errors that say where in the model they happened: ``Sequential.1 (Linear 4 -> 2): input has 5 features ...``.

Nothing is kept while all goes well. When an exception leaves a module, the module writes itself into the message;
each enclosing module on the way out then puts itself and the name of its child before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .module import Module

__all__ = ["locate"]


class _Trail(NamedTuple):
    message: str  # as it was raised
    label: str  # of the module that raised
    path: str  # from the last module passed down to that module; "" at that module itself
    module: Module  # the last module passed
    text: str  # what the exception says now


def locate(error: Exception, module: Module) -> None:
    """Put ``module`` into the message of an ``error`` that is leaving it. The class of the error stays."""
    if isinstance(error, NotImplementedError | RecursionError):
        return
    if len(error.args) != 1 or not isinstance(error.args[0], str):
        return  # an exception with a structure of its own
    trail: _Trail | None = getattr(error, "_trail", None)
    if trail is None or trail.text != error.args[0]:
        message, label, path = _without_op_name(error.args[0], module), module._label(), ""
    else:
        name = next((n for n, m in module.named_modules() if m is trail.module), type(trail.module).__name__)
        message, label, path = trail.message, trail.label, f"{name}.{trail.path}".strip(".")
    text = f"{type(module).__name__}.{path} ({label}): {message}" if path else f"{label}: {message}"
    error.args = (text,)
    error._trail = _Trail(message, label, path, module, text)  # type: ignore[attr-defined]


def _without_op_name(message: str, module: Module) -> str:
    """``message`` without a leading ``linear():`` when it comes from a Linear, whose label says so already."""
    op, colon, rest = message.partition(": ")
    if colon and type(module).__name__.lower().startswith(op.removesuffix("()").replace("_", "").lower()):
        return rest
    return message
