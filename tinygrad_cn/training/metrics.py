"""What is measured: functions of outputs and targets, and their means over many batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinygrad_cn.tensor import Tensor

__all__ = ["Means", "Metric", "accuracy"]

#: Of outputs and targets: one value for each sample, or, as a scalar, the mean over the batch.
Metric = Callable[[Any, Any], Tensor]


def accuracy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Whether the largest score is that of the label, for each sample (or pixel, or token).

    Args:
        outputs (Tensor): scores.
        targets (Tensor): labels, int64.

    Shape:
        - outputs: ``(N, C, *)``
        - targets: ``(N, *)``
        - result: ``(N, *)``, bool

    Raises:
        ValueError: shapes that do not fit each other.

    Example:
        >>> import tinygrad_cn as tg
        >>> accuracy(tg.tensor([[1.0, 3.0], [2.0, 0.0]]), tg.tensor([1, 1])).tolist()
        [True, False]
    """
    if outputs.ndim < 2 or (outputs.shape[0], *outputs.shape[2:]) != tuple(targets.shape):
        raise ValueError(
            f"accuracy: scores of shape (N, C, *) go with labels of shape (N, *), got {tuple(outputs.shape)} and "
            f"{tuple(targets.shape)}"
        )
    return outputs.detach().argmax(dim=1) == targets


class Means:
    """Means over the samples of many batches, by name; summed in double precision.

    Example:
        >>> import tinygrad_cn as tg
        >>> means = Means()
        >>> means.add("loss", tg.tensor(1.0), samples=3)
        >>> means.add("loss", tg.tensor(2.0), samples=1)
        >>> means.values("training_")
        {'training_loss': 1.25}
    """

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}

    def add(self, name: str, value: Tensor, samples: int) -> None:
        """Count a batch.

        Args:
            name: of the mean.
            value: a value for each sample, or a scalar: the mean over the batch.
            samples: how many there are in the batch.
        """
        if value.ndim:
            total, count = float(np.sum(value.detach().numpy(), dtype=np.float64)), value.numel()
        else:
            total, count = float(value.item()) * samples, samples
        self._sums[name] = self._sums.get(name, 0.0) + total
        self._counts[name] = self._counts.get(name, 0) + count

    def values(self, prefix: str = "") -> dict[str, float]:
        """The means so far, each name with a prefix."""
        return {prefix + name: total / self._counts[name] for name, total in self._sums.items()}

    def state_dict(self) -> dict[str, Any]:
        """Sums and counts."""
        return {"sums": dict(self._sums), "counts": dict(self._counts)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state_dict`."""
        self._sums, self._counts = dict(state["sums"]), dict(state["counts"])
