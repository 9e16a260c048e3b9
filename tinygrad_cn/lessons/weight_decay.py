"""Weight decay: L2 in the cost against decay in the update, one thing for SGD and two for Adam."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import partial

import numpy as np
from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import Tensor, nn, optim
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import cross_entropy
from tinygrad_cn.lessons.kit.parallel import Tick, run_seeds
from tinygrad_cn.lessons.kit.plots import draw_seeds, legend_above
from tinygrad_cn.lessons.kit.tables import mean_and_sd

STARTS, DECAY, STEPS = (1.0, 0.6, 0.2, -0.8), 0.2, 100
Make = Callable[..., optim.Optimizer]


sgd: Make = partial(optim.SGD, lr=0.1)
adam: Make = partial(optim.Adam, lr=0.01)
adamw: Make = partial(optim.AdamW, lr=0.01)


def descend(
    parameters: Sequence[nn.Parameter], cost: Callable[[], Tensor], optimizer: optim.Optimizer, penalty: float = 0.0
) -> Tensor:
    """Minimises the cost and `penalty / 2 * sum of w^2`.

    Shape:
        - output: :math:`(STEPS + 1, P)`, all P numbers of the parameters before the first step and after each
    """
    way = [nn.utils.parameters_to_vector(parameters).detach()]
    for _ in range(STEPS):
        optimizer.zero_grad()
        squares = sum(((w**2).sum() for w in parameters), tg.zeros((), dtype=tg.float64))
        (cost() + penalty / 2 * squares).backward()
        optimizer.step()
        way.append(nn.utils.parameters_to_vector(parameters).detach())
    return tg.stack(way)


def alone(make: Make, penalty: float, weight_decay: float) -> list[list[float]]:
    """Weights on which the data have nothing to say."""
    w = [nn.Parameter(tg.tensor(STARTS, dtype=tg.float64))]
    return descend(w, lambda: tg.zeros((), dtype=tg.float64), make(w, weight_decay=weight_decay), penalty).tolist()


def drift(in_cost: Make, in_update: Make, seed: int) -> list[float]:
    """The largest difference, step by step, of two networks that begin equal: L2 in the cost of one, decay in the
    update of the other."""
    tg.manual_seed(seed)
    x, y = tg.randn(32, 5, dtype=tg.float64), tg.rand(32, 2, dtype=tg.float64)
    network = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 2)).double()
    ways = []
    for make, penalty, weight_decay in ((in_cost, DECAY, 0.0), (in_update, 0.0, DECAY)):
        twin = deepcopy(network)
        parameters = list(twin.parameters())
        cost = partial(lambda twin: cross_entropy(twin(x), y), twin)
        ways.append(descend(parameters, cost, make(parameters, weight_decay=weight_decay), penalty))
    return (ways[0] - ways[1]).abs().amax(dim=1).tolist()


PAIRS = {"SGD": (sgd, sgd), "Adam": (adam, adam), "AdamW": (adam, adamw)}
NAMES = {"SGD": ("SGD", "SGD(weight_decay)"), "Adam": ("Adam", "Adam(weight_decay)"), "AdamW": ("Adam", "AdamW")}


def task(setting: Setting, pair: str, seed: int, tick: Tick) -> list[float]:
    tick()
    return [float(f"{value:.4g}") for value in drift(*PAIRS[pair], seed)]


def run(setting: Setting) -> Findings:
    ways = {"SGD": alone(sgd, DECAY, 0.0), "Adam": alone(adam, DECAY, 0.0), "AdamW": alone(adamw, 0.0, 10 * DECAY)}
    return {
        "alone": {name: np.round(way, 6).tolist() for name, way in ways.items()},
        "drift": run_seeds(setting, task, {pair: (pair,) for pair in PAIRS}),
    }


TITLES = {
    "SGD": Text("L2 in the cost, SGD", "L2 写进代价，SGD"),
    "Adam": Text("L2 in the cost, Adam", "L2 写进代价，Adam"),
    "AdamW": Text("decay in the update, AdamW", "衰减写进更新，AdamW"),
}
STEP, WEIGHT = Text("step", "步"), Text("weight", "权重")
DIFFERENCE = Text("largest difference of two networks", "两个网络的最大差别")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    *places, apart = figure.subplots(1, 4, width_ratios=[1, 1, 1, 1.4])
    for axes, (name, way) in zip(places, findings["alone"].items(), strict=True):
        axes.plot(way)
        axes.set(title=TITLES[name][language], xlabel=STEP[language], ylim=(-0.9, 1.1))
    places[0].set_ylabel(WEIGHT[language])
    apart.set(xlabel=STEP[language], ylabel=DIFFERENCE[language])
    for i, (pair, curves) in enumerate(findings["drift"].items()):
        draw_seeds(apart, range(STEPS + 1), curves, " – ".join(NAMES[pair]), f"C{i}", "--" if pair == "Adam" else "-")
    legend_above(apart, columns=1)


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        f"L2 in the cost | decay in the update | largest difference after {STEPS} steps, mean of the seeds",
        f"L2 写进代价 | 衰减写进更新 | {STEPS} 步后的最大差别，各种子的均值",
    )
    rows = [
        [*NAMES[pair], mean_and_sd(last) if min(last) > 0.01 else f"{np.mean(last):.1e}"]
        for pair, last in ((pair, [one[-1] for one in curves]) for pair, curves in findings["drift"].items())
    ]
    return [Table(columns[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    most = {pair: max(map(max, curves)) for pair, curves in findings["drift"].items()}
    apart = min(max(curve) for curve in findings["drift"]["AdamW"])
    first = {name: np.abs(np.subtract(way[1], way[0])) for name, way in findings["alone"].items()}
    return [
        Claim(
            Text("For SGD, L2 in the cost is decay in the update.", "对 SGD，L2 写进代价等于衰减写进更新。"),
            most["SGD"] < 1e-12,
            f"≤ {most['SGD']:.1e}",
        ),
        Claim(
            Text(
                "Adam's `weight_decay` is L2 in the cost, AdamW's is not.",
                "Adam 的 `weight_decay` 是写进代价的 L2，AdamW 的则不是。",
            ),
            most["Adam"] < 1e-6 < 0.1 < apart,
            f"Adam ≤ {most['Adam']:.1e}, AdamW ≥ {apart:.2f}",
        ),
        Claim(
            Text(
                "In Adam's first step L2 acts like L1: the same for every weight. AdamW takes a share of each.",
                "Adam 的第一步里，L2 像 L1：所有权重步子相同。AdamW 则让每个权重缩小同样的比例。",
            ),
            bool(np.ptp(first["Adam"]) < 1e-5 and np.ptp(first["AdamW"] / np.abs(STARTS)) < 1e-5),
            f"{first['Adam'].min():.4f} – {first['Adam'].max():.4f}; "
            f"{first['AdamW'].min():.4f} – {first['AdamW'].max():.4f}",
        ),
    ]


LESSON = Lesson(
    name="weight_decay",
    source="",
    formulas=(
        Formula(
            r"w \to w - \eta\left(\dfrac{\partial C_0}{\partial w} + \lambda w\right)"
            r" = (1 - \eta\lambda)\,w - \eta\,\dfrac{\partial C_0}{\partial w}",
            Text("SGD: the penalty's gradient is a share of the weight", "SGD：惩罚项的梯度就是权重的一个比例"),
        ),
        Formula(
            r"w \to (1 - \eta\lambda)\,w - \eta\,\dfrac{\hat m}{\sqrt{\hat v} + \epsilon}",
            Text(
                "AdamW: m and v know the data's gradient only; Adam's know the penalty's as well",
                "AdamW：m 和 v 只含数据的梯度；Adam 的 m 和 v 还含惩罚项的梯度",
            ),
        ),
    ),
    code=(descend, alone, drift),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(14.0, 4.0),
    depends_on=("seeds",),
)
