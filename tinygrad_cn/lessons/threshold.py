"""Choosing the learning rate: the threshold at which the cost no longer falls from the start."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from matplotlib.figure import Figure

from tinygrad_cn.lessons.kit.data import pixels
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import cross_entropy, perceptron, scaled_network
from tinygrad_cn.lessons.kit.parallel import train_all
from tinygrad_cn.lessons.kit.plots import COST, EPOCH
from tinygrad_cn.lessons.kit.training import Experiment, train_network

RATES = (0.01, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # tens first, then finer about the threshold


def falls(costs: list[float]) -> bool:
    """Whether the cost falls in every one of the first epochs."""
    return all(after < before for before, after in pairwise(costs))


def threshold(costs: dict[float, list[float]]) -> float:
    """The largest rate up to which the cost falls."""
    good = 0.0
    for lr in sorted(costs):
        if not falls(costs[lr]):
            break
        good = lr
    return good


def run(setting: Setting) -> Findings:
    experiments = [
        Experiment(
            key=f"{lr:g}",
            label=Text(f"η = {lr:g}", f"η = {lr:g}"),
            network=partial(scaled_network, pixels(setting), 30),
            loss=cross_entropy,
            lr=lr,
            images=setting.pick(mnist=1000, digits=500, quick=200),
            epochs=8,
            watch_training=True,
        )
        for lr in RATES
    ]
    return train_all(setting, experiments)


def training_costs(findings: Findings) -> dict[float, list[float]]:
    return {lr: findings["experiments"][f"{lr:g}"]["curves"]["training_cost"]["mean"] for lr in RATES}


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    axes = figure.subplots()
    costs = training_costs(findings)
    at = threshold(costs)
    for i, (lr, curve) in enumerate(costs.items()):
        style = "-" if lr <= at else "--"
        axes.plot(range(1, len(curve) + 1), curve, style, color=f"C{i}", label=f"η = {lr:g}")
    axes.set(yscale="log", xlabel=EPOCH[language], ylabel=COST[language])
    axes.legend(ncols=2)


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        "η | cost after the first epoch | after the last | falls in every epoch",
        "η | 第一轮后的代价 | 最后一轮后的代价 | 每一轮都下降",
    )
    words = {True: Text("yes", "是"), False: Text("no", "否")}
    costs = training_costs(findings)
    rows = [
        [f"{lr:g}", f"{curve[0]:.3f}", f"{curve[-1]:.3f}", words[falls(curve)][language]] for lr, curve in costs.items()
    ]
    return [Table(columns[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    costs = training_costs(findings)
    at = threshold(costs)
    return [
        Claim(
            Text("There is a threshold.", "存在一个阈值。"),
            0.01 <= at < 10,
            f"η = {at:g}",
        ),
        Claim(
            Text("Below it, a rate ten times smaller learns more slowly.", "在阈值以下，小十倍的学习率学得更慢。"),
            costs[0.01][-1] > costs[0.1][-1],
            f"{costs[0.01][-1]:.3f} > {costs[0.1][-1]:.3f}",
        ),
    ]


LESSON = Lesson(
    name="threshold",
    source="3",
    formulas=(),
    code=(perceptron, scaled_network, cross_entropy, falls, threshold, train_network),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
)
