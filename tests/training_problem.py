"""A small problem that is learned in no time."""

import numpy as np

import tinygrad_cn as tg
from tinygrad_cn import nn, optim
from tinygrad_cn.training import RandomStreams, accuracy, fit
from tinygrad_cn.utils.data import DataLoader, TensorDataset


class Problem:
    """Three clouds of points in the plane, a network with dropout and batch normalisation, and what trains it."""

    def __init__(self, seed=0, samples=90, batch_size=10, lr=0.05, optimizer=optim.Adam):
        rng = np.random.default_rng(0)
        labels = np.arange(samples) % 3
        points = rng.normal(size=(samples, 2)) + 3 * np.stack([np.cos(2 * labels), np.sin(2 * labels)], axis=1)
        self.data = TensorDataset(tg.from_numpy(points.astype(np.float32)), tg.from_numpy(labels))
        self.streams = RandomStreams(seed)
        with self.streams.as_default("init"):
            self.model = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 3))
        self.loader = DataLoader(self.data, batch_size=batch_size, shuffle=True, generator=self.streams["shuffle"])
        self.validation = DataLoader(self.data, batch_size=50)
        self.optimizer = optimizer(self.model.parameters(), lr=lr)

    def fit(self, epochs, **options):
        options = {"validation": self.validation, "metrics": {"accuracy": accuracy}, "streams": self.streams} | options
        return fit(self.model, self.loader, nn.CrossEntropyLoss(), self.optimizer, epochs, **options)

    def weights(self):
        """The bytes of all weights and statistics."""
        return [value.numpy().tobytes() for value in self.model.state_dict().values()]
