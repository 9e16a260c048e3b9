"""Ways of choosing what to prune, and the hook that keeps a parameter pruned; `prune` has them as functions.

A pruned parameter ``name`` becomes a parameter ``name_orig`` and a buffer ``name_mask``; ``name`` itself is then their
product, computed before each forward pass. What is zeroed is decided by importance (size, a norm of a channel), at
random, or by a mask of one's own.

Source: LeCun, Denker and Solla, "Optimal Brain Damage", NIPS 1989; Han et al., "Learning both Weights and Connections
for Efficient Neural Networks", NIPS 2015.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from numbers import Integral, Real
from typing import Any

from tinygrad_cn.functions.norms import norm
from tinygrad_cn.functions.ordering import kthvalue
from tinygrad_cn.functions.reduction import topk
from tinygrad_cn.randomness import rand, rand_like
from tinygrad_cn.tensor import Tensor

from ..module import Module

__all__ = [
    "BasePruningMethod",
    "CustomFromMask",
    "Identity",
    "L1Unstructured",
    "LnStructured",
    "PruningContainer",
    "RandomStructured",
    "RandomUnstructured",
    "hook_of",
]


class BasePruningMethod(ABC):
    """A way of choosing what to prune: write ``compute_mask`` and set ``PRUNING_TYPE``; `apply` does the rest.

    Attributes:
        PRUNING_TYPE: ``"unstructured"`` (single entries), ``"structured"`` (whole channels) or ``"global"``; says which
            part of a parameter that is pruned already a further pruning is to look at.

    Example:
        >>> from tinygrad_cn import nn
        >>> class EveryOther(BasePruningMethod):
        ...     PRUNING_TYPE = "unstructured"
        ...     def compute_mask(self, t, default_mask):
        ...         mask = default_mask.clone()
        ...         mask.view(-1)[::2] = 0
        ...         return mask
        >>> layer = nn.Linear(4, 1)
        >>> method = EveryOther.apply(layer, "weight")
        >>> layer.weight_mask
        tensor([[0., 1., 0., 1.]])
    """

    _tensor_name: str
    PRUNING_TYPE: str

    def __call__(self, module: Module, inputs: Any) -> None:
        """The hook before a forward pass: the parameter is what the mask leaves of its original."""
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask for importances ``t``, zero also where ``default_mask`` is.

        Args:
            t: the importance of each entry.
            default_mask: the mask so far, of the shape of ``t``.
        """

    def apply_mask(self, module: Module) -> Tensor:
        """The original parameter times its mask."""
        mask = getattr(module, f"{self._tensor_name}_mask")
        original = getattr(module, f"{self._tensor_name}_orig")
        return mask.to(dtype=original.dtype) * original

    @classmethod
    def apply(
        cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None, **kwargs: Any
    ) -> BasePruningMethod:
        """Prune the parameter ``name`` of ``module``, further if it is pruned already.

        Args:
            module: the owner.
            name: the parameter's name.
            args, kwargs: what the method is made with.
            importance_scores: the importance of each entry; the parameter's own values if ``None``.

        Raises:
            ValueError: the importances are not of the parameter's shape.
        """
        made = cls(*args, **kwargs)
        made._tensor_name = name
        known = hook_of(module, name)
        method: BasePruningMethod = made
        if known is not None:
            number, before = known
            del module._forward_pre_hooks[number]
            method = PruningContainer(before)
            method.add_pruning_method(made)
        value = getattr(module, name)
        if importance_scores is not None and importance_scores.shape != value.shape:
            raise ValueError(
                f"prune: importance_scores have shape {list(importance_scores.shape)}, the parameter {name!r} has "
                f"{list(value.shape)}; they should be equal"
            )
        scores = value if importance_scores is None else importance_scores
        if known is None:
            original = module._parameters[name]
            del module._parameters[name]
            module.register_parameter(f"{name}_orig", original)
            default = value.detach().new_ones(value.shape)
        else:
            default = getattr(module, f"{name}_mask").detach().clone()
        try:
            module.register_buffer(f"{name}_mask", method.compute_mask(scores.detach(), default_mask=default))
            setattr(module, name, method.apply_mask(module))
            module.register_forward_pre_hook(method)
        except Exception:
            if known is None:
                original = module._parameters.pop(f"{name}_orig")
                module._buffers.pop(f"{name}_mask", None)
                module.register_parameter(name, original)
            raise
        return method

    def prune(self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None) -> Tensor:
        """``t`` pruned, without a module."""
        scores = t if importance_scores is None else importance_scores
        if scores.shape != t.shape:
            raise ValueError(
                f"prune: importance_scores have shape {list(scores.shape)}, the tensor has {list(t.shape)}; they "
                "should be equal"
            )
        default = t.detach().new_ones(t.shape) if default_mask is None else default_mask
        return t * self.compute_mask(scores, default_mask=default)

    def remove(self, module: Module) -> None:
        """Make the pruned value the parameter again; the mask is forgotten, what it zeroed stays zero."""
        name = self._tensor_name
        weight = self.apply_mask(module)
        if name in module.__dict__:
            delattr(module, name)
        original = module._parameters.pop(f"{name}_orig")
        del module._buffers[f"{name}_mask"]
        assert original is not None
        original.data = weight.data
        setattr(module, name, original)


class PruningContainer(BasePruningMethod):
    """Several prunings of one parameter, one after another; holds them as a sequence."""

    def __init__(self, *args: Any) -> None:
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        methods = tuple(args[0]) if len(args) == 1 and isinstance(args[0], Iterable) else args
        if methods:
            self._tensor_name = methods[0]._tensor_name
        for method in methods:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: Any) -> None:
        """Add a method for the same parameter.

        Raises:
            TypeError, ValueError: it is no pruning method, or one for another parameter.
        """
        if not isinstance(method, BasePruningMethod):
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if self._tensor_name != method._tensor_name:
            raise ValueError(
                f"Can only add pruning methods acting on the parameter named '{self._tensor_name}' to PruningContainer "
                f"{self}. Found '{method._tensor_name}'"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._pruning_methods)

    def __getitem__(self, index: Any) -> Any:
        return self._pruning_methods[index]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask so far times what the latest method leaves of the part that it looks at."""
        method = self._pruning_methods[-1]
        mask = default_mask.to(dtype=t.dtype)
        index: Any
        if method.PRUNING_TYPE == "unstructured":
            index = mask == 1
        elif method.PRUNING_TYPE == "structured":
            axis = method.dim % t.dim()  # type: ignore[attr-defined]
            kept = mask.sum(dim=[d for d in range(t.dim()) if d != axis]) != 0
            index = (slice(None),) * axis + (kept,)
        elif method.PRUNING_TYPE == "global":
            index = (slice(None),) * t.dim()
        else:
            raise ValueError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
        combined = mask.clone()
        combined[index] = method.compute_mask(t[index], default_mask=mask[index]).to(dtype=mask.dtype)
        return combined


class Identity(BasePruningMethod):
    """Prunes nothing; gives a parameter the mask and the names of a pruned one."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """``default_mask`` itself."""
        return default_mask


class _Amount(BasePruningMethod):
    """A method that prunes a given number, or a given share, of what there is.

    Args:
        amount (int or float): how many, or a share between 0 and 1.
    """

    def __init__(self, amount: float) -> None:
        _check_amount(amount)
        self.amount = amount


class RandomUnstructured(_Amount):
    """Prunes entries at random."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """``default_mask`` without ``amount`` entries drawn at random."""
        count = _count(self.amount, t.numel(), "entries")
        mask = default_mask.clone()
        if count:
            mask.view(-1)[topk(rand_like(t).view(-1), count).indices] = 0
        return mask


class L1Unstructured(_Amount):
    """Prunes the entries that are least in absolute value."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """``default_mask`` without the ``amount`` least entries of ``t``."""
        count = _count(self.amount, t.numel(), "entries")
        mask = default_mask.clone()
        if count:
            mask.view(-1)[topk(t.abs().view(-1), count, largest=False).indices] = 0
        return mask


class RandomStructured(_Amount):
    """Prunes whole channels at random.

    Args:
        amount (int or float): how many channels, or a share between 0 and 1.
        dim: the axis of channels.
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, dim: int = -1) -> None:
        super().__init__(amount)
        self.dim = dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """``default_mask`` without ``amount`` channels drawn at random."""
        _check_structured(t)
        channels = t.shape[self.dim]
        count = _count(self.amount, channels, "channels")
        if not count:
            return default_mask
        draws = rand(channels)
        kept = draws > kthvalue(draws, count).values
        return _channels(t, self.dim, kept) * default_mask.to(dtype=t.dtype)


class LnStructured(_Amount):
    """Prunes the whole channels whose norm is least.

    Args:
        amount (int or float): how many channels, or a share between 0 and 1.
        n: the norm's order: a number, ``inf``, ``"fro"`` or ``"nuc"``.
        dim: the axis of channels.
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, n: Any, dim: int = -1) -> None:
        super().__init__(amount)
        self.n = n
        self.dim = dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """``default_mask`` without the ``amount`` channels of ``t`` with the least norm."""
        _check_structured(t)
        channels = t.shape[self.dim]
        count = _count(self.amount, channels, "channels")
        if not count:
            return default_mask
        axes = [d for d in range(t.dim()) if d != self.dim % t.dim()]
        norms = norm(t, p=self.n, dim=axes)
        return _channels(t, self.dim, topk(norms, channels - count).indices) * default_mask.to(dtype=t.dtype)


class CustomFromMask(BasePruningMethod):
    """Prunes what a given mask is zero at.

    Args:
        mask (Tensor): of the parameter's shape.
    """

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """``default_mask`` times the given mask."""
        return default_mask * self.mask.to(dtype=default_mask.dtype)


# -------------------------------------------------------------------------------------------- help


def hook_of(module: Module, name: str) -> tuple[int, BasePruningMethod] | None:
    """The pruning of a parameter and its number among the hooks, if it is pruned."""
    for number, hook in module._forward_pre_hooks.items():
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name:
            return number, hook
    return None


def _check_amount(amount: Any) -> None:
    if not isinstance(amount, Real):
        raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
    number = float(amount)
    if number < 0 or (number > 1 and not isinstance(amount, Integral)):
        raise ValueError(f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer")


def _count(amount: Any, size: int, what: str) -> int:
    """How many of ``size`` to prune."""
    if not isinstance(amount, Integral):
        return round(amount * size)
    if int(amount) > size:
        raise ValueError(f"amount={amount} should be smaller than the number of parameters to prune={size} ({what})")
    return int(amount)


def _check_structured(t: Tensor) -> None:
    if t.dim() <= 1:
        raise ValueError(
            "Structured pruning can only be applied to multidimensional tensors. Found tensor of shape "
            f"{list(t.shape)} with {t.dim()} dims"
        )


def _channels(t: Tensor, dim: int, kept: Tensor) -> Tensor:
    """One at the channels that are kept, zero elsewhere, in the shape of ``t``."""
    mask = t.new_zeros(t.shape)
    mask[(slice(None),) * (dim % t.dim()) + (kept,)] = 1
    return mask
