"""Errors in workers arrive, and nobody waits for a worker that is gone."""

import os
import signal
import threading
import time

import pytest
from data.workers.loading import KINDS, Share, Squares, workers

from tinygrad_cn.utils.data import DataLoader, Dataset, IterableDataset, threads


class Faulty(Dataset):
    def __len__(self):
        return 6

    def __getitem__(self, i):
        if i == 2:
            {}["a key that is missing"]
        return i


class Picky(Exception):
    def __init__(self, a, b):
        super().__init__(a, b)


@pytest.mark.parametrize("kind", KINDS)
def test_they_arrive_and_the_pass_goes_on(kind):
    batches = iter(DataLoader(Faulty(), batch_size=2, num_workers=2, multiprocessing_context=kind))
    assert next(batches).tolist() == [0, 1]
    with pytest.raises(KeyError) as info:
        next(batches)
    message = str(info.value)
    assert "worker" in message.splitlines()[0]
    assert "at indices [2, 3]" in message
    assert "a key that is missing" in message
    assert "__getitem__" in message
    assert next(batches).tolist() == [4, 5]
    del info, batches


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left_after_one(kind):
    with pytest.raises(KeyError):
        list(DataLoader(Faulty(), num_workers=2, multiprocessing_context=kind))
    assert workers() == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("error", [Picky(1, 2), StopIteration(), SystemExit(3)])
def test_kinds_that_cannot_be_made_again(kind, error):
    class Broken(Squares):
        def __getitem__(self, i):
            raise error

    with pytest.raises(RuntimeError, match=f"Caught (RuntimeError|{type(error).__name__})"):
        list(DataLoader(Broken(), num_workers=2, multiprocessing_context=kind))


@pytest.mark.parametrize("kind", KINDS)
def test_while_starting(kind):
    def init(worker):
        raise ValueError("no start")

    with pytest.raises(ValueError, match=r"(?s)worker_init_fn.*no start"):
        list(DataLoader(Squares(), num_workers=2, worker_init_fn=init, multiprocessing_context=kind))


@pytest.mark.parametrize("kind", KINDS)
def test_in_a_stream(kind):
    class Broken(IterableDataset):
        def __iter__(self):
            yield 1
            raise OSError("the disk")

    batches = iter(DataLoader(Broken(), num_workers=1, multiprocessing_context=kind))
    assert next(batches).tolist() == [1]
    with pytest.raises(OSError, match="the disk"):
        next(batches)
    assert list(batches) == []


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_data_sets_state(kind):
    class Forgetful(Share):
        def state_dict(self):
            raise LookupError("forgotten")

        def load_state_dict(self, state):
            pass

    with pytest.raises(LookupError, match="forgotten"):
        list(DataLoader(Forgetful(), num_workers=1, multiprocessing_context=kind))


def test_a_thread_that_dies(monkeypatch):
    """Which should not happen; if it does, nobody waits for it forever."""
    monkeypatch.setattr(threads, "serve", lambda *_: None)
    with pytest.raises(RuntimeError, match="worker thread tinygrad_cn-loader-0 ended unexpectedly"):
        list(DataLoader(Squares(), num_workers=1))


def test_without_workers_a_stop_iteration_is_no_end():
    class Broken(Squares):
        def __getitem__(self, i):
            raise StopIteration

    with pytest.raises(RuntimeError, match="StopIteration"):
        list(DataLoader(Broken()))


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_that_does_not_come(kind):
    class Slow(Squares):
        def __getitem__(self, i):
            time.sleep(0.6)

    loader = DataLoader(Slow(2), num_workers=1, timeout=0.05, multiprocessing_context=kind)
    with pytest.raises(RuntimeError, match=r"timed out after 0\.05 seconds"):
        next(iter(loader))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize(
    ("end", "match"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), r"\(pid \d+\) is killed by signal: SIGKILL"),
        (lambda: os._exit(7), "exit code 7"),
    ],
)
def test_a_process_that_dies(end, match):
    class Deadly(Squares):
        def __getitem__(self, i):
            return end() if i == 3 else i

    loader = DataLoader(Deadly(), num_workers=2, multiprocessing_context="fork", persistent_workers=True)
    batches = iter(loader)
    with pytest.raises(RuntimeError, match=match):
        list(batches)
    with pytest.raises(RuntimeError, match="ended"):
        next(batches)
    with pytest.raises(RuntimeError, match=match):  # with new workers
        list(loader)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_what_cannot_be_sent():
    class Locks(Squares):
        def __getitem__(self, i):
            return threading.Lock()

    loader = DataLoader(Locks(), batch_size=None, num_workers=1, multiprocessing_context="fork")
    with pytest.raises(RuntimeError, match=r"(?s)cannot be sent.*pickle"):
        next(iter(loader))
    with pytest.raises(RuntimeError, match=r"cannot be sent to a worker process.*threads share them"):
        iter(DataLoader(Locks(), num_workers=1, multiprocessing_context="spawn"))


@pytest.mark.parametrize(
    ("context", "count", "error", "match"),
    [
        ("fork", 0, ValueError, "num_workers > 0"),
        ("wrong", 2, ValueError, "valid start method"),
        (3, 2, TypeError, "context of multiprocessing"),
    ],
)
def test_contexts_that_are_none(context, count, error, match):
    with pytest.raises(error, match=match):
        DataLoader(Squares(), num_workers=count, multiprocessing_context=context)
