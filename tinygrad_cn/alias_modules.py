"""PyTorch's files by name, for programs that import from ``torch.distributions.normal`` and the like."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

__all__ = ["lay_alias"]


def lay_alias(package: str, name: str, contents: Mapping[str, Any]) -> ModuleType:
    """Make a module that an import finds, though no file is there.

    Args:
        package: the full name of the package that is to hold it; it is being imported or has been.
        name: the module's, inside the package.
        contents: what it holds.
    """
    alias = ModuleType(f"{package}.{name}", f"``{package.replace('tinygrad_cn', 'torch', 1)}.{name}`` by name.")
    vars(alias).update(contents)
    sys.modules[alias.__name__] = alias
    setattr(sys.modules[package], name, alias)
    return alias
