"""DataLoader with workers: the same batches as without."""

import threading
import time

import numpy as np
import pytest
from data.workers.loading import KINDS, Share, Squares, seen

import tinygrad_cn as tg
from tinygrad_cn.utils.data import DataLoader, TensorDataset


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{"batch_size": 3}, {"batch_size": 3, "shuffle": True}, {"batch_size": None}])
def test_as_without_workers(kind, options):
    def passes(**more):
        tg.manual_seed(3)
        loader = DataLoader(Squares(), **options, **more)
        return [[np.asarray(b).tolist() for b in loader] for _ in range(2)], tg.rand(2).tolist()

    assert passes(num_workers=2, multiprocessing_context=kind) == passes()


@pytest.mark.parametrize("ahead", [1, 2, 50])
def test_any_number_ahead(ahead):
    loader = DataLoader(Squares(), batch_size=3, num_workers=3, prefetch_factor=ahead)
    assert seen(loader) == seen(DataLoader(Squares(), batch_size=3))


def test_the_quick_way_of_tensors():
    data = TensorDataset(tg.randn(9, 4), tg.arange(9))
    with_workers = DataLoader(data, batch_size=2, num_workers=2)
    for a, b in zip(with_workers, DataLoader(data, batch_size=2), strict=True):
        assert [x.tolist() for x in a] == [x.tolist() for x in b]


def test_no_data():
    assert list(DataLoader([], batch_size=2, num_workers=2)) == []
    assert list(DataLoader(Share(0), batch_size=2, num_workers=2)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_streams_take_turns_while_they_last(kind):
    loader = DataLoader(Share(12), batch_size=3, num_workers=3, multiprocessing_context=kind)
    expected = [[0, 1, 2], [100, 101, 102], [200, 201, 202], [3, 4, 5], [103, 104, 105], [203]]
    assert seen(loader) == [*expected, [6, 7, 8], [9, 10, 11]]


def test_batches_arrive_in_order_even_if_made_out_of_order():
    class Uneven(Squares):
        def __getitem__(self, i):
            time.sleep(0.01 if i % 4 == 0 else 0)
            return i

    assert seen(DataLoader(Uneven(12), num_workers=3)) == [[i] for i in range(12)]


def test_they_are_made_ahead():
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
def test_batches_larger_than_a_pipe(kind):
    class Large(Squares):
        def __getitem__(self, i):
            return np.full(100_000, i, np.float32)

    for x in DataLoader(Large(8), batch_size=2, num_workers=2, multiprocessing_context=kind):
        assert x.shape == (2, 100_000)
    for _ in DataLoader(Large(8), num_workers=2, multiprocessing_context=kind):
        break


def test_spawned_processes():
    loader = DataLoader(
        Squares(4), batch_size=2, num_workers=1, multiprocessing_context="spawn", persistent_workers=True
    )
    assert seen(loader) == [[0, 1], [4, 9]]
    assert seen(loader) == [[0, 1], [4, 9]]


def test_attributes_are_fixed():
    loader = DataLoader(Squares())
    with pytest.raises(ValueError, match="batch_size attribute should not be set"):
        loader.batch_size = 3
