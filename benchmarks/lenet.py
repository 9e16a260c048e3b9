"""A training step of LeNet on 64 images of 28x28: zero_grad, forward, cross-entropy, backward, SGD."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from . import lenet_by_hand
from .harness import NUMPY, OURS, TORCH, Row, Run, interleave, ready, repeat
from .training import RATE, libraries, training

BATCH = 64

#: (out, in, ...) of each layer: two convolutions, three matrices.
SHAPES = ((6, 1, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (10, 84))


class Problem:
    """The images, their classes, and the parameters to start from."""

    def __init__(self, batch: int = BATCH) -> None:
        rng = np.random.default_rng(0)
        self.x = rng.random((batch, 1, 28, 28), dtype=np.float32)
        self.target = rng.integers(10, size=batch)
        self.weights = [(rng.standard_normal(s) / np.prod(s[1:]) ** 0.5).astype(np.float32) for s in SHAPES]
        self.biases = [np.zeros(s[0], np.float32) for s in SHAPES]


def builders(problem: Problem) -> dict[str, Callable[[], Run]]:
    return {
        OURS: lambda: with_modules("tinygrad_cn", problem),
        NUMPY: lambda: lenet_by_hand.build(problem.x, problem.target, problem.weights, problem.biases, RATE),
        TORCH: lambda: with_modules("torch", problem),
        "MyGrad": lambda: on_mygrad(problem),
        "autograd": on_autograd,
    }


def measure(rounds: int) -> list[Row]:
    """One row."""
    row = Row(f"step of LeNet, batch {BATCH}, 28x28", "ms", {}, {TORCH: 1.0})
    seconds = interleave(ready(builders(Problem()), row.notes), rounds)
    row.samples = {engine: [t * 1e3 for t in ts] for engine, ts in seconds.items()}
    return [row]


def with_modules(name: str, problem: Problem) -> Run:
    nn = libraries(name)[1]
    first, second = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
    linear = [nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)]
    model = nn.Sequential(
        *(first, nn.ReLU(), nn.MaxPool2d(2)),
        *(second, nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), linear[0], nn.ReLU(), linear[1], nn.ReLU(), linear[2]),
    )
    return training(name, problem, model, [first, second, *linear])


def on_mygrad(problem: Problem) -> Run:
    mg, nnet = importlib.import_module("mygrad"), importlib.import_module("mygrad.nnet")
    conv, pool, relu = nnet.layers.conv_nd, nnet.layers.max_pool, nnet.activations.relu
    weights = [mg.tensor(w if w.ndim == 4 else w.T.copy()) for w in problem.weights]
    biases = [
        mg.tensor(b.reshape(1, -1, 1, 1) if w.ndim == 4 else b) for w, b in zip(weights, problem.biases, strict=True)
    ]

    def step() -> Any:
        signal = pool(relu(conv(problem.x, weights[0], stride=1, padding=2) + biases[0]), (2, 2), 2)
        signal = pool(relu(conv(signal, weights[1], stride=1) + biases[1]), (2, 2), 2).reshape(len(problem.x), -1)
        for w, b in zip(weights[2:4], biases[2:4], strict=True):
            signal = relu(mg.matmul(signal, w) + b)
        loss = nnet.losses.softmax_crossentropy(mg.matmul(signal, weights[4]) + biases[4], problem.target)
        loss.backward()
        for p in weights + biases:
            p.data -= RATE * p.grad
        return loss

    return repeat(step)


def on_autograd() -> Run:
    importlib.import_module("autograd")
    raise NotImplementedError("it has no convolution layer and no pooling")
