"""Data sets for loaders with workers, the kinds of workers, and those that run."""

import multiprocessing
import os
import threading

import pytest

from tinygrad_cn.utils.data import Dataset, IterableDataset, get_worker_info

FORK = pytest.param("fork", marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system"))
KINDS = [None, FORK]


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
