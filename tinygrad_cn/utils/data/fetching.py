"""Making batches: what a data loader's own thread does, and each of its workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from .collate import default_collate
from .dataset import Dataset, IterableDataset

__all__ = ["IndexFetcher", "Recipe", "StreamFetcher"]


@dataclass(frozen=True)
class Recipe:
    """How batches are made of a data set's samples.

    Attributes:
        dataset: where the samples come from.
        collate_fn: what is done with the samples of a batch, or with each sample where there are no batches.
        batched: whether there are batches.
        batch_size: of an `IterableDataset`; elsewhere the indices say what belongs to a batch.
        drop_last: leave out an `IterableDataset`'s last batch if it is smaller.
    """

    dataset: Any
    collate_fn: Callable[[Any], Any]
    batched: bool
    batch_size: int | None
    drop_last: bool

    @property
    def streams(self) -> bool:
        return isinstance(self.dataset, IterableDataset)

    def fetcher(self) -> IndexFetcher | StreamFetcher:
        """Begins a pass over the data set."""
        return StreamFetcher(self) if self.streams else IndexFetcher(self)


class IndexFetcher:
    """Batches of a data set whose samples are reached by an index."""

    def __init__(self, recipe: Recipe) -> None:
        self._dataset = recipe.dataset
        self._collate = recipe.collate_fn
        self._batched = recipe.batched
        self._short_way = recipe.collate_fn is default_collate and isinstance(recipe.dataset, Dataset)

    def fetch(self, index: Any) -> Any:
        """The batch of these indices, or the sample of this index."""
        try:
            return self._batch(index) if self._batched else self._collate(self._dataset[index])
        except StopIteration as error:  # it would pass for the end of the data
            raise RuntimeError(f"DataLoader: the data set raised StopIteration at {index}") from error

    def _batch(self, indices: Sequence[Any]) -> Any:
        dataset = self._dataset
        if self._short_way:
            batch = dataset._collated(indices)
            if batch is not None:
                return batch
        if callable(getattr(dataset, "__getitems__", None)):
            return self._collate(dataset.__getitems__(indices))
        return self._collate([dataset[i] for i in indices])


class StreamFetcher:
    """Batches of a data set whose samples come one after the other.

    Attributes:
        ended: whether the samples are known to have come to their end.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._samples: Iterator[Any] = iter(recipe.dataset)
        self._collate = recipe.collate_fn
        self._batch_size = recipe.batch_size
        self._drop_last = recipe.drop_last
        self.ended = False

    def skip(self, batches: int) -> None:
        """Goes past so many batches: their samples are drawn and dropped."""
        for _ in islice(self._samples, batches * (self._batch_size or 1)):
            pass

    def fetch(self, index: Any = None) -> Any:
        """The next batch, or the next sample where there are no batches.

        Raises:
            StopIteration: there is none.
        """
        if self._batch_size is None:
            return self._collate(next(self._samples))
        if self.ended:
            raise StopIteration
        samples = list(islice(self._samples, self._batch_size))
        self.ended = len(samples) < self._batch_size
        if not samples or (self.ended and self._drop_last):
            raise StopIteration
        return self._collate(samples)
