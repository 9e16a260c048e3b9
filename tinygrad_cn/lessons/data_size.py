"""Accuracy against the size of the training data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure

from tinygrad_cn.lessons.kit.data import load, pixels
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import cross_entropy, large_network, perceptron
from tinygrad_cn.lessons.kit.parallel import run_tasks
from tinygrad_cn.lessons.kit.plots import ACCURACY
from tinygrad_cn.lessons.kit.stacked import stack_seeds
from tinygrad_cn.lessons.kit.tables import mean, mean_and_sd
from tinygrad_cn.lessons.kit.training import Experiment, evaluate, shuffles, train_network

REPORTED = {100: 69.09, 200: 76.37, 500: 85.29, 1000: 88.85, 2000: 91.27, 5000: 93.24}
REPORTED |= {10000: 94.89, 20000: 95.85, 50000: 95.97}


def train(setting: Setting, images: int, seeds: Sequence[int], tick: Callable[[], None]) -> list[list[float]]:
    """Validation and test accuracy of each seed at the end; as many steps whatever the number of images."""
    splits = load(setting.data, setting.data_dir)
    budget = setting.pick(mnist=1_500_000, digits=100_000, quick=10_000)  # images shown in all
    experiment = Experiment(
        key=str(images),
        label=Text("", ""),
        network=partial(large_network, pixels(setting), 30),
        loss=cross_entropy,
        lr=0.5,
        l2=1e-4 * images,
        epochs=max(1, budget // images),
    )
    model = stack_seeds(experiment.network, seeds)
    train_network(model, splits.training.first(images), experiment, shuffles(seeds), tick)
    parts = (splits.validation, splits.test)
    found = [[accuracy for _, accuracy in evaluate(model, cross_entropy, part)] for part in parts]
    return [[round(accuracy, 2) for accuracy in row] for row in found]


def run(setting: Setting) -> Findings:
    sizes = setting.pick(mnist=list(REPORTED), digits=[50, 100, 200, 500, 1000], quick=[50, 200, 1000])
    budget = setting.pick(mnist=1_500_000, digits=100_000, quick=10_000)
    seeds = list(range(setting.seeds))
    quiet = Setting(setting.data, setting.data_dir, setting.seeds, setting.quick)  # what other processes can be sent
    tasks = [(quiet, size, seeds) for size in sizes]
    found = run_tasks(setting, train, tasks, sum(max(1, budget // size) for size in sizes))
    return {
        "sizes": sizes,
        "validation": [both[0] for both in found],
        "test": [both[1] for both in found],
    }


SIZE = Text("training images", "训练图像数")
OURS, BOOK = Text("ours (validation)", "本次（验证集）"), Text("reported", "原报告")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    axes = figure.subplots()
    sizes, found = findings["sizes"], findings["validation"]
    spread = [np.std(values, ddof=1) if len(values) > 1 else 0 for values in found]
    axes.errorbar(sizes, [mean(values) for values in found], yerr=spread, fmt=".-", capsize=3, label=OURS[language])
    known = [size for size in sizes if size in REPORTED]
    if sizes[-1] == max(REPORTED):
        axes.plot(known, [REPORTED[size] for size in known], "x", color="C1", label=BOOK[language])
    axes.set(xscale="log", xlabel=SIZE[language], ylabel=ACCURACY[language])
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.legend()


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        "training images | reported (validation) | ours: validation | ours: test | seeds",
        "训练图像数 | 原报告（验证集） | 本次：验证集 | 本次：测试集 | 种子数",
    )
    full = findings["sizes"][-1] == max(REPORTED)
    rows = [
        [
            f"{size:,}",
            f"{REPORTED[size]:.2f}" if full else "–",
            mean_and_sd(validation),
            mean_and_sd(test),
            str(len(validation)),
        ]
        for size, validation, test in zip(findings["sizes"], findings["validation"], findings["test"], strict=True)
    ]
    return [Table(columns[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    found = [mean(values) for values in findings["test"]]
    gains = [after - before for before, after in pairwise(found)]
    return [
        Claim(
            Text("Every enlargement of the data helps.", "每次扩大数据都有帮助。"),
            all(gain > 0 for gain in gains),
            " → ".join(f"{value:.2f}" for value in found),
        ),
        Claim(
            Text("The first gains more than the last.", "第一次的收益大于最后一次。"),
            gains[0] > gains[-1],
            f"+{gains[0]:.2f} > +{gains[-1]:.2f}",
        ),
    ]


LESSON = Lesson(
    name="data_size",
    source="3",
    formulas=(
        Formula(
            r"\lambda = 10^{-4}\,n, \quad \mathrm{epochs} = 1.5 \cdot 10^6 / n",
            Text(
                "the same decay in each step and as many steps for every n (MNIST)",
                "每个 n 的每步衰减和总步数都相同（MNIST）",
            ),
        ),
    ),
    code=(perceptron, large_network, cross_entropy, train, train_network),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(8.0, 4.5),
)
