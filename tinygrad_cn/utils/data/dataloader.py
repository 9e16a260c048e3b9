"""DataLoader: passes over a data set in batches."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from tinygrad_cn.random import Generator, default_generator

from .collate import default_collate, default_convert
from .crew import Crew, as_context
from .dataset import IterableDataset
from .epochs import CrewEpoch, LocalEpoch
from .fetching import Recipe, StreamFetcher
from .parts import has_state, order_of, stateful
from .resuming import Progress, Station, restored, states, streams_at
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler
from .workers import get_worker_info

__all__ = ["DataLoader", "default_collate", "get_worker_info"]

T = TypeVar("T", covariant=True)


class DataLoader(Generic[T]):
    """An iterable over a data set, in batches. Seeded orders are equal to PyTorch's.

    Args:
        dataset: has ``__getitem__`` and ``__len__``, or is an `IterableDataset`.
        batch_size: samples in a batch; ``None``: samples as they are, without batches.
        shuffle: a new random order in each pass.
        sampler: in which order samples are visited: a `Sampler` or any iterable of indices.
        batch_sampler: gives the indices of whole batches; instead of ``batch_size``, ``shuffle``, ``sampler``,
            ``drop_last``.
        num_workers: how many workers make batches ahead of their being asked for; 0: each is made when asked for, by
            the thread that asks. The order of batches does not depend on it.
        collate_fn: makes a batch of a list of samples; `default_collate`, or without batches `default_convert`.
        drop_last: leave out a last batch that is smaller.
        timeout: seconds to wait for a worker's batch; 0: as long as it takes.
        worker_init_fn: called in each worker with its number, before it makes anything.
        multiprocessing_context: ``None``: the workers are threads. ``"fork"``, ``"spawn"``, ``"forkserver"`` or a
            context of ``multiprocessing``: they are processes.
        generator: the source of randomness of the order and of the workers' seeds; the default one if ``None``.
        prefetch_factor: how many batches each worker makes in advance; 2 unless given.
        persistent_workers: the workers stay from one pass to the next.
        pin_memory, pin_memory_device, in_order: accepted as in PyTorch; batches come in order.

    Threads or processes. NumPy lets threads run side by side in its larger functions; threads start in no time, send
    nothing, and need neither pickles nor ``if __name__ == "__main__"``. Processes pay where a sample takes much pure
    Python. Threads share a data set that is read by index; of an `IterableDataset` each worker has a copy.

    Randomness. A pass draws a number from ``generator``; worker ``i`` starts from that number plus ``i``, as in
    PyTorch. In a worker the default generator of this package is the worker's own, in threads as well. The streams of
    the modules ``random`` and ``numpy.random`` are a process's own, seeded as PyTorch seeds them; threads share them
    with the whole program, and what they draw depends on who comes first. So draw from this package, or from a
    generator made of ``get_worker_info().seed``, or use processes.

    Errors. What a worker raises is raised where the batch is asked for, with the worker's traceback. A pass
    that ends, is left or is dropped ends its workers.

    Resuming. `state_dict` writes down where the pass stands, `load_state_dict` takes it up again.

    Raises:
        ValueError: arguments that exclude each other.
        TypeError: ``multiprocessing_context`` is none.

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
        if num_workers > 0 and prefetch_factor is None:
            prefetch_factor = 2
        self.dataset = dataset
        self.num_workers = num_workers
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = as_context(multiprocessing_context, num_workers)
        self.prefetch_factor = prefetch_factor
        self.persistent_workers = persistent_workers
        self.in_order = in_order
        self.generator = generator

        streams = isinstance(dataset, IterableDataset)
        _check_order(streams, batch_size, shuffle, sampler, batch_sampler, drop_last)
        if batch_sampler is not None:
            batch_size = None
        if not streams and sampler is None:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None and not streams:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)  # type: ignore[arg-type]
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        batches = batch_sampler is not None or batch_size is not None
        self.collate_fn: Callable[[Any], Any] = collate_fn or (default_collate if batches else default_convert)

        self._crew: Crew | None = None  # workers that stay
        self._progress: Progress | None = None  # of the latest pass
        self._told: int | None = None  # the length of an IterableDataset, if anyone asked
        self._loaded = False  # that it is to be taken up by the next

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIXED and "_loaded" in self.__dict__:
            raise ValueError(f"{name} attribute should not be set after DataLoader is initialized: make a new one")
        super().__setattr__(name, value)

    def __iter__(self) -> Iterator[T]:
        before, loaded, self._loaded = self._progress, self._loaded, False
        crew = self._crew if self._crew is not None and self._crew.alive else None
        if before is not None and loaded and not before.finished:
            progress, resumed = before, True
        else:
            progress, resumed = Progress(states(self._generators()), seeded=True), False
            if before is not None and self.persistent_workers and (loaded or crew is not None):
                progress.seeded, progress.base_seed = False, before.base_seed
                progress.stations = [Station(random=station.random) for station in before.stations]
        if len(progress.stations) != self.num_workers:
            progress.stations = [Station() for _ in range(self.num_workers)]
        self._progress = progress
        with streams_at(self._generators(), progress.start if resumed else None):
            order = self._begin(progress, resumed)
            fetcher = None if self.num_workers else self._recipe().fetcher()
            if resumed and isinstance(fetcher, StreamFetcher):
                fetcher.ended = progress.exhausted
                if not has_state(self.dataset):
                    fetcher.skip(progress.handed_out)
        epoch: LocalEpoch | CrewEpoch
        if fetcher is not None:
            epoch = LocalEpoch(progress, order, fetcher)
            epoch.told = self._told
            return epoch
        if crew is None:
            context = self.multiprocessing_context
            crew = Crew(self._recipe(), self.num_workers, progress.base_seed, self.worker_init_fn, context)
            if self.persistent_workers:
                self._keep(crew)
        epoch = CrewEpoch(progress, order, crew, self.prefetch_factor or 0, self.timeout, self.persistent_workers)
        epoch.told = self._told
        return epoch

    def __len__(self) -> int:
        if isinstance(self.dataset, IterableDataset):
            count = len(self.dataset)  # type: ignore[arg-type]
            if self.batch_size is not None:
                count = count // self.batch_size if self.drop_last else -(-count // self.batch_size)
            self._told = count
            return count
        return len(self._order())  # type: ignore[arg-type]

    def _order(self) -> Iterable[Any]:
        """The indices to visit: of batches if there are any, else of samples."""
        order = self.sampler if self.batch_sampler is None else self.batch_sampler
        assert order is not None
        return order

    def _begin(self, progress: Progress, resumed: bool) -> Iterator[Any] | None:
        """Draws what a pass draws when it begins, and goes past what it was given before."""
        order = None if isinstance(self.dataset, IterableDataset) else iter(self._order())
        if progress.seeded:
            # Drawn without workers too, as in PyTorch, so that what is drawn after it is the same.
            base_seed = (self.generator or default_generator).draw_seed()
            progress.base_seed = progress.base_seed if resumed else base_seed
        if resumed and order is not None and not progress.exhausted and self._stateful_sampler() is None:
            for _ in range(progress.drawn):
                next(order, None)
        return order

    # ------------------------------------------------------------------------------------ its state

    def state_dict(self) -> dict[str, Any]:
        """Where the loader stands: after the last batch that it handed out, or between two passes.

        It is plain data, which `tinygrad_cn.save` writes. What it holds: the states of the generators, now and when the
        pass began; how many batches were handed out, and which indices were drawn in advance; where the workers'
        random streams stand; and the states of the sampler and the data set, if they have ``state_dict()`` and
        ``load_state_dict()`` themselves, or of the data sets within a `Subset`, `ConcatDataset` or `StackDataset`.

        Example:
            >>> import tinygrad_cn as tg
            >>> from tinygrad_cn.utils.data import DataLoader
            >>> loader = DataLoader(range(6), batch_size=2, shuffle=True, generator=tg.Generator().manual_seed(0))
            >>> batches = iter(loader)
            >>> first = next(batches)
            >>> state = loader.state_dict()
            >>> other = DataLoader(range(6), batch_size=2, shuffle=True, generator=tg.Generator())
            >>> other.load_state_dict(state)
            >>> [b.tolist() for b in other] == [b.tolist() for b in batches]
            True
        """
        sampler, dataset = self._stateful_sampler(), self._stateful_dataset()
        return {
            "version": _VERSION,
            "generators": states(self._generators()),
            "progress": None if self._progress is None else self._progress.state(),
            "sampler": None if sampler is None else copy.deepcopy(sampler.state_dict()),
            "dataset": None if dataset is None else copy.deepcopy(dataset.state_dict()),
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continues from a state: the next ``iter(loader)`` gives the rest of the pass that was under way.

        The passes after it are those that would have come, bit for bit. The generators are set here and now, the
        default one among them: load the state last, when nothing more is drawn before the next batch. Which samples
        were handed out is drawn again and passed over, without loading them; an `IterableDataset` without a
        ``load_state_dict`` is gone through again up to where it stood. With a data set that is read by index the number
        of workers may differ from then; their random streams start from their seeds if it does.

        Args:
            state_dict: what ``state_dict()`` of a loader that was built alike gave.

        Raises:
            ValueError: the state is of another kind of loader.
        """
        if state_dict.get("version") != _VERSION:
            raise ValueError(
                f"DataLoader.load_state_dict: expected a state of version {_VERSION}, got {state_dict.get('version')}"
            )
        saved = state_dict["progress"]
        progress = None if saved is None else Progress.of(saved)
        under_way = progress is not None and not progress.finished and isinstance(self.dataset, IterableDataset)
        if under_way and len(progress.stations) != self.num_workers:  # type: ignore[union-attr]
            raise ValueError(
                f"DataLoader.load_state_dict: the state is of num_workers={len(saved['stations'])} in the middle of an "
                f"IterableDataset, this loader has num_workers={self.num_workers}: it must be the same number"
            )
        for name, part in (("sampler", self._stateful_sampler()), ("dataset", self._stateful_dataset())):
            if (state_dict[name] is None) != (part is None):
                has = "holds a" if part is None else "holds no"
                raise ValueError(
                    f"DataLoader.load_state_dict: the state {has} state of the {name}; build both loaders alike"
                )
            if part is not None:
                part.load_state_dict(copy.deepcopy(state_dict[name]))
        restored(self._generators(), state_dict["generators"])
        self._drop_crew()
        self._progress, self._loaded = progress, True

    def _generators(self) -> dict[str, Generator]:
        """The generators that a pass draws from, each once."""
        found: dict[str, Generator] = {"default": default_generator}
        holders = (("loader", self), ("batch_sampler", self.batch_sampler), ("sampler", self.sampler))
        for name, holder in (*holders, ("sampler", getattr(self.batch_sampler, "sampler", None))):
            generator = getattr(holder, "generator", None)
            if isinstance(generator, Generator) and not any(generator is other for other in found.values()):
                found[name] = generator
        return found

    def _stateful_sampler(self) -> Any:
        """What knows by itself where it stands in the order, if anything does."""
        return next((part for part in order_of(self) if has_state(part)), None)

    def _stateful_dataset(self) -> Any:
        """The data set, or those within it, if they have a state that is this loader's to keep.

        Of streams the copies in workers have their own; and a chain of them has none: where it stands is not said by
        those that it is made of.
        """
        if not isinstance(self.dataset, IterableDataset):
            return stateful(self.dataset)
        return self.dataset if not self.num_workers and has_state(self.dataset) else None

    # -------------------------------------------------------------------------------------- workers

    def _recipe(self) -> Recipe:
        batched = self.batch_sampler is not None or self.batch_size is not None
        return Recipe(self.dataset, self.collate_fn, batched, self.batch_size, self.drop_last)

    def _keep(self, crew: Crew) -> None:
        self._crew = crew
        self._dismissal = weakref.finalize(self, crew.close)

    def _drop_crew(self) -> None:
        if self._crew is not None:
            self._crew = None
            self._dismissal()


_VERSION = 1
_FIXED = frozenset({"batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"})


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
