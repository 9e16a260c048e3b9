"""Writes docs/numpy.md from the tables that answer NumPy's protocols: ``python docs/list_numpy_functions.py``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tinygrad_cn import protocols
from tinygrad_cn.op import Op

__all__ = ["PAGE", "text"]

PAGE = Path(__file__).with_name("numpy.md")

_INTRODUCTION = """\
# NumPy functions on Tensors

<!-- Written by docs/list_numpy_functions.py from tinygrad_cn.protocols; do not edit. -->

A function of NumPy that is called with a Tensor gives a Tensor, and its gradient is recorded:

```python
>>> import numpy as np
>>> import tinygrad_cn as tg
>>> x = tg.tensor([1., 2.], requires_grad=True)
>>> np.sum(np.exp(x)).backward()
>>> x.grad
tensor([2.7183, 7.3891])

```

Arrays and numbers beside a Tensor are constants. An argument that a Tensor cannot honour (`out=` with an array,
`where=`, `order="F"`, ...) is refused by a `TypeError` that names it, and so is every function that is not listed
here: no gradient is lost without a word. `np.asarray(x)` works where no gradient is needed; else use
`x.detach().numpy()`.
"""


def _gradient(answer: Any) -> str:
    """Whether a ufunc's op has rules."""
    if isinstance(answer, Op):
        return "yes" if answer.rules or answer.joint else ""
    return "yes"


def _sorted(functions: Iterable[Any]) -> list[Any]:
    return sorted(functions, key=lambda f: f.__name__.lower())


def _listed(functions: Iterable[Any], prefix: str) -> str:
    return ", ".join(f"`{prefix}{f.__name__}`" for f in _sorted(functions))


def text() -> str:
    """The page."""
    rows = ["| ufunc | gradient | `.reduce` |", "|-|-|-|"]
    for ufunc in _sorted(protocols.UFUNCS):
        reduce = "yes" if ufunc in protocols.REDUCTIONS else ""
        rows.append(f"| `np.{ufunc.__name__}` | {_gradient(protocols.UFUNCS[ufunc])} | {reduce} |")
    groups: dict[str, dict[str, Any]] = {}
    for function in protocols.FUNCTIONS:
        module = function.__module__ or "numpy"
        groups.setdefault(module, {})[function.__name__] = function  # np.max and np.amax may be one function
    parts = [_INTRODUCTION, "## Universal functions\n", "\n".join(rows) + "\n"]
    parts.append("Functions without a gradient (comparisons, logic, integers) give constants.\n")
    for module in sorted(groups):
        title = "Functions" if module == "numpy" else f"Functions of `{module}`"
        prefix = module.replace("numpy", "np", 1) + "."
        parts += [f"## {title}\n", _listed(groups[module].values(), prefix) + "\n"]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
