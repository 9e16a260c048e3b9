"""Deeper networks of sigmoid neurons: no better, because their first layers hardly learn."""

from __future__ import annotations

from functools import partial

import numpy as np
from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import Tensor
from tinygrad_cn.lessons.kit.data import Images, load, pixels
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import cross_entropy, perceptron, scaled_network, scaled_weights
from tinygrad_cn.lessons.kit.parallel import train_all
from tinygrad_cn.lessons.kit.plots import draw_curves
from tinygrad_cn.lessons.kit.tables import accuracy_table, mean
from tinygrad_cn.lessons.kit.training import Experiment, train_network

REPORTED = {1: "96.48", 2: "96.90", 3: "96.57", 4: "96.53"}
REPORTED_SPEEDS = {2: ".07 .31", 3: ".012 .060 .283", 4: ".003 .017 .070 .285"}
NETWORKS_AT_START = 20


def speeds(inputs: int, depth: int, data: Images, seed: int) -> list[float]:
    """The length of the vector of errors δ in each hidden layer of a new network: how fast its biases learn."""
    tg.manual_seed(seed)
    network = scaled_network(inputs, *[30] * depth)
    sums: list[Tensor] = []  # z of each layer, whose gradient is δ
    signal = data.images
    for layer in network:
        signal = layer(signal)
        if layer is not network[-1] and hasattr(layer, "weight"):
            signal.retain_grad()
            sums.append(signal)
    cross_entropy(signal, data.targets).backward()
    return [float(z.grad.sum(dim=0).norm()) for z in sums if z.grad is not None]  # the mean of δ over the images


def run(setting: Setting) -> Findings:
    data = load(setting.data, setting.data_dir).training.first(1000)
    at_start = {}
    for depth in REPORTED_SPEEDS:
        drawn = [speeds(pixels(setting), depth, data, seed) for seed in range(NETWORKS_AT_START)]
        at_start[str(depth)] = np.round(drawn, 5).tolist()
    depths = setting.pick(mnist=[1, 2, 3, 4], digits=[1, 2, 3, 4], quick=[1, 3])
    experiments = [
        Experiment(
            key=str(depth),
            label=Text(f"{depth} × 30 hidden", f"{depth} 层，每层 30 个隐藏神经元"),
            network=partial(scaled_network, pixels(setting), *[30] * depth),
            loss=cross_entropy,
            lr=0.1,
            l2=setting.pick(mnist=5.0, digits=0.1, quick=0.1),
            epochs=setting.pick(mnist=30, digits=60, quick=6),
            reported=REPORTED[depth],
            judged_on="validation",
        )
        for depth in depths
    ]
    return train_all(setting, experiments) | {"speeds": at_start}


LAYER = Text("hidden layer", "隐藏层")
SPEED = Text("|δ| at the start", "起点处的 |δ|")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    accuracy, speed = figure.subplots(1, 2)
    draw_curves(accuracy, findings, "validation_accuracy", language)
    top = accuracy.dataLim.y1
    accuracy.set_ylim(top - 15, top + 0.5)
    for depth, values in findings["speeds"].items():
        low, middle, high = np.percentile(values, [16, 50, 84], axis=0)
        layers = np.arange(1, len(middle) + 1)
        text = f"{depth} " + ("hidden layers" if language == "en" else "个隐藏层")
        speed.errorbar(layers, middle, yerr=[middle - low, high - middle], fmt="o-", capsize=3, label=text)
    speed.set(yscale="log", xlabel=LAYER[language], ylabel=SPEED[language], xticks=range(1, 5))
    speed.legend()


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        f"hidden layers | reported speeds, first layer to last | ours: median of {NETWORKS_AT_START} networks",
        f"隐藏层数 | 原报告的速度（由前到后） | 本次：{NETWORKS_AT_START} 个网络的中位数",
    )
    rows = [
        [depth, REPORTED_SPEEDS[int(depth)], " ".join(f"{value:.3f}" for value in np.median(values, axis=0))]
        for depth, values in findings["speeds"].items()
    ]
    return [accuracy_table(findings, language), Table(columns[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    four = np.median(findings["speeds"]["4"], axis=0)
    final = {int(key): mean(found["validation"]["final"]) for key, found in findings["experiments"].items()}
    return [
        Claim(
            Text("The nearer a layer is to the input, the slower it learns.", "越靠近输入的层学得越慢。"),
            bool((np.diff(four) > 0).all()) and four[0] < four[-1] / 10,
            " ".join(f"{value:.4f}" for value in four),
        ),
        Claim(
            Text("Depth buys less than one point.", "加深换来的不到一个百分点。"),
            max(final.values()) - final[1] < 1,
            ", ".join(f"{depth}: {value:.2f}" for depth, value in final.items()),
        ),
    ]


LESSON = Lesson(
    name="depth",
    source="5",
    formulas=(
        Formula(
            r"\delta^l = \left((w^{l+1})^T \delta^{l+1}\right) \odot \sigma'(z^l), \quad \sigma'(z) \leq \dfrac{1}{4}",
            Text("every layer multiplies the error by σ′", "每往前一层，误差都要乘上 σ′"),
        ),
    ),
    code=(perceptron, scaled_weights, cross_entropy, speeds, train_network),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(11.0, 4.5),
)
