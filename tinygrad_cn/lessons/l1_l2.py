"""L1 against L2 regularisation: what each does to a single weight, and to the weights of a network."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import Tensor, nn, optim
from tinygrad_cn.lessons.kit.data import load, pixels
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import cross_entropy, scaled_network
from tinygrad_cn.lessons.kit.parallel import Tick, run_seeds
from tinygrad_cn.lessons.kit.tables import mean_and_sd

STARTS, LR, DECAY, STEPS = (1.0, 0.6, 0.2, -0.8), 0.1, 0.2, 100
EDGES = np.linspace(-0.15, 0.15, 61)
SMALL = 0.001  # a weight below it is as good as none

Penalty = Callable[[Tensor], Tensor]


def l1(w: Tensor) -> Tensor:
    return w.abs().sum()


def l2(w: Tensor) -> Tensor:
    return (w**2).sum() / 2


PENALTIES: dict[str, tuple[Penalty, float]] = {"none": (l2, 0.0), "L1": (l1, 3e-4), "L2": (l2, 3e-3)}


def shrink(penalty: Penalty) -> list[list[float]]:
    """Weights on which the data have nothing to say: the penalty's gradient is all there is."""
    w = nn.Parameter(tg.tensor(STARTS, dtype=tg.float64))
    optimizer = optim.SGD([w], lr=LR)
    way = [w.tolist()]
    for _ in range(STEPS):
        optimizer.zero_grad()
        (DECAY * penalty(w)).backward()
        optimizer.step()
        way.append(w.tolist())
    return way


def train(setting: Setting, name: str, seed: int, tick: Tick) -> Findings:
    """A network of 30 hidden neurons, its penalty written into the cost."""
    splits = load(setting.data, setting.data_dir)
    training = splits.training.first(setting.pick(mnist=1000, digits=1000, quick=200))
    penalty, strength = PENALTIES[name]
    tg.manual_seed(seed)
    network = scaled_network(pixels(setting), 30)
    optimizer = optim.SGD(network.parameters(), lr=0.5)
    for _ in range(setting.pick(mnist=15, digits=20, quick=10)):
        for batch in tg.randperm(len(training.images)).split(10):
            optimizer.zero_grad()
            cost = cross_entropy(network(training.images[batch]), training.targets[batch])
            (cost + strength * (penalty(network[0].weight) + penalty(network[2].weight))).backward()
            optimizer.step()
    tick()
    lit = training.images.amax(dim=0) > 0  # a pixel that is always dark gives its weights no gradient
    weights = network[0].weight.detach()[:, lit].flatten()
    right = (network(splits.test.images).argmax(dim=1) == splits.test.labels).to(tg.float64).mean().item()
    return {
        "accuracy": round(100 * right, 2),
        "small": round(100 * (weights.abs() < SMALL).to(tg.float64).mean().item(), 2),
        "largest": round(weights.abs().max().item(), 3),
        "histogram": np.histogram(weights.numpy(), EDGES)[0].tolist(),
    }


def run(setting: Setting) -> Findings:
    return {
        "ways": {"L1": np.round(shrink(l1), 6).tolist(), "L2": np.round(shrink(l2), 6).tolist()},
        "trained": run_seeds(setting, train, {name: (name,) for name in PENALTIES}),
    }


STEP, WEIGHT, COUNT = Text("step", "步"), Text("weight", "权重"), Text("weights of the first layer", "第一层的权重个数")
ALONE = Text("{}: four weights alone", "{}：四个单独的权重")
NETWORK = Text("a network: mean of the seeds", "一个网络：各种子的均值")
NONE = Text("no penalty", "不加惩罚项")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    *alone, histogram = figure.subplots(1, 3)
    for axes, (name, way) in zip(alone, findings["ways"].items(), strict=True):
        axes.plot(way)
        axes.set(title=ALONE[language].format(name), xlabel=STEP[language], ylabel=WEIGHT[language], ylim=(-0.9, 1.1))
    for name, runs in findings["trained"].items():
        text = NONE[language] if name == "none" else f"{name}, {PENALTIES[name][1]:g}"
        counts = np.mean([found["histogram"] for found in runs], axis=0)
        histogram.stairs(counts, EDGES, label=text, linewidth=1.3, baseline=None)
    histogram.set(xlabel=WEIGHT[language], ylabel=COUNT[language], yscale="log", title=NETWORK[language])
    histogram.legend(loc="upper right")


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        f"penalty in the cost | strength | test accuracy [%] | weights below {SMALL} [%] | largest weight | seeds",
        f"代价中的惩罚项 | 强度 | 测试集准确率 [%] | 小于 {SMALL} 的权重 [%] | 最大的权重 | 种子数",
    )
    rows = [
        [
            NONE[language] if name == "none" else name,
            f"{PENALTIES[name][1]:g}",
            *(mean_and_sd([found[key] for found in runs]) for key in ("accuracy", "small", "largest")),
            str(len(runs)),
        ]
        for name, runs in findings["trained"].items()
    ]
    return [Table(columns[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    ways = {name: np.array(way) for name, way in findings["ways"].items()}
    constant = np.abs(np.diff(ways["L1"][:10], axis=0))  # the smallest start arrives after ten steps
    shares = ways["L2"][1:] / ways["L2"][:-1]
    trained = findings["trained"].items()
    small = {name: [found["small"] for found in runs] for name, runs in trained}
    largest = {name: [found["largest"] for found in runs] for name, runs in trained}
    return [
        Claim(
            Text(
                "L1 shrinks by a constant: the same step for every weight, down to 0.",
                "L1 每步减去一个常数：所有权重步子相同，直到 0。",
            ),
            bool(np.ptp(constant) < 1e-5) and bool(np.abs(ways["L1"][-1]).max() <= LR * DECAY + 1e-5),
            f"{constant.min():.4f} – {constant.max():.4f}",
        ),
        Claim(
            Text("L2 shrinks in proportion: the same share of every weight.", "L2 按比例缩小：所有权重比例相同。"),
            bool(np.ptp(shares) < 1e-4),
            f"{shares.min():.4f} – {shares.max():.4f}",
        ),
        Claim(
            Text(
                "In a network L1 brings far more weights to nearly 0 than L2 does.",
                "在网络里，被 L1 压到几乎为 0 的权重远多于 L2。",
            ),
            min(small["L1"]) > 2 * max(small["L2"] + small["none"]),
            f"≥ {min(small['L1']):.1f} %, ≤ {max(small['L2']):.1f} %, ≤ {max(small['none']):.1f} %",
        ),
        Claim(
            Text("L2 makes the largest weight smaller.", "L2 使最大的权重变小。"),
            np.mean(largest["L2"]) < np.mean(largest["none"]),
            f"{mean_and_sd(largest['L2'])} < {mean_and_sd(largest['none'])}",
        ),
    ]


LESSON = Lesson(
    name="l1_l2",
    source="3",
    formulas=(
        Formula(
            r"L1: \; w \to w - \dfrac{\eta\lambda}{n}\,\mathrm{sgn}(w) - \eta\,\dfrac{\partial C_0}{\partial w}",
            Text("the same amount for every weight", "所有权重减去同样多"),
        ),
        Formula(
            r"L2: \; w \to \left(1 - \dfrac{\eta\lambda}{n}\right) w - \eta\,\dfrac{\partial C_0}{\partial w}",
            Text("the same share of every weight", "所有权重缩小同样的比例"),
        ),
    ),
    code=(l1, l2, shrink, train),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(13.0, 4.0),
)
