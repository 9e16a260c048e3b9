"""Parametrizations: a parameter computed from others, each time that it is read.

``register_parametrization(layer, "weight", f)`` moves the weight into ``layer.parametrizations.weight.original`` and
makes ``layer.weight`` the result of ``f`` on it. Keys of state_dicts are PyTorch's.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Sequence
from typing import Any

from tinygrad_cn.autograd import no_grad
from tinygrad_cn.tensor import Tensor

from ..container import ModuleDict, ModuleList
from ..module import Module
from ..parameter import Parameter

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "type_before_parametrizations",
]

_caches: list[dict[int, Tensor]] = []  # of the `cached` blocks that are open; the outermost is used


@contextlib.contextmanager
def cached() -> Iterator[None]:
    """Within this block a parametrized tensor is computed once and then remembered.

    Example:
        >>> import tinygrad_cn as tg
        >>> from tinygrad_cn.nn.utils import parametrizations, parametrize
        >>> layer = parametrizations.weight_norm(tg.nn.Linear(2, 2))
        >>> with parametrize.cached():
        ...     layer.weight is layer.weight
        True
    """
    _caches.append({})
    try:
        yield
    finally:
        _caches.pop()


def _register(module: Module, name: str, tensor: Tensor) -> None:
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _check_same(what: str, before: Tensor, after: Any) -> None:
    if not isinstance(after, Tensor):
        raise ValueError(f"{what} must return a tensor. Got {type(after).__name__}.")
    if after.dtype != before.dtype or tuple(after.shape) != tuple(before.shape):
        raise ValueError(
            f"{what} may not change the dtype or the shape of the tensor, unless `unsafe` is set: "
            f"{before.dtype} {tuple(before.shape)} became {after.dtype} {tuple(after.shape)}"
        )


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, one applied after another, and what they are applied to.

    Args:
        modules: the parametrizations.
        original: the tensor; its values become those that give it back, where parametrizations have a
            ``right_inverse``.
        unsafe: allow dtype and shape to change.

    Attributes:
        original: what is trained; ``original0``, ``original1``, ... where ``right_inverse`` returns several.

    Raises:
        ValueError: no parametrization, or results that are not fit to stand for the tensor.
    """

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if not modules:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape_and_dtype = original.detach().clone()
        new: Any = original
        with no_grad():
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    with contextlib.suppress(NotImplementedError):
                        new = module.right_inverse(new)
        if not isinstance(new, Tensor | Sequence):
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                f"Got {type(new).__name__}"
            )
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if isinstance(new, Tensor) else len(new)
        if isinstance(new, Tensor):
            if new.dtype != original.dtype:
                raise ValueError(
                    "When `right_inverse` outputs one tensor, it may not change the dtype: "
                    f"{original.dtype} became {new.dtype}"
                )
            if new is not original:
                original.data = new.detach()
            _register(self, "original", original)
        else:
            for i, part in enumerate(new):
                if not isinstance(part, Tensor):
                    raise ValueError(
                        "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                        f"Got element {i} of the sequence with type {type(part).__name__}."
                    )
                if isinstance(original, Parameter):
                    part = Parameter(part.detach().clone(), original.requires_grad)
                _register(self, f"original{i}", part)
        if not unsafe:
            _check_same("A parametrization", shape_and_dtype, self())

    def right_inverse(self, value: Tensor) -> None:
        """Set what is trained so that the result becomes ``value``."""
        new: Any = value
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(f"parametrization {type(module).__name__} does not implement right_inverse.")
                new = module.right_inverse(new)
            parts = [new] if self.is_tensor else list(new)
            names = ["original"] if self.is_tensor else [f"original{i}" for i in range(self.ntensors)]
            if len(parts) != len(names):
                raise ValueError(
                    f"'right_inverse' must return a sequence of tensors of length {len(names)}. Got a sequence of "
                    f"length {len(parts)}."
                )
            for name, part in zip(names, parts, strict=True):
                known = getattr(self, name)
                if not isinstance(part, Tensor) or part.dtype != known.dtype:
                    raise ValueError(
                        f"`right_inverse` should return a tensor of dtype {known.dtype} for `{name}`, got "
                        f"{part.dtype if isinstance(part, Tensor) else type(part).__name__}"
                    )
                known.data = part.detach().clone()

    def forward(self) -> Tensor:
        first, *others = list(self)
        if self.is_tensor:
            x = first(self.original)
        else:
            x = first(*(getattr(self, f"original{i}") for i in range(self.ntensors)))
        for module in others:
            x = module(x)
        return x


def _parametrized_class(cls: type[Module]) -> type[Module]:
    """A class for one module of class ``cls``, on which its parametrized tensors are properties."""

    def refuse(self: Module) -> Any:
        raise RuntimeError("a parametrized module cannot be pickled; save its state_dict() instead")

    def deepcopy(self: Module, memo: dict[int, Any]) -> Module:
        replica: Module = self.__new__(type(self))
        memo[id(self)] = replica
        replica.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return replica

    return type(f"Parametrized{cls.__name__}", (cls,), {"__getstate__": refuse, "__deepcopy__": deepcopy})


def _property(name: str) -> property:
    def read(self: Any) -> Tensor:
        parametrization = self.parametrizations[name]
        if not _caches:
            return parametrization()
        known = _caches[0]
        key = id(parametrization)
        if key not in known:
            known[key] = parametrization()
        return known[key]

    def write(self: Any, value: Tensor) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(read, write)


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Makes a tensor of ``module`` the result of ``parametrization`` on what is trained in its place.

    Args:
        module: the owner.
        tensor_name: the name of its parameter or buffer.
        parametrization: a module of one tensor; with ``right_inverse(tensor)`` the tensor can be assigned to.
        unsafe: allow dtype and shape to change.

    Raises:
        ValueError: there is no such tensor, or the result is not fit to stand for it.

    Example:
        >>> import tinygrad_cn as tg
        >>> class Symmetric(tg.nn.Module):
        ...     def forward(self, x):
        ...         return x.triu() + x.triu(1).transpose(-1, -2)
        >>> layer = tg.nn.Linear(3, 3)
        >>> _ = tg.nn.utils.parametrize.register_parametrization(layer, "weight", Symmetric())
        >>> bool((layer.weight == layer.weight.T).all()), list(layer.state_dict())
        (True, ['bias', 'parametrizations.weight.original'])
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        known: Any = module.parametrizations[tensor_name]
        if not unsafe:
            before = getattr(module, tensor_name)
            _check_same("A parametrization", before, parametrization(before))
        known.append(parametrization)
        known.unsafe |= unsafe
        return module
    if tensor_name not in module._parameters and tensor_name not in module._buffers:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name "
            f"'{tensor_name}'"
        )
    listed = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe=unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        module.__class__ = _parametrized_class(type(module))
        module.parametrizations = ModuleDict()
    setattr(type(module), tensor_name, _property(tensor_name))
    module.parametrizations[tensor_name] = listed
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether ``module`` has parametrizations, or one of the tensor ``tensor_name``."""
    known = module._modules.get("parametrizations")
    if not isinstance(known, ModuleDict):
        return False
    return len(known) > 0 if tensor_name is None else tensor_name in known


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Makes a parametrized tensor an ordinary one again.

    Args:
        module: the owner.
        tensor_name: the name of the tensor.
        leave_parametrized: keep the value that it has now; else that of what was trained in its place.

    Raises:
        ValueError: it is not parametrized, or there is no one tensor to go back to.

    Example:
        >>> import tinygrad_cn as tg
        >>> layer = tg.nn.utils.parametrizations.weight_norm(tg.nn.Linear(2, 2))
        >>> list(tg.nn.utils.parametrize.remove_parametrizations(layer, "weight").state_dict())
        ['bias', 'weight']
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    listed: Any = module.parametrizations[tensor_name]
    if not listed.is_tensor and not leave_parametrized:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a "
            "sequence of tensors."
        )
    with no_grad():
        value = getattr(module, tensor_name)
    if listed.is_tensor:
        tensor = listed.original
        if leave_parametrized:
            tensor.data = value.detach().clone()
    else:
        tensor = Parameter(value.detach().clone()) if isinstance(listed.original0, Parameter) else value
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _register(module, tensor_name, tensor)
    if not is_parametrized(module):
        del module.parametrizations
        module.__class__ = type(module).__bases__[0]
    return module


def type_before_parametrizations(module: Module) -> type[Module]:
    """The class that ``module`` had before it was parametrized."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)
