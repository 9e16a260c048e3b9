"""Orders, streams and seeds with workers: those of PyTorch."""

import os
import random

import numpy as np
import pytest
from data.workers.loading import Share

import tinygrad_cn as tg
from tinygrad_cn.utils.data import DataLoader

torch = pytest.importorskip("torch")
from torch.utils import data as theirs  # noqa: E402


class Stream(theirs.IterableDataset):
    def __iter__(self):
        worker = theirs.get_worker_info()
        return iter(range(worker.id * 100, worker.id * 100 + 14 // (worker.id + 1)))


class Noise(theirs.Dataset):
    """What the generators of a worker give: the library's, Python's and NumPy's."""

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


def plain(batch):
    return [x.tolist() for x in batch] if isinstance(batch, list) else batch.tolist()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize(
    ("own", "other", "options"),
    [(Noise(tg), Noise(torch), {"shuffle": True}), (Noise(tg), Noise(torch), {}), (Share(14), Stream(), {})],
)
def test_orders_and_streams(own, other, options):
    results = []
    for library, loader, data in ((tg, DataLoader, own), (torch, theirs.DataLoader, other)):
        library.manual_seed(5)
        batches = loader(data, batch_size=2, num_workers=2, multiprocessing_context="fork", **options)
        results.append(([plain(batch) for batch in batches], library.rand(2).tolist()))
    assert results[0] == results[1]
