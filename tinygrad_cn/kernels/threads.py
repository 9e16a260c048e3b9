"""Share blocks of work among threads, each with a BLAS of one thread.

NumPy lets go of the interpreter's lock in copies and in BLAS, so threads that each take some images run side
by side. A BLAS that starts threads of its own inside them only gets in the way: one product of cache size
is too small to be worth sharing, while the copies around it are not shared at all. Measured on two
cores, two threads with a BLAS of one thread each are 1.3 to 2 times as fast as a BLAS of two threads.

Where the BLAS cannot be told (it is none of those below), all runs in the calling thread and BLAS does as it likes.
"""

from __future__ import annotations

import contextvars
import ctypes
import importlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, TypeVar

Block = TypeVar("Block")
Result = TypeVar("Result")

# The names under which builds of OpenBLAS export the pair (get, set); the first is that of NumPy's wheels.
_SPELLINGS = (
    ("scipy_openblas_get_num_threads64_", "scipy_openblas_set_num_threads64_"),
    ("scipy_openblas_get_num_threads", "scipy_openblas_set_num_threads"),
    ("openblas_get_num_threads64_", "openblas_set_num_threads64_"),
    ("openblas_get_num_threads", "openblas_set_num_threads"),
)


def _find_blas() -> tuple[Callable[[], int], Callable[[int], object]] | None:
    """The BLAS that NumPy itself is linked with: a symbol is looked up in a library and all it depends on."""
    try:
        library = ctypes.CDLL(importlib.import_module("numpy._core._multiarray_umath").__file__)
    except (ImportError, OSError):
        return None
    for get, put in _SPELLINGS:
        try:
            return getattr(library, get), getattr(library, put)
        except AttributeError:
            continue
    return None


class _Crew:
    """The threads and the setting of BLAS, with a count of the calls that rely on it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = 1
        self._blas = _find_blas()
        self._pool: ThreadPoolExecutor | None = None

    def size(self) -> int:
        """As many threads as BLAS would use: whoever limits BLAS limits us."""
        if self._blas is None:
            return 1
        with self._lock:
            return self._before if self._inside else max(1, int(self._blas[0]()))

    def limit(self, count: int) -> None:
        """Let BLAS use ``count`` threads from now on."""
        if self._blas is None:
            return
        with self._lock:
            self._before = count
            if not self._inside:
                self._blas[1](count)

    @contextmanager
    def single_threaded_blas(self) -> Iterator[None]:
        if self._blas is None:
            yield
            return
        get, put = self._blas
        with self._lock:
            if not self._inside:
                self._before = max(1, int(get()))
                put(1)
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if not self._inside:
                    put(self._before)

    def pool(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - 1), "tinygrad_cn-kernels")
            return self._pool

    def forget(self) -> None:
        """A forked child has none of its parent's threads, and perhaps a lock that nobody will release."""
        if self._inside and self._blas is not None:
            self._blas[1](self._before)
        self._lock = threading.Lock()
        self._inside = 0
        self._pool = None


_crew = _Crew()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_crew.forget)


def get_num_threads() -> int:
    """How many threads large jobs are shared among."""
    return _crew.size()


def set_num_threads(count: int) -> None:
    """Share large jobs among ``count`` threads, as far as there are so many; BLAS uses as many.

    Raises:
        RuntimeError: ``count`` is not positive.
    """
    if count < 1:
        raise RuntimeError(f"set_num_threads(): expects a positive number, got {count}")
    _crew.limit(count)


# Below this many multiplications (some 0.2 ms), waking a thread brings less than it costs. A LeNet step took 5.1 ms
# with this number and 5.9 ms with 20 million, in which none of its convolutions are shared. Jobs that are bound by
# memory count several for each element.
_WORTH_SHARING = 6_000_000


def team(work: int) -> int:
    """How many threads a job of `work` multiplications deserves."""
    return _crew.size() if work >= _WORTH_SHARING else 1


def alone(function: Callable[..., Result], *args: Any) -> Result:
    """``function(*args)`` with a BLAS of one thread."""
    with _crew.single_threaded_blas():
        return function(*args)


def share(job: Callable[[Sequence[Block]], Result], blocks: Sequence[Block], members: int) -> list[Result]:
    """Run `job` on up to `members` contiguous parts of `blocks`, one per thread; the results in the order of the parts.

    The caller's thread takes the last part. The others see its context (`np.errstate`, for one).
    """
    if len(blocks) < 2 <= members:
        return [job(blocks)]  # a single large block: let BLAS share it
    members = max(1, min(members, len(blocks)))
    if members == 1:
        with _crew.single_threaded_blas():  # nor is a small job worth BLAS's threads, least of all on a busy machine
            return [job(blocks)]
    cuts = [len(blocks) * i // members for i in range(members + 1)]
    parts = [blocks[a:b] for a, b in pairwise(cuts)]
    with _crew.single_threaded_blas():
        pool = _crew.pool()
        pending: list[Any] = [pool.submit(contextvars.copy_context().run, job, part) for part in parts[:-1]]
        try:
            last = job(parts[-1])
        finally:
            # Nobody may still write into the result when the caller goes on, be it with an error.
            done = [future.exception() for future in pending]
        for error in done:
            if error is not None:
                raise error
        return [future.result() for future in pending] + [last]
