"""Lookups by class index."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn import storage
from tinygrad_cn.errors import DTypeError, ShapeError
from tinygrad_cn.functions import arithmetic, selecting
from tinygrad_cn.functions._arguments import index_array, tensor
from tinygrad_cn.ops import indexing


def embedding(
    input: Any,
    weight: Any,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:
    """The rows of ``weight`` at the positions ``input``.

    Args:
        input (Tensor): integers.
        weight (Tensor): the table.
        padding_idx (int, optional): a row that gets no gradient.
        max_norm (float, optional): rows that are looked up and longer are first shortened to it, in place.
        norm_type (float): of the norm that ``max_norm`` bounds.
        scale_grad_by_freq (bool): divide the gradient of a row by how often it is looked up here.
        sparse (bool): accepted; gradients are dense.

    Shape:
        input (*), weight (V, D) -> (*, D).

    Raises:
        IndexError: a position is out of range.
        TypeError: positions that are no integers.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.embedding(tg.tensor([1, 0]), tg.tensor([[1., 2.], [3., 4.]]))
    tensor([[3., 4.],
            [1., 2.]])
    """
    name = "embedding"
    index = index_array(name, tensor(name, input))
    rows = _rows(name, weight, index)
    if padding_idx is not None:
        padding_idx = _padding_row(name, padding_idx, rows)
    if max_norm is not None:
        _shorten(weight, np.unique(index), max_norm, norm_type)
    out = selecting.getitem(weight, index)
    if scale_grad_by_freq:
        out = _scaled_gradient(out, _frequency(index, rows))
    if padding_idx is None:
        return out
    padded = input._wrap((index == padding_idx)[..., None])
    return arithmetic.where(padded, out.detach(), out)


def _rows(name: str, weight: Any, index: np.ndarray) -> int:
    """How many rows the table has.

    Raises:
        ShapeError, IndexError
    """
    table = tensor(name, weight, "weight")._array
    if table.ndim != 2:
        raise ShapeError(f"{name}(): weight must be a table (V, D), got shape {list(table.shape)}")
    rows = table.shape[0]
    if index.size and (index.min() < 0 or index.max() >= rows):
        worst = index.min() if index.min() < 0 else index.max()
        raise IndexError(f"{name}(): index {worst} is out of range for a table of {rows} rows")
    return rows


def _padding_row(name: str, padding_idx: int, rows: int) -> int:
    if not -rows <= padding_idx < rows:
        raise ValueError(f"{name}(): padding_idx {padding_idx} is out of range for a table of {rows} rows")
    return padding_idx % rows


def _frequency(index: np.ndarray, rows: int) -> np.ndarray:
    """How often the row at each position is looked up, as a column."""
    return np.bincount(index.reshape(-1), minlength=rows)[index][..., None]


def _scaled_gradient(x: Any, divisor: np.ndarray) -> Any:
    """``x`` itself, its gradient divided: the difference to a constant twin is 0 and carries it."""
    fixed = x.detach()
    factor = x._wrap((1 / divisor).astype(x._array.dtype))
    return arithmetic.add(fixed, arithmetic.mul(arithmetic.sub(x, fixed), factor))


def _shorten(weight: Any, rows: np.ndarray, max_norm: float, norm_type: float) -> None:
    table = weight._array
    sizes = np.linalg.norm(table[rows], ord=norm_type, axis=1)
    long = sizes > max_norm
    table[rows[long]] *= (max_norm / (sizes[long] + 1e-7))[:, None].astype(table.dtype)
    storage.stamp(table, "embedding")


def embedding_bag(
    input: Any,
    weight: Any,
    offsets: Any = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Any:
    """Bags of rows of ``weight``, each summed, averaged, or taken to its maximum; an empty bag gives 0.

    Args:
        input (Tensor): integers; each row a bag, or one vector that ``offsets`` cuts into bags.
        weight (Tensor): the table.
        offsets (Tensor, optional): where each bag begins in a vector.
        max_norm, norm_type, scale_grad_by_freq, sparse: as in `embedding`.
        mode (str): "sum", "mean" or "max".
        per_sample_weights (Tensor, optional): factors of the rows, of the input's shape; for "sum" only.
        include_last_offset (bool): the last offset is the end of the last bag.
        padding_idx (int, optional): entries that count for nothing.

    Shape:
        input (B, L), or (L,) with offsets (B,); weight (V, D) -> (B, D).

    Raises:
        ShapeError, ValueError: bags that do not fit.
        IndexError: a position is out of range.
        NotImplementedError: ``per_sample_weights`` with another mode than "sum".

    >>> import tinygrad_cn as tg
    >>> table = tg.tensor([[1., 2.], [3., 4.]])
    >>> tg.nn.functional.embedding_bag(tg.tensor([[0, 1], [1, 1]]), table)
    tensor([[2., 3.],
            [3., 4.]])
    """
    name = "embedding_bag"
    index = index_array(name, tensor(name, input))
    rows = _rows(name, weight, index)
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f"{name}(): mode must be 'sum', 'mean' or 'max', got {mode!r}")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError(f"{name}(): scale_grad_by_freq does not go with mode 'max'")
    _check_factors(name, index, weight, per_sample_weights, mode)
    bag, count = _bags(name, index, offsets, include_last_offset)
    flat = index.reshape(-1)
    factors = None if per_sample_weights is None else per_sample_weights.reshape(-1)
    if max_norm is not None:
        _shorten(weight, np.unique(flat), max_norm, norm_type)
    if padding_idx is not None:
        kept = np.flatnonzero(flat != _padding_row(name, padding_idx, rows))
        flat, bag = flat[kept], bag[kept]
        factors = factors if factors is None else selecting.getitem(factors, kept)
    entries = selecting.getitem(weight, flat)  # (L, D)
    if scale_grad_by_freq:
        entries = _scaled_gradient(entries, _frequency(flat, rows))
    if mode == "max":
        return _largest(entries, bag, count)
    if factors is not None:
        entries = arithmetic.mul(entries, factors.unsqueeze(-1))
    out = indexing.embed(entries, index=bag, shape=(count, weight._array.shape[1]))
    if mode == "mean":
        sizes = np.maximum(np.bincount(bag, minlength=count), 1).astype(weight._array.dtype)
        out = arithmetic.div(out, input._wrap(sizes[:, None]))
    return out


def _check_factors(name: str, index: np.ndarray, weight: Any, factors: Any, mode: str) -> None:
    if factors is None:
        return
    if mode != "sum":
        raise NotImplementedError(f"{name}(): per_sample_weights go with mode 'sum' only, got {mode!r}")
    array = tensor(name, factors, "per_sample_weights")._array
    if array.shape != index.shape:
        raise ShapeError(
            f"{name}(): per_sample_weights must have the input's shape {list(index.shape)}, got {list(array.shape)}"
        )
    if array.dtype != weight._array.dtype:
        raise DTypeError(
            f"{name}(): per_sample_weights are {array.dtype} but weight is {weight._array.dtype}; convert one"
        )


def _bags(name: str, index: np.ndarray, offsets: Any, include_last: bool) -> tuple[np.ndarray, int]:
    """The number of the bag that each entry belongs to, and how many bags there are."""
    if index.ndim == 2:
        if offsets is not None:
            raise ValueError(f"{name}(): the rows of a 2-d input are the bags; offsets go with a vector")
        return np.repeat(np.arange(index.shape[0]), index.shape[1]), index.shape[0]
    if index.ndim != 1:
        raise ShapeError(f"{name}(): input must have 1 or 2 dimensions, got shape {list(index.shape)}")
    if offsets is None:
        raise ValueError(f"{name}(): a 1-d input needs offsets, where each bag begins")
    starts = index_array(name, tensor(name, offsets, "offsets"))
    if starts.ndim != 1 or (include_last and not starts.size):
        raise ShapeError(f"{name}(): offsets must be a vector, got shape {list(starts.shape)}")
    if starts.size and (starts[0] != 0 or starts[-1] > len(index) or (np.diff(starts) < 0).any()):
        raise ValueError(
            f"{name}(): offsets must begin with 0, not fall, and end within the {len(index)} entries of input, got "
            f"{starts.tolist()}"
        )
    ends = starts[1:] if include_last else np.append(starts[1:], len(index))[: len(starts)]
    starts = starts[: len(ends)]
    lengths = ends - starts
    if include_last and len(index) > int(lengths.sum()):
        raise ValueError(f"{name}(): the last offset {int(lengths.sum())} leaves entries of input in no bag")
    return np.repeat(np.arange(len(starts)), lengths), len(starts)


def _largest(entries: Any, bag: np.ndarray, count: int) -> Any:
    """The largest entry of each bag, column by column (the first of equal ones); 0 for an empty bag."""
    array = entries._array
    best = np.zeros((count, array.shape[1]), dtype=np.int64)
    sizes = np.bincount(bag, minlength=count)
    full = np.flatnonzero(sizes)
    starts = (np.cumsum(sizes) - sizes)[full]
    for row, start, size in zip(full.tolist(), starts.tolist(), sizes[full].tolist(), strict=True):
        best[row] = start + np.argmax(array[start : start + size], axis=0)
    if not len(array):
        return entries.new_zeros((count, array.shape[1]))
    winners = indexing.take_along_axis(entries, index=best, axis=0)
    return arithmetic.where(entries._wrap((sizes > 0)[:, None]), winners, np.zeros((), dtype=array.dtype))


def one_hot(tensor: Any, num_classes: int = -1) -> Any:
    """int64 vectors with a 1 at the class index. Shape: (*) -> (*, num_classes).

    Raises:
        RuntimeError: a class is negative or not below ``num_classes``.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.one_hot(tg.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
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
