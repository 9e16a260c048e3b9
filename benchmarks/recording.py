"""What recording costs: the time of an op on a small traced tensor, less the time of the NumPy call inside it.

The arrays are 4x4, so that there is next to no arithmetic; all engines run in one thread here.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from itertools import repeat
from typing import Any

import numpy as np

from .harness import NUMPY, OURS, TORCH, Row, Run, interleave, ready

#: The op, as NumPy and what imitates it spell it, and as PyTorch's API spells it: operator, function, method.
OPS: dict[str, tuple[Callable[..., Any], dict[str, Callable[..., Any]]]] = {
    "add": (
        lambda np, x, y: x + y,
        {"x + y": lambda tg, x, y: x + y, "x.add(y)": lambda tg, x, y: x.add(y)},
    ),
    "multiply": (
        lambda np, x, y: x * y,
        {"x * y": lambda tg, x, y: x * y, "x * 2.0": lambda tg, x, y: x * 2.0, "x.mul(y)": lambda tg, x, y: x.mul(y)},
    ),
    "exp": (
        lambda np, x, y: np.exp(x),
        {"exp(x)": lambda tg, x, y: tg.exp(x), "x.exp()": lambda tg, x, y: x.exp()},
    ),
    "tanh": (
        lambda np, x, y: np.tanh(x),
        {"tanh(x)": lambda tg, x, y: tg.tanh(x), "x.tanh()": lambda tg, x, y: x.tanh()},
    ),
    "sum": (
        lambda np, x, y: x.sum(),
        {"x.sum()": lambda tg, x, y: x.sum()},
    ),
    "sum over an axis": (
        lambda np, x, y: x.sum(axis=0),
        {"x.sum(0)": lambda tg, x, y: x.sum(0)},
    ),
    "matmul": (
        lambda np, x, y: x @ y,
        {"x @ y": lambda tg, x, y: x @ y, "x.matmul(y)": lambda tg, x, y: x.matmul(y)},
    ),
    "view": (
        lambda np, x, y: x.reshape(2, 8),
        {"x.view(2, 8)": lambda tg, x, y: x.view(2, 8)},
    ),
    "getitem": (
        lambda np, x, y: x[1:3],
        {"x[1:3]": lambda tg, x, y: x[1:3]},
    ),
}

ARRAYS = np.random.default_rng(0).uniform(0.1, 1, (2, 4, 4)).astype(np.float32)


def measure(rounds: int) -> list[Row]:
    """A row for each spelling of each op."""
    return [
        _measure(f"record {title}", numpy_like, torch_like, rounds)
        for numpy_like, spellings in OPS.values()
        for title, torch_like in spellings.items()
    ]


def _measure(title: str, numpy_like: Callable[..., Any], torch_like: Callable[..., Any], rounds: int) -> Row:
    def on_numpy() -> Run:
        return _loop(numpy_like, np, *ARRAYS)

    def on_tensors(name: str) -> Run:
        library = importlib.import_module(name)
        return _loop(torch_like, library, *(library.tensor(a, requires_grad=True) for a in ARRAYS))

    def on_mygrad() -> Run:
        mg = importlib.import_module("mygrad")
        return _loop(numpy_like, mg, *map(mg.tensor, ARRAYS))

    def on_autograd() -> Run:
        autograd, anp = importlib.import_module("autograd"), importlib.import_module("autograd.numpy")

        def run(count: int) -> None:  # only within a function that is being traced does it record
            autograd.make_vjp(lambda x: _loop(numpy_like, anp, x, x)(count) or x)(ARRAYS[0])

        return run

    builders = {
        OURS: lambda: on_tensors("tinygrad_cn"),
        NUMPY: on_numpy,
        TORCH: lambda: on_tensors("torch"),
        "MyGrad": on_mygrad,
        "autograd": on_autograd,
    }
    row = Row(title, "us", {}, limit=1.5)
    seconds = interleave(ready(builders, row.notes, threads=(1,)), 2 * rounds, turn=0.008, pause=0)
    base = seconds.pop(NUMPY)
    row.samples = {engine: [(t - b) * 1e6 for t, b in zip(ts, base, strict=True)] for engine, ts in seconds.items()}
    return row


def _loop(op: Callable[..., Any], library: Any, x: Any, y: Any) -> Run:
    def run(count: int) -> None:
        for _ in repeat(None, count):
            op(library, x, y)

    return run
