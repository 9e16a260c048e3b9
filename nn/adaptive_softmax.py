"""A softmax over very many classes that spends less on rare ones.

Source: Grave et al., "Efficient softmax approximation for GPUs", ICML 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from tinygrad_cn.creation import from_numpy
from tinygrad_cn.functions.joining import cat
from tinygrad_cn.tensor import Tensor

from . import functional as F
from .container import ModuleList, Sequential
from .linear import Linear
from .module import Module

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class _ASMoutput(NamedTuple):
    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """A log-softmax in two steps: over the frequent classes and clusters of rare ones, then within a cluster.

    Classes are to be numbered by how frequent they are, the most frequent first.

    Args:
        in_features: size of the last axis of the input.
        n_classes: the number of classes.
        cutoffs: where each cluster of rarer classes begins.
        div_value: each cluster works in a space smaller by this factor than the one before.
        head_bias: whether the head has a bias.
        device: the CPU.
        dtype: of the parameters; the default dtype if ``None``.

    Shape:
        - input: ``(N, in_features)`` or ``(in_features,)``
        - target: ``(N,)`` or ``()``, class indices
        - output: a pair: the log-probability of each target, ``(N,)`` or ``()``; the loss, minus its mean

    Raises:
        ValueError: the cutoffs are not increasing numbers from 1 to ``n_classes - 1``.
        RuntimeError: a target is no class, or the shapes do not fit.

    Example:
        >>> import tinygrad_cn as tg
        >>> layer = tg.nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10], div_value=2.0)
        >>> layer(tg.ones(3, 8), tg.tensor([0, 5, 19])).output.shape
        Size([3])
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        cuts = list(cutoffs)
        increasing = all(low < high for low, high in pairwise([0, *cuts, n_classes]))
        if not cuts or not increasing or any(int(c) != c for c in cuts):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each "
                f"value is between 1 and n_classes-1, got {cuts} for {n_classes} classes"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cuts, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = cuts[0]
        self.n_clusters = len(cuts)
        self.head_size = self.shortlist_size + self.n_clusters
        options = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **options)
        self.tail = ModuleList()
        for i, (low, high) in enumerate(pairwise(self.cutoffs)):
            narrow = int(in_features // div_value ** (i + 1))
            self.tail.append(
                Sequential(
                    Linear(in_features, narrow, bias=False, **options),
                    Linear(narrow, high - low, bias=False, **options),
                )
            )

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        self.head.reset_parameters()
        for cluster in self.tail:
            for layer in cluster.children():
                layer.reset_parameters()

    def forward(self, input: Tensor, target: Tensor) -> _ASMoutput:
        _check_shapes(input, target)
        if target.dim() == 0:
            output, loss = self.forward(input.unsqueeze(0), target.unsqueeze(0))
            return _ASMoutput(output.squeeze(0), loss)
        classes = target._array
        if classes.size and not (classes.min() >= 0 and classes.max() < self.n_classes):
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{classes.min()}, {classes.max()}] were found."
            )
        head = F.log_softmax(self.head(input), dim=1)
        place = classes.copy()  # where in the head to look: at the class or at its cluster
        parts, rows = [], []
        for i, (low, high) in enumerate(pairwise(self.cutoffs)):
            (members,) = np.nonzero((classes >= low) & (classes < high))
            if members.size:
                place[members] = self.shortlist_size + i
                within = F.log_softmax(self.tail[i](input[from_numpy(members)]), dim=1)
                parts.append(within.gather(1, from_numpy(classes[members, None] - low)).squeeze(1))
                rows.append(members)
        output = head.gather(1, from_numpy(place[:, None])).squeeze(1)
        if parts:
            output = output.index_add(0, from_numpy(np.concatenate(rows)), cat(parts))
        return _ASMoutput(output, -output.mean())

    def log_prob(self, input: Tensor) -> Tensor:
        """The log-probabilities of all classes: ``(N, in_features) -> (N, n_classes)``."""
        head = F.log_softmax(self.head(input), dim=1)
        parts = [head[:, : self.shortlist_size]]
        for i, cluster in enumerate(self.tail):
            column = self.shortlist_size + i
            parts.append(F.log_softmax(cluster(input), dim=1) + head[:, column : column + 1])
        return cat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """The most probable class: ``(N, in_features) -> (N,)``; clusters are looked into only where one leads."""
        best = self.head(input).argmax(dim=1)
        (rare,) = np.nonzero(best._array >= self.shortlist_size)
        if not rare.size:
            return best
        chosen = best._array.copy()
        chosen[rare] = self.log_prob(input[from_numpy(rare)])._array.argmax(axis=1)
        return from_numpy(chosen)


def _check_shapes(input: Tensor, target: Tensor) -> None:
    if target.dim() > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if input.dim() != target.dim() + 1:
        raise RuntimeError(
            f"{target.dim()}D target tensor expects {target.dim() + 1}D input tensors, but found inputs with size "
            f"{tuple(input.shape)}"
        )
    if target.dim() == 1 and input.shape[0] != target.shape[0]:
        raise RuntimeError(
            f"Input and target should have the same size in the batch dimension, got {input.shape[0]} and "
            f"{target.shape[0]}."
        )
