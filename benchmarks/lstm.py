"""A training step of an LSTM over 32 steps: zero_grad, forward, mean squared error, backward, SGD."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .harness import OURS, TORCH, Row, Run, interleave, ready
from .training import libraries, steps

BATCH, LENGTH, WIDTH = 16, 32, 64


def builders(batch: int = BATCH) -> dict[str, Callable[[], Run]]:
    return {OURS: lambda: with_modules("tinygrad_cn", batch), TORCH: lambda: with_modules("torch", batch)}


def measure(rounds: int) -> list[Row]:
    """One row."""
    row = Row(f"step of LSTM {WIDTH} -> {WIDTH}, batch {BATCH}, {LENGTH} steps", "ms", {}, {TORCH: 1.5})
    seconds = interleave(ready(builders(), row.notes), rounds)
    row.samples = {engine: [t * 1e3 for t in ts] for engine, ts in seconds.items()}
    return [row]


def with_modules(name: str, batch: int) -> Run:
    lib, nn, _ = libraries(name)
    lib.manual_seed(0)  # the same parameters in both
    rng = np.random.default_rng(1)
    x, target = (lib.tensor(rng.standard_normal((LENGTH, batch, WIDTH), dtype=np.float32)) for _ in range(2))
    model, criterion = nn.LSTM(WIDTH, WIDTH), nn.MSELoss()

    def loss() -> Any:
        out, _ = model(x)
        return criterion(out, target)

    return steps(name, model, loss)
