"""`weight_norm` of PyTorch's first form: a hook that computes the weight before each call.

`nn.utils.parametrizations.weight_norm` is the form to prefer; this one has the keys that older programs saved.
"""

from __future__ import annotations

from typing import Any, TypeVar

from ..module import Module
from ..parameter import Parameter
from .parametrizations import _WeightNorm

__all__ = ["WeightNorm", "remove_weight_norm", "weight_norm"]

T = TypeVar("T", bound=Module)


class WeightNorm:
    """The hook: ``name`` is ``name_g * name_v / |name_v|`` when the module is called."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name = name
        self.dim = dim
        self._formula = _WeightNorm(dim)

    def compute_weight(self, module: Module) -> Any:
        """The weight, from its length and its direction."""
        return self._formula(getattr(module, f"{self.name}_g"), getattr(module, f"{self.name}_v"))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def _hook_of(module: Module, name: str) -> tuple[int, WeightNorm] | None:
    for number, hook in module._forward_pre_hooks.items():
        if isinstance(hook, WeightNorm) and hook.name == name:
            return number, hook
    return None


def weight_norm(module: T, name: str = "weight", dim: int | None = 0) -> T:
    """Trains the length and the direction of a weight apart, as parameters ``name_g`` and ``name_v``.

    Source: Salimans and Kingma, "Weight Normalization", NIPS 2016.

    Args:
        module: the owner of the weight; the same module is returned.
        name: the name of the weight.
        dim: the axis along which each slice has a length of its own; ``None``: one length for all.

    Raises:
        RuntimeError: done already for this name.

    Example:
        >>> from tinygrad_cn import nn
        >>> sorted(name for name, _ in weight_norm(nn.Linear(3, 2)).named_parameters())
        ['bias', 'weight_g', 'weight_v']
    """
    if _hook_of(module, name) is not None:
        raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
    hook = WeightNorm(name, dim)
    weight = getattr(module, name)
    del module._parameters[name]
    length, direction = hook._formula.right_inverse(weight.data)
    module.register_parameter(f"{name}_g", Parameter(length))
    module.register_parameter(f"{name}_v", Parameter(direction))
    setattr(module, name, hook.compute_weight(module))
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: T, name: str = "weight") -> T:
    """Makes the weight one parameter again, with its present value.

    Raises:
        ValueError: `weight_norm` was not applied.
    """
    found = _hook_of(module, name)
    if found is None:
        raise ValueError(f"weight_norm of '{name}' not found in {module}")
    number, hook = found
    weight = hook.compute_weight(module)
    delattr(module, name)
    del module._parameters[f"{name}_g"], module._parameters[f"{name}_v"]
    module.register_parameter(name, Parameter(weight.data))
    del module._forward_pre_hooks[number]
    return module
