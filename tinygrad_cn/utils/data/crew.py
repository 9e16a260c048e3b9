"""The workers of a data loader, taken together: asked in turn, ended together."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import time
from collections.abc import Callable
from typing import Any

from .fetching import Recipe
from .processes import ProcessWorker
from .threads import ThreadWorker
from .workers import Answer, Begin, Fetch, Job

__all__ = ["Crew", "as_context"]

_PATIENCE = 5.0  # seconds that workers are given to finish what they are at


class Crew:
    """Workers, and the number of the pass that they work for.

    Args:
        recipe: how batches are made.
        num_workers: how many workers.
        base_seed: worker ``i`` starts its random streams from ``base_seed + i``.
        init: called in each worker with its number.
        context: a context of ``multiprocessing``; ``None``: threads.
    """

    def __init__(
        self, recipe: Recipe, num_workers: int, base_seed: int, init: Callable[[int], None] | None, context: Any
    ) -> None:
        self.base_seed = base_seed
        self.number = 0
        self._owner = os.getpid()
        self._workers: list[ProcessWorker | ThreadWorker] = []
        kind = "thread" if context is None else "process"
        try:
            for i in range(num_workers):
                job = Job(recipe, i, num_workers, base_seed, init, kind)
                self._workers.append(ThreadWorker(job) if context is None else ProcessWorker(job, context))
        except BaseException:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether there are workers: not when they were ended, or one has died."""
        return bool(self._workers)

    def begin(self, states: list[Begin]) -> None:
        """Begins a pass; what is still to come from the one before will be dropped."""
        self.number += 1
        for worker, state in zip(self._workers, states, strict=True):
            worker.ask(state._replace(number=self.number))

    def ask(self, worker: int, index: Any = None) -> None:
        """Asks a worker for a batch."""
        if not self._workers:
            raise RuntimeError("DataLoader: the workers of this pass have ended")
        self._workers[worker].ask(Fetch(self.number, index))

    def answer(self, worker: int, timeout: float) -> Answer:
        """What a worker says next, in this pass.

        Raises:
            RuntimeError: nothing within ``timeout`` seconds, unless that is 0; or the worker has died.
        """
        if not self._workers:
            raise RuntimeError("DataLoader: the workers of this pass have ended")
        try:
            while (answer := self._workers[worker].answer(timeout or None)).number != self.number:
                pass
        except TimeoutError:
            raise RuntimeError(f"DataLoader timed out after {timeout} seconds, waiting for worker {worker}") from None
        except RuntimeError:
            self.close()
            raise
        return answer

    def close(self) -> None:
        """Ends the workers."""
        if os.getpid() != self._owner:  # a forked child has a copy of this, but the workers are not its own
            return
        workers, self._workers = self._workers, []
        for worker in workers:
            worker.stop()
        until = time.monotonic() + _PATIENCE
        for worker in workers:
            with contextlib.suppress(ValueError, AssertionError):  # at exit multiprocessing may have been quicker
                worker.join(max(until - time.monotonic(), 0.1))


def as_context(value: Any, num_workers: int) -> Any:
    """The context of ``multiprocessing`` that is meant: by its name, or as it is.

    Raises:
        ValueError: there are no workers to be started in it, or no such context here.
        TypeError: it is none.
    """
    if value is None:
        return None
    if num_workers == 0:
        raise ValueError(
            "multiprocessing_context can only be used with multi-process loading (num_workers > 0), got num_workers=0"
        )
    if isinstance(value, str):
        valid = multiprocessing.get_all_start_methods()
        if value not in valid:
            raise ValueError(f"multiprocessing_context should specify a valid start method in {valid}, got {value!r}")
        return multiprocessing.get_context(value)
    if not isinstance(value, multiprocessing.context.BaseContext):
        raise TypeError(
            f"multiprocessing_context should be a context of multiprocessing or the name of a start method, got {value}"
        )
    return value
