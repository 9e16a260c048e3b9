"""Nested tuples, lists and dictionaries as the list of their leaves, and back. Names are ``torch.utils._pytree``'s."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = [
    "TreeSpec",
    "tree_all",
    "tree_any",
    "tree_flatten",
    "tree_leaves",
    "tree_map",
    "tree_map_only",
    "tree_unflatten",
]


class TreeSpec(NamedTuple):
    """The structure of a tree without its leaves: how a node is put together again, and its children; a leaf has no
    ``build``."""

    build: Callable[[list[Any]], Any] | None
    children: tuple[TreeSpec, ...]

    @property
    def num_leaves(self) -> int:
        """How many leaves there are."""
        return 1 if self.build is None else sum(child.num_leaves for child in self.children)


_LEAF = TreeSpec(None, ())


def _opened(tree: Any) -> tuple[list[Any], Callable[[list[Any]], Any]] | None:
    """The children of a node and the function that puts it together again; ``None`` for a leaf."""
    kind = type(tree)
    if kind in (list, tuple):
        return list(tree), kind
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):  # a named tuple
        return list(tree), lambda children: kind(*children)
    if kind in (dict, OrderedDict):
        keys = list(tree)
        return list(tree.values()), lambda children: kind(zip(keys, children, strict=True))
    if kind is defaultdict:
        keys, factory = list(tree), tree.default_factory
        return list(tree.values()), lambda children: defaultdict(factory, zip(keys, children, strict=True))
    return None


def tree_flatten(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> tuple[list[Any], TreeSpec]:
    """The leaves from left to right, and the structure.

    >>> tree_flatten({"a": 1, "b": [2, 3]})[0]
    [1, 2, 3]
    """
    opened = None if is_leaf is not None and is_leaf(tree) else _opened(tree)
    if opened is None:
        return [tree], _LEAF
    leaves: list[Any] = []
    specs = []
    for child in opened[0]:
        below, spec = tree_flatten(child, is_leaf)
        leaves += below
        specs.append(spec)
    return leaves, TreeSpec(opened[1], tuple(specs))


def tree_unflatten(leaves: Any, treespec: TreeSpec) -> Any:
    """The tree of a structure with new leaves.

    Raises:
        ValueError: their number does not fit.
    """
    leaves = list(leaves)
    if len(leaves) != treespec.num_leaves:
        raise ValueError(f"tree_unflatten(): the structure has {treespec.num_leaves} leaves, got {len(leaves)}")
    rest = iter(leaves)

    def put_together(spec: TreeSpec) -> Any:
        if spec.build is None:
            return next(rest)
        return spec.build([put_together(child) for child in spec.children])

    return put_together(treespec)


def tree_leaves(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> list[Any]:
    """The leaves from left to right."""
    return tree_flatten(tree, is_leaf)[0]


def tree_map(func: Callable[..., Any], tree: Any, *rests: Any, is_leaf: Callable[[Any], bool] | None = None) -> Any:
    """The tree of the results of ``func`` on the leaves of trees that share a structure.

    >>> tree_map(lambda x, y: x + y, (1, [2]), (10, [20]))
    (11, [22])
    """
    leaves, spec = tree_flatten(tree, is_leaf)
    others = [tree_flatten(rest, is_leaf)[0] for rest in rests]
    return tree_unflatten([func(*together) for together in zip(leaves, *others, strict=True)], spec)


def tree_map_only(kinds: Any, func: Callable[[Any], Any], tree: Any, is_leaf: Any = None) -> Any:
    """`tree_map` on the leaves of some types; the others stay."""
    return tree_map(lambda leaf: func(leaf) if isinstance(leaf, kinds) else leaf, tree, is_leaf=is_leaf)


def tree_any(predicate: Callable[[Any], bool], tree: Any) -> bool:
    """Whether some leaf meets a condition."""
    return any(predicate(leaf) for leaf in tree_leaves(tree))


def tree_all(predicate: Callable[[Any], bool], tree: Any) -> bool:
    """Whether all leaves meet a condition."""
    return all(predicate(leaf) for leaf in tree_leaves(tree))
