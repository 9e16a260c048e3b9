"""A chain of 100,000 nodes: built, swept and freed. The time is that of the graph alone: there is one number in it."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from .harness import NUMPY, OURS, TORCH, Row, Run, interleave, ready, repeat

LENGTH = 100_000
FACTOR = 1.00001


def measure(rounds: int) -> list[Row]:
    """One row."""
    notes = ["MyGrad left out of the chain: a round of it takes ten seconds and more"]
    row = Row(f"chain of {LENGTH:,} nodes", "ms", {}, most={TORCH: 0.8}, notes=notes)
    builders = {
        OURS: lambda: on_tensors("tinygrad_cn"),
        NUMPY: by_hand,
        TORCH: lambda: on_tensors("torch"),
        "autograd": on_autograd,
    }
    seconds = interleave(ready(builders, row.notes), max(5, rounds // 3))
    row.samples = {engine: [t * 1e3 for t in ts] for engine, ts in seconds.items()}
    return [row]


def multiplied(x: Any) -> Any:
    for _ in range(LENGTH):
        x = x * FACTOR
    return x


def on_tensors(name: str) -> Run:
    library = importlib.import_module(name)

    def step() -> Any:
        x = library.ones(1, dtype=library.float64, requires_grad=True)
        multiplied(x).backward()
        return x.grad

    return repeat(step)


def by_hand() -> Run:
    def step() -> Any:
        multiplied(np.ones(1))
        return multiplied(np.ones(1))  # the gradient

    return repeat(step)


def on_autograd() -> Run:
    autograd = importlib.import_module("autograd")
    gradient = autograd.elementwise_grad(multiplied)
    return repeat(lambda: gradient(np.ones(1)))
