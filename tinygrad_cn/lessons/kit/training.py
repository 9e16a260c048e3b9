"""The training loop of the lessons: mini-batch gradient descent as the book does it, several seeds side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import tinygrad_cn as tg
from tinygrad_cn import Generator, Tensor, nn, optim
from tinygrad_cn.lessons.kit.data import Images, Splits
from tinygrad_cn.lessons.kit.lesson import Text
from tinygrad_cn.lessons.kit.stacked import stack_seeds, stackable

__all__ = ["Experiment", "Loss", "evaluate", "shuffles", "split_parameters", "train", "train_network"]

Loss = Callable[[Tensor, Tensor], Tensor]

AT_ONCE = 10_000  # images evaluated in one piece


@dataclass(frozen=True)
class Experiment:
    """A network and how it is trained.

    Args:
        key: its name in the file of results.
        label: its name in plots and tables.
        network: makes it, with its initial weights; drawn anew for each seed.
        loss: of the network's output (..., N, 10) and targets of that shape; a mean over N and a sum over all else.
        lr: the learning rate.
        epochs: passes over the training images.
        l2: the book's lambda: the cost gets `l2 / 2n * sum of w^2`, biases left out, n training images.
        images: so many of the training images, from the first; all if `None`.
        batch_size: images in a step.
        reported: the figure to compare with, as text.
        judged_on: which data the reported figure is the accuracy on, `"test"` or `"validation"`.
        watch_training: also measure cost and accuracy on the training images.
        most_seeds: a long experiment runs no more seeds than these.
        prepare: changes the training images before training, as by adding to them.
    """

    key: str
    label: Text
    network: Callable[[], nn.Module]
    loss: Loss
    lr: float
    epochs: int
    l2: float = 0.0
    images: int | None = None
    batch_size: int = 10
    reported: str = ""
    judged_on: str = "test"
    watch_training: bool = False
    most_seeds: int = 1_000
    prepare: Callable[[Images], Images] | None = None


def split_parameters(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """The weights, which decay, and the biases, which do not."""
    named = list(model.named_parameters())
    weights = [parameter for name, parameter in named if name.endswith("weight")]
    return weights, [parameter for name, parameter in named if not name.endswith("weight")]


def shuffles(seeds: Sequence[int]) -> list[Generator]:
    """Where each seed's order of the images comes from."""
    return [Generator().manual_seed(seed) for seed in seeds]


def train_network(
    model: nn.Module,
    data: Images,
    experiment: Experiment,
    generators: Sequence[Generator],
    after_epoch: Callable[[], None],
) -> None:
    """Mini-batch gradient descent; `after_epoch` measures."""
    weights, biases = split_parameters(model)
    decay = {"params": weights, "weight_decay": experiment.l2 / len(data.images)}
    optimizer = optim.SGD([decay, {"params": biases}], lr=experiment.lr)
    for _ in range(experiment.epochs):
        model.train()
        order = tg.stack([tg.randperm(len(data.images), generator=generator) for generator in generators])
        for batch in order.split(experiment.batch_size, dim=1):  # (S, batch_size): each seed has its own order
            optimizer.zero_grad()
            loss = experiment.loss(model(data.images[batch]), data.targets[batch])
            loss.backward()
            optimizer.step()
        after_epoch()


def train(
    experiment: Experiment, splits: Splits, seeds: Sequence[int], tick: Callable[[], None]
) -> list[dict[str, list[float]]]:
    """Trains a network for each seed; `tick` is called after each epoch of each.

    Returns:
        For each seed the curves, one value an epoch: accuracy in percent and cost on test and validation data, and with
        `watch_training` on the training data: `test_accuracy`, `test_cost` and so on.
    """
    if len(seeds) > 1 and not stackable(experiment.network()):
        return [curves for seed in seeds for curves in train(experiment, splits, [seed], tick)]
    model = stack_seeds(experiment.network, seeds)
    data = splits.training.first(experiment.images)
    if experiment.prepare is not None:
        data = experiment.prepare(data)
    measured = {"test": splits.test, "validation": splits.validation}
    if experiment.watch_training:
        measured["training"] = data
    curves: list[dict[str, list[float]]] = [{} for _ in seeds]

    def after_epoch() -> None:
        for name, images in measured.items():
            for curve, (cost, accuracy) in zip(curves, evaluate(model, experiment.loss, images), strict=True):
                curve.setdefault(f"{name}_accuracy", []).append(accuracy)
                curve.setdefault(f"{name}_cost", []).append(cost)
        for _ in seeds:
            tick()

    train_network(model, data, experiment, shuffles(seeds), after_epoch)
    return curves


def evaluate(model: nn.Module, loss: Loss, data: Images) -> list[tuple[float, float]]:
    """The cost (without L2's part) and the accuracy in percent of each of the stacked networks."""
    model.eval()
    cost: list[float] = []
    right: list[float] = []
    with tg.no_grad():
        for begin in range(0, len(data.images), AT_ONCE):
            images, targets, labels = (part[begin : begin + AT_ONCE] for part in data)
            scores = model(images)  # (S, N, 10)
            cost_here = [loss(one, targets).item() * len(images) for one in scores]
            right_here = (scores.argmax(dim=-1) == labels).sum(dim=-1).tolist()
            cost = [a + b for a, b in zip(cost, cost_here, strict=True)] if cost else cost_here
            right = [a + b for a, b in zip(right, right_here, strict=True)] if right else right_here
    count = len(data.images)
    return [(c / count, 100 * r / count) for c, r in zip(cost, right, strict=True)]
