"""Data sets: collections of samples, by index or one after the other."""

from __future__ import annotations

import math
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, Generic, TypeVar

import numpy as np

from tinygrad_cn.creation import from_numpy
from tinygrad_cn.random import Generator, default_generator
from tinygrad_cn.tensor import Tensor

from .parts import Wrapping

__all__ = [
    "ChainDataset",
    "ConcatDataset",
    "Dataset",
    "IterableDataset",
    "StackDataset",
    "Subset",
    "TensorDataset",
    "random_split",
]

T = TypeVar("T", covariant=True)


class Dataset(Generic[T]):
    """A collection of samples, reached by an index from 0. A subclass defines ``__getitem__`` and ``__len__``."""

    def __getitem__(self, index: Any) -> T:
        raise NotImplementedError(f"{type(self).__name__} should define __getitem__")

    def __add__(self, other: Dataset[Any]) -> ConcatDataset[Any]:
        return ConcatDataset([self, other])

    def _collated(self, indices: Sequence[int]) -> Any:
        """A whole batch at once, equal to the samples collated by default; ``None`` where there is no such way."""
        return None


class IterableDataset(Dataset[T]):
    """Samples that come one after the other, as from a stream. A subclass defines ``__iter__``."""

    def __iter__(self) -> Iterator[T]:
        raise NotImplementedError(f"{type(self).__name__} should define __iter__")

    def __add__(self, other: Dataset[Any]) -> ChainDataset[Any]:  # type: ignore[override]
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Tensors whose elements along axis 0 belong together; a sample is a tuple of them.

    Args:
        *tensors: of one length.

    Raises:
        ValueError: the lengths differ.

    Example:
        >>> import tinygrad_cn as tg
        >>> from tinygrad_cn.utils.data import TensorDataset
        >>> TensorDataset(tg.arange(4), tg.arange(4) * 10)[2]
        (tensor(2), tensor(20))
    """

    def __init__(self, *tensors: Tensor) -> None:
        if len({tensor.shape[0] for tensor in tensors}) > 1:
            shapes = ", ".join(str(tuple(tensor.shape)) for tensor in tensors)
            raise ValueError(
                f"Size mismatch between tensors: their first axes must have one length, got shapes {shapes}"
            )
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return self.tensors[0].shape[0]

    def _collated(self, indices: Sequence[int]) -> list[Tensor] | None:
        if type(self).__getitem__ is not TensorDataset.__getitem__:
            return None
        index = from_numpy(np.asarray(indices, dtype=np.int64))
        return [tensor[index] for tensor in self.tensors]


class StackDataset(Wrapping, Dataset[Any]):
    """Several data sets side by side: a sample is a tuple of their samples, or a dictionary.

    Args:
        *args: data sets of one length: samples are tuples.
        **kwargs: data sets of one length: samples are dictionaries with these keys.

    Raises:
        ValueError: the lengths differ; there is no data set; or there are some of both kinds.

    Example:
        >>> from tinygrad_cn.utils.data import StackDataset
        >>> StackDataset(image=["a", "b"], label=[0, 1])[1]
        {'image': 'b', 'label': 1}
    """

    datasets: tuple[Any, ...] | dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if bool(args) == bool(kwargs):
            both = "some of both kinds" if args else "none"
            raise ValueError(f"StackDataset: expected data sets as arguments, or as keyword arguments; got {both}")
        self.datasets = args or kwargs
        lengths = [len(dataset) for dataset in self._wrapped()]
        if len(set(lengths)) > 1:
            raise ValueError(f"Size mismatch between datasets: their lengths are {lengths}")
        self._length = lengths[0]

    def __getitem__(self, index: Any) -> Any:
        return self._together([dataset[index] for dataset in self._wrapped()])

    def __getitems__(self, indices: list[int]) -> list[Any]:
        """Several samples at once, for data sets that have a faster way."""
        columns = []
        for dataset in self._wrapped():
            many = getattr(dataset, "__getitems__", None)
            column = many(indices) if callable(many) else [dataset[i] for i in indices]
            if len(column) != len(indices):
                raise ValueError(
                    f"Nested dataset's output size mismatch. Expected {len(indices)}, got {len(column)} from "
                    f"{type(dataset).__name__}.__getitems__"
                )
            columns.append(column)
        return [self._together(row) for row in zip(*columns, strict=True)]

    def __len__(self) -> int:
        return self._length

    def _collated(self, indices: Sequence[int]) -> Any:
        if type(self).__getitem__ is not StackDataset.__getitem__:
            return None
        if not all(isinstance(dataset, Dataset) for dataset in self._wrapped()):
            return None
        batches = [dataset._collated(indices) for dataset in self._wrapped()]
        if any(batch is None for batch in batches):
            return None
        return batches if isinstance(self.datasets, tuple) else self._together(batches)

    def _wrapped(self) -> Sequence[Any]:
        return self.datasets if isinstance(self.datasets, tuple) else list(self.datasets.values())

    def _together(self, parts: Iterable[Any]) -> Any:
        if isinstance(self.datasets, tuple):
            return tuple(parts)
        return dict(zip(self.datasets, parts, strict=True))


class ConcatDataset(Wrapping, Dataset[T]):
    """Several data sets as one, the samples of the first before those of the second.

    Args:
        datasets: at least one, each with a length.

    Raises:
        ValueError: there is none.
        TypeError: one is an IterableDataset.
    """

    def __init__(self, datasets: Iterable[Dataset[T]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset: datasets should not be an empty iterable")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise TypeError("ConcatDataset does not support IterableDataset; use ChainDataset")
        self.cumulative_sizes = list(accumulate(len(dataset) for dataset in self.datasets))  # type: ignore[arg-type]

    def _wrapped(self) -> Sequence[Any]:
        return self.datasets

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> T:
        if not -len(self) <= index < len(self):
            raise IndexError(f"ConcatDataset: index {index} is out of range: there are {len(self)} samples")
        index %= len(self)
        which = bisect_right(self.cumulative_sizes, index)
        before = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][index - before]


class ChainDataset(Wrapping, IterableDataset[T]):
    """Several iterable data sets one after the other.

    A loader that is taken up again goes through the chain from its start, up to where it stood.

    Args:
        datasets: iterable ones.

    Raises:
        TypeError: while iterating: one is no IterableDataset.
    """

    def __init__(self, datasets: Iterable[Dataset[T]]) -> None:
        self.datasets = datasets

    def _wrapped(self) -> Sequence[Any]:
        # What is made while iterating is not there to be told anything.
        return () if isinstance(self.datasets, Iterator) else tuple(self.datasets)

    def __iter__(self) -> Iterator[T]:
        for dataset in self.datasets:
            yield from self._checked(dataset)

    def __len__(self) -> int:
        lengths: list[int] = [len(self._checked(dataset)) for dataset in self.datasets]  # type: ignore[arg-type]
        return sum(lengths)

    @staticmethod
    def _checked(dataset: Dataset[T]) -> IterableDataset[T]:
        if not isinstance(dataset, IterableDataset):
            raise TypeError(f"ChainDataset only supports IterableDataset, got {type(dataset).__name__}")
        return dataset


class Subset(Wrapping, Dataset[T]):
    """Some of the samples of a data set.

    Args:
        dataset: the whole.
        indices: which of its samples, in which order.
    """

    def __init__(self, dataset: Dataset[T], indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def _wrapped(self) -> Sequence[Any]:
        return (self.dataset,)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: list[int]) -> list[T]:
        """Several samples at once, for data sets that have a faster way."""
        chosen = [self.indices[i] for i in indices]
        if callable(getattr(self.dataset, "__getitems__", None)):
            return self.dataset.__getitems__(chosen)  # type: ignore[attr-defined]
        return [self.dataset[i] for i in chosen]

    def __len__(self) -> int:
        return len(self.indices)

    def _collated(self, indices: Sequence[int]) -> Any:
        if type(self) is not Subset or not isinstance(self.dataset, Dataset):
            return None
        return self.dataset._collated([self.indices[i] for i in indices])


def random_split(
    dataset: Dataset[T], lengths: Sequence[int | float], generator: Generator | None = default_generator
) -> list[Subset[T]]:
    """Split a data set at random into parts that have no sample in common.

    Args:
        dataset: what to split.
        lengths: the sizes of the parts, which add up to the whole, or fractions that add up to 1. What rounding down
            leaves over goes to the parts one by one, from the first on.
        generator: the source of randomness.

    Raises:
        ValueError: the lengths do not add up, or a fraction is not between 0 and 1.

    Example:
        >>> from tinygrad_cn.utils.data import random_split
        >>> [len(part) for part in random_split(range(10), [0.7, 0.3])]
        [7, 3]
    """
    total = len(dataset)  # type: ignore[arg-type]
    sizes: list[int] = list(lengths)  # type: ignore[arg-type]
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        for i, fraction in enumerate(lengths):
            if not 0 <= fraction <= 1:
                raise ValueError(f"Fraction at index {i} is not between 0 and 1")
        sizes = [math.floor(total * fraction) for fraction in lengths]
        for i in range(total - sum(sizes)):
            sizes[i % len(sizes)] += 1
        for i, size in enumerate(sizes):
            if size == 0:
                warnings.warn(
                    f"Length of split at index {i} is 0. This might result in an empty dataset.", stacklevel=2
                )
    if sum(sizes) != total:
        raise ValueError(
            "Sum of input lengths does not equal the length of the input dataset! "
            f"The lengths {sizes} add up to {sum(sizes)}, the data set has {total}"
        )
    order = (generator or default_generator).permutation(total).tolist()
    return [Subset(dataset, order[end - size : end]) for end, size in zip(accumulate(sizes), sizes, strict=True)]
