"""Convolutional layers, then rectified linear units: the way from 97.8 to 99.2 percent."""

from __future__ import annotations

from functools import partial

import numpy as np
from matplotlib.figure import Figure

from tinygrad_cn import nn
from tinygrad_cn.lessons.kit.data import pixels, side
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import log_likelihood, scaled_network, scaled_weights
from tinygrad_cn.lessons.kit.parallel import train_all
from tinygrad_cn.lessons.kit.plots import draw_curves, label
from tinygrad_cn.lessons.kit.tables import accuracy_table, mean
from tinygrad_cn.lessons.kit.training import Experiment, train_network


def convolutional(side: int, maps: tuple[int, ...], activation: type[nn.Module]) -> nn.Sequential:
    """Kernels of 5x5 and pooling by 2, once or more; then 100 neurons and the 10 outputs."""
    layers: list[nn.Module] = [nn.Unflatten(1, (1, side, side))]  # (N, P) -> (N, 1, side, side)
    channels = 1
    for count in maps:
        layers += [nn.Conv2d(channels, count, 5), activation(), nn.MaxPool2d(2)]
        channels, side = count, (side - 4) // 2
    layers += [nn.Flatten(), nn.Linear(channels * side * side, 100), activation(), nn.Linear(100, 10)]
    return scaled_weights(nn.Sequential(*layers))


def parameters(network: nn.Module) -> list[int]:
    """Of all layers, and of the first that has any."""
    sizes = [sum(p.numel() for p in layer.parameters()) for layer in network.children()]
    return [sum(sizes), next(size for size in sizes if size)]


def run(setting: Setting) -> Findings:
    width = side(setting)
    maps = setting.pick(mnist=(20, 40), digits=(8, 16), quick=(4, 8))
    networks = {
        "full": partial(scaled_network, pixels(setting), 100),
        "one": partial(convolutional, width, maps[:1], nn.Sigmoid),
        "two": partial(convolutional, width, maps, nn.Sigmoid),
        "rectified": partial(convolutional, width, maps, nn.ReLU),
    }
    labels = {
        "full": Text("fully connected", "全连接"),
        "one": Text("one convolution", "一层卷积"),
        "two": Text("two convolutions", "两层卷积"),
        "rectified": Text("two convolutions, ReLU", "两层卷积，ReLU"),
    }
    reported = {"full": "97.80", "one": "98.78", "two": "99.06", "rectified": "99.23"}
    experiments = [
        Experiment(
            key=key,
            label=labels[key],
            network=network,
            loss=log_likelihood,
            lr=0.03 if key == "rectified" and setting.data == "mnist" else 0.1,
            l2=setting.pick(mnist=0.1, digits=0.01, quick=0.01) if key == "rectified" else 0.0,
            epochs=setting.pick(mnist=60 if key == "full" else 20, digits=30, quick=4),
            reported=reported[key],
            most_seeds=setting.pick(mnist=1, digits=3, quick=1),
        )
        for key, network in networks.items()
        if not (setting.quick and key == "two")
    ]
    sizes = {key: parameters(network()) for key, network in networks.items()}
    return train_all(setting, experiments) | {"parameters": sizes}


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    axes = figure.subplots()
    draw_curves(axes, findings, "test_accuracy", language)
    top = max(np.max(found["curves"]["test_accuracy"]["mean"]) for found in findings["experiments"].values())
    axes.set_ylim(top - 6, top + 0.5)


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        "network | parameters | in the first layer | test accuracy after the first epoch [%]",
        "网络 | 参数总数 | 第一层的参数 | 第一轮后的测试准确率 [%]",
    )
    rows = [
        [
            label(found, language),
            *(f"{size:,}" for size in findings["parameters"][key]),
            f"{mean(found['test']['first']):.2f}",
        ]
        for key, found in findings["experiments"].items()
    ]
    return [accuracy_table(findings, language), Table(columns[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    sizes = findings["parameters"]
    first = {key: mean(found["test"]["first"]) for key, found in findings["experiments"].items()}
    final = {key: mean(found["test"]["final"]) for key, found in findings["experiments"].items()}
    return [
        Claim(
            Text(
                "The convolution has a fraction of the first layer's parameters.",
                "卷积层的参数只是全连接第一层的零头。",
            ),
            sizes["one"][1] < sizes["full"][1] / 100,
            f"{sizes['one'][1]:,} / {sizes['full'][1]:,}",
        ),
        Claim(
            Text("Rectified units do better than sigmoids after one epoch.", "训练一轮后，ReLU 胜过 sigmoid。"),
            first["rectified"] > first["one"],
            f"{first['rectified']:.2f} > {first['one']:.2f}",
        ),
        Claim(
            Text("With a second convolution, they do so at the end too.", "再加一层卷积，到最后也是如此。"),
            final["rectified"] > final["one"],
            f"{final['rectified']:.2f} > {final['one']:.2f}",
        ),
    ]


LESSON = Lesson(
    name="convolution",
    source="6",
    formulas=(
        Formula(
            r"a_{x,y} = \sigma\left(b + \sum_{i=0}^{4} \sum_{j=0}^{4} w_{i,j}\, a^{in}_{x+i,\,y+j}\right)",
            Text("the same 25 weights at every place", "每个位置都用同样的 25 个权重"),
        ),
    ),
    code=(convolutional, scaled_weights, log_likelihood, train_network),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
)
