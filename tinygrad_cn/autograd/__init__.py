"""Gradients as functions: `grad`, `backward`, custom functions, grad modes."""

from tinygrad_cn.autograd.function import Function
from tinygrad_cn.backward import backward, grad
from tinygrad_cn.grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
)

__all__ = [
    "Function",
    "Variable",
    "backward",
    "enable_grad",
    "grad",
    "inference_mode",
    "is_grad_enabled",
    "no_grad",
    "set_grad_enabled",
]


def Variable(data, requires_grad=False, volatile=False):  # type: ignore[no-untyped-def]
    """The legacy name of a tensor that may require a gradient: ``data`` itself."""
    return data.requires_grad_(requires_grad) if requires_grad else data
