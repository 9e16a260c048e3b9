"""Measuring a model: no gradients, and every layer as in use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tinygrad_cn.grad_mode import no_grad
from tinygrad_cn.nn import Module
from tinygrad_cn.tensor import Tensor

from .metrics import Means, Metric

__all__ = ["evaluate", "parts_of"]


def evaluate(
    model: Module,
    loader: Iterable[Any],
    loss: Callable[[Any, Any], Tensor],
    metrics: Mapping[str, Metric] | None = None,
) -> dict[str, float]:
    """The mean loss and the mean of each metric over all samples.

    Dropout is off and batch normalisation uses its running statistics; afterwards each module is in the mode that it
    was in.

    Args:
        model (Module): is called with the inputs of a batch.
        loader (iterable): of batches ``(inputs, ..., targets)``.
        loss (callable): of outputs and targets, a mean over the batch.
        metrics (dict): functions of outputs and targets by name; see `Metric`.

    Raises:
        ValueError: there is no batch.

    Example:
        >>> import tinygrad_cn as tg
        >>> from tinygrad_cn.training import accuracy, evaluate
        >>> batches = [(tg.tensor([[2.0, 0.0]]), tg.tensor([0])), (tg.tensor([[2.0, 0.0]]), tg.tensor([1]))]
        >>> evaluate(tg.nn.Identity(), batches, tg.nn.CrossEntropyLoss(), {"accuracy": accuracy})["accuracy"]
        0.5
    """
    means = Means()
    with _in_use(model), no_grad():
        for batch in loader:
            inputs, targets = parts_of(batch)
            outputs = model(*inputs)
            samples = len(inputs[0])
            means.add("loss", loss(outputs, targets), samples)
            for name, metric in (metrics or {}).items():
                means.add(name, metric(outputs, targets), samples)
    values = means.values()
    if not values:
        raise ValueError("evaluate: the loader has no batches")
    return values


def parts_of(batch: Any) -> tuple[list[Any], Any]:
    """The inputs and the targets of a batch.

    Raises:
        TypeError: it is no pair, nor a longer list or tuple.
    """
    if not isinstance(batch, list | tuple) or len(batch) < 2:
        raise TypeError(
            f"a batch must be a list or tuple (inputs, ..., targets), got {type(batch).__name__}; give the DataLoader "
            "a data set with targets, or a collate_fn that makes such batches"
        )
    *inputs, targets = batch
    return inputs, targets


@contextmanager
def _in_use(model: Module) -> Iterator[None]:
    """The model in the mode for use, and each of its modules back in its own mode afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
