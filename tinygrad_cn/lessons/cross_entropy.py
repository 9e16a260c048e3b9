"""Quadratic cost against cross-entropy on handwritten digits: the baselines of chapters 1 and 3."""

from __future__ import annotations

from functools import partial

from matplotlib.figure import Figure

from tinygrad_cn.lessons.kit.data import pixels
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import cross_entropy, large_network, large_weights, perceptron, quadratic
from tinygrad_cn.lessons.kit.parallel import train_all
from tinygrad_cn.lessons.kit.plots import draw_curves
from tinygrad_cn.lessons.kit.tables import accuracy_table, mean
from tinygrad_cn.lessons.kit.training import Experiment, train_network

NAMES = {
    "quadratic 30": Text("quadratic, 30 hidden", "二次代价，30 个隐藏神经元"),
    "quadratic 100": Text("quadratic, 100 hidden", "二次代价，100 个隐藏神经元"),
    "cross-entropy 30": Text("cross-entropy, 30 hidden", "交叉熵，30 个隐藏神经元"),
    "cross-entropy 100": Text("cross-entropy, 100 hidden", "交叉熵，100 个隐藏神经元"),
}
REPORTED = dict(zip(NAMES, ("95.42", "96.59", "95.49", "96.82"), strict=True))


def run(setting: Setting) -> Findings:
    experiments = []
    for key, label in NAMES.items():
        name, hidden = key.split()
        if setting.quick and hidden == "100":
            continue
        experiments.append(
            Experiment(
                key=key,
                label=label,
                network=partial(large_network, pixels(setting), int(hidden)),
                loss=quadratic if name == "quadratic" else cross_entropy,
                lr=3.0 if name == "quadratic" else 0.5,
                epochs=setting.pick(mnist=30, digits=30, quick=8),
                reported=REPORTED[key],
                watch_training=name != "quadratic" and hidden == "30",
            )
        )
    return train_all(setting, experiments)


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    axes = figure.subplots()
    draw_curves(axes, findings, "test_accuracy", language)
    best = max(max(experiment["curves"]["test_accuracy"]["mean"]) for experiment in findings["experiments"].values())
    axes.set_ylim(best - 12, best + 0.5)


def tables(findings: Findings, language: Language) -> list[Table]:
    return [accuracy_table(findings, language)]


def claims(findings: Findings) -> list[Claim]:
    first = {key: mean(experiment["test"]["final"]) for key, experiment in findings["experiments"].items()}
    return [
        Claim(
            Text("The cross-entropy does at least as well.", "交叉熵至少不输给二次代价。"),
            first["cross-entropy 30"] > first["quadratic 30"] - 0.3,
            f"{first['cross-entropy 30']:.2f} / {first['quadratic 30']:.2f}",
        )
    ]


LESSON = Lesson(
    name="cross_entropy",
    source="1, 3",
    formulas=(
        Formula(r"C = \dfrac{1}{2n} \sum_x |y - a|^2", Text("quadratic cost, η = 3.0", "二次代价，η = 3.0")),
        Formula(
            r"C = -\dfrac{1}{n} \sum_x \sum_j \left[y_j \ln a_j + (1-y_j) \ln(1-a_j)\right]",
            Text("cross-entropy, η = 0.5", "交叉熵，η = 0.5"),
        ),
    ),
    code=(perceptron, large_weights, large_network, quadratic, cross_entropy, train_network),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
)
