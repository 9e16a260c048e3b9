"""Module: the base class of all layers and models.

What a module can do is written in the files beside this one, an idea each: owning parameters (`_registry`), walking
the tree (`_traversal`), changing dtypes (`_conversion`), saving and loading (`_state_dict`), hooks (`_hooks`).
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

from ._conversion import Conversion
from ._hooks import Hooked
from ._located import locate
from ._state_dict import StateDict
from ._traversal import Traversal

__all__ = ["Module"]


def _no_forward(self: Module, *args: Any, **kwargs: Any) -> Any:
    raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')


class Module(StateDict, Traversal, Conversion, Hooked):
    """The base class of all layers and models.

    A subclass calls ``super().__init__()``, assigns its parameters and submodules as attributes, and defines
    ``forward``. Calling the module runs ``forward`` and its hooks.

    Attributes:
        training: whether the module is in training mode (see `train` and `eval`).

    Example:
        >>> import tinygrad_cn as tg
        >>> from tinygrad_cn import nn
        >>> class Net(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.hidden = nn.Linear(4, 8)
        ...         self.out = nn.Linear(8, 2)
        ...     def forward(self, x):
        ...         return self.out(self.hidden(x).tanh())
        >>> Net()(tg.ones(3, 4)).shape
        Size([3, 2])
    """

    forward: Callable[..., Any] = _no_forward

    def __init__(self) -> None:
        super().__init__()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            if self._hooked:
                return self._call_with_hooks(args, kwargs)
            return self.forward(*args, **kwargs)
        except (TypeError, ValueError, RuntimeError, IndexError) as error:
            locate(error, self)
            raise

    # ------------------------------------------------------------------------------------ printing

    def _get_name(self) -> str:
        return type(self).__name__

    def _label(self) -> str:
        """What error messages call this module: short, with its sizes, as ``Linear 4 -> 2``."""
        return type(self).__name__

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows; for subclasses to override."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        children = [f"({name}): {_indented(repr(module))}" for name, module in self._modules.items()]
        return _block(self._get_name(), extra.split("\n") if extra else [], children)


def _indented(text: str) -> str:
    """``text`` with all lines but the first moved in."""
    first, newline, rest = text.partition("\n")
    return first + newline + textwrap.indent(rest, "  ", lambda line: True)


def _block(name: str, extra: list[str], children: list[str]) -> str:
    """``name(...)`` on one line if a single line of extras is all there is, else a line for each entry."""
    if len(extra) <= 1 and not children:
        return f"{name}({''.join(extra)})"
    return f"{name}(\n  " + "\n  ".join(extra + children) + "\n)"
