"""Calling a module with other parameters than its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tinygrad_cn.tensor import Tensor

from ..module import Module

__all__ = ["functional_call"]


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Mapping[str, Tensor] | Sequence[Mapping[str, Tensor]],
    args: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """``module(*args, **kwargs)`` with some parameters and buffers replaced for this call, differentiable in them.

    Args:
        module (Module): is as it was afterwards.
        parameter_and_buffer_dicts: values by their names in the ``state_dict``; or several such dictionaries.
        args: the positional arguments; a single one need not be in a tuple.
        kwargs: the keyword arguments.
        tie_weights: a parameter that goes by several names is replaced under all of them.
        strict: every parameter and buffer must be given.

    Raises:
        KeyError: a name that the module does not have, or with ``strict`` one that is missing; several values for one.

    Example:
        >>> import tinygrad_cn as tg
        >>> linear = tg.nn.Linear(1, 1)
        >>> functional_call(linear, {"weight": tg.full((1, 1), 2.0), "bias": tg.ones(1)}, tg.tensor([3.0]))
        tensor([7.])
    """
    given: dict[str, Tensor] = {}
    several = parameter_and_buffer_dicts
    for values in [several] if isinstance(several, Mapping) else several:
        twice = given.keys() & values.keys()
        if twice:
            raise KeyError(f"functional_call: several values for {', '.join(sorted(twice))}")
        given.update(values)
    known = {
        **dict(module.named_parameters(remove_duplicate=False)),
        **dict(module.named_buffers(remove_duplicate=False)),
    }
    unknown = sorted(given.keys() - known.keys())
    if unknown:
        raise KeyError(f"functional_call: {type(module).__name__} has no parameter or buffer {', '.join(unknown)}")
    if tie_weights:
        given = _tied(given, known)
    missing = sorted(known.keys() - given.keys())
    if strict and missing:
        raise KeyError(f"functional_call: strict=True, and no value was given for {', '.join(missing)}")
    positional = () if args is None else args if isinstance(args, tuple) else (args,)
    with _replaced(module, given):
        return module(*positional, **(kwargs or {}))


def _tied(given: dict[str, Tensor], known: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Each value under all the names of the tensor it replaces.

    Raises:
        ValueError: different values for one tensor.
    """
    values: dict[int, tuple[str, Tensor]] = {}
    for name, value in given.items():
        first, same = values.setdefault(id(known[name]), (name, value))
        if same is not value:
            raise ValueError(f"functional_call: {first} and {name} are one tensor of the module, but got two values")
    return {name: values[id(tensor)][1] for name, tensor in known.items() if id(tensor) in values}


@contextmanager
def _replaced(module: Module, values: Mapping[str, Tensor]) -> Iterator[None]:
    """``values`` in the places of the module's own; what the call writes into a replaced buffer goes with it."""
    owners = dict(module.named_modules(remove_duplicate=False))
    before: list[tuple[dict[str, Any], str, Any]] = []
    try:
        for path, value in values.items():
            owner, _, name = path.rpartition(".")
            home: dict[str, Any] = owners[owner]._parameters
            if name not in home:
                home = owners[owner]._buffers
            before.append((home, name, home[name]))
            home[name] = value
        yield
    finally:
        for home, name, own in reversed(before):
            home[name] = own
