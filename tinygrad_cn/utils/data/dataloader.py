"""DataLoader: passes over a data set in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Generic, TypeVar

from tinygrad_cn.random import Generator, default_generator

from .collate import default_collate, default_convert
from .dataset import Dataset, IterableDataset
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler

__all__ = ["DataLoader", "default_collate", "get_worker_info"]

T = TypeVar("T", covariant=True)


def get_worker_info() -> None:
    """What a data set may ask to find its share of the work: ``None``, since all is loaded by the thread that asks."""
    return None


class DataLoader(Generic[T]):
    """An iterable over a data set, in batches. Seeded orders are equal to PyTorch's.

    Args:
        dataset: has ``__getitem__`` and ``__len__``, or is an `IterableDataset`.
        batch_size: samples in a batch; ``None``: samples as they are, without batches.
        shuffle: a new random order in each pass.
        sampler: in which order samples are visited: a `Sampler` or any iterable of indices.
        batch_sampler: gives the indices of whole batches; instead of ``batch_size``, ``shuffle``, ``sampler``,
            ``drop_last``.
        num_workers: accepted; samples are loaded by the thread that asks for them.
        collate_fn: makes a batch of a list of samples; `default_collate`, or without batches `default_convert`.
        drop_last: leave out a last batch that is smaller.
        generator: the source of randomness of the order; the default one if ``None``.
        pin_memory, timeout, worker_init_fn, multiprocessing_context, prefetch_factor, persistent_workers,
            pin_memory_device, in_order: accepted as in PyTorch.

    Raises:
        ValueError: arguments that exclude each other.

    Example:
        >>> import tinygrad_cn as tg
        >>> from tinygrad_cn.utils.data import DataLoader, TensorDataset
        >>> data = TensorDataset(tg.arange(10.0).reshape(5, 2), tg.arange(5))
        >>> for x, y in DataLoader(data, batch_size=2, drop_last=True):
        ...     print(tuple(x.shape), y.tolist())
        (2, 2) [0, 1]
        (2, 2) [2, 3]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler[Any] | Iterable[Any] | None = None,
        batch_sampler: Sampler[list[Any]] | Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        self.dataset = dataset
        self.num_workers = num_workers
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.prefetch_factor = prefetch_factor
        self.persistent_workers = persistent_workers
        self.in_order = in_order
        self.generator = generator

        streams = isinstance(dataset, IterableDataset)
        _check_order(streams, batch_size, shuffle, sampler, batch_sampler, drop_last)
        if batch_sampler is not None:
            batch_size = None
        elif not streams and sampler is None:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None and not streams:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)  # type: ignore[arg-type]
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        batches = batch_sampler is not None or batch_size is not None
        self.collate_fn: Callable[[Any], Any] = collate_fn or (default_collate if batches else default_convert)

    def __iter__(self) -> Iterator[T]:
        # The seed of the workers, in PyTorch; drawn here too, so that what is drawn after it is the same.
        (self.generator or default_generator).draw_seed()
        if isinstance(self.dataset, IterableDataset):
            return self._stream(iter(self.dataset))
        return self._visit(iter(self._order()))

    def __len__(self) -> int:
        if isinstance(self.dataset, IterableDataset):
            count = len(self.dataset)  # type: ignore[arg-type]
            if self.batch_size is None:
                return count
            return count // self.batch_size if self.drop_last else -(-count // self.batch_size)
        return len(self._order())  # type: ignore[arg-type]

    def _order(self) -> Iterable[Any]:
        """The indices to visit: of batches if there are any, else of samples."""
        order = self.sampler if self.batch_sampler is None else self.batch_sampler
        assert order is not None
        return order

    def _visit(self, order: Iterator[Any]) -> Iterator[Any]:
        """What a data set with indices has to give, in ``order``."""
        for index in order:
            yield self.collate_fn(self.dataset[index]) if self.batch_sampler is None else self._batch(index)

    def _batch(self, indices: Sequence[Any]) -> Any:
        dataset = self.dataset
        if self.collate_fn is default_collate and isinstance(dataset, Dataset):
            batch = dataset._collated(indices)
            if batch is not None:
                return batch
        if callable(getattr(dataset, "__getitems__", None)):
            return self.collate_fn(dataset.__getitems__(indices))
        return self.collate_fn([dataset[i] for i in indices])

    def _stream(self, samples: Iterator[Any]) -> Iterator[Any]:
        """What a data set without indices has to give."""
        if self.batch_size is None:
            yield from map(self.collate_fn, samples)
            return
        while batch := list(islice(samples, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield self.collate_fn(batch)


def _check_workers(num_workers: int, timeout: float, prefetch_factor: int | None, persistent: bool) -> None:
    if num_workers < 0:
        raise ValueError(f"num_workers option should be non-negative, got {num_workers}; use 0 to load without workers")
    if timeout < 0:
        raise ValueError(f"timeout option should be non-negative, got {timeout}")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError("prefetch_factor option could only be specified with workers: set num_workers > 0")
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError(f"prefetch_factor option should be non-negative, got {prefetch_factor}")
    if num_workers == 0 and persistent:
        raise ValueError("persistent_workers option needs num_workers > 0")


def _check_order(
    streams: bool, batch_size: int | None, shuffle: bool | None, sampler: Any, batch_sampler: Any, drop_last: bool
) -> None:
    """Refuse options about the order of samples that exclude each other."""
    if streams:
        if shuffle not in (False, None):
            raise ValueError(f"DataLoader with IterableDataset: expected unspecified shuffle option, got {shuffle=}")
        for name, value in (("sampler", sampler), ("batch_sampler", batch_sampler)):
            if value is not None:
                raise ValueError(f"DataLoader with IterableDataset: expected unspecified {name} option, got {value}")
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None:
        if batch_size != 1 or shuffle or sampler is not None or drop_last:
            raise ValueError(
                "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
            )
    elif batch_size is None and drop_last:
        raise ValueError(
            "batch_size=None option disables auto-batching and is mutually exclusive with drop_last: leave it False"
        )
    if streams and batch_size is not None and (not isinstance(batch_size, int) or batch_size <= 0):
        raise ValueError(f"batch_size should be a positive integer value, but got batch_size={batch_size}")
