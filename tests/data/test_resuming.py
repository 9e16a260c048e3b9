"""A loader that is stopped in the middle of a pass and taken up again gives what it would have given."""

import io
import os
import random
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cn as tg
from tinygrad_cn.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Sampler,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    get_worker_info,
)


def plain(batch):
    return [plain(part) for part in batch] if isinstance(batch, list | tuple) else batch.tolist()


def through_a_file(state):
    file = io.BytesIO()
    tg.save(state, file)
    return tg.load(file)


def elsewhere():
    """As in another program: the default stream stands somewhere else."""
    tg.manual_seed(987654)
    tg.rand(3)


def check(build, stop, passes=3):
    """The batches after ``stop`` of them, from the loader itself and from one that took its state up.

    A batch is followed by a draw of the training's own, as of a dropout.
    """
    tg.manual_seed(11)
    loader = build()

    def rest(batches, loader, done):
        out = []
        for number in range(done, passes):
            for batch in batches if number == done else loader:
                out.append((plain(batch), tg.rand(1).item()))
            out.append("end")
        return out

    done, left = 0, stop
    batches = iter(loader)
    while left:
        for _ in batches:
            tg.rand(1)
            left -= 1
            if not left:
                break
        else:
            done, batches = done + 1, iter(loader)
    state = through_a_file(loader.state_dict())
    expected = rest(batches, loader, done)
    del batches

    elsewhere()
    other = build()
    elsewhere()
    other.load_state_dict(state)
    again = through_a_file(other.state_dict())
    assert rest(other, other, done) == expected
    elsewhere()
    third = build()
    third.load_state_dict(again)
    assert rest(third, third, done) == expected


DATA = TensorDataset(tg.arange(24.0).reshape(12, 2), tg.arange(12))

ORDERS = {
    "in order": dict,
    "shuffled": lambda: {"shuffle": True},
    "own generator": lambda: {"shuffle": True, "generator": tg.Generator().manual_seed(3)},
    "replacement": lambda: {
        "sampler": RandomSampler(DATA, True, 70, generator=tg.Generator().manual_seed(5)),
        "generator": tg.Generator(),
    },
    "several orders": lambda: {"sampler": RandomSampler(DATA, num_samples=30, generator=tg.Generator())},
    "subset": lambda: {"sampler": SubsetRandomSampler([1, 5, 7, 8, 9])},
    "weighted": lambda: {"sampler": WeightedRandomSampler(range(1, 13), 20)},
    "a list": lambda: {"sampler": [4, 2, 0, 1, 5, 6]},
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("workers", [0, 2])
def test_orders(order, workers):
    for stop in (1, 3, 6):
        check(lambda: DataLoader(DATA, batch_size=3, num_workers=workers, **ORDERS[order]()), stop)


@given(st.integers(0, 2), st.integers(1, 7), st.integers(0, 30), st.booleans(), st.booleans())
def test_any_place(workers, batch_size, stop, shuffle, drop_last):
    def build():
        return DataLoader(
            DATA, batch_size, shuffle, num_workers=workers, drop_last=drop_last, prefetch_factor=3 if workers else None
        )

    check(build, min(stop, 2 * len(build())), passes=4)


def test_other_options():
    check(lambda: DataLoader(DATA, batch_size=None, shuffle=True, num_workers=2), 7)
    check(lambda: DataLoader(DATA, batch_sampler=BatchSampler(RandomSampler(DATA), 5, True), num_workers=2), 1)
    check(lambda: DataLoader(DATA, batch_size=2, shuffle=True, num_workers=2, persistent_workers=True), 8)


def test_another_number_of_workers():
    tg.manual_seed(0)
    loader = DataLoader(DATA, batch_size=2, shuffle=True, num_workers=2)
    batches = iter(loader)
    next(batches)
    state = loader.state_dict()
    expected = [[plain(b) for b in batches], [plain(b) for b in loader]]
    for workers in (0, 3):
        other = DataLoader(DATA, batch_size=2, shuffle=True, num_workers=workers)
        other.load_state_dict(state)
        assert [[plain(b) for b in other] for _ in range(2)] == expected


class Noisy(Dataset):
    """Samples with something random in them, as augmented images have."""

    def __init__(self, processes=False):
        self.processes = processes
        self.loaded = []

    def __len__(self):
        return 9

    def __getitem__(self, i):
        self.loaded.append(i)
        noise = [tg.rand(1).item(), tg.randn(1).item()]
        if self.processes:
            noise += [random.random(), np.random.random(), np.random.normal()]  # noqa: NPY002
        return [i, *noise]


class TestRandomSamples:
    @pytest.mark.parametrize("persistent", [False, True])
    def test_in_threads(self, persistent):
        for stop in (2, 7):
            check(lambda: DataLoader(Noisy(), 2, True, num_workers=2, persistent_workers=persistent), stop)

    def test_without_workers(self):
        """They draw from the stream of the program, which is set back as well."""
        check(lambda: DataLoader(Noisy(), 2, True), 3)

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
    def test_in_processes(self):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*multi-threaded.*fork", category=DeprecationWarning)
            check(lambda: DataLoader(Noisy(True), 2, True, num_workers=2, multiprocessing_context="fork"), 3)

    def test_nothing_is_loaded_twice(self):
        loader = DataLoader(Noisy(), 2)
        next(iter(loader))
        other = DataLoader(Noisy(), 2)
        other.load_state_dict(loader.state_dict())
        list(other)
        assert other.dataset.loaded == list(range(2, 9))


class Stream(IterableDataset):
    def __iter__(self):
        worker = get_worker_info()
        first = 0 if worker is None else 100 * worker.id
        for i in range(first, first + 11 - first // 50):
            yield i + tg.rand(1).item()


class Remembering(Stream):
    """Knows by itself where it is; it counts what it gave, to show that it did not begin again."""

    def __init__(self):
        self.position = self.given = 0

    def __iter__(self):
        worker = get_worker_info()
        first = 0 if worker is None else 100 * worker.id
        while self.position < 11:
            self.position += 1
            self.given += 1
            yield [first + self.position, self.given]
        self.position = 0

    def state_dict(self):
        return {"position": self.position, "given": self.given}

    def load_state_dict(self, state):
        self.position, self.given = state["position"], state["given"]


class TestStreams:
    @pytest.mark.parametrize("kind", [Stream, Remembering])
    @pytest.mark.parametrize("workers", [0, 1, 3])
    def test_any_place(self, kind, workers):
        for stop in (0, 1, 6, 14):
            check(lambda: DataLoader(kind(), batch_size=2, num_workers=workers), stop, passes=6)

    @pytest.mark.parametrize("kind", [Stream, Remembering])
    def test_workers_that_stay(self, kind):
        for stop in (1, 14):
            check(lambda: DataLoader(kind(), 2, num_workers=2, persistent_workers=True), stop, passes=6)

    def test_another_number_of_workers(self):
        loader = DataLoader(Stream(), num_workers=2)
        batches = iter(loader)
        next(batches)
        with pytest.raises(ValueError, match="num_workers=2 in the middle of an IterableDataset"):
            DataLoader(Stream(), num_workers=1).load_state_dict(loader.state_dict())


class Counting(Sampler):
    """A sampler with an order of its own for each pass, that knows where it is."""

    def __init__(self):
        self.epoch = self.position = 0

    def __iter__(self):
        order = np.random.default_rng(self.epoch).permutation(12).tolist()
        while self.position < 12:
            self.position += 1
            yield order[self.position - 1]
        self.epoch, self.position = self.epoch + 1, 0

    def __len__(self):
        return 12

    def state_dict(self):
        return {"epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state):
        self.epoch, self.position = state["epoch"], state["position"]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_sampler_with_a_state(workers):
    for stop in (1, 3, 6):
        check(lambda: DataLoader(DATA, batch_size=3, sampler=Counting(), num_workers=workers), stop, passes=5)


def test_a_data_set_with_a_state():
    class Aged(Dataset):
        age = 0

        def __len__(self):
            return 4

        def __getitem__(self, i):
            return i + 10 * self.age

        def state_dict(self):
            return {"age": self.age}

        def load_state_dict(self, state):
            self.age = state["age"]

    loader = DataLoader(Aged(), batch_size=2)
    loader.dataset.age = 3
    batches = iter(loader)
    next(batches)
    other = DataLoader(Aged(), batch_size=2)
    other.load_state_dict(through_a_file(loader.state_dict()))
    assert [plain(b) for b in other] == [plain(b) for b in batches] == [[32, 33]]


def test_after_the_last_batch_nothing_is_left_of_the_pass():
    loader = DataLoader(DATA, batch_size=6)
    batches = iter(loader)
    for _ in range(2):
        next(batches)
    other = DataLoader(DATA, batch_size=6)
    other.load_state_dict(loader.state_dict())
    assert [len(list(other)) for _ in range(2)] == [0, 2]
    list(batches)
    other.load_state_dict(loader.state_dict())
    assert len(list(other)) == 2


def test_an_interrupted_batch_is_still_to_come():
    class Interrupted(Dataset):
        calls = 0

        def __len__(self):
            return 4

        def __getitem__(self, i):
            self.calls += 1
            if self.calls == 2:
                raise KeyboardInterrupt
            return i

    loader = DataLoader(Interrupted())
    batches = iter(loader)
    next(batches)
    with pytest.raises(KeyboardInterrupt):
        next(batches)
    other = DataLoader(range(4))
    other.load_state_dict(loader.state_dict())
    assert [plain(b) for b in other] == [plain(b) for b in batches] == [[1], [2], [3]]


def test_states_that_do_not_fit():
    state = DataLoader(DATA).state_dict()
    with pytest.raises(ValueError, match="version 1, got None"):
        DataLoader(DATA).load_state_dict({})
    with pytest.raises(ValueError, match="generators default; this loader has default, loader"):
        DataLoader(DATA, generator=tg.Generator()).load_state_dict(state)
    with pytest.raises(ValueError, match="holds no state of the sampler"):
        DataLoader(DATA, sampler=Counting()).load_state_dict(state)
    with pytest.raises(ValueError, match="holds a state of the dataset"):
        DataLoader(Stream()).load_state_dict(DataLoader(Remembering()).state_dict())
