"""What a worker of a data loader does, be it a thread or a process."""

from __future__ import annotations

import copy
import random
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tinygrad_cn.random import default_generator
from tinygrad_cn.thread_streams import OwnStream

from .fetching import Recipe, StreamFetcher
from .parts import has_state

__all__ = [
    "Answer",
    "Begin",
    "Failure",
    "Fetch",
    "Job",
    "OwnRandomness",
    "WorkerInfo",
    "get_worker_info",
    "serve",
]


@dataclass(frozen=True)
class WorkerInfo:
    """What a worker of a data loader knows of itself.

    Attributes:
        id: its number, from 0.
        num_workers: how many there are.
        seed: what its random streams were started from: one number for each pass of the loader, plus ``id``.
        dataset: the data set as this worker has it: its own copy, except in a thread that reads by index.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any


_thread = threading.local()
_of_process: WorkerInfo | None = None  # in a worker that is a process, for all its threads


def get_worker_info() -> WorkerInfo | None:
    """Which worker of a data loader asks: ``None`` outside of workers.

    An `IterableDataset` finds its share of the work with it: each worker goes through a copy of the whole.

    Example:
        >>> from tinygrad_cn.utils.data import DataLoader, IterableDataset, get_worker_info
        >>> class Numbers(IterableDataset):
        ...     def __iter__(self):
        ...         worker = get_worker_info()
        ...         return iter(range(worker.id, 6, worker.num_workers))
        >>> [batch.tolist() for batch in DataLoader(Numbers(), batch_size=2, num_workers=2)]
        [[0, 2], [1, 3], [4], [5]]
    """
    return getattr(_thread, "info", _of_process)


# ------------------------------------------------------------------------------ what is said to and fro


class Begin(NamedTuple):
    """To a worker: a pass begins."""

    number: int
    random: dict[str, Any] | None = None  # the state its random streams continue from
    dataset: Any = None  # the state that its copy of the data set continues from
    skip: int = 0  # how many batches were handed out before


class Fetch(NamedTuple):
    """To a worker: make a batch."""

    number: int  # of the pass
    index: Any


class Answer(NamedTuple):
    """From a worker: a batch, a failure, or the end of its stream; and where it stands after it."""

    number: int
    kind: str  # "batch", "last" (a batch, and no more come), "failure", "end"
    value: Any
    random: dict[str, Any] | None  # None: as before
    dataset: Any


class Failure:
    """An error on its way from a worker to the thread that asks for batches.

    Args:
        error: what was raised.
        where: which worker, and of which batch.
    """

    def __init__(self, error: BaseException, where: str) -> None:
        self.kind = type(error)
        self.text = f"Caught {self.kind.__name__} in DataLoader {where}:\n{''.join(traceback.format_exception(error))}"
        self._error: BaseException | None = error

    def __getstate__(self) -> tuple[Any, str]:
        return self.kind, self.text  # a traceback cannot be sent to another process; its text can

    def __setstate__(self, state: tuple[Any, str]) -> None:
        self.kind, self.text = state
        self._error = None

    def plain(self) -> Failure:
        """The same as a RuntimeError, for a kind of error that the other process does not know."""
        new = object.__new__(Failure)
        new.__setstate__((RuntimeError, self.text))
        return new

    def raised(self) -> BaseException:
        """An error of the same kind that tells the story; of RuntimeError, where the kind does not take a message."""
        message: Any = _Verbatim(self.text) if issubclass(self.kind, KeyError) else self.text
        error: BaseException
        try:
            if issubclass(self.kind, StopIteration) or not issubclass(self.kind, Exception):
                raise TypeError
            error = self.kind(message)
        except TypeError:
            error = RuntimeError(message)
        error.__cause__ = self._error
        return error


class _Verbatim(str):
    """A message that KeyError shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


# ------------------------------------------------------------------------------------- random streams


class OwnRandomness:
    """The random streams of a worker: started from a seed, and written down where they moved.

    Args:
        base_seed: of the pass.
        worker: which worker.
        process: the worker is a process, whose ``random`` and ``numpy.random`` are its own as well.
        stream: what the default generator draws from in a worker thread.
    """

    def __init__(self, base_seed: int, worker: int, process: bool, stream: OwnStream | None = None) -> None:
        self._process = process
        self._stream = stream
        self._last: dict[str, Any] = {}
        default_generator.manual_seed(base_seed + worker)
        if process:
            random.seed(base_seed + worker)
            # What PyTorch seeds NumPy with.
            entropy = [worker, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]
            np.random.seed(np.random.SeedSequence(entropy).generate_state(4))  # noqa: NPY002
        self.moved()

    def moved(self) -> dict[str, Any] | None:
        """Where the streams stand now, as plain data; ``None`` if that is where they stood when last asked."""
        if self._stream is not None:
            if not self._stream.moved:
                return None
            self._stream.moved = False
        now: dict[str, Any] = {"default": default_generator.get_state()}
        if self._process:
            version, words, normal = random.getstate()
            now["python"] = (version, np.array(words, np.int64), normal)
            name, key, position, has_normal, normal = np.random.get_state()  # noqa: NPY002
            now["numpy"] = (name, key, position, has_normal, normal)
            if _same(now, self._last):
                return None
            self._last = now
        return now

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a state that `moved` gave."""
        default_generator.set_state(np.asarray(state["default"]))
        if self._process and "python" in state:
            version, words, normal = state["python"]
            random.setstate((version, tuple(np.asarray(words).tolist()), normal))
            np.random.set_state(tuple(state["numpy"]))  # noqa: NPY002
        self.moved()


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    return bool(np.array_equal(a, b))


# ------------------------------------------------------------------------------------------- the work


@dataclass(frozen=True)
class Job:
    """What a worker is told when it starts."""

    recipe: Recipe
    worker: int
    num_workers: int
    base_seed: int
    init: Callable[[int], None] | None
    kind: str  # "thread" or "process", for messages


def serve(job: Job, requests: Iterator[Any], answer: Callable[[Answer], None], stream: OwnStream | None = None) -> None:
    """Answers requests until there are no more.

    Args:
        job: what is to be done.
        requests: `Begin` and `Fetch`.
        answer: takes an `Answer` for each `Fetch`.
        stream: what the default generator draws from, in a thread.
    """
    name = f"worker {job.kind} {job.worker}"
    randomness = OwnRandomness(job.base_seed, job.worker, job.kind == "process", stream)
    _introduce(WorkerInfo(job.worker, job.num_workers, job.base_seed + job.worker, job.recipe.dataset), job.kind)
    unfit: Failure | None = None
    try:
        if job.init is not None:
            job.init(job.worker)
    except BaseException as error:
        unfit = Failure(error, f"{name}, while it started (worker_init_fn)")
    fetcher: Any = None
    broken = unfit  # said in answer to every request of a pass
    for request in requests:
        if isinstance(request, Fetch):
            kind, value, state = (
                ("failure", broken, None) if broken else _made(job.recipe, fetcher, request.index, name)
            )
            answer(Answer(request.number, kind, value, randomness.moved(), state))
            value = None  # the batch is not ours any more: it may be freed while we wait
            continue
        broken = unfit
        try:
            if not broken:
                fetcher = _begun(job.recipe, request)
                if request.random is not None:
                    randomness.restore(request.random)
        except BaseException as error:
            broken = Failure(error, f"{name}, while a pass began")


def _made(recipe: Recipe, fetcher: Any, index: Any, name: str) -> tuple[str, Any, Any]:
    """What an answer says: its kind, its value, and the state of the data set after it."""
    try:
        try:
            value = fetcher.fetch(index)
            kind = "last" if isinstance(fetcher, StreamFetcher) and fetcher.ended else "batch"
        except StopIteration:
            kind, value = "end", None
        asked = recipe.streams and has_state(recipe.dataset)
        return kind, value, copy.deepcopy(recipe.dataset.state_dict()) if asked else None
    except BaseException as error:
        return "failure", Failure(error, name if recipe.streams else f"{name}, at {_shortened(index)}"), None


def _introduce(info: WorkerInfo, kind: str) -> None:
    global _of_process
    if kind == "process":
        _of_process = info
    else:
        _thread.info = info


def _begun(recipe: Recipe, begin: Begin) -> Any:
    if begin.dataset is not None:
        recipe.dataset.load_state_dict(begin.dataset)
    fetcher = recipe.fetcher()
    if isinstance(fetcher, StreamFetcher) and begin.dataset is None:
        fetcher.skip(begin.skip)
    return fetcher


def _shortened(index: Any) -> str:
    text = str(index)
    return f"{'indices' if isinstance(index, list) else 'index'} {text if len(text) <= 200 else f'{text[:200]} ...'}"
