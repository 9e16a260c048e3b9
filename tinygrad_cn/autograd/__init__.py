"""Gradients as functions: `grad`, `backward`, Jacobians, custom functions, grad modes, hooks on what is saved.

`gradcheck` and `gradgradcheck` are those of `tinygrad_cn.testing`, which stands above and is loaded when they are used.
"""

import importlib

from tinygrad_cn.autograd import forward_ad, functional, graph
from tinygrad_cn.autograd.anomaly_mode import detect_anomaly, set_detect_anomaly
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
    "detect_anomaly",
    "enable_grad",
    "forward_ad",
    "functional",
    "grad",
    "graph",
    "inference_mode",
    "is_grad_enabled",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
]


def Variable(data, requires_grad=False, volatile=False):  # type: ignore[no-untyped-def]
    """The legacy name of a tensor that may require a gradient: ``data`` itself."""
    return data.requires_grad_(requires_grad) if requires_grad else data


def __getattr__(name: str) -> object:
    if name == "gradcheck":  # the function takes the place of the module of its name
        return importlib.import_module("tinygrad_cn.autograd.gradcheck")
    if name == "gradgradcheck":
        return getattr(importlib.import_module("tinygrad_cn.testing"), name)
    raise AttributeError(f"module 'tinygrad_cn.autograd' has no attribute {name!r}")
