"""The networks, costs and initial weights that several lessons share."""

from __future__ import annotations

from itertools import pairwise

from tinygrad_cn import Tensor, nn
from tinygrad_cn.nn import functional as F

__all__ = [
    "cross_entropy",
    "large_network",
    "large_weights",
    "log_likelihood",
    "perceptron",
    "quadratic",
    "scaled_network",
    "scaled_weights",
]


def perceptron(*sizes: int) -> nn.Sequential:
    """A fully connected network of sigmoid neurons; the last sigmoid is left to the cost."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.Sigmoid()]
    return nn.Sequential(*layers[:-1])


def large_weights(network: nn.Sequential) -> nn.Sequential:
    """Weights and biases from N(0, 1), the book's first way."""
    for parameter in network.parameters():
        nn.init.normal_(parameter)
    return network


def scaled_weights(network: nn.Sequential) -> nn.Sequential:
    """Weights from N(0, 1/n_in), biases from N(0, 1), the book's better way."""
    for name, parameter in network.named_parameters():  # a weight is (n_out, n_in) or (n_out, channels, 5, 5)
        nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5 if name.endswith("weight") else 1.0)
    return network


def large_network(inputs: int, *hidden: int) -> nn.Sequential:
    """For digits: ten outputs, weights and biases from N(0, 1)."""
    return large_weights(perceptron(inputs, *hidden, 10))


def scaled_network(inputs: int, *hidden: int) -> nn.Sequential:
    """For digits: ten outputs, weights from N(0, 1/n_in)."""
    return scaled_weights(perceptron(inputs, *hidden, 10))


def quadratic(z: Tensor, y: Tensor) -> Tensor:
    """1/2 |a - y|^2 with a = sigmoid(z), the mean over the mini-batch."""
    return ((F.sigmoid(z) - y) ** 2).sum() / 2 / y.shape[-2]


def cross_entropy(z: Tensor, y: Tensor) -> Tensor:
    """-[y ln a + (1 - y) ln(1 - a)] with a = sigmoid(z), summed over outputs, the mean over the mini-batch."""
    return F.binary_cross_entropy_with_logits(z, y, reduction="sum") / y.shape[-2]


def log_likelihood(z: Tensor, y: Tensor) -> Tensor:
    """-ln a of the right class with a = softmax(z), the mean over the mini-batch."""
    return -(y * F.log_softmax(z, dim=-1)).sum() / y.shape[-2]
