"""A worker of a data loader that is a thread."""

from __future__ import annotations

import copy
import dataclasses
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from tinygrad_cn.thread_streams import OwnStream, own_stream

from .workers import Answer, Begin, Fetch, Job, serve

__all__ = ["ThreadWorker"]

_GLANCE = 1.0  # seconds after which one who waits looks whether the worker is still there


class ThreadWorker:
    """A thread that makes batches, and the two queues that lead to it and back.

    Args:
        job: what it is told when it starts. Of a data set without indices it works on a copy of its own.
    """

    def __init__(self, job: Job) -> None:
        if job.recipe.streams:
            job = dataclasses.replace(job, recipe=dataclasses.replace(job.recipe, dataset=_copied(job.recipe.dataset)))
        self._requests: queue.SimpleQueue[Begin | Fetch | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=_run,
            args=(job, self._requests, self._stopping, self._answers.put),
            name=f"tinygrad_cn-loader-{job.worker}",
            daemon=True,
        )
        self._thread.start()

    def ask(self, request: Begin | Fetch) -> None:
        """Says something to the worker, without waiting for an answer."""
        self._requests.put(request)

    def answer(self, timeout: float | None) -> Answer:
        """What the worker says next.

        Raises:
            TimeoutError: nothing within ``timeout`` seconds.
            RuntimeError: the thread has died.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            left = _GLANCE if until is None else until - time.monotonic()
            try:
                return self._answers.get(timeout=max(min(left, _GLANCE), 0))
            except queue.Empty:
                if not self._thread.is_alive():
                    raise RuntimeError(f"DataLoader worker thread {self._thread.name} ended unexpectedly") from None
                if left <= 0:
                    raise TimeoutError from None

    def stop(self) -> None:
        """Tells the worker to end; what it was asked for and has not begun is not done."""
        self._stopping.set()
        self._requests.put(None)

    def join(self, patience: float) -> None:
        """Waits until the worker has ended, but at most so many seconds: a thread cannot be made to."""
        if self._thread is not threading.current_thread():
            self._thread.join(patience)


def _run(
    job: Job,
    requests: queue.SimpleQueue[Begin | Fetch | None],
    stopping: threading.Event,
    answer: Callable[[Answer], None],
) -> None:
    stream = OwnStream()
    with own_stream(stream):
        waiting = iter(requests.get, None)
        serve(job, (request for request in waiting if not stopping.is_set()), answer, stream)


def _copied(dataset: Any) -> Any:
    """A copy as deep as can be: what cannot be copied, as an open file, is shared."""
    try:
        return copy.deepcopy(dataset)
    except (TypeError, RuntimeError, NotImplementedError):  # no pickle of it; a tensor that is no leaf
        return copy.copy(dataset)
