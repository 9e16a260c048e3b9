"""What workers draw, and what they know of themselves."""

import copy
import os

import pytest
from data.workers.loading import KINDS, Share, seen

import tinygrad_cn as tg
from tinygrad_cn.utils.data import DataLoader, Dataset, get_worker_info


class Drawn(Dataset):
    """What the default generator gives in a worker."""

    def __len__(self):
        return 8

    def __getitem__(self, i):
        return tg.rand(1).item()


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_for_each_worker_and_pass(kind):
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


def test_threads_and_processes_draw_alike():
    if not hasattr(os, "fork"):
        pytest.skip("no fork on this system")
    results = []
    for kind in (None, "fork"):
        tg.manual_seed(1)
        results.append(seen(DataLoader(Drawn(), batch_size=2, num_workers=3, multiprocessing_context=kind)))
    assert results[0] == results[1]


def test_threads_leave_the_stream_of_the_program_alone():
    tg.manual_seed(0)
    expected = tg.default_generator.draw_seed(), tg.rand(1).item()
    tg.manual_seed(0)
    list(DataLoader(Drawn(), num_workers=2))
    assert tg.rand(1).item() == expected[1]


def test_a_copy_of_the_default_generator_is_a_generator_of_its_own():
    tg.manual_seed(4)
    twin = copy.deepcopy(tg.default_generator)
    expected = twin.uniform(3).tolist()
    assert tg.rand(3).tolist() == expected
    assert "seed=4" in repr(tg.default_generator)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_worker_knows(kind):
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
def test_worker_init_fn(kind):
    def init(worker):
        get_worker_info().dataset.n = 3 + worker

    loader = DataLoader(Share(), batch_size=None, num_workers=2, worker_init_fn=init, multiprocessing_context=kind)
    assert [int(x) for x in loader] == [0, 100, 1, 101, 2]
    assert loader.dataset.n == 20
