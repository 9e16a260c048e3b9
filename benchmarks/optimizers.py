"""A step of an optimizer on a million parameters: its time beside PyTorch and NumPy written out, and its memory."""

from __future__ import annotations

import importlib
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from .harness import NUMPY, OURS, TORCH, Row, Run, interleave, ready, repeat

SIZE = 1_000_000

#: The optimizer, its options, and how many times PyTorch's time is asked for.
CASES: dict[str, tuple[str, dict[str, Any], float]] = {
    "Adam": ("Adam", {}, 1.5),
    "AdamW": ("AdamW", {}, 1.5),
    "SGD": ("SGD", {}, 1.5),
    "SGD, momentum": ("SGD", {"momentum": 0.9}, 1.2),
}


def measure(rounds: int) -> list[Row]:
    """A row of time for each case, and one of bytes."""
    rows = [_timed(title, *case, rounds) for title, case in CASES.items()]
    return [*rows, *(_allocated(title, *case[:2]) for title, case in CASES.items())]


def _arrays() -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    weight, gradient = draw.standard_normal((2, SIZE), np.float32)
    return weight, gradient


def _optimizer(library: str, name: str, options: dict[str, Any]) -> Any:
    lib, optim = importlib.import_module(library), importlib.import_module(f"{library}.optim")
    weight, gradient = _arrays()
    param = lib.tensor(weight, requires_grad=True)
    param.grad = lib.tensor(gradient)
    return getattr(optim, name)([param], lr=0.001, **options)


def _timed(title: str, name: str, options: dict[str, Any], most: float, rounds: int) -> Row:
    builders: dict[str, Callable[[], Run]] = {
        OURS: lambda: repeat(_optimizer("tinygrad_cn", name, options).step),
        NUMPY: lambda: repeat(_written_out(name, options)),
        TORCH: lambda: repeat(_optimizer("torch", name, options).step),
    }
    row = Row(f"{title} step, 1 M parameters", "ms", {}, most={TORCH: most})
    seconds = interleave(ready(builders, row.notes), rounds)
    row.samples = {engine: [1e3 * t for t in ts] for engine, ts in seconds.items()}
    return row


def _allocated(title: str, name: str, options: dict[str, Any]) -> Row:
    """The most that is allocated at a time within the fourth step; the parameters have 3906 KB."""
    optimizer = _optimizer("tinygrad_cn", name, options)
    for _ in range(3):
        optimizer.step()
    tracemalloc.start()
    optimizer.step()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return Row(f"{title} step, allocated", "KB", {OURS: [peak / 1024]}, limit=16)


def _written_out(name: str, options: dict[str, Any]) -> Callable[[], None]:
    """The update as one writes it by hand, with new arrays for what is in between."""
    w, g = _arrays()
    m, v = np.zeros_like(w), np.zeros_like(w)
    t = 0

    def adam() -> None:
        nonlocal w, m, v, t
        t += 1
        if name == "AdamW":
            w *= 1 - 0.001 * 0.01
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        w -= 0.001 / (1 - 0.9**t) * m / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)

    def sgd() -> None:
        nonlocal w, m
        if options:
            m = 0.9 * m + g
            w -= 0.001 * m
        else:
            w -= 0.001 * g

    return sgd if name == "SGD" else adam
