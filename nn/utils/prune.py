"""Pruning: masks that zero entries of parameters, kept up through training, by PyTorch's names and keys.

Example:
    >>> from tinygrad_cn import nn
    >>> layer = nn.utils.prune.l1_unstructured(nn.Linear(4, 2), "weight", amount=0.25)
    >>> sorted(layer.state_dict())
    ['bias', 'weight_mask', 'weight_orig']
    >>> int((layer.weight == 0).sum())
    2
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from tinygrad_cn.tensor import Tensor

from ..module import Module
from .convert_parameters import parameters_to_vector
from .pruning_methods import (
    BasePruningMethod,
    CustomFromMask,
    Identity,
    L1Unstructured,
    LnStructured,
    PruningContainer,
    RandomStructured,
    RandomUnstructured,
    hook_of,
)

__all__ = [
    "BasePruningMethod",
    "CustomFromMask",
    "Identity",
    "L1Unstructured",
    "LnStructured",
    "PruningContainer",
    "RandomStructured",
    "RandomUnstructured",
    "custom_from_mask",
    "global_unstructured",
    "identity",
    "is_pruned",
    "l1_unstructured",
    "ln_structured",
    "random_structured",
    "random_unstructured",
    "remove",
]

M = TypeVar("M", bound=Module)


def identity(module: M, name: str) -> M:
    """Give the parameter the names and the mask of a pruned one, and prune nothing."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: M, name: str, amount: float) -> M:
    """Prune entries of a parameter at random.

    Args:
        module: the owner; it is changed and returned.
        name: the parameter's name.
        amount (int or float): how many entries, or a share between 0 and 1.
    """
    RandomUnstructured.apply(module, name, amount=amount)
    return module


def l1_unstructured(module: M, name: str, amount: float, importance_scores: Tensor | None = None) -> M:
    """Prune the entries of a parameter that are least in absolute value.

    Args:
        module: the owner; it is changed and returned.
        name: the parameter's name.
        amount (int or float): how many entries, or a share between 0 and 1.
        importance_scores: what to rank by in place of the values.

    Example:
        >>> import tinygrad_cn as tg
        >>> layer = tg.nn.Linear(4, 1)
        >>> layer.weight.data = tg.tensor([[3., -1., 2., -4.]])
        >>> l1_unstructured(layer, "weight", amount=0.5).weight_mask
        tensor([[1., 0., 0., 1.]])
    """
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: M, name: str, amount: float, dim: int) -> M:
    """Prune channels along ``dim`` at random."""
    RandomStructured.apply(module, name, amount=amount, dim=dim)
    return module


def ln_structured(module: M, name: str, amount: float, n: Any, dim: int, importance_scores: Tensor | None = None) -> M:
    """Prune the channels along ``dim`` whose ``n``-norm is least.

    Args:
        module: the owner; it is changed and returned.
        name: the parameter's name.
        amount (int or float): how many channels, or a share between 0 and 1.
        n: the norm's order: a number, ``inf``, ``"fro"`` or ``"nuc"``.
        dim: the axis of channels.
        importance_scores: what to take norms of in place of the values.
    """
    LnStructured.apply(module, name, amount=amount, n=n, dim=dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module: M, name: str, mask: Tensor) -> M:
    """Prune what ``mask``, of the parameter's shape, is zero at."""
    CustomFromMask.apply(module, name, mask=mask)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]],
    pruning_method: type[BasePruningMethod],
    importance_scores: Mapping[tuple[Module, str], Tensor] | None = None,
    **kwargs: Any,
) -> None:
    """Prune several parameters as if they were one: the least entries of all together.

    Args:
        parameters: pairs (module, name).
        pruning_method: a class whose ``PRUNING_TYPE`` is ``"unstructured"``.
        importance_scores: what to rank by in place of the values, for some of the pairs.
        kwargs: what the method is made with, as ``amount``.

    Raises:
        TypeError: ``parameters`` is no iterable; the method prunes no single entries.
    """
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    pairs = list(parameters)
    known = {} if importance_scores is None else importance_scores
    scores = parameters_to_vector([known.get((module, name), getattr(module, name)) for module, name in pairs])
    values = [getattr(module, name) for module, name in pairs]
    masks = [
        getattr(module, f"{name}_mask", value.detach().new_ones(value.shape))
        for (module, name), value in zip(pairs, values, strict=True)
    ]
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method '
            f"{pruning_method} of type {method.PRUNING_TYPE}"
        )
    method._tensor_name = "temp"
    joint = PruningContainer(method).compute_mask(scores.detach(), parameters_to_vector(masks))
    first = 0
    for (module, name), value in zip(pairs, values, strict=True):
        custom_from_mask(module, name, joint[first : first + value.numel()].view_as(value))
        first += value.numel()


def remove(module: M, name: str) -> M:
    """Make the pruned value the parameter again; the mask is forgotten, what it zeroed stays zero.

    Raises:
        ValueError: the parameter is not pruned.
    """
    found = hook_of(module, name)
    if found is None:
        raise ValueError(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")
    number, hook = found
    hook.remove(module)
    del module._forward_pre_hooks[number]
    return module


def is_pruned(module: Module) -> bool:
    """Whether a parameter of the module or of a module below it is pruned."""
    return any(
        isinstance(hook, BasePruningMethod) for below in module.modules() for hook in below._forward_pre_hooks.values()
    )
