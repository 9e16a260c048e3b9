"""The kinds of mistakes: changes of a rule's result, and changes of its formula."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from .sources import Source

FACTOR = 1.0005  # a mistake that PyTorch's checker lets pass with its default tolerances

#: Functions of two arrays in which the order means nothing.
_COMMUTATIVE = {"times", "_inner", "min", "max", "zip", "isinstance", "getattr"}
_COMMUTATIVE_IN_NUMPY = {"equal", "not_equal", "multiply", "add", "maximum", "minimum"}
_ORDERED_IN_NUMPY = {"subtract", "divide", "true_divide", "matmul", "power", "arctan2", "dot", "copysign"}


class Change(NamedTuple):
    """One change of a formula.

    Attributes:
        kind: the kind of mistake.
        text: what was, and what it became.
        source: the changed function.
    """

    kind: str
    text: str
    source: Source


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


def _replaced(source: Source, position: int, make: Callable[[Any], ast.AST]) -> Source:
    tree = copy.deepcopy(source)
    old = list(ast.walk(tree))[position]
    return _Replace(old, make(old)).visit(tree)


def _swapped_arguments(i: int, j: int) -> Callable[[ast.Call], ast.Call]:
    def make(call: ast.Call) -> ast.Call:
        arguments = list(call.args)
        arguments[i], arguments[j] = arguments[j], arguments[i]
        return ast.Call(call.func, arguments, call.keywords)

    return make


def _of_call(node: ast.Call) -> Iterator[tuple[str, Callable[[Any], ast.AST]]]:
    if len(node.args) < 2 or any(isinstance(a, ast.Starred) for a in node.args):
        return
    if isinstance(node.func, ast.Attribute):
        if node.func.attr == "where" and len(node.args) == 3:
            yield "swap", _swapped_arguments(1, 2)
        elif node.func.attr in _ORDERED_IN_NUMPY:
            yield "swap", _swapped_arguments(0, 1)
    elif isinstance(node.func, ast.Name) and node.func.id not in _COMMUTATIVE:
        yield "swap", _swapped_arguments(-2, -1)


def _of_node(node: ast.AST) -> Iterator[tuple[str, Callable[[Any], ast.AST]]]:
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.Add):
            yield "term", lambda n: n.left
            yield "term", lambda n: n.right
        if isinstance(node.op, ast.Sub):
            yield "term", lambda n: n.left
            yield "term", lambda n: ast.UnaryOp(ast.USub(), n.right)
        if isinstance(node.op, ast.Sub | ast.Div | ast.MatMult | ast.Pow):
            yield "swap", lambda n: ast.BinOp(n.right, n.op, n.left)
        for side in ("left", "right"):
            value = getattr(node, side)
            if isinstance(value, ast.Constant) and type(value.value) in (int, float) and value.value:
                yield "constant", lambda n, s=side: _with(n, s, ast.Constant(getattr(n, s).value * FACTOR))
    if isinstance(node, ast.AugAssign):
        yield "term", lambda n: ast.Pass()
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
        yield "sign", lambda n: n.operand
    if isinstance(node, ast.Call):
        yield from _of_call(node)


def _with(node: ast.AST, field: str, value: ast.AST) -> ast.AST:
    changed = copy.copy(node)
    setattr(changed, field, value)
    return changed


def _annotations(source: Source) -> set[int]:
    """The nodes of annotations and of default values, which are no formula."""
    if isinstance(source, ast.Lambda):
        return set()
    roots = [a.annotation for a in source.args.args + source.args.kwonlyargs if a.annotation]
    roots += [a.annotation for a in (source.args.vararg,) if a is not None and a.annotation]
    roots += [*source.args.defaults, *(d for d in source.args.kw_defaults if d is not None)]
    roots += [source.returns] if source.returns else []
    for node in ast.walk(source):  # messages and index bookkeeping of slices are judged by the forward tests
        if isinstance(node, ast.Raise):
            roots.append(node)
        if isinstance(node, ast.AnnAssign):
            roots.append(node.annotation)
    return {id(inner) for root in roots for inner in ast.walk(root)}


def formula_changes(source: Source, values: Sequence[str]) -> Iterator[Change]:
    """Each place of ``source`` changed, and each two of the parameters ``values`` exchanged."""
    left_out, same = _annotations(source), _canonical(source)
    for position, node in enumerate(ast.walk(source)):
        if id(node) in left_out:
            continue
        for kind, make in _of_node(node):
            changed = _replaced(source, position, make)
            if _canonical(changed) != same:
                yield Change(kind, f"{_short(node)} -> {_short(make(copy.deepcopy(node)))}", changed)
    body = source.body if isinstance(source.body, list) else [source.body]
    used = {n.id for statement in body for n in ast.walk(statement) if isinstance(n, ast.Name)}
    present = [name for name in values if name in used]
    for i, a in enumerate(present):
        for b in present[i + 1 :]:
            changed = _exchanged(source, a, b)
            if _canonical(changed) != same:
                yield Change("swap", f"{a} and {b} exchanged", changed)


def _exchanged(source: Source, a: str, b: str) -> Source:
    tree = copy.deepcopy(source)
    names = {a: b, b: a}
    for statement in tree.body if isinstance(tree.body, list) else [tree.body]:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and node.id in names:
                node.id = names[node.id]
    return tree


class _Sorted(ast.NodeTransformer):
    """Operands in alphabetic order where their order means nothing."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Add | ast.Mult):
            node.left, node.right = sorted((node.left, node.right), key=ast.unparse)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq | ast.NotEq):
            node.left, node.comparators[0] = sorted((node.left, node.comparators[0]), key=ast.unparse)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in _COMMUTATIVE | _COMMUTATIVE_IN_NUMPY and len(node.args) == 2:
            node.args.sort(key=ast.unparse)
        return node


def _canonical(source: Source) -> str:
    """A text that two spellings of one formula share."""
    tree = ast.fix_missing_locations(copy.deepcopy(source))
    return ast.unparse(_Sorted().visit(tree))


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).split())
    return text if len(text) <= 70 else text[:67] + "..."


# ---------------------------------------------------------------------------- changes of a result


def _negated(value: Any) -> Any:
    return -value


def _scaled(value: Any) -> Any:
    return value * FACTOR


def _zeroed(value: Any) -> Any:
    return value * 0


RESULT_CHANGES: dict[str, Callable[[Any], Any]] = {"sign": _negated, "factor": _scaled, "zero": _zeroed}


def is_zero_rule(source: Source) -> bool:
    """Whether the rule is 0 whatever it is given: a sign or a factor changes nothing."""
    return isinstance(source, ast.Lambda) and ast.unparse(source.body).startswith("np.zeros")


def passed_through(value: Any) -> Any:
    """Ones where a zero is due."""
    return value + np.ones_like(value)


def at(index: int, change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The change of one of several results."""

    def changed(results: Any) -> Any:
        results = list(results)
        if index < len(results) and results[index] is not None:
            results[index] = change(results[index])
        return tuple(results)

    return changed


def exchanged(i: int, j: int) -> Callable[[Any], Any]:
    """Two of several results exchanged."""

    def changed(results: Any) -> Any:
        results = list(results)
        if j < len(results) and results[i] is not None and results[j] is not None:
            results[i], results[j] = results[j], results[i]
        return tuple(results)

    return changed
