"""Dropout against over-fitting: worse on the few training images, better on the test data."""

from __future__ import annotations

from functools import partial

from matplotlib.figure import Figure

from tinygrad_cn import nn
from tinygrad_cn.lessons.kit.data import pixels
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import cross_entropy, large_weights
from tinygrad_cn.lessons.kit.parallel import train_all
from tinygrad_cn.lessons.kit.plots import ACCURACY, COST, EPOCH, draw_curve, label, legend_above
from tinygrad_cn.lessons.kit.tables import accuracy_table, mean
from tinygrad_cn.lessons.kit.training import Experiment, train_network


def with_dropout(inputs: int, hidden: int, share: float) -> nn.Sequential:
    """For digits: dropout in the hidden layer, and the large weights with which the network over-fits most."""
    return large_weights(
        nn.Sequential(nn.Linear(inputs, hidden), nn.Sigmoid(), nn.Dropout(share), nn.Linear(hidden, 10))
    )


def run(setting: Setting) -> Findings:
    few = setting.pick(mnist=1000, digits=200, quick=100)
    experiments = [
        Experiment(
            key=key,
            label=text,
            network=partial(with_dropout, pixels(setting), 100, share),
            loss=cross_entropy,
            lr=0.5,
            epochs=setting.pick(mnist=200, digits=200, quick=30),
            images=few,
            watch_training=True,
        )
        for key, text, share in (
            ("none", Text(f"{few:,} images, no dropout", f"{few:,} 张图像，不用 dropout"), 0.0),
            ("dropout", Text(f"{few:,} images, dropout 0.5", f"{few:,} 张图像，dropout 0.5"), 0.5),
        )
    ]
    return train_all(setting, experiments)


TRAINING, TEST = Text("training: {}", "训练集：{}"), Text("test: {}", "测试集：{}")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    accuracy, cost = figure.subplots(1, 2)
    for i, found in enumerate(findings["experiments"].values()):
        name = label(found, language)
        draw_curve(accuracy, found, "test_accuracy", TEST[language].format(name), f"C{i}")
        draw_curve(cost, found, "test_cost", TEST[language].format(name), f"C{i}")
        draw_curve(cost, found, "training_cost", TRAINING[language].format(name), f"C{i}", "--")
    best = max(max(found["test"]["best"]) for found in findings["experiments"].values())
    accuracy.set(xlabel=EPOCH[language], ylabel=ACCURACY[language], ylim=(best - 20, best + 1))
    cost.set(xlabel=EPOCH[language], ylabel=COST[language], ylim=(0, 3))
    legend_above(accuracy, columns=1)
    legend_above(cost)


def tables(findings: Findings, language: Language) -> list[Table]:
    return [accuracy_table(findings, language)]


def claims(findings: Findings) -> list[Claim]:
    found = findings["experiments"]
    final = {key: mean(experiment["test"]["final"]) for key, experiment in found.items()}
    own = {key: experiment["curves"]["training_cost"]["mean"][-1] for key, experiment in found.items()}
    return [
        Claim(
            Text("On few images dropout does better on the test data.", "图像少时，用 dropout 在测试集上更好。"),
            final["dropout"] > final["none"],
            f"{final['dropout']:.2f} > {final['none']:.2f}",
        ),
        Claim(
            Text("On its training images it does worse.", "在训练集上它反而更差。"),
            own["dropout"] > own["none"],
            f"{own['dropout']:.3f} > {own['none']:.3f}",
        ),
    ]


LESSON = Lesson(
    name="dropout",
    source="3",
    formulas=(
        Formula(
            r"z = \sum_j w_j \dfrac{m_j}{q} a_j + b, \quad P(m_j = 1) = q",
            Text(
                "in training each neuron stays with probability q; in the test all are there",
                "训练时每个神经元以概率 q 留下；测试时全部都在",
            ),
        ),
    ),
    code=(with_dropout, large_weights, train_network),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(11.0, 4.5),
)
