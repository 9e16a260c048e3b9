"""Modules that hold modules: Sequential, ModuleList, ModuleDict, and the old Container."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from itertools import groupby
from typing import Any, Self, overload

from tinygrad_cn.tensor import Tensor

from .module import Module, _block, _indented

__all__ = ["Container", "ModuleDict", "ModuleList", "Sequential"]


class Container(Module):
    """Modules under the names that they are given: what came before `ModuleDict`.

    Args:
        kwargs: the modules.

    Example:
        >>> from tinygrad_cn import nn
        >>> nn.Container(act=nn.ReLU()).act
        ReLU()
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__()
        for key, value in kwargs.items():
            self.add_module(key, value)


class _Numbered(Module):
    """Modules in a row, named "0", "1", ...: what Sequential and ModuleList share."""

    _modules: dict[str, Module]  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __setitem__(self, idx: int, module: Module) -> None:
        setattr(self, self._name_at(idx), module)

    def __delitem__(self, idx: int | slice) -> None:
        left = list(self)
        del left[idx]
        self._renumber(left)

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add several modules at the end.

        Raises:
            TypeError: ``modules`` is no iterable.
        """
        if not isinstance(modules, Iterable):
            raise TypeError(f"{self._get_name()}.extend takes an iterable of modules, got {type(modules).__name__}")
        for module in list(modules):  # a list first: it may be this container itself
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Put a module before position ``index``.

        Raises:
            TypeError: ``module`` is no Module.
            IndexError: there is no such position.
        """
        if not isinstance(module, Module):
            raise TypeError(f"{self._get_name()}.insert: module should be a Module, got {type(module).__name__}")
        if not -len(self) <= index <= len(self):
            raise IndexError(f"Index out of range: {index}")
        modules = list(self)
        modules.insert(index, module)
        self._renumber(modules)
        return self

    def pop(self, key: int | slice) -> Any:
        """Take out a module, or several, and return it."""
        taken = self[key]  # type: ignore[index]
        del self[key]
        return taken

    def _renumber(self, modules: Iterable[Module]) -> None:
        self._modules = {str(i): module for i, module in enumerate(modules)}

    def _name_at(self, idx: int) -> str:
        position = operator.index(idx)
        if not -len(self) <= position < len(self):
            raise IndexError(f"index {idx} is out of range: {self._get_name()} has {len(self)} modules")
        return list(self._modules)[position]


class Sequential(_Numbered):
    """Modules run one after the other, each on the output of the one before.

    Args:
        *args: the modules, or one OrderedDict of modules by name.

    Example:
        >>> import tinygrad_cn as tg
        >>> from tinygrad_cn import nn
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        >>> model(tg.ones(3, 4)).shape
        Size([3, 2])
        >>> model[:2]
        Sequential(
          (0): Linear(in_features=4, out_features=8, bias=True)
          (1): ReLU()
        )
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            for name, module in args[0].items():
                self.add_module(name, module)
        else:
            for i, module in enumerate(args):
                self.add_module(str(i), module)

    def forward(self, input: Any) -> Any:
        for module in self._modules.values():
            input = module(input)
        return input

    @overload
    def __getitem__(self, idx: int) -> Module: ...
    @overload
    def __getitem__(self, idx: slice) -> Self: ...
    def __getitem__(self, idx: int | slice) -> Module | Self:
        if isinstance(idx, slice):
            return type(self)(OrderedDict(list(self._modules.items())[idx]))
        return self._modules[self._name_at(idx)]

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(f"+ joins two Sequentials, got {type(other).__name__}; use append or extend")
        return Sequential(*self, *other)

    def __iadd__(self, other: Sequential) -> Self:
        if not isinstance(other, Sequential):
            raise ValueError(f"+= adds a Sequential, got {type(other).__name__}; use append or extend")
        return self.extend(other)

    def __mul__(self, other: int) -> Sequential:
        self._check_factor(other)
        return Sequential(*list(self) * other)

    def __rmul__(self, other: int) -> Sequential:
        return self * other

    def __imul__(self, other: int) -> Self:
        self._check_factor(other)
        return self.extend(list(self) * (other - 1))

    def _check_factor(self, factor: int) -> None:
        if not isinstance(factor, int):
            raise TypeError(f"unsupported operand type(s) for *: {type(self)} and {type(factor)}")
        if factor <= 0:
            raise ValueError(f"Non-positive multiplication factor {factor} for {type(self)}")


class ModuleList(_Numbered):
    """A list of modules, whose parameters are found by the model that holds it. It has no forward of its own.

    Args:
        modules: the modules to begin with.

    Example:
        >>> from tinygrad_cn import nn
        >>> nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
        ModuleList(
          (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)
        )
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    @overload
    def __getitem__(self, idx: int) -> Module: ...
    @overload
    def __getitem__(self, idx: slice) -> Self: ...
    def __getitem__(self, idx: int | slice) -> Module | Self:
        if isinstance(idx, slice):
            return type(self)(list(self)[idx])
        return self._modules[self._name_at(idx)]

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __iadd__(self, other: Iterable[Module]) -> Self:
        return self.extend(other)

    def __repr__(self) -> str:
        lines = []
        at = 0
        for text, run in groupby(map(repr, self)):  # modules that print alike share a line
            count = len(list(run))
            entry = f"({at}): {text}" if count == 1 else f"({at}-{at + count - 1}): {count} x {text}"
            lines.append(_indented(entry))
            at += count
        return _block(self._get_name(), [], lines)


class ModuleDict(Module):
    """A dictionary of modules by name, whose parameters are found by the model that holds it.

    Args:
        modules: a mapping, or pairs of names and modules.

    Example:
        >>> from tinygrad_cn import nn
        >>> nn.ModuleDict({"encoder": nn.Linear(4, 2), "act": nn.ReLU()})["act"]
        ReLU()
    """

    _modules: dict[str, Module]  # type: ignore[assignment]

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Module:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Remove all modules."""
        self._modules.clear()

    def pop(self, key: str) -> Module:
        """Take out a module and return it."""
        return self._modules.pop(key)

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._modules.keys()

    def items(self) -> ItemsView[str, Module]:
        """The pairs of names and modules."""
        return self._modules.items()

    def values(self) -> ValuesView[Module]:
        """The modules."""
        return self._modules.values()

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add the modules of a mapping, or of pairs of names and modules; equal names are replaced.

        Raises:
            TypeError: ``modules`` or one of its elements is no iterable.
            ValueError: an element is no pair.
        """
        for name, module in pairs(self, modules):
            self[name] = module


def pairs(container: Module, source: Any) -> list[tuple[str, Any]]:
    """The names and values that ``source``, a mapping or an iterable of pairs, gives to ``container``."""
    if hasattr(source, "items"):
        return list(source.items())
    if not isinstance(source, Iterable) or isinstance(source, Tensor):
        raise TypeError(
            f"{type(container).__name__}.update should be called with an iterable of key/value pairs, "
            f"but got {type(source).__name__}"
        )
    result = []
    for i, pair in enumerate(source):
        where = f"{type(container).__name__} update sequence element #{i}"
        if not isinstance(pair, Iterable):
            raise TypeError(f"{where} should be Iterable; is {type(pair).__name__}")
        pair = tuple(pair)
        if len(pair) != 2:
            raise ValueError(f"{where} has length {len(pair)}; 2 is required")
        result.append(pair)
    return result
