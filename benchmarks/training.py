"""A training step as a user writes it, from modules: one program for this engine and for PyTorch."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from .harness import Run, repeat

RATE = 0.01


class Problem(Protocol):
    """Images and their classes, and the parameters to start from: weights as PyTorch lays them out, (out, in, ...)."""

    x: Any
    target: Any
    weights: list[Any]
    biases: list[Any]


def libraries(name: str) -> tuple[Any, Any, Any]:
    """The library of that name, its nn and its optim."""
    lib, nn, optim = (importlib.import_module(name + part) for part in ("", ".nn", ".optim"))
    return lib, nn, optim


def training(name: str, problem: Problem, model: Any, layers: Sequence[Any]) -> Run:
    """zero_grad, forward, cross-entropy, backward, SGD step of ``model``, whose ``layers`` get the parameters."""
    lib, nn, _ = libraries(name)
    with lib.no_grad():
        for layer, w, b in zip(layers, problem.weights, problem.biases, strict=True):
            layer.weight.copy_(lib.tensor(w))
            layer.bias.copy_(lib.tensor(b))
    criterion = nn.CrossEntropyLoss()
    x, target = lib.tensor(problem.x), lib.tensor(problem.target)
    return steps(name, model, lambda: criterion(model(x), target))


def steps(name: str, model: Any, loss_of_model: Callable[[], Any]) -> Run:
    """zero_grad, ``loss_of_model``, backward, SGD step."""
    optimizer = libraries(name)[2].SGD(model.parameters(), lr=RATE)

    def step() -> Any:
        optimizer.zero_grad()
        loss = loss_of_model()
        loss.backward()
        optimizer.step()
        return loss

    return repeat(step)
