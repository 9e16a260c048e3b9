"""Loaders beside PyTorch's: the same orders for the same seed, and as many draws."""

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn.utils import data

torch = pytest.importorskip("torch")
reference = pytest.importorskip("torch.utils.data")

N = 103
LOADERS = {
    "plain": lambda lib, data, ds: data.DataLoader(ds, batch_size=10),
    "shuffled": lambda lib, data, ds: data.DataLoader(ds, batch_size=10, shuffle=True),
    "shuffled, last dropped": lambda lib, data, ds: data.DataLoader(ds, batch_size=10, shuffle=True, drop_last=True),
    "own generator": lambda lib, data, ds: data.DataLoader(
        ds, batch_size=10, shuffle=True, generator=lib.Generator().manual_seed(5)
    ),
    "split": lambda lib, data, ds: data.DataLoader(
        data.random_split(ds, [0.5, 0.3, 0.2])[1], batch_size=4, shuffle=True
    ),
    "weighted": lambda lib, data, ds: data.DataLoader(ds, sampler=data.WeightedRandomSampler(range(N), 50)),
    "subset": lambda lib, data, ds: data.DataLoader(ds, batch_size=4, sampler=data.SubsetRandomSampler(range(3, 30))),
    "replacement": lambda lib, data, ds: data.DataLoader(
        ds, batch_size=4, sampler=data.RandomSampler(ds, replacement=True, num_samples=70)
    ),
    "several orders": lambda lib, data, ds: data.DataLoader(
        ds, batch_size=4, sampler=data.RandomSampler(ds, num_samples=270)
    ),
    "joined": lambda lib, data, ds: data.DataLoader(data.ConcatDataset([ds, ds]), batch_size=7, shuffle=True),
    "no batches": lambda lib, data, ds: data.DataLoader(ds, batch_size=None, shuffle=True),
}


def passes(lib, data, make):
    dataset = data.TensorDataset(lib.from_numpy(np.arange(3.0 * N).reshape(N, 3)), lib.from_numpy(np.arange(N)))
    lib.manual_seed(3)
    loader = make(lib, data, dataset)
    visited = [[[part.tolist() for part in batch] for batch in loader] for _ in range(2)]
    return visited, len(loader), lib.rand(1).item()


@pytest.mark.parametrize("make", LOADERS.values(), ids=LOADERS)
def test_orders(make):
    assert passes(tg, data, make) == passes(torch, reference, make)


def test_collating():
    samples = [(1, 2.0, "a", {"x": np.ones(2), "y": [True, np.float32(3)]}) for _ in range(2)]
    ours, theirs = data.default_collate(samples), reference.default_collate(samples)
    assert type(ours) is type(theirs) is list
    assert ours[2] == theirs[2]
    for a, b in [
        (ours[0], theirs[0]),
        (ours[1], theirs[1]),
        (ours[3]["x"], theirs[3]["x"]),
        (ours[3]["y"][0], theirs[3]["y"][0]),
        (ours[3]["y"][1], theirs[3]["y"][1]),
    ]:
        assert str(b.dtype) == f"torch.{a.dtype}"
        assert a.tolist() == b.tolist()
