"""A training step of two fully connected networks: zero_grad, forward, cross-entropy, backward, SGD."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from .harness import NUMPY, OURS, TORCH, Row, Run, interleave, ready, repeat
from .training import RATE, libraries, training


class Problem:
    """The images, their classes, and the parameters to start from."""

    def __init__(self, sizes: tuple[int, ...], batch: int, activation: str) -> None:
        rng = np.random.default_rng(0)
        self.sizes = sizes
        self.activation = activation
        self.x = rng.random((batch, sizes[0]), dtype=np.float32)
        self.target = rng.integers(sizes[-1], size=batch)
        self.weights = [(rng.standard_normal((m, n)) / n**0.5).astype(np.float32) for n, m in pairwise(sizes)]
        self.biases = [np.zeros(m, np.float32) for m in sizes[1:]]


def measure_small(rounds: int) -> list[Row]:
    """784-30-10 at batch 10: the overhead of the engine is what counts."""
    return [_measure(Problem((784, 30, 10), 10, "Sigmoid"), rounds, "us", {TORCH: 0.4, NUMPY: 2.0})]


def measure_large(rounds: int) -> list[Row]:
    """784-512-512-10 at batch 128: the products of matrices are what counts."""
    return [_measure(Problem((784, 512, 512, 10), 128, "ReLU"), rounds, "ms", {TORCH: 1.1})]


def _measure(problem: Problem, rounds: int, unit: str, most: dict[str, float]) -> Row:
    row = Row(f"step of {'-'.join(map(str, problem.sizes))}, batch {len(problem.x)}", unit, {}, most)
    builders: dict[str, Callable[[], Run]] = {
        OURS: lambda: with_modules("tinygrad_cn", problem),
        NUMPY: lambda: by_hand(problem),
        TORCH: lambda: with_modules("torch", problem),
        "MyGrad": lambda: on_mygrad(problem),
        "autograd": lambda: on_autograd(problem),
    }
    seconds = interleave(ready(builders, row.notes), rounds)
    row.samples = {engine: [t * (1e6 if unit == "us" else 1e3) for t in ts] for engine, ts in seconds.items()}
    return row


def with_modules(name: str, problem: Problem) -> Run:
    nn = libraries(name)[1]
    linear = [nn.Linear(n, m) for n, m in pairwise(problem.sizes)]
    layers = [layer for one in linear for layer in (one, getattr(nn, problem.activation)())]
    return training(name, problem, nn.Sequential(*layers[:-1]), linear)


def by_hand(problem: Problem) -> Run:
    """As one writes it who knows the gradients and wants the speed."""
    x, target = problem.x, problem.target
    weights, biases = [w.copy() for w in problem.weights], [b.copy() for b in problem.biases]
    rows = np.arange(len(x))
    rectified = problem.activation == "ReLU"

    def step() -> Any:
        signals = [x]
        for w, b in zip(weights[:-1], biases[:-1], strict=True):
            z = signals[-1] @ w.T
            z += b
            signals.append(np.maximum(z, 0) if rectified else 1 / (1 + np.exp(-z)))
        scores = signals[-1] @ weights[-1].T + biases[-1]
        scores -= scores.max(axis=1, keepdims=True)
        g = np.exp(scores)
        total = g.sum(axis=1, keepdims=True)
        loss = (np.log(total[:, 0]) - scores[rows, target]).mean()
        g /= total
        g[rows, target] -= 1
        g /= len(x)
        for i in reversed(range(len(weights))):
            signal = signals[i]
            dw, db = g.T @ signal, g.sum(axis=0)
            if i:
                g = g @ weights[i]
                g *= signal > 0 if rectified else signal * (1 - signal)
            dw *= RATE
            db *= RATE
            weights[i] -= dw
            biases[i] -= db
        return loss

    return repeat(step)


def on_mygrad(problem: Problem) -> Run:
    mg, nnet = importlib.import_module("mygrad"), importlib.import_module("mygrad.nnet")
    weights, biases = [mg.tensor(w.T.copy()) for w in problem.weights], [mg.tensor(b) for b in problem.biases]
    activation = nnet.activations.relu if problem.activation == "ReLU" else nnet.activations.sigmoid

    def step() -> Any:
        signal = problem.x
        for w, b in zip(weights[:-1], biases[:-1], strict=True):
            signal = activation(mg.matmul(signal, w) + b)
        loss = nnet.losses.softmax_crossentropy(mg.matmul(signal, weights[-1]) + biases[-1], problem.target)
        loss.backward()
        for p in weights + biases:
            p.data -= RATE * p.grad
        return loss

    return repeat(step)


def on_autograd(problem: Problem) -> Run:
    autograd, anp = importlib.import_module("autograd"), importlib.import_module("autograd.numpy")
    parameters = [w.T.copy() for w in problem.weights], [b.copy() for b in problem.biases]
    rows = np.arange(len(problem.x))
    activation: Any = (
        (lambda z: anp.maximum(z, 0)) if problem.activation == "ReLU" else (lambda z: 1 / (1 + anp.exp(-z)))
    )

    def loss_of(parameters: Any) -> Any:
        signal = problem.x
        *hidden, (w, b) = zip(*parameters, strict=True)
        for v, c in hidden:
            signal = activation(anp.dot(signal, v) + c)
        scores = anp.dot(signal, w) + b
        scores = scores - anp.max(scores, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(scores), axis=1)) - scores[rows, problem.target])

    value_and_gradient = autograd.value_and_grad(loss_of)

    def step() -> Any:
        loss, gradients = value_and_gradient(parameters)
        for group, group_gradients in zip(parameters, gradients, strict=True):
            for p, g in zip(group, group_gradients, strict=True):
                p -= RATE * g
        return loss

    return repeat(step)
