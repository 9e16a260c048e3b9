"""Whether a data loader keeps up with LeNet on 28x28 images in batches of 64: an epoch fed by it, beside one whose
batches lie ready in memory.

An epoch fed by the loader begins and ends as a user's: order drawn, workers started and ended. Each row is the ratio of
the two, taken in turns; at most 1.05 is asked of two worker threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

import tinygrad_cn as tg
from tinygrad_cn import nn, optim
from tinygrad_cn.datasets import Augmented, Distortion
from tinygrad_cn.utils.data import DataLoader, Dataset, TensorDataset

from .harness import OURS, PAUSE, Row

BATCH, BATCHES = 64, 40
MOST = 1.05


class Bytes(Dataset[tuple[Any, int]]):
    """Images as files hold them, made into numbers one at a time: what a data set of a user's own does."""

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        pixels = self.images[index].astype(np.float32)
        pixels /= 255
        return tg.from_numpy(pixels), int(self.labels[index])


def measure(rounds: int) -> list[Row]:
    """A row for each kind of data set."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (BATCH * BATCHES, 1, 28, 28), dtype=np.uint8)
    labels = rng.integers(0, 10, len(images))
    tensors = TensorDataset(tg.from_numpy(images.astype(np.float32) / 255), tg.from_numpy(labels))
    kinds = {
        "tensors": tensors,
        "one image at a time": Bytes(images, labels),
        "shifted and turned": Augmented(tensors, Distortion(shift=2, rotation=15)),
    }
    ready = list(DataLoader(tensors, BATCH))
    epoch = trainer()
    epoch(ready[:20])
    rows = []
    for kind, dataset in kinds.items():
        row = Row(f"LeNet fed by two workers / from memory: {kind}", "x", {OURS: []})
        row.limit = MOST if dataset is tensors else None
        loader = DataLoader(dataset, BATCH, shuffle=True, num_workers=2)
        for number in range(rounds):
            seconds = {}
            for source in ((ready, loader), (loader, ready))[number % 2]:
                time.sleep(PAUSE)
                start = time.perf_counter()
                epoch(source)
                seconds[source is loader] = time.perf_counter() - start
            row.samples[OURS].append(seconds[True] / seconds[False])
        rows.append(row)
    return rows


def trainer() -> Callable[[Iterable[Any]], None]:
    """LeNet, and a pass of training over batches."""
    model = nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    criterion = nn.CrossEntropyLoss()

    def epoch(batches: Iterable[Any]) -> None:
        for x, y in batches:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()

    return epoch
