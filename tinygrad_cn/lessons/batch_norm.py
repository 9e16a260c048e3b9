"""Batch normalisation: deep networks that crawl or fail without it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import nn, optim
from tinygrad_cn.lessons.kit.data import load, pixels
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import log_likelihood
from tinygrad_cn.lessons.kit.parallel import Tick, run_seeds
from tinygrad_cn.lessons.kit.plots import ACCURACY, EPOCH, draw_seeds, legend_above
from tinygrad_cn.lessons.kit.tables import mean_and_sd

DEPTH, WIDTH, BATCH = 8, 50, 32
CASES = {"sigmoid": (nn.Sigmoid, 0.1), "ReLU": (nn.ReLU, 2.0)}  # crawls; explodes or dies


def deep(inputs: int, activation: type[nn.Module], *, normalised: bool) -> nn.Sequential:
    """For digits: eight hidden layers, each normalised before its activation or not at all."""
    layers: list[nn.Module] = []
    for before, after in pairwise([inputs, *[WIDTH] * DEPTH]):
        layers.append(nn.Linear(before, after, bias=not normalised))  # beta takes the place of the bias
        if normalised:
            layers.append(nn.BatchNorm1d(after))
        layers.append(activation())
    return nn.Sequential(*layers, nn.Linear(WIDTH, 10))


def train(setting: Setting, name: str, normalised: bool, seed: int, tick: Tick) -> list[float]:
    """The test accuracy in percent after each epoch."""
    splits = load(setting.data, setting.data_dir)
    data, test = splits.training.first(setting.pick(mnist=3200, digits=960, quick=480)), splits.test
    activation, lr = CASES[name]
    tg.manual_seed(seed)
    network = deep(pixels(setting), activation, normalised=normalised)
    optimizer = optim.SGD(network.parameters(), lr=lr)
    accuracy = []
    for _ in range(setting.pick(mnist=5, digits=15, quick=6)):
        network.train()
        for batch in tg.randperm(len(data.images)).split(BATCH):
            optimizer.zero_grad()
            with np.errstate(all="ignore"):  # the network that explodes overflows
                log_likelihood(network(data.images[batch]), data.targets[batch]).backward()
            optimizer.step()
        network.eval()  # the running averages, so that an answer does not depend on its neighbours
        with tg.no_grad(), np.errstate(all="ignore"):
            right = network(test.images).argmax(dim=1) == test.labels
        accuracy.append(round(100 * right.to(tg.float64).mean().item(), 2))
    tick()
    return accuracy


def run(setting: Setting) -> Findings:
    return run_seeds(setting, train, {f"{name} {on}": (name, on) for name in CASES for on in (False, True)})


WITH, WITHOUT = Text("with batch normalisation", "有批归一化"), Text("without it", "没有批归一化")
TITLE = Text(f"{DEPTH} layers of {{}}, η = {{:g}}: {{}}", f"{DEPTH} 层 {{}}，η = {{:g}}：{{}}")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    for axes, (name, (_, lr)) in zip(figure.subplots(1, 2), CASES.items(), strict=True):
        for color, normalised, text in (("C0", True, WITH), ("C1", False, WITHOUT)):
            curves = findings[f"{name} {normalised}"]
            draw_seeds(axes, range(1, len(curves[0]) + 1), curves, text[language], color, "o-")
        axes.set(xlabel=EPOCH[language], ylabel=TITLE[language].format(name, lr, ACCURACY[language]), ylim=(0, 100))
        axes.locator_params(axis="x", integer=True)
        legend_above(axes)


def last(findings: Findings, name: str, normalised: bool) -> list[float]:
    return [curve[-1] for curve in findings[f"{name} {normalised}"]]


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        "network | η | test accuracy without [%] | with batch normalisation [%] | seeds",
        "网络 | η | 没有批归一化的测试准确率 [%] | 有批归一化 [%] | 种子数",
    )
    rows = []
    for name, (_, lr) in CASES.items():
        without, normalised = last(findings, name, False), last(findings, name, True)
        rows.append([name, f"{lr:g}", mean_and_sd(without), mean_and_sd(normalised), str(len(without))])
    return [Table(columns[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    texts = {
        "sigmoid": Text(
            "Deep sigmoids crawl without it and learn with it.", "深层 sigmoid 网络没有它几乎不动，有了它就能学。"
        ),
        "ReLU": Text(
            "At a large learning rate ReLUs fail without it and learn with it.",
            "学习率很大时，ReLU 网络没有它就失败，有了它就能学。",
        ),
    }
    found = []
    for name, text in texts.items():
        without, normalised = last(findings, name, False), last(findings, name, True)
        holds = max(without) < 30 and np.mean(normalised) > max(without) + 20
        found.append(Claim(text, bool(holds), f"≤ {max(without):.1f} %; {mean_and_sd(normalised, 1)} %"))
    return found


LESSON = Lesson(
    name="batch_norm",
    source="",
    formulas=(
        Formula(
            r"\hat z = \dfrac{z - \mu_B}{\sqrt{\sigma_B^2 + \epsilon}}, \quad a = f(\gamma\,\hat z + \beta)",
            Text("before the activation; μ and σ² of the mini-batch", "放在激活函数之前；μ 和 σ² 取自小批量"),
        ),
    ),
    code=(deep, train),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(11.0, 4.4),
)
