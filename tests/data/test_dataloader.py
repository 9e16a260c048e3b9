"""DataLoader: batches, orders, the short way for tensors, refusals."""

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn.utils.data import (
    BatchSampler,
    DataLoader,
    IterableDataset,
    Subset,
    TensorDataset,
    default_collate,
    get_worker_info,
)


def tensors(n=10):
    return TensorDataset(tg.arange(2.0 * n).reshape(n, 2), tg.arange(n))


def seen(loader):
    return [y.tolist() for _, y in loader]


def test_batches():
    assert seen(DataLoader(tensors(), batch_size=4)) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert seen(DataLoader(tensors(), batch_size=4, drop_last=True)) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert len(DataLoader(tensors(), batch_size=4)) == 3
    assert len(DataLoader(tensors(), batch_size=4, drop_last=True)) == 2
    x, _ = next(iter(DataLoader(tensors(), batch_size=4)))
    assert x.shape == (4, 2)


def test_shuffled_passes_differ_and_repeat_with_the_seed():
    def passes():
        tg.manual_seed(1)
        loader = DataLoader(tensors(100), batch_size=7, shuffle=True)
        return seen(loader), seen(loader)

    first, second = passes()
    assert sorted(y for batch in first for y in batch) == list(range(100))
    assert first != second
    assert passes() == (first, second)
    loaders = [DataLoader(tensors(), shuffle=True, generator=tg.Generator().manual_seed(4)) for _ in range(2)]
    assert seen(loaders[0]) == seen(loaders[1])


def test_the_short_way_for_tensors_gives_what_collating_gives():
    data = TensorDataset(tg.randn(9, 2, 3), tg.arange(9), tg.rand(9) > 0.5, tg.ones(9, 1, dtype=tg.float64))
    for dataset in (data, Subset(data, [8, 1, 3, 3, 0]), Subset(Subset(data, [8, 1, 3]), [2, 0])):
        quick = DataLoader(dataset, batch_size=4)
        slow = DataLoader(dataset, batch_size=4, collate_fn=lambda samples: default_collate(samples))
        for a, b in zip(quick, slow, strict=True):
            assert type(a) is type(b) is list
            for s, t in zip(a, b, strict=True):
                assert s.dtype == t.dtype
                assert np.array_equal(s.numpy(), t.numpy())


def test_the_short_way_is_not_taken_past_an_override():
    class Doubled(TensorDataset):
        def __getitem__(self, index):
            return tuple(2 * t for t in super().__getitem__(index))

    class Shifted(Subset):
        def __getitem__(self, index):
            return tuple(t + 1 for t in super().__getitem__(index))

        def __getitems__(self, indices):
            return [self[i] for i in indices]

    assert next(iter(DataLoader(Doubled(tg.arange(3)), batch_size=3)))[0].tolist() == [0, 2, 4]
    assert next(iter(DataLoader(Shifted(TensorDataset(tg.arange(3)), [2, 0]), batch_size=2)))[0].tolist() == [3, 1]


def test_gradients_flow_through_batches():
    x = tg.ones(4, 2, requires_grad=True)
    for (batch,) in DataLoader(TensorDataset(x), batch_size=3):
        batch.sum().backward()
    assert x.grad.tolist() == [[1.0, 1.0]] * 4


def test_any_sequence_is_a_data_set():
    assert [b.tolist() for b in DataLoader(range(5), batch_size=2)] == [[0, 1], [2, 3], [4]]
    assert list(DataLoader(["a", "b", "c"], batch_size=2)) == [["a", "b"], ["c"]]
    batch = next(iter(DataLoader([{"x": np.ones(2), "y": 1}] * 2, batch_size=2)))
    assert batch["x"].shape == (2, 2)
    assert batch["y"].tolist() == [1, 1]


def test_samplers_and_functions_of_ones_own():
    assert seen(DataLoader(tensors(), batch_size=2, sampler=[3, 1, 2])) == [[3, 1], [2]]
    assert seen(DataLoader(tensors(), batch_sampler=[[0], [1, 2]])) == [[0], [1, 2]]
    assert len(DataLoader(tensors(), batch_sampler=BatchSampler(range(5), 2, True))) == 2
    assert list(DataLoader(range(4), batch_size=2, collate_fn=sum)) == [1, 5]


def test_without_batches():
    assert list(DataLoader(range(3), batch_size=None)) == [0, 1, 2]
    (sample,) = DataLoader([np.ones(2)], batch_size=None)
    assert isinstance(sample, tg.Tensor)
    assert len(DataLoader(range(3), batch_size=None)) == 3


class Stream(IterableDataset):
    def __iter__(self):
        assert get_worker_info() is None
        return iter(range(5))

    def __len__(self):
        return 5


def test_streams():
    assert [b.tolist() for b in DataLoader(Stream(), batch_size=2)] == [[0, 1], [2, 3], [4]]
    assert [b.tolist() for b in DataLoader(Stream(), batch_size=2, drop_last=True)] == [[0, 1], [2, 3]]
    assert list(DataLoader(Stream(), batch_size=None)) == [0, 1, 2, 3, 4]
    assert len(DataLoader(Stream(), batch_size=2)) == 3
    assert len(DataLoader(Stream(), batch_size=2, drop_last=True)) == 2
    for options in ({"shuffle": True}, {"sampler": [0]}, {"batch_sampler": [[0]]}):
        with pytest.raises(ValueError, match="IterableDataset"):
            DataLoader(Stream(), **options)


def test_workers_are_accepted():
    loader = DataLoader(
        tensors(), batch_size=5, num_workers=2, worker_init_fn=print, persistent_workers=True, prefetch_factor=2
    )
    assert seen(loader) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"sampler": [0], "shuffle": True}, "mutually exclusive with shuffle"),
        ({"batch_sampler": [[0]], "batch_size": 2}, "batch_sampler option is mutually exclusive"),
        ({"batch_sampler": [[0]], "drop_last": True}, "batch_sampler option is mutually exclusive"),
        ({"batch_size": None, "drop_last": True}, "mutually exclusive with drop_last"),
        ({"batch_size": 0}, "positive integer"),
        ({"num_workers": -1}, "non-negative"),
        ({"timeout": -1}, "non-negative"),
        ({"prefetch_factor": 2}, "num_workers > 0"),
        ({"persistent_workers": True}, "num_workers > 0"),
    ],
)
def test_options_that_exclude_each_other(options, match):
    with pytest.raises(ValueError, match=match):
        DataLoader(tensors(), **options)
