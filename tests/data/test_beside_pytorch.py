"""The same calls on PyTorch's data sets, samplers and collating: the same results, the same kinds of refusal."""

import collections

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn.utils import data as ours

torch = pytest.importorskip("torch")
from torch.utils import data as theirs  # noqa: E402

Point = collections.namedtuple("Point", "a b")


def plain(x):
    if isinstance(x, torch.Tensor | tg.Tensor):
        return str(x.dtype).rpartition(".")[2], tuple(x.shape), x.tolist()
    if isinstance(x, dict):
        return {key: plain(value) for key, value in x.items()}
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x).__name__, [plain(value) for value in x]
    if isinstance(x, list | tuple):
        return type(x).__name__, [plain(value) for value in x]
    return x


def collated(*samples):
    return lambda lib, data: data.default_collate(list(samples))


def seeded(call):
    def run(lib, data):
        lib.manual_seed(3)
        return call(lib, data)

    return run


RESULTS = [
    *(collated(*pair) for pair in ((True, False), (1, 2), (1.5, 2), (1, 2.5), ("a", "b"), (b"a", b"b"))),
    collated(Point(1, "x"), Point(2, "y")),
    collated({"a": [1, 2], "b": {"c": "x"}}, {"a": [3, 4], "b": {"c": "y"}}),
    collated((1, (2, 3)), (4, (5, 6))),
    collated(range(3), range(3)),
    *(collated(kind(1), kind(0)) for kind in (np.float32, np.int16, np.bool_, np.array)),
    collated(np.ones((2, 3)), np.zeros((2, 3))),
    lambda lib, data: data.default_convert({"a": np.ones(2), "b": [1, "x"], "c": (np.float64(2),)}),
    lambda lib, data: data.default_convert(Point(np.ones(1), 3)),
    lambda lib, data: list(data.ConcatDataset([range(3), range(5)])),
    lambda lib, data: data.ConcatDataset([range(3), range(5)])[-8],
    lambda lib, data: data.StackDataset(range(3), "abc")[1],
    lambda lib, data: data.StackDataset(n=range(3), s="abc")[-1],
    lambda lib, data: data.StackDataset(n=range(3), s="abc").__getitems__([2, 0]),
    lambda lib, data: list(data.DataLoader(data.StackDataset(n=range(3), s="abc"), 2)),
    lambda lib, data: list(data.DataLoader(data.StackDataset(data.TensorDataset(lib.arange(3)), range(3)), 2)),
    lambda lib, data: list(data.DataLoader(data.StackDataset(a=data.TensorDataset(lib.arange(3))), 2)),
    lambda lib, data: list(
        data.DataLoader(data.StackDataset(data.TensorDataset(lib.arange(3)), data.TensorDataset(lib.ones(3))), 2)
    ),
    *(
        (lambda lib, data, options=options: list(data.DistributedSampler(range(10), *options)))
        for options in ((3, 0), (3, 2), (3, 1, False), (4, 3, True, 5), (4, 1, False, 0, True), (20, 15, False))
    ),
    lambda lib, data: [len(data.DistributedSampler(range(11), 4, 1, drop_last=drop)) for drop in (True, False)],
    seeded(lambda lib, data: list(data.WeightedRandomSampler([1, 2, 3, 4], 5))),
    seeded(lambda lib, data: list(data.WeightedRandomSampler([1.0, 2, 3, 4], 3, False))),
    seeded(lambda lib, data: list(data.RandomSampler(range(5), True, 70))),
    seeded(lambda lib, data: list(data.RandomSampler(range(5), num_samples=7))),
    seeded(lambda lib, data: list(data.SubsetRandomSampler([3, 8, 9]))),
    seeded(lambda lib, data: [part.indices for part in data.random_split(range(7), [0.5, 0.5])]),
    lambda lib, data: [len(part) for part in data.random_split(range(10), [0.33, 0.33, 0.34])],
    lambda lib, data: data.DataLoader(range(4), num_workers=2).prefetch_factor,
    lambda lib, data: data.DataLoader(range(4)).prefetch_factor,
    lambda lib, data: list(data.DataLoader({0: 1, 1: 2}, batch_size=2)),
    lambda lib, data: list(data.DataLoader(lib.arange(4), 2)),
    lambda lib, data: list(data.DataLoader([], 2)),
]


@pytest.mark.parametrize("call", RESULTS)
def test_results(call):
    assert plain(call(tg, ours)) == plain(call(torch, theirs))


REFUSALS = [
    *(collated(sample, sample) for sample in (None, {"a": None}, 1j, {1}, np.array(["a"]))),
    collated([1, 2], [3]),
    collated({"a": 1}, {"b": 2}),
    collated(np.ones(3), np.ones(4)),
    collated(),
    lambda lib, data: data.StackDataset(),
    lambda lib, data: data.StackDataset(range(3), a=range(3)),
    lambda lib, data: data.StackDataset(range(3), range(4)),
    lambda lib, data: data.DistributedSampler(range(3), 2, 2),
    lambda lib, data: data.WeightedRandomSampler([1, 2], 0),
    lambda lib, data: data.WeightedRandomSampler([[1, 2]], 2),
    lambda lib, data: data.WeightedRandomSampler([1, 2], 2, replacement=1),
    lambda lib, data: data.random_split(range(10), [3, 4]),
    lambda lib, data: data.random_split(range(10), [-0.5, 1.5]),
    lambda lib, data: data.BatchSampler(range(3), 0, False),
    lambda lib, data: data.BatchSampler(range(3), 2, None),
    lambda lib, data: data.RandomSampler([]),
    lambda lib, data: data.RandomSampler([1], replacement=None),
    lambda lib, data: data.RandomSampler([1], num_samples=-1),
    lambda lib, data: data.Dataset()[0],
    lambda lib, data: data.DataLoader(range(4), batch_size=-1),
    lambda lib, data: data.DataLoader(range(4), batch_size=2.0),
    lambda lib, data: data.DataLoader(range(4), num_workers=2, prefetch_factor=-1),
    lambda lib, data: data.DataLoader(range(4), multiprocessing_context="fork"),
]


@pytest.mark.parametrize("call", REFUSALS)
def test_refusals(call):
    try:
        call(torch, theirs)
    except Exception as error:
        kind = type(error)
    with pytest.raises(kind):
        call(tg, ours)


def test_samples_of_different_shapes_are_told_the_remedy():
    with pytest.raises(RuntimeError, match=r"(?s)tensor 0 has \[3\] and tensor 1 has \[4\].*pad_sequence"):
        ours.default_collate([tg.ones(3), tg.ones(4)])


def test_a_data_set_that_gives_too_many_at_once():
    class Many(ours.Dataset):
        def __len__(self):
            return 3

        def __getitems__(self, indices):
            return [0] * 5

    with pytest.raises(ValueError, match="Expected 2, got 5 from Many"):
        ours.StackDataset(Many()).__getitems__([0, 1])


@pytest.mark.parametrize("workers", [0, 2])
def test_more_batches_than_a_stream_said(workers):
    class Liar(ours.IterableDataset):
        def __len__(self):
            return 4

        def __iter__(self):
            return iter(range(6))

    loader = ours.DataLoader(Liar(), batch_size=2, num_workers=workers)
    list(loader)  # nobody asked
    assert len(loader) == 2
    with pytest.warns(UserWarning, match="reported to be 2 batches"):
        list(loader)
