"""Forward and backward pass of single layers that take other means than products of matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .harness import OURS, TORCH, Row, Run, interleave, ready, repeat
from .training import libraries


def measure(rounds: int) -> list[Row]:
    """A row for each layer."""
    rows = []
    for title, build in (
        ("depthwise convolution 3x3, 16 x 32 x 28x28", depthwise),
        ("grid_sample, 8 x 16 x 32x32", grid_sample),
        ("CTC, 16 sequences of 50 steps", ctc),
        ("EmbeddingBag, 64 bags of 20 of 1,000 x 64", embedding_bag),
    ):
        row = Row(title, "ms", {}, {TORCH: 2.0})
        builders = {engine: _builder(build, name) for engine, name in ((OURS, "tinygrad_cn"), (TORCH, "torch"))}
        seconds = interleave(ready(builders, row.notes), rounds)
        row.samples = {engine: [t * 1e3 for t in ts] for engine, ts in seconds.items()}
        rows.append(row)
    return rows


def _builder(build: Callable[[str], Run], name: str) -> Callable[[], Run]:
    return lambda: build(name)


def _swept(name: str, inputs: list[Any], function: Callable[[], Any]) -> Run:
    """``function``, its results multiplied with fixed numbers and added up, and the gradients in ``inputs``."""
    lib = libraries(name)[0]
    shape = tuple(function().shape)
    weights = lib.tensor(np.random.default_rng(2).standard_normal(shape).astype(np.float32))

    def step() -> Any:
        for x in inputs:
            x.grad = None
        out = function()
        out.backward(weights)
        return sum(float(abs(x.grad).sum()) for x in inputs)

    return repeat(step)


def _leaf(lib: Any, rng: Any, *shape: int) -> Any:
    return lib.tensor(rng.standard_normal(shape).astype(np.float32), requires_grad=True)


def depthwise(name: str) -> Run:
    lib, nn, _ = libraries(name)
    rng = np.random.default_rng(1)
    x, w, b = _leaf(lib, rng, 16, 32, 28, 28), _leaf(lib, rng, 32, 1, 3, 3), _leaf(lib, rng, 32)
    return _swept(name, [x, w, b], lambda: nn.functional.conv2d(x, w, b, padding=1, groups=32))


def grid_sample(name: str) -> Run:
    lib, nn, _ = libraries(name)
    rng = np.random.default_rng(1)
    x = _leaf(lib, rng, 8, 16, 32, 32)
    grid = lib.tensor(rng.uniform(-1, 1, (8, 32, 32, 2)).astype(np.float32), requires_grad=True)
    return _swept(name, [x, grid], lambda: nn.functional.grid_sample(x, grid, align_corners=False))


def ctc(name: str) -> Run:
    lib, nn, _ = libraries(name)
    rng = np.random.default_rng(1)
    scores = _leaf(lib, rng, 50, 16, 20)
    target = lib.tensor(rng.integers(1, 20, (16, 10)))
    lengths = lib.tensor(np.full(16, 50)), lib.tensor(rng.integers(5, 11, 16))
    return _swept(
        name, [scores], lambda: nn.functional.ctc_loss(scores.log_softmax(2), target, *lengths, reduction="none")
    )


def embedding_bag(name: str) -> Run:
    lib, nn, _ = libraries(name)
    rng = np.random.default_rng(1)
    table = _leaf(lib, rng, 1000, 64)
    indices = lib.tensor(rng.integers(1000, size=(64, 20)))
    return _swept(name, [table], lambda: nn.functional.embedding_bag(indices, table, mode="mean"))
