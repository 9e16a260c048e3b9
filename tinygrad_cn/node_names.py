"""The names that ``grad_fn`` shows: PyTorch's, which tells forms of one function apart by a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["backward_name"]

Shape = tuple[int, ...]


def backward_name(label: str, shape: Shape, saved: Mapping[str, Any]) -> str:
    """What a node is called.

    Args:
        label: the op's.
        shape: the result's.
        saved: what the node keeps, by name, as far as it is still there.

    >>> backward_name("Mul", (2,), {}), backward_name("Sum", (2,), {}), backward_name("Matmul", (2, 2), {})
    ('MulBackward0', 'SumBackward1', 'MmBackward0')
    """
    if label == "CopySlices":
        return label
    form = _FORMS.get(label)
    return f"{label}Backward0" if form is None else form(shape, saved)


def _of_an_axis(label: str) -> Callable[[Shape, Mapping[str, Any]], str]:
    """Reductions: the whole tensor, or along an axis."""
    return lambda shape, saved: f"{label}Backward{int(shape != ())}"


def _product(shape: Shape, saved: Mapping[str, Any]) -> str:
    return ("DotBackward0", "MvBackward0", "MmBackward0", "BmmBackward0")[min(len(shape), 3)]


def _indexing(shape: Shape, saved: Mapping[str, Any]) -> str:
    """PyTorch makes a node for each part of an index; the last is what the result shows."""
    index = saved.get("index", ())
    last = "Slice"
    for part in index if isinstance(index, tuple) else (index,):
        if part is None:
            last = "Unsqueeze"
        elif isinstance(part, int):
            last = "Select"
        elif isinstance(part, slice):
            last = last if part == slice(None) else "Slice"
        elif part is not Ellipsis:
            return "IndexBackward0"
    return f"{last}Backward0"


_FORMS: dict[str, Callable[[Shape, Mapping[str, Any]], str]] = {
    "Clamp": lambda shape, saved: "ClampBackward1",
    "Matmul": _product,
    "Mean": _of_an_axis("Mean"),
    "Prod": _of_an_axis("Prod"),
    "Slice": _indexing,
    "Sum": _of_an_axis("Sum"),
}
