"""From PyTorch's values to ours: tensors by their bytes and strides, dtypes by name, test functions by rebinding."""

from __future__ import annotations

import contextlib
import functools
import importlib
import operator
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import tinygrad_cn as tg

__all__ = ["Missing", "Unconvertible", "find", "rebound", "to_ours", "to_torch"]

for _name in ("nn", "nn.functional", "linalg", "special", "fft", "signal", "signal.windows"):
    with contextlib.suppress(ImportError):  # what is missing is reported operator by operator
        importlib.import_module(f"tinygrad_cn.{_name}")


class Unconvertible(Exception):
    """A value that has no counterpart here: sparse, complex, quantized, on another device."""


class Missing(Exception):
    """A name that does not exist here."""


def _dtype(value: torch.dtype) -> Any:
    try:
        found = getattr(tg, str(value).removeprefix("torch."))
    except AttributeError:
        raise Unconvertible(f"dtype {value}") from None
    if found.is_complex:
        raise Unconvertible(f"dtype {value}")
    return found


def _tensor(value: torch.Tensor, memo: dict[int, Any]) -> Any:
    if id(value) in memo:
        return memo[id(value)]
    if value.layout != torch.strided or value.device.type != "cpu" or value.is_quantized:
        raise Unconvertible(f"a tensor of layout {value.layout} on {value.device}")
    if value.dim() > 64:
        raise Unconvertible("more than NumPy's 64 axes")
    _dtype(value.dtype)
    array = value.detach().resolve_neg().numpy()
    result = tg.from_numpy(np.array(array, order="K"))
    if value.requires_grad:
        result.requires_grad_()
    memo[id(value)] = result
    return result


def to_ours(value: Any, memo: dict[int, Any]) -> Any:
    """``value`` with every tensor, dtype, ... in it replaced by ours; one tensor met twice stays one."""
    if isinstance(value, torch.Tensor):
        return _tensor(value, memo)
    if isinstance(value, torch.dtype):
        return _dtype(value)
    if isinstance(value, tuple | list):
        items = [to_ours(v, memo) for v in value]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, dict):
        return {k: to_ours(v, memo) for k, v in value.items()}
    if isinstance(value, slice):
        return slice(*(to_ours(v, memo) for v in (value.start, value.stop, value.step)))
    if isinstance(value, torch.device):
        if value.type != "cpu":
            raise Unconvertible(f"device {value}")
        return tg.device("cpu")
    if isinstance(value, torch.layout | torch.memory_format):
        name = str(value).removeprefix("torch.")
        if isinstance(value, torch.layout) and name != "strided":
            raise Unconvertible(f"layout {value}")
        return getattr(tg, name, name)
    if isinstance(value, complex):
        raise Unconvertible("a complex number")
    if isinstance(value, torch.nn.Module):
        return find(f"nn.{type(value).__name__}")()
    if value is None or isinstance(value, bool | int | float | str | np.ndarray | np.generic | type(...) | type):
        return value
    if isinstance(value, types.FunctionType | types.BuiltinFunctionType | operator.itemgetter | functools.partial):
        return rebound(value)
    raise Unconvertible(f"a {type(value).__name__}")


def to_torch(value: Any) -> torch.Tensor:
    """One of our tensors as PyTorch's, for comparing."""
    return torch.from_numpy(np.array(value._array))


# ------------------------------------------------------------------------------------- functions


def find(path: str) -> Any:
    """Our object of the name ``path`` below the package.

    Raises:
        Missing: there is none.
    """
    found: Any = tg
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise Missing(path) from None
    return found


def method(name: str) -> Callable[..., Any]:
    """Our Tensor method (or property, as a function) ``name``."""
    try:
        found = getattr(tg.Tensor, name)
    except AttributeError:
        raise Missing(f"Tensor.{name}") from None
    return found.fget if isinstance(found, property) else found


class _Torch:
    """What stands for ``torch`` in PyTorch's test functions when they are run on our tensors."""

    def __getattr__(self, name: str) -> Any:
        return find(name)


def _unseeded(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def rebound(function: Any) -> Callable[..., Any]:
    """The counterpart of one of PyTorch's functions: by its name, or its own code with our package as ``torch``.

    Raises:
        Missing: it is known by name and there is none here.
    """
    if isinstance(function, operator.itemgetter):
        return function
    if isinstance(function, functools.partial):
        return functools.partial(rebound(function.func), *function.args, **function.keywords)
    name = getattr(function, "__name__", "")
    if getattr(torch.Tensor, name, None) is function:
        return method(name)
    module = getattr(function, "__module__", None) or ""
    if module == "torch._C._nn":  # a function of torch.nn.functional that is written in C
        return find(f"nn.functional.{name}")
    if isinstance(function, types.FunctionType) and module.startswith("torch.testing"):
        scope = {**function.__globals__, "torch": _Torch(), "wrapper_set_seed": _unseeded}
        made = types.FunctionType(function.__code__, scope, name, function.__defaults__, function.__closure__)
        made.__kwdefaults__ = function.__kwdefaults__
        return made
    return find(f"{module}.{name}".removeprefix("torch.") if module.startswith("torch") else name)
