"""Lookups by class index."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn import storage
from tinygrad_cn.errors import ShapeError
from tinygrad_cn.functions import arithmetic, selecting
from tinygrad_cn.functions._arguments import index_array, tensor


def embedding(
    input: Any,
    weight: Any,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:
    """The rows of ``weight`` at the positions ``input``; the row ``padding_idx`` gets no gradient.

    Shape:
        input (*), weight (V, D) -> (*, D).

    Raises:
        IndexError: a position is out of range.
        TypeError: positions that are no integers.
    """
    index = index_array("embedding", tensor("embedding", input))
    table = tensor("embedding", weight, "weight")._array
    if table.ndim != 2:
        raise ShapeError(f"embedding(): weight must be a matrix (V, D), got shape {list(table.shape)}")
    rows = len(table)
    if index.size and (index.min() < 0 or index.max() >= rows):
        worst = index.min() if index.min() < 0 else index.max()
        raise IndexError(f"embedding(): index {worst} is out of range for a table of {rows} rows")
    if max_norm is not None:
        _renormalise(weight, np.unique(index), max_norm, norm_type)
    if scale_grad_by_freq:
        raise NotImplementedError("embedding(): scale_grad_by_freq is not supported; scale the gradient in a hook")
    out = selecting.getitem(weight, index)
    if padding_idx is None:
        return out
    padded = input._wrap((index == padding_idx % rows)[..., None])
    return arithmetic.where(padded, out.detach(), out)


def _renormalise(weight: Any, rows: np.ndarray, max_norm: float, norm_type: float) -> None:
    table = weight._array
    sizes = np.linalg.norm(table[rows], ord=norm_type, axis=1)
    long = sizes > max_norm
    table[rows[long]] *= (max_norm / (sizes[long] + 1e-7))[:, None].astype(table.dtype)
    storage.stamp(table, "embedding")


def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """int64 vectors with a 1 at the class index. Shape: (*) -> (*, num_classes).

    Raises:
        RuntimeError: a class is negative or not below ``num_classes``.
    """
    index = index_array("one_hot", tensor)
    if num_classes == -1:
        if not index.size:
            raise RuntimeError("one_hot(): num_classes must be given for an empty tensor")
        num_classes = int(index.max()) + 1
    if num_classes < 1 or (index.size and (index.min() < 0 or index.max() >= num_classes)):
        raise RuntimeError(
            f"one_hot(): classes must lie between 0 and num_classes - 1 = {num_classes - 1}, got "
            f"{index.min() if index.size else None} to {index.max() if index.size else None}"
        )
    return tensor._wrap((index[..., None] == np.arange(num_classes)).astype(np.int64))
