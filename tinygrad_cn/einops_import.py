"""Waits for einops: as soon as a program imports it, it learns of Tensors, whichever of the two came first.

einops finds array libraries among the subclasses of its own class, which can only be made once it is there. So a
finder in front of Python's own sees to it that ``einops`` is followed by `tinygrad_cn.utils.einops`, and gives
``einops.layers.tinygrad_cn``, which einops itself has not.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # while running, importlib.abc would bring a dozen modules of the standard library with it
    from importlib.abc import Loader, MetaPathFinder
else:
    Loader = MetaPathFinder = object

__all__ = ["wait"]

_LAYERS = "einops.layers.tinygrad_cn"


class _Followed(Loader):
    """Loads einops by its own loader, and our module after it."""

    def __init__(self, own: Loader) -> None:
        self.own = own

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.own.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = module.__loader__ = self.own  # what asks einops for its loader gets its own
        self.own.exec_module(module)
        import_module("tinygrad_cn.utils.einops")


class _Alias(Loader):
    """The module of layers, under einops' name for it."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return import_module("tinygrad_cn.utils.einops_layers")

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: it is loaded."""


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == _LAYERS:
            return ModuleSpec(fullname, _Alias())
        if fullname != "einops":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Followed(spec.loader)
        return spec


def wait() -> None:
    """Tell einops of Tensors now if it is loaded, else when it is."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    if "einops" in sys.modules:
        import_module("tinygrad_cn.utils.einops")
