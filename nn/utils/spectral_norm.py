"""`spectral_norm` of PyTorch's first form: a hook that computes the weight before each call.

`nn.utils.parametrizations.spectral_norm` is the form to prefer; this one has the keys that older programs saved.
"""

from __future__ import annotations

from typing import Any, TypeVar

from tinygrad_cn.autograd import no_grad
from tinygrad_cn.creation import from_numpy
from tinygrad_cn.random import default_generator
from tinygrad_cn.tensor import Tensor

from .. import functional as F
from ..conv_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from ..module import Module
from ..parameter import Parameter

__all__ = ["SpectralNorm", "remove_spectral_norm", "spectral_norm"]

T = TypeVar("T", bound=Module)


class SpectralNorm:
    """The hook: ``name`` is ``name_orig`` divided by its largest singular value when the module is called."""

    def __init__(self, name: str, n_power_iterations: int, dim: int, eps: float) -> None:
        self.name = name
        self.n_power_iterations = n_power_iterations
        self.dim = dim
        self.eps = eps

    def matrix(self, weight: Tensor) -> Tensor:
        """The weight with the axis ``dim`` first and the others in one."""
        return (weight if self.dim == 0 else weight.movedim(self.dim, 0)).flatten(1)

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """The weight; while training, power iterations first move the singular vectors on."""
        weight, u, v = (getattr(module, f"{self.name}_{part}") for part in ("orig", "u", "v"))
        matrix = self.matrix(weight)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(F.normalize(matrix.detach().T @ u, dim=0, eps=self.eps))
                    u.copy_(F.normalize(matrix.detach() @ v, dim=0, eps=self.eps))
            if self.n_power_iterations > 0:
                u, v = u.clone(), v.clone()  # the next call writes them, and this one's graph keeps its own
        return weight / (u @ (matrix @ v))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, module.training))


def _hook_of(module: Module, name: str) -> tuple[int, SpectralNorm] | None:
    for number, hook in module._forward_pre_hooks.items():
        if isinstance(hook, SpectralNorm) and hook.name == name:
            return number, hook
    return None


def spectral_norm(
    module: T, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> T:
    """Divides a weight by its largest singular value, which is followed by power iterations while training.

    Source: Miyato et al., "Spectral Normalization for Generative Adversarial Networks", ICLR 2018.

    Args:
        module: the owner of the weight; the same module is returned.
        name: the name of the weight; the parameter is then ``name_orig``, with buffers ``name_u`` and ``name_v``.
        n_power_iterations: how many at each call while training.
        eps: the least norm to divide by.
        dim: the axis of the outputs; 1 for transposed convolutions and 0 for others if ``None``.

    Raises:
        RuntimeError: done already for this name.

    Example:
        >>> from tinygrad_cn import nn
        >>> list(spectral_norm(nn.Linear(3, 2)).state_dict())
        ['bias', 'weight_orig', 'weight_u', 'weight_v']
    """
    if _hook_of(module, name) is not None:
        raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
    if dim is None:
        dim = 1 if isinstance(module, ConvTranspose1d | ConvTranspose2d | ConvTranspose3d) else 0
    hook = SpectralNorm(name, n_power_iterations, dim, eps)
    weight = module._parameters[name]
    assert weight is not None
    shape = hook.matrix(weight.detach()).shape
    u, v = (
        F.normalize(from_numpy(default_generator.normal((n,), 0, 1, weight._array.dtype)), dim=0, eps=eps)
        for n in shape
    )
    del module._parameters[name]
    module.register_parameter(f"{name}_orig", weight)
    setattr(module, name, weight.data)
    module.register_buffer(f"{name}_u", u)
    module.register_buffer(f"{name}_v", v)
    module.register_forward_pre_hook(hook)
    return module


def remove_spectral_norm(module: T, name: str = "weight") -> T:
    """Makes the weight one parameter again, with its present value.

    Raises:
        ValueError: `spectral_norm` was not applied.
    """
    found = _hook_of(module, name)
    if found is None:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    number, hook = found
    with no_grad():
        weight = hook.compute_weight(module, False)
    delattr(module, name)
    del module._parameters[f"{name}_orig"], module._buffers[f"{name}_u"], module._buffers[f"{name}_v"]
    module.register_parameter(name, Parameter(weight.detach()))
    del module._forward_pre_hooks[number]
    return module
