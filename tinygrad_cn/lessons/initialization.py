"""Initial weights: N(0, 1) saturates hidden neurons at the start, N(0, 1/n_in) does not."""

from __future__ import annotations

from functools import partial

from matplotlib.figure import Figure

from tinygrad_cn.lessons.kit.data import pixels
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import (
    cross_entropy,
    large_network,
    large_weights,
    perceptron,
    scaled_network,
    scaled_weights,
)
from tinygrad_cn.lessons.kit.parallel import train_all
from tinygrad_cn.lessons.kit.plots import draw_curves, label
from tinygrad_cn.lessons.kit.tables import accuracy_table, mean, mean_and_sd
from tinygrad_cn.lessons.kit.training import Experiment, train_network

REPORTED = {  # validation accuracy after the first and the last epoch
    "large 30": ("86.43", "96.37"),
    "scaled 30": ("92.70", "96.50"),
    "large 100": ("89.94", "97.42"),
    "scaled 100": ("92.95", "97.81"),
}


def run(setting: Setting) -> Findings:
    experiments = []
    for key, (_, last) in REPORTED.items():
        kind, hidden = key.split()
        if setting.quick and hidden == "100":
            continue
        text = Text(f"N(0, 1), {hidden} hidden", f"N(0, 1)，{hidden} 个隐藏神经元")
        if kind == "scaled":
            text = Text(f"N(0, 1/n_in), {hidden} hidden", f"N(0, 1/n_in)，{hidden} 个隐藏神经元")
        experiments.append(
            Experiment(
                key=key,
                label=text,
                network=partial(large_network if kind == "large" else scaled_network, pixels(setting), int(hidden)),
                loss=cross_entropy,
                lr=0.1,
                l2=setting.pick(mnist=5.0, digits=0.1, quick=0.1),
                epochs=setting.pick(mnist=30, digits=60, quick=10),
                reported=last,
                judged_on="validation",
            )
        )
    return train_all(setting, experiments)


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    trained = [hidden for hidden in ("30", "100") if f"large {hidden}" in findings["experiments"]]
    for axes, hidden in zip(figure.subplots(1, len(trained), squeeze=False)[0], trained, strict=True):
        draw_curves(axes, findings, "validation_accuracy", language, (f"large {hidden}", f"scaled {hidden}"))


COLUMNS = Text(
    "experiment | reported: first epoch (validation) | ours: first epoch (validation) | seeds",
    "实验 | 原报告：第一轮（验证集） | 本次：第一轮（验证集） | 种子数",
)


def tables(findings: Findings, language: Language) -> list[Table]:
    rows = [
        [
            label(experiment, language),
            REPORTED[key][0],
            mean_and_sd(experiment["validation"]["first"]),
            str(experiment["seeds"]),
        ]
        for key, experiment in findings["experiments"].items()
    ]
    return [Table(COLUMNS[language].split(" | "), rows), accuracy_table(findings, language)]


def claims(findings: Findings) -> list[Claim]:
    found = findings["experiments"]
    first = {key: mean(experiment["validation"]["first"]) for key, experiment in found.items()}
    final = {key: mean(experiment["validation"]["final"]) for key, experiment in found.items()}
    return [
        Claim(
            Text("Scaled weights are ahead after the first epoch.", "第一轮之后，按 n_in 缩放的权重领先。"),
            first["scaled 30"] > first["large 30"] + 3,
            f"{first['scaled 30']:.2f} > {first['large 30']:.2f}",
        ),
        Claim(
            Text("In the end they are about level with 30 hidden neurons.", "30 个隐藏神经元时，最后两者相差不大。"),
            abs(final["scaled 30"] - final["large 30"]) < first["scaled 30"] - first["large 30"],
            f"{final['scaled 30']:.2f} / {final['large 30']:.2f}",
        ),
    ]


LESSON = Lesson(
    name="initialization",
    source="3",
    formulas=(
        Formula(
            r"z = \sum_j w_j x_j + b, \quad w_j \sim N(0, 1) \;\Rightarrow\; \mathrm{Var}\,z = \sum_j x_j^2 + 1",
            Text("with 784 inputs z is large and σ(z) is saturated", "有 784 个输入时 z 很大，σ(z) 饱和"),
        ),
        Formula(
            r"w_j \sim N(0, 1/n) \;\Rightarrow\; \mathrm{Var}\,z = \dfrac{1}{n}\sum_j x_j^2 + 1 \leq 2",
            Text("z stays small for any number of inputs", "无论多少输入，z 都不大"),
        ),
    ),
    code=(perceptron, large_weights, scaled_weights, cross_entropy, train_network),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(11.0, 4.5),
)
