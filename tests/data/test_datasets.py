"""Data sets, samplers and collating."""

from collections import OrderedDict, namedtuple

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn.utils.data import (
    BatchSampler,
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
    default_convert,
    random_split,
)


class Squares(Dataset):
    def __init__(self, n):
        self.n = n

    def __getitem__(self, i):
        if not 0 <= i < self.n:
            raise IndexError(i)
        return i * i

    def __len__(self):
        return self.n


class Stream(IterableDataset):
    def __init__(self, values):
        self.values = values

    def __iter__(self):
        return iter(self.values)

    def __len__(self):
        return len(self.values)


# ---------------------------------------------------------------------------------------------- sets


def test_tensor_dataset():
    data = TensorDataset(tg.arange(6.0).reshape(3, 2), tg.arange(3))
    assert len(data) == 3
    x, y = data[-1]
    assert x.tolist() == [4.0, 5.0]
    assert y.item() == 2
    with pytest.raises(ValueError, match="Size mismatch between tensors"):
        TensorDataset(tg.ones(3), tg.ones(4))


def test_joined_data_sets():
    joined = Squares(3) + Squares(2) + Squares(1)
    assert isinstance(joined, ConcatDataset)
    assert [joined[i] for i in range(len(joined))] == [0, 1, 4, 0, 1, 0]
    assert joined[-2] == 1
    with pytest.raises(IndexError, match="out of range"):
        joined[6]
    chained = Stream([1, 2]) + Stream([3])
    assert isinstance(chained, ChainDataset)
    assert list(chained) == [1, 2, 3]
    assert len(chained) == 3
    with pytest.raises(TypeError, match="use ChainDataset"):
        ConcatDataset([Stream([1])])
    with pytest.raises(TypeError, match="only supports IterableDataset"):
        list(ChainDataset([Squares(2)]))
    with pytest.raises(ValueError, match="empty"):
        ConcatDataset([])


def test_subsets():
    part = Subset(Squares(10), [2, 5, 7])
    assert list(part) == [4, 25, 49]
    assert part.__getitems__([0, 2]) == [4, 49]
    assert Subset(TensorDataset(tg.arange(9)), [1, 3, 5])[[0, 2]][0].tolist() == [1, 5]


def test_random_split():
    tg.manual_seed(0)
    parts = random_split(Squares(10), [7, 3])
    assert sorted(i for part in parts for i in part.indices) == list(range(10))
    again = random_split(Squares(10), [7, 3], generator=tg.Generator().manual_seed(0))
    assert [part.indices for part in parts] == [part.indices for part in again]
    assert [len(part) for part in random_split(Squares(11), [0.5, 0.25, 0.25])] == [6, 3, 2]
    with pytest.raises(ValueError, match="Sum of input lengths"):
        random_split(Squares(10), [7, 4])
    with pytest.raises(ValueError, match="Fraction at index 0"):
        random_split(Squares(10), [-0.5, 1.5])
    with pytest.warns(UserWarning, match="index 1 is 0"):
        random_split(Squares(2), [0.99, 0.01])


def test_datasets_that_define_nothing_say_so():
    with pytest.raises(NotImplementedError, match="Dataset should define __getitem__"):
        Dataset()[0]
    with pytest.raises(NotImplementedError, match="__iter__"):
        iter(IterableDataset())


# ------------------------------------------------------------------------------------------ samplers


def test_orders():
    assert list(SequentialSampler(range(3))) == [0, 1, 2]
    order = list(RandomSampler(range(100)))
    assert sorted(order) == list(range(100))
    assert order != list(RandomSampler(range(100)))
    assert len(list(RandomSampler(range(10), num_samples=25))) == len(RandomSampler(range(10), num_samples=25)) == 25
    drawn = list(RandomSampler(range(10), replacement=True, num_samples=70))
    assert len(drawn) == 70
    assert set(drawn) <= set(range(10))
    assert sorted(SubsetRandomSampler([3, 5, 8])) == [3, 5, 8]
    assert set(WeightedRandomSampler([0, 1, 0, 1], 50)) == {1, 3}
    assert sorted(WeightedRandomSampler(tg.tensor([0.0, 1, 0, 1]), 2, replacement=False)) == [1, 3]


@pytest.mark.parametrize("drop_last", [False, True])
def test_batches_of_indices(drop_last):
    sampler = BatchSampler(SequentialSampler(range(7)), 3, drop_last)
    assert list(sampler) == [[0, 1, 2], [3, 4, 5], [6]][: 2 if drop_last else 3]
    assert len(sampler) == (2 if drop_last else 3)
    assert list(BatchSampler(iter("abcd"), 2, False)) == [["a", "b"], ["c", "d"]]


def test_samplers_refuse():
    for size in (0, -1, True, 2.0):
        with pytest.raises(ValueError, match="batch_size should be a positive integer"):
            BatchSampler(range(3), size, False)
    with pytest.raises(ValueError, match="drop_last"):
        BatchSampler(range(3), 1, 0)
    with pytest.raises(ValueError, match="num_samples"):
        RandomSampler([])
    with pytest.raises(TypeError, match="replacement"):
        RandomSampler([1], replacement=1)
    with pytest.raises(ValueError, match="num_samples"):
        WeightedRandomSampler([1.0], 0)
    with pytest.raises(ValueError, match="1d sequence"):
        WeightedRandomSampler([[1.0]], 1)


# ----------------------------------------------------------------------------------------- collating

Pair = namedtuple("Pair", "left right")


def test_collating():
    def check(batch, expected, dtype):
        result = default_collate(batch)
        assert result.tolist() == expected
        assert result.dtype == dtype

    check([1, 2], [1, 2], tg.int64)
    check([1.5, 2.5], [1.5, 2.5], tg.float64)
    check([True, False], [True, False], tg.bool)
    check([tg.ones(2), tg.zeros(2)], [[1.0, 1.0], [0.0, 0.0]], tg.float32)
    check([np.ones(1), np.zeros(1)], [[1.0], [0.0]], tg.float64)
    check([np.float32(1), np.float32(2)], [1.0, 2.0], tg.float32)
    check([np.int32(1), np.int32(2)], [1, 2], tg.int32)
    assert default_collate(["a", "b"]) == ["a", "b"]
    pair = default_collate([Pair(1, "a"), Pair(2, "b")])
    assert isinstance(pair, Pair)
    assert pair.left.tolist() == [1, 2]
    nested = default_collate([(1, [2, {"k": 3.0}]), (4, [5, {"k": 6.0}])])
    assert isinstance(nested, list)
    assert nested[0].tolist() == [1, 4]
    assert nested[1][1]["k"].tolist() == [3.0, 6.0]
    assert type(default_collate([OrderedDict(a=1), OrderedDict(a=2)])) is OrderedDict


def test_collating_refuses():
    with pytest.raises(TypeError, match="collate_fn"):
        default_collate([object()])
    with pytest.raises(TypeError, match="numbers"):
        default_collate([np.array(["a"])])
    with pytest.raises(RuntimeError, match="equal size"):
        default_collate([[1], [1, 2]])
    with pytest.raises((RuntimeError, ValueError)):
        default_collate([tg.ones(2), tg.ones(3)])


def test_converting():
    sample = default_convert({"a": np.ones(2), "b": (np.float32(1), "text", 3), "c": np.array(["x"])})
    assert isinstance(sample["a"], tg.Tensor)
    assert sample["b"][0].item() == 1.0
    assert sample["b"][1:] == ["text", 3]
    assert isinstance(sample["c"], np.ndarray)
