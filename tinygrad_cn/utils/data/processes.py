"""A worker of a data loader that is a process."""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from multiprocessing import connection, reduction
from typing import Any

from tinygrad_cn.kernels.threads import set_num_threads

from .workers import Answer, Begin, Failure, Fetch, Job, serve

__all__ = ["ProcessWorker"]

_PICKLING = (pickle.PicklingError, TypeError, AttributeError, RuntimeError, ValueError, NotImplementedError)


class ProcessWorker:
    """A process that makes batches, and the pipe that leads to it and back.

    Each worker has a pipe of its own: the end of one that dies is seen at once, and no lock is left held.

    Args:
        job: what it is told when it starts; sent as a pickle, unless the process is forked.
        context: a context of ``multiprocessing``.

    Raises:
        RuntimeError: the data set, ``collate_fn`` or ``worker_init_fn`` cannot be sent.
    """

    def __init__(self, job: Job, context: Any) -> None:
        self._job = job
        self._ours, theirs = context.Pipe()
        # Without a lock, which a process that is killed would keep.
        self._stopping = context.RawValue("b", 0)
        try:
            self._process = context.Process(
                target=_run,
                args=(job, self._ours, theirs, self._stopping),
                name=f"tinygrad_cn-loader-{job.worker}",
                daemon=True,
            )
            self._process.start()
        except _PICKLING as error:
            self._ours.close()
            if "bootstrapping phase" in str(error):  # multiprocessing's own advice: if __name__ == "__main__"
                raise
            raise RuntimeError(
                "DataLoader: the data set, collate_fn or worker_init_fn cannot be sent to a worker process: "
                f"{error}. Define them at the top of a module, use multiprocessing_context='fork' where there is "
                "one, or leave it out: threads share them"
            ) from error
        finally:
            theirs.close()  # else the end of the worker would not show as the end of the pipe

    def ask(self, request: Begin | Fetch) -> None:
        """Says something to the worker, without waiting for an answer."""
        with contextlib.suppress(OSError):  # it is gone: `answer` will say so
            self._ours.send(request)

    def answer(self, timeout: float | None) -> Answer:
        """What the worker says next.

        Raises:
            TimeoutError: nothing within ``timeout`` seconds.
            RuntimeError: the process has died.
        """
        ready = connection.wait([self._ours, self._process.sentinel], timeout)
        if not ready:
            raise TimeoutError
        try:
            if self._ours.poll():
                answer: Answer = self._ours.recv()
                return answer
        except (EOFError, OSError):
            pass
        raise RuntimeError(self._obituary()) from None

    def _obituary(self) -> str:
        self._process.join(1)
        code = self._process.exitcode
        if code is not None and code < 0:
            how = f"is killed by signal: {signal.Signals(-code).name}"
            hint = "; perhaps it took too much memory" if -code == getattr(signal, "SIGKILL", 9) else ""
        else:
            how, hint = f"exited unexpectedly with exit code {code}", ""
        return (
            f"DataLoader worker process {self._job.worker} (pid {self._process.pid}) {how}{hint}. "
            "Load with num_workers=0 to see what happens there"
        )

    def stop(self) -> None:
        """Tells the worker to end; what it was asked for and has not begun is not done."""
        self._stopping.value = 1
        if sys.platform != "win32":
            # The end of the pipe would do, but processes that were forked meanwhile hold copies of ours.
            os.set_blocking(self._ours.fileno(), False)
            with contextlib.suppress(OSError):
                self._ours.send(None)
        self._ours.close()

    def join(self, patience: float) -> None:
        """Waits until the worker has ended, and ends it after so many seconds."""
        for force in (lambda: None, self._process.terminate, self._process.kill):
            force()
            self._process.join(patience)
            if self._process.exitcode is not None:
                self._process.close()
                return


def _run(job: Job, ours: Any, theirs: Any, stopping: Any) -> None:
    """The life of the worker process."""
    ours.close()  # the parent's end, of which a copy came along; held open here, its closing would not be seen
    with contextlib.suppress(ValueError):  # not in the main thread of the process
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches everyone; what follows is for the parent to say
    set_num_threads(1)
    outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    # A thread of its own waits for the pipe to take what is sent, so that the next batch is made meanwhile.
    sender = threading.Thread(target=_send, args=(outbox, theirs), daemon=True)
    sender.start()
    serve(job, _received(theirs, stopping), lambda answer: outbox.put(_packed(answer)))


def _received(pipe: Any, stopping: Any) -> Iterator[Begin | Fetch]:
    while True:
        try:
            request = pipe.recv()
        except (EOFError, OSError):  # the parent closed its end, or is gone
            return
        if request is None or stopping.value:
            return
        yield request


def _packed(answer: Answer) -> bytes:
    pack = reduction.ForkingPickler.dumps
    try:
        return bytes(pack(answer))
    except _PICKLING as error:
        failure = answer.value.plain() if isinstance(answer.value, Failure) else Failure(error, _UNSENT).plain()
        return bytes(pack(answer._replace(kind="failure", value=failure)))


_UNSENT = "worker process: what was made cannot be sent to the process that asks"


def _send(outbox: queue.SimpleQueue[bytes | None], pipe: Any) -> None:
    with contextlib.suppress(OSError):  # nobody reads any more
        for message in iter(outbox.get, None):
            pipe.send_bytes(message)
