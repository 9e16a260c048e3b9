"""All mutants of an op, and how one is put in its place for a while."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import FunctionType
from typing import Any

from tinygrad_cn.op import Op, registry

from . import mutate
from .sources import remade, source_of, wrapped

__all__ = ["Mutant", "helpers_of_rules", "installed", "mutants_of"]


@dataclass(frozen=True)
class Mutant:
    """An op with one mistake in it.

    Attributes:
        op: the op's name; for a mistake in a helper of several rules, one of theirs.
        place: the rule by its input's name, ``joint``, ``joint[i]`` (one of its results), ``composite`` or a helper.
        kind: the kind of mistake.
        text: what was done.
        function: the wrong function.
        names: where it goes instead of the right one, under ``key``.
        users: the ops that it makes wrong.
    """

    op: str
    place: str
    kind: str
    text: str
    function: Callable[..., Any]
    names: MutableMapping[str, Any]
    key: str
    users: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.op} [{self.place}] {self.kind}: {self.text}"


@contextmanager
def installed(mutant: Mutant) -> Iterator[None]:
    """The wrong function in place of the right one. Plans, which hold on to rules, are made anew."""
    right = mutant.names[mutant.key]
    mutant.names[mutant.key] = mutant.function
    try:
        for name in mutant.users:
            registry[name]._plans.clear()
        yield
    finally:
        mutant.names[mutant.key] = right
        for name in mutant.users:
            registry[name]._plans.clear()


def _reached(function: Any, found: dict[str, FunctionType] | None = None) -> dict[str, FunctionType]:
    """The functions of its own file that ``function`` calls, directly and through others."""
    found = {} if found is None else found
    if not isinstance(function, FunctionType):
        return found
    stack = [function.__code__]
    while stack:
        code = stack.pop()
        stack += [c for c in code.co_consts if isinstance(c, type(code))]
        for name in code.co_names:
            other = function.__globals__.get(name)
            if isinstance(other, FunctionType) and other.__globals__ is function.__globals__ and name not in found:
                found[name] = other
                _reached(other, found)
    return found


def _rules(op: Op) -> Iterator[Callable[..., Any]]:
    yield from op.rules.values()
    if op.joint is not None:
        yield op.joint


@cache
def helpers_of_rules() -> dict[str, list[tuple[FunctionType, tuple[str, ...]]]]:
    """For each op, the helpers that are first met in its rules, each with all ops whose rules use it.

    Helpers that a forward function uses too are left out: with one of those wrong the function itself is another.
    """
    kept_out = set()
    for op in registry.values():
        for function in (op.forward, op.composite):
            kept_out |= {id(f) for f in _reached(function).values()} | {id(function)}
    users: dict[int, list[str]] = {}
    functions: dict[int, FunctionType] = {}
    own = {id(rule) for op in registry.values() for rule in _rules(op)}
    for op in registry.values():
        for rule in _rules(op):
            for function in _reached(rule).values():
                if id(function) not in kept_out | own and ".ops." in function.__module__:
                    functions[id(function)] = function
                    if op.name not in users.setdefault(id(function), []):
                        users[id(function)].append(op.name)
    by_op: dict[str, list[tuple[FunctionType, tuple[str, ...]]]] = {}
    for key, names in users.items():
        by_op.setdefault(names[0], []).append((functions[key], tuple(names)))
    return by_op


def _refuses(rule: Callable[..., Any]) -> bool:
    """Whether the rule does nothing but raise."""
    body = source_of(rule).body
    return isinstance(body, list) and isinstance(body[-1], ast.Raise)


def mutants_of(op: Op) -> Iterator[Mutant]:
    """The op's rules, joint rule, composite and helpers, each wrong in every way there is."""
    users = (op.name,)
    for name, rule in op.rules.items() if op.joint is None else ():
        if _refuses(rule):
            continue
        yield from _of_function(op, name, rule, op.rules, name, users)
        source = source_of(rule)
        if mutate.is_zero_rule(source):
            yield Mutant(
                op.name, name, "one", "ones in place of 0", wrapped(rule, mutate.passed_through), op.rules, name, users
            )
        else:
            for kind, change in mutate.RESULT_CHANGES.items():
                yield Mutant(op.name, name, kind, _TEXTS[kind], wrapped(rule, change), op.rules, name, users)
    attributes = vars(op)
    if op.joint is not None:
        yield from _of_function(op, "joint", op.joint, attributes, "joint", users)
        inputs = ("0", "1") if op.variadic else op.inputs
        for i, name in enumerate(inputs):
            for kind, change in mutate.RESULT_CHANGES.items():
                function = wrapped(op.joint, mutate.at(i, change))
                yield Mutant(op.name, f"joint[{name}]", kind, _TEXTS[kind], function, attributes, "joint", users)
            for j in range(i + 1, len(inputs)):
                function = wrapped(op.joint, mutate.exchanged(i, j))
                text = f"gradients of {name} and {inputs[j]} exchanged"
                yield Mutant(op.name, "joint", "swap", text, function, attributes, "joint", users)
    if op.composite is not None:
        yield from _of_function(op, "composite", op.composite, attributes, "composite", users)
        for kind, change in mutate.RESULT_CHANGES.items():
            change = mutate.at(0, change) if op.outputs > 1 else change
            function = wrapped(op.composite, change)
            yield Mutant(op.name, "composite", kind, _TEXTS[kind], function, attributes, "composite", users)
    for function, names in helpers_of_rules().get(op.name, ()):
        yield from _of_function(op, function.__name__, function, function.__globals__, function.__name__, names)


_TEXTS = {"sign": "result negated", "factor": f"result * {mutate.FACTOR}", "zero": "result * 0"}


def _of_function(
    op: Op,
    place: str,
    function: Callable[..., Any],
    names: MutableMapping[str, Any],
    key: str,
    users: tuple[str, ...],
) -> Iterator[Mutant]:
    parameters = function.__code__.co_varnames[: function.__code__.co_argcount]
    values = [name for name in parameters if name in (*op.inputs, "out") and place != "composite"]
    for change in mutate.formula_changes(source_of(function), values):
        made = remade(function, change.source)
        yield Mutant(op.name, place, change.kind, change.text, made, names, key, users)
