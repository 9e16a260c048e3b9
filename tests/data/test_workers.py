"""DataLoader with workers: the same batches as without, errors that arrive, nothing left behind."""

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset, get_worker_info, threads

FORK = pytest.param("fork", marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system"))
KINDS = [None, FORK]


@pytest.fixture(autouse=True)
def nothing_is_left_behind():
    # Python 3.12 warns of forking while BLAS has threads: these tests ask for it.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*multi-threaded.*fork", category=DeprecationWarning)
        yield
    assert [t.name for t in threading.enumerate() if "loader" in t.name] == []
    assert multiprocessing.active_children() == []


def workers():
    return [t for t in threading.enumerate() if "loader" in t.name] + multiprocessing.active_children()


def seen(loader):
    return [batch.tolist() for batch in loader]


class Squares(Dataset):
    def __init__(self, n=20):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return i * i


class Share(IterableDataset):
    """Each worker has its own part, of its own length."""

    def __init__(self, n=20):
        self.n = n

    def __iter__(self):
        worker = get_worker_info()
        if worker is None:
            return iter(range(self.n))
        return iter(range(worker.id * 100, worker.id * 100 + self.n // (worker.id + 1)))


class TestBatches:
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("options", [{"batch_size": 3}, {"batch_size": 3, "shuffle": True}, {"batch_size": None}])
    def test_as_without_workers(self, kind, options):
        def passes(**more):
            tg.manual_seed(3)
            loader = DataLoader(Squares(), **options, **more)
            return [[np.asarray(b).tolist() for b in loader] for _ in range(2)], tg.rand(2).tolist()

        assert passes(num_workers=2, multiprocessing_context=kind) == passes()

    @pytest.mark.parametrize("ahead", [1, 2, 50])
    def test_any_number_ahead(self, ahead):
        loader = DataLoader(Squares(), batch_size=3, num_workers=3, prefetch_factor=ahead)
        assert seen(loader) == seen(DataLoader(Squares(), batch_size=3))

    def test_the_quick_way_of_tensors(self):
        data = TensorDataset(tg.randn(9, 4), tg.arange(9))
        with_workers = DataLoader(data, batch_size=2, num_workers=2)
        for a, b in zip(with_workers, DataLoader(data, batch_size=2), strict=True):
            assert [x.tolist() for x in a] == [x.tolist() for x in b]

    def test_no_data(self):
        assert list(DataLoader([], batch_size=2, num_workers=2)) == []
        assert list(DataLoader(Share(0), batch_size=2, num_workers=2)) == []

    @pytest.mark.parametrize("kind", KINDS)
    def test_streams_take_turns_while_they_last(self, kind):
        loader = DataLoader(Share(12), batch_size=3, num_workers=3, multiprocessing_context=kind)
        expected = [[0, 1, 2], [100, 101, 102], [200, 201, 202], [3, 4, 5], [103, 104, 105], [203]]
        assert seen(loader) == [*expected, [6, 7, 8], [9, 10, 11]]

    def test_batches_arrive_in_order_even_if_made_out_of_order(self):
        class Uneven(Squares):
            def __getitem__(self, i):
                time.sleep(0.01 if i % 4 == 0 else 0)
                return i

        assert seen(DataLoader(Uneven(12), num_workers=3)) == [[i] for i in range(12)]

    def test_they_are_made_ahead(self):
        made = threading.Event()

        class Watched(Squares):
            def __getitem__(self, i):
                if i == 3:
                    made.set()
                return i

        batches = iter(DataLoader(Watched(), num_workers=2))
        assert made.wait(10)
        del batches

    @pytest.mark.parametrize("kind", KINDS)
    def test_batches_larger_than_a_pipe(self, kind):
        class Large(Squares):
            def __getitem__(self, i):
                return np.full(100_000, i, np.float32)

        for x in DataLoader(Large(8), batch_size=2, num_workers=2, multiprocessing_context=kind):
            assert x.shape == (2, 100_000)
        for _ in DataLoader(Large(8), num_workers=2, multiprocessing_context=kind):
            break

    def test_spawned_processes(self):
        loader = DataLoader(
            Squares(4), batch_size=2, num_workers=1, multiprocessing_context="spawn", persistent_workers=True
        )
        assert seen(loader) == [[0, 1], [4, 9]]
        assert seen(loader) == [[0, 1], [4, 9]]


class TestEqualToPyTorch:
    def test_orders_and_streams(self):
        torch = pytest.importorskip("torch")
        from torch.utils import data as theirs

        class Stream(theirs.IterableDataset):
            def __iter__(self):
                worker = theirs.get_worker_info()
                return iter(range(worker.id * 100, worker.id * 100 + 14 // (worker.id + 1)))

        class Noise(theirs.Dataset):
            def __init__(self, library):
                self.library = library

            def __len__(self):
                return 5

            def __getitem__(self, i):
                return (
                    self.library.randint(0, 1000, ()).item(),
                    random.random(),
                    np.random.random(),  # noqa: NPY002
                    self.library.initial_seed(),
                )

        for options in ({"shuffle": True}, {}):
            for dataset, own in ((Noise(torch), Noise(tg)), (Stream(), Share(14))):
                if options and isinstance(own, Share):
                    continue
                results = []
                for library, loader, data in ((torch, theirs.DataLoader, dataset), (tg, DataLoader, own)):
                    library.manual_seed(5)
                    batches = loader(data, batch_size=2, num_workers=2, multiprocessing_context="fork", **options)
                    results.append([[x.tolist() for x in b] if isinstance(b, list) else b.tolist() for b in batches])
                    results[-1].append(library.rand(2).tolist())
                assert results[0] == results[1]


class Drawn(Dataset):
    """What the default generator gives in a worker."""

    def __len__(self):
        return 8

    def __getitem__(self, i):
        return tg.rand(1).item()


class TestSeeds:
    @pytest.mark.parametrize("kind", KINDS)
    def test_a_seed_for_each_worker_and_pass(self, kind):
        def draws():
            tg.manual_seed(1)
            loader = DataLoader(Drawn(), batch_size=2, num_workers=2, multiprocessing_context=kind)
            return [seen(loader) for _ in range(2)], tg.rand(1).item()

        (first, second), after = draws()
        assert len({x for batch in first + second for x in batch}) == 16
        assert draws() == ([first, second], after)

        tg.manual_seed(1)
        seed = tg.default_generator.draw_seed()
        for worker in range(2):
            tg.manual_seed(seed + worker)
            expected = [tg.rand(1).item() for _ in range(4)]
            assert first[worker] + first[worker + 2] == expected

    def test_threads_and_processes_draw_alike(self):
        if not hasattr(os, "fork"):
            pytest.skip("no fork on this system")
        results = []
        for kind in (None, "fork"):
            tg.manual_seed(1)
            results.append(seen(DataLoader(Drawn(), batch_size=2, num_workers=3, multiprocessing_context=kind)))
        assert results[0] == results[1]

    def test_threads_leave_the_stream_of_the_program_alone(self):
        tg.manual_seed(0)
        expected = tg.default_generator.draw_seed(), tg.rand(1).item()
        tg.manual_seed(0)
        list(DataLoader(Drawn(), num_workers=2))
        assert tg.rand(1).item() == expected[1]

    def test_a_copy_of_the_default_generator_is_a_generator_of_its_own(self):
        import copy

        tg.manual_seed(4)
        twin = copy.deepcopy(tg.default_generator)
        expected = twin.uniform(3).tolist()
        assert tg.rand(3).tolist() == expected
        assert "seed=4" in repr(tg.default_generator)

    @pytest.mark.parametrize("kind", KINDS)
    def test_what_a_worker_knows(self, kind):
        class Told(Dataset):
            def __len__(self):
                return 4

            def __getitem__(self, i):
                info = get_worker_info()
                assert isinstance(info.dataset, Told)
                return info.id, info.num_workers, info.seed, tg.initial_seed()

        assert get_worker_info() is None
        tg.manual_seed(9)
        seed = tg.default_generator.draw_seed()
        tg.manual_seed(9)
        loader = DataLoader(Told(), batch_size=None, num_workers=2, multiprocessing_context=kind)
        assert [tuple(x) for x in loader] == [(i % 2, 2, seed + i % 2, seed + i % 2) for i in range(4)]
        assert get_worker_info() is None

    @pytest.mark.parametrize("kind", KINDS)
    def test_worker_init_fn(self, kind):
        def init(worker):
            get_worker_info().dataset.n = 3 + worker

        loader = DataLoader(Share(), batch_size=None, num_workers=2, worker_init_fn=init, multiprocessing_context=kind)
        assert [int(x) for x in loader] == [0, 100, 1, 101, 2]
        assert loader.dataset.n == 20


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


class TestErrors:
    @pytest.mark.parametrize("kind", KINDS)
    def test_they_arrive_and_the_pass_goes_on(self, kind):
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
    def test_nothing_is_left_after_one(self, kind):
        with pytest.raises(KeyError):
            list(DataLoader(Faulty(), num_workers=2, multiprocessing_context=kind))
        assert workers() == []

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("error", [Picky(1, 2), StopIteration(), SystemExit(3)])
    def test_kinds_that_cannot_be_made_again(self, kind, error):
        class Broken(Squares):
            def __getitem__(self, i):
                raise error

        with pytest.raises(RuntimeError, match=f"Caught (RuntimeError|{type(error).__name__})"):
            list(DataLoader(Broken(), num_workers=2, multiprocessing_context=kind))

    @pytest.mark.parametrize("kind", KINDS)
    def test_while_starting(self, kind):
        def init(worker):
            raise ValueError("no start")

        with pytest.raises(ValueError, match=r"(?s)worker_init_fn.*no start"):
            list(DataLoader(Squares(), num_workers=2, worker_init_fn=init, multiprocessing_context=kind))

    @pytest.mark.parametrize("kind", KINDS)
    def test_in_a_stream(self, kind):
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
    def test_of_a_data_sets_state(self, kind):
        class Forgetful(Share):
            def state_dict(self):
                raise LookupError("forgotten")

            def load_state_dict(self, state):
                pass

        with pytest.raises(LookupError, match="forgotten"):
            list(DataLoader(Forgetful(), num_workers=1, multiprocessing_context=kind))

    def test_a_thread_that_dies(self, monkeypatch):
        """Which should not happen; if it does, nobody waits for it forever."""
        monkeypatch.setattr(threads, "serve", lambda *_: None)
        with pytest.raises(RuntimeError, match="worker thread tinygrad_cn-loader-0 ended unexpectedly"):
            list(DataLoader(Squares(), num_workers=1))

    def test_without_workers_a_stop_iteration_is_no_end(self):
        class Broken(Squares):
            def __getitem__(self, i):
                raise StopIteration

        with pytest.raises(RuntimeError, match="StopIteration"):
            list(DataLoader(Broken()))

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_batch_that_does_not_come(self, kind):
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
    def test_a_process_that_dies(self, end, match):
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
    def test_what_cannot_be_sent(self):
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
    def test_contexts_that_are_none(self, context, count, error, match):
        with pytest.raises(error, match=match):
            DataLoader(Squares(), num_workers=count, multiprocessing_context=context)


class TestEnds:
    @pytest.mark.parametrize("kind", KINDS)
    def test_of_a_pass(self, kind):
        batches = iter(DataLoader(Squares(), num_workers=2, multiprocessing_context=kind))
        assert len(workers()) == 2
        list(batches)
        assert workers() == []
        assert list(batches) == []

    @pytest.mark.parametrize("kind", KINDS)
    def test_left_early(self, kind):
        for _ in DataLoader(Squares(), num_workers=2, multiprocessing_context=kind):
            break
        assert workers() == []

    @pytest.mark.parametrize("kind", KINDS)
    def test_an_error_of_the_loops_own(self, kind):
        with pytest.raises(ZeroDivisionError):
            for _ in DataLoader(Squares(), num_workers=2, multiprocessing_context=kind):
                1 / 0  # noqa: B018
        assert workers() == []

    @pytest.mark.parametrize("kind", KINDS)
    def test_workers_that_stay(self, kind):
        tg.manual_seed(0)
        loader = DataLoader(
            Squares(), batch_size=4, shuffle=True, num_workers=2, persistent_workers=True, multiprocessing_context=kind
        )
        first = seen(loader)
        same = workers()
        assert len(same) == 2
        batches = iter(loader)
        next(batches)
        second = seen(loader)
        assert sorted(x for b in second for x in b) == sorted(x for b in first for x in b)
        assert workers() == same
        with pytest.raises(RuntimeError, match="begun a new pass"):
            next(batches)
        del loader, batches, same
        assert workers() == []

    @pytest.mark.parametrize("kind", ["None", "'fork'"] if hasattr(os, "fork") else ["None"])
    def test_of_the_program(self, kind):
        """A program that ends in the middle of a pass ends."""
        program = (
            "from tinygrad_cn.utils.data import DataLoader\n"
            f"batches = iter(DataLoader(range(100), num_workers=2, multiprocessing_context={kind}))\n"
            "print(next(batches).item())\n"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr


def test_attributes_are_fixed():
    loader = DataLoader(Squares())
    with pytest.raises(ValueError, match="batch_size attribute should not be set"):
        loader.batch_size = 3
