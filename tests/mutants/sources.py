"""From a function to its source as a syntax tree, and back from a changed tree to a function."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

Source = ast.Lambda | ast.FunctionDef


@cache
def _functions_of(path: str) -> list[Source]:
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Lambda | ast.FunctionDef)]


def _lies_within(code: CodeType, node: Source) -> bool:
    """Whether all instructions of ``code`` come from the body of ``node``."""
    body = node.body if isinstance(node.body, list) else [node.body]
    first, last = body[0], body[-1]
    start, end = (first.lineno, first.col_offset), (last.end_lineno or 0, last.end_col_offset or 0)
    spans = [
        ((line, column), (end_line, end_column))
        for line, end_line, column, end_column in code.co_positions()
        if line is not None and end_line is not None and column is not None and end_column is not None
    ]
    return all(start <= a and b <= end for a, b in spans if a != b and b[1] != 0)


def source_of(function: Callable[..., Any]) -> Source:
    """The lambda or ``def`` that made ``function``."""
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    found = [
        node
        for node in _functions_of(code.co_filename)
        if tuple(a.arg for a in node.args.args + node.args.kwonlyargs) == names and _lies_within(code, node)
    ]
    if not found:
        raise LookupError(f"no source was found for {function.__qualname__} in {code.co_filename}")
    return max(found, key=lambda node: (node.lineno, node.col_offset))  # the innermost


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def remade(function: Callable[..., Any], source: Source) -> Callable[..., Any]:
    """``function`` with the body of ``source``: the same globals, defaults and enclosed values."""
    if isinstance(source, ast.Lambda):
        inner: ast.stmt = ast.Return(source)
    else:
        inner = source
    free = function.__code__.co_freevars
    arguments = ast.arguments([], [ast.arg(name) for name in free], None, [], [], None, [])
    factory = ast.FunctionDef("_factory", arguments, [inner], [])
    if hasattr(factory, "type_params"):
        factory.type_params = []
    tree = ast.fix_missing_locations(ast.Module([factory], []))
    code = next(c for c in _codes(compile(tree, "<mutant>", "exec")) if c.co_name == function.__code__.co_name)
    cells = dict(zip(free, function.__closure__ or (), strict=True))
    made = FunctionType(
        code,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        tuple(cells[name] for name in code.co_freevars),
    )
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def wrapped(function: Callable[..., Any], change: Callable[[Any], Any]) -> Callable[..., Any]:
    """``change(function(...))`` under the same parameters, which an op reads to know what to save."""
    code = function.__code__
    count = code.co_argcount
    names = list(code.co_varnames[: count + code.co_kwonlyargcount])
    positional, keywords = names[:count], names[count:]
    star = [f"*{code.co_varnames[len(names)]}"] if code.co_flags & 0x04 else ["*"] if keywords else []
    given = ", ".join([*positional, *star, *(f"{k}=_defaults.get({k!r})" for k in keywords)])
    passed = ", ".join([*positional, *(s for s in star if s != "*"), *(f"{k}={k}" for k in keywords)])
    names_known = {"_change": change, "_function": function, "_defaults": function.__kwdefaults__ or {}}
    return eval(f"lambda {given}: _change(_function({passed}))", names_known)
