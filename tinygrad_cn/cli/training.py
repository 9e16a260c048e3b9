"""The training loop: stochastic gradient descent with momentum and weight decay, one record per epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tinygrad_cn import Tensor, cat, nn, no_grad, optim
from tinygrad_cn.nn import functional as F
from tinygrad_cn.utils.data import DataLoader, TensorDataset


@dataclass(frozen=True)
class Settings:
    """What a run depends on, beside the data: two runs with equal settings end with equal weights."""

    epochs: int
    batch_size: int
    lr: float
    momentum: float
    weight_decay: float
    seed: int


@dataclass(frozen=True)
class Record:
    """What is known after an epoch; `epoch` is a fraction where the run was interrupted in one.

    The training figures are means over the epoch's batches, as they were trained on: with dropout at
    work and weights still improving, they can be worse than the held-out ones.
    """

    epoch: float
    training_loss: float
    training_accuracy: float
    held_out_loss: float
    held_out_accuracy: float
    seconds: float


class Diverged(ArithmeticError):
    """The loss is no longer a finite number."""


def cosine_decay(lr: float, progress: float) -> float:
    """The learning rate falls from `lr` to 0 along half a cosine, while `progress` goes from 0 to 1.

    Source: I. Loshchilov, F. Hutter, *SGDR: Stochastic Gradient Descent with Warm Restarts*, 2017, equation 5.

        >>> [round(cosine_decay(0.1, progress), 3) for progress in (0, 0.5, 1)]
        [0.1, 0.05, 0.0]
    """
    return lr * (1 + math.cos(math.pi * progress)) / 2


def fit(
    model: nn.Module,
    training: TensorDataset,
    held_out: TensorDataset,
    settings: Settings,
    *,
    after_batch: Callable[[float], None] = lambda loss: None,
    interrupted: Callable[[], bool] = lambda: False,
) -> Iterator[Record]:
    """Trains the model and yields a record after each epoch.

    Args:
        after_batch: is given the loss of each batch.
        interrupted: asked after each batch; once true, a last record is yielded and training ends.

    Raises:
        Diverged: if the loss is no longer finite.
    """
    loader: DataLoader[list[Tensor]] = DataLoader(training, batch_size=settings.batch_size, shuffle=True)
    optimizer = optim.SGD(
        model.parameters(), lr=settings.lr, momentum=settings.momentum, weight_decay=settings.weight_decay
    )
    steps, step = settings.epochs * len(loader), 0
    for epoch in range(settings.epochs):
        model.train()
        started, seen, total_loss, correct = time.perf_counter(), 0, 0.0, 0
        for images, labels in loader:
            for group in optimizer.param_groups:
                group["lr"] = cosine_decay(settings.lr, step / steps)
            optimizer.zero_grad()
            scores = model(images)
            loss = F.cross_entropy(scores, labels)
            loss.backward()
            optimizer.step()

            step, seen = step + 1, seen + len(labels)
            total_loss += loss.item() * len(labels)
            correct += count_correct(scores, labels)
            if not math.isfinite(total_loss):
                raise Diverged(f"the loss is no longer finite in epoch {epoch + 1}; try a smaller learning rate")
            after_batch(loss.item())
            if interrupted():
                break
        held_out_loss, scores = evaluate(model, held_out)
        yield Record(
            epoch=step / len(loader) if interrupted() else epoch + 1,
            training_loss=total_loss / seen,
            training_accuracy=correct / seen,
            held_out_loss=held_out_loss,
            held_out_accuracy=count_correct(scores, held_out.tensors[1]) / len(held_out),
            seconds=time.perf_counter() - started,
        )
        if interrupted():
            return


def count_correct(scores: Tensor, labels: Tensor) -> int:
    """How often the largest score is that of the label."""
    return int((scores.argmax(dim=1) == labels).sum().item())


def evaluate(model: nn.Module, data: TensorDataset, batch_size: int = 500) -> tuple[float, Tensor]:
    """The mean loss over the data and the scores of each image, in the mode for use (dropout off)."""
    model.eval()
    with no_grad():
        loader: DataLoader[list[Tensor]] = DataLoader(data, batch_size=batch_size)
        scores = cat([model(images) for images, _ in loader])
        return F.cross_entropy(scores, data.tensors[1]).item(), scores
