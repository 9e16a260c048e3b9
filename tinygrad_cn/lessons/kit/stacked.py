"""Several networks of one shape trained as a single one: every parameter gets a leading axis, one entry a network.

A small network's step costs a millisecond, nearly all of it the fixed price of some forty calls of NumPy. Ten networks
side by side pay it once. Nothing mixes the entries, and the loss is a sum over them: each network's
gradient, and so its whole path, is what it would be alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tinygrad_cn as tg
from tinygrad_cn import Tensor, nn

__all__ = ["StackedLinear", "stack", "stack_seeds", "stackable"]

ELEMENTWISE = (nn.Sigmoid, nn.Tanh, nn.ReLU, nn.LeakyReLU, nn.Identity, nn.Dropout)


class StackedLinear(nn.Module):
    """The linear layers of S networks.

    Shape:
        - input: :math:`(S, N, in)`, or :math:`(N, in)` to show all networks the same
        - output: :math:`(S, N, out)`
        - weight: :math:`(S, in, out)`, bias: :math:`(S, 1, out)`
    """

    def __init__(self, layers: Sequence[nn.Linear]) -> None:
        super().__init__()
        self.weight = nn.Parameter(tg.stack([layer.weight.detach().T for layer in layers]))
        biases = [layer.bias.detach() for layer in layers if layer.bias is not None]
        self.register_parameter("bias", nn.Parameter(tg.stack(biases)[:, None]) if biases else None)

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim == 2:  # one wide product is twice as fast as S narrow ones
            joined = self.weight.transpose(0, 1).flatten(1)  # (S, in, out) -> (in, S * out)
            output = (input @ joined).unflatten(1, (len(self.weight), -1)).transpose(0, 1)  # (S, N, out)
        else:
            output = input @ self.weight
        return output if self.bias is None else output + self.bias


class _Alone(nn.Module):
    """One network behind the same front: the axis of networks has a single entry."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, input: Tensor) -> Tensor:
        return self.network(input[0] if input.ndim == 3 else input)[None]


def stackable(network: nn.Module) -> bool:
    """Whether all its layers are linear or elementwise."""
    if isinstance(network, nn.Sequential):
        return all(stackable(layer) for layer in network)
    return isinstance(network, (nn.Linear, *ELEMENTWISE))


def stack(networks: Sequence[nn.Module]) -> nn.Module:
    """One network that holds them all.

    Raises:
        ValueError: several networks with layers other than linear and elementwise ones.

    Shape:
        - input of the result: :math:`(S, N, *)`, or :math:`(N, *)` to show all networks the same
        - output: :math:`(S, N, *)`
    """
    if not stackable(networks[0]):
        if len(networks) > 1:
            raise ValueError("only linear and elementwise layers can be stacked; train one network at a time")
        return _Alone(networks[0])
    return _stack_layers(networks)


def stack_seeds(network: Callable[[], nn.Module], seeds: Sequence[int]) -> nn.Module:
    """A network for each seed, its initial weights drawn from that seed, as one."""
    networks = []
    for seed in seeds:
        tg.manual_seed(seed)
        networks.append(network())
    return stack(networks)


def _stack_layers(layers: Sequence[nn.Module]) -> nn.Module:
    first = layers[0]
    if isinstance(first, nn.Sequential):
        return nn.Sequential(*(_stack_layers(row) for row in zip(*layers, strict=True)))
    if isinstance(first, nn.Linear):
        return StackedLinear([layer for layer in layers if isinstance(layer, nn.Linear)])
    return first
