"""Modules as functions of their parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad_cn.functions.joining import stack
from tinygrad_cn.nn import Module
from tinygrad_cn.nn.utils.stateless import functional_call

__all__ = ["functional_call", "stack_module_state"]


def stack_module_state(models: Sequence[Module]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters and the buffers of modules of one kind, each stacked along a new first axis.

    Raises:
        RuntimeError: no modules, or modules of different kinds.
    """
    if not models:
        raise RuntimeError("stack_module_state: expected at least one model, got none")
    kinds = {type(model).__name__ for model in models}
    if len(kinds) > 1:
        raise RuntimeError(f"stack_module_state: expected models of one class, got {', '.join(sorted(kinds))}")
    parameters = [dict(model.named_parameters()) for model in models]
    buffers = [dict(model.named_buffers()) for model in models]
    stacked = {name: stack([each[name] for each in parameters]).detach() for name in parameters[0]}
    return (
        {name: value.requires_grad_(parameters[0][name].requires_grad) for name, value in stacked.items()},
        {name: stack([each[name] for each in buffers]) for name in buffers[0]},
    )
