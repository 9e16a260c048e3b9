"""L1 against L2, on single weights and on a network's; weight decay in the cost against weight decay in the update."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import Tensor, nn, optim
from tinygrad_cn.lessons.kit.data import load
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import cross_entropy, scaled_network
from tinygrad_cn.lessons.kit.parallel import Tick, run_tasks

STARTS, LR, DECAY, STEPS = (1.0, 0.6, 0.2, -0.8), 0.1, 0.2, 100
EDGES = np.linspace(-0.15, 0.15, 61)
SMALL = 0.001  # a weight below it is as good as none

Penalty = Callable[[Tensor], Tensor]


def none(w: Tensor) -> Tensor:
    return 0 * w.sum()


def l1(w: Tensor) -> Tensor:
    return w.abs().sum()


def l2(w: Tensor) -> Tensor:
    return (w**2).sum() / 2


PENALTIES: dict[str, Penalty] = {"none": none, "L1": l1, "L2": l2}


def shrink(penalty: Penalty, decay: float, make: Callable[[list[nn.Parameter]], optim.Optimizer]) -> list[list[float]]:
    """Weights on which the data have nothing to say: the penalty's gradient is all there is."""
    w = nn.Parameter(tg.tensor(STARTS, dtype=tg.float64))
    optimizer = make([w])
    way = [w.tolist()]
    for _ in range(STEPS):
        optimizer.zero_grad()
        (decay * penalty(w)).backward()
        optimizer.step()
        way.append(w.tolist())
    return way


def in_cost_or_update(make: Callable[..., optim.Optimizer], other: Callable[..., optim.Optimizer]) -> float:
    """How far two small networks drift apart in 50 steps: L2 in the cost of one, in the update of the other."""
    networks = []
    for in_cost in (True, False):
        tg.manual_seed(0)
        x, y = tg.randn(32, 5, dtype=tg.float64), tg.rand(32, 2, dtype=tg.float64)
        network = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 2)).double()
        optimizer = make(network.parameters()) if in_cost else other(network.parameters(), weight_decay=DECAY)
        for _ in range(50):
            optimizer.zero_grad()
            cost = cross_entropy(network(x), y)
            if in_cost:
                cost = cost + DECAY * sum((l2(w) for w in network.parameters()), tg.zeros(()))
            cost.backward()
            optimizer.step()
        networks.append(network)
    pairs = zip(networks[0].parameters(), networks[1].parameters(), strict=True)
    return max((a - b).abs().max().item() for a, b in pairs)


def train(
    data: str, data_dir: Path | None, penalty: str, decay: float, images: int, epochs: int, tick: Tick
) -> Findings:
    """A network of 30 hidden neurons, its penalty written into the cost."""
    splits = load(data, data_dir)
    training = splits.training.first(images)
    tg.manual_seed(0)
    network = scaled_network(training.images.shape[1], 30)
    weights = [network[0].weight, network[2].weight]
    optimizer = optim.SGD(network.parameters(), lr=0.5)
    for _ in range(epochs):
        for batch in tg.randperm(len(training.images)).split(10):
            optimizer.zero_grad()
            cost = cross_entropy(network(training.images[batch]), training.targets[batch])
            for w in weights:
                cost = cost + decay * PENALTIES[penalty](w)
            cost.backward()
            optimizer.step()
        tick()
    with tg.no_grad():
        right = (network(splits.test.images).argmax(dim=1) == splits.test.labels).to(tg.float32).mean().item()
        lit = training.images.amax(dim=0) > 0  # a pixel that is always dark gives its weights no gradient
        first = weights[0][:, lit].flatten()
        return {
            "accuracy": 100 * right,
            "small": (first.abs() < SMALL).to(tg.float32).mean().item(),
            "large": first.abs().max().item(),
            "histogram": np.histogram(first.numpy(), EDGES)[0].tolist(),
        }


WAYS: dict[str, tuple[Penalty, float, Callable[[list[nn.Parameter]], optim.Optimizer]]] = {
    "L1": (l1, DECAY, lambda w: optim.SGD(w, lr=LR)),
    "L2": (l2, DECAY, lambda w: optim.SGD(w, lr=LR)),
    "Adam": (l2, DECAY, lambda w: optim.Adam(w, lr=0.01)),
    "AdamW": (none, 0.0, lambda w: optim.AdamW(w, lr=0.01, weight_decay=2.0)),
}


def run(setting: Setting) -> Findings:
    images = setting.pick(mnist=5000, digits=1000, quick=200)
    epochs = setting.pick(mnist=30, digits=60, quick=12)
    strengths = {"none": 0.0, "L1": 3e-4, "L2": 3e-3}
    tasks = [(setting.data, setting.data_dir, name, decay, images, epochs) for name, decay in strengths.items()]
    trained = run_tasks(setting, train, tasks, epochs * len(tasks))

    def sgd(parameters: list[nn.Parameter], weight_decay: float = 0.0) -> optim.Optimizer:
        return optim.SGD(parameters, lr=0.1, weight_decay=weight_decay)

    def adam(parameters: list[nn.Parameter], weight_decay: float = 0.0) -> optim.Optimizer:
        return optim.Adam(parameters, lr=0.01, weight_decay=weight_decay)

    def adamw(parameters: list[nn.Parameter], weight_decay: float = 0.0) -> optim.Optimizer:
        return optim.AdamW(parameters, lr=0.01, weight_decay=weight_decay)

    return {
        "ways": {name: np.round(shrink(*how), 6).tolist() for name, how in WAYS.items()},
        "drift": {
            "SGD": in_cost_or_update(sgd, sgd),
            "Adam": in_cost_or_update(adam, adam),
            "AdamW": in_cost_or_update(adam, adamw),
        },
        "trained": dict(zip(strengths, trained, strict=True)),
        "strengths": strengths,
    }


TITLES = {
    "L1": Text("L1, SGD", "L1，SGD"),
    "L2": Text("L2, SGD", "L2，SGD"),
    "Adam": Text("L2 in the cost, Adam", "L2 写进代价，Adam"),
    "AdamW": Text("decay in the update, AdamW", "衰减写进更新，AdamW"),
}
STEP, WEIGHT, COUNT = Text("step", "步"), Text("weight", "权重"), Text("weights of the first layer", "第一层的权重个数")
NONE = Text("none", "不加惩罚")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    places = figure.subplot_mosaic("ABE;CDE", width_ratios=[1, 1, 1.4])
    for place, (name, way) in zip("ABCD", findings["ways"].items(), strict=True):
        places[place].plot(way)
        places[place].set(
            title=TITLES[name][language], xlabel=STEP[language], ylabel=WEIGHT[language], ylim=(-0.9, 1.1)
        )
    for name, found in findings["trained"].items():
        text = NONE[language] if name == "none" else f"{name}, {findings['strengths'][name]:g}"
        places["E"].stairs(found["histogram"], EDGES, label=text, linewidth=1.3)
    places["E"].set(xlabel=WEIGHT[language], ylabel=COUNT[language], yscale="log")
    places["E"].legend()


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        f"penalty in the cost | strength | test accuracy [%] | weights below {SMALL} | largest weight",
        f"代价中的惩罚项 | 强度 | 测试集准确率 [%] | 小于 {SMALL} 的权重 | 最大的权重",
    )
    rows = [
        [
            NONE[language] if name == "none" else name,
            f"{findings['strengths'][name]:g}",
            f"{found['accuracy']:.2f}",
            f"{found['small']:.1%}",
            f"{found['large']:.2f}",
        ]
        for name, found in findings["trained"].items()
    ]
    drift = Text(
        "L2 in the cost | decay in the update | largest difference after 50 steps",
        "L2 写进代价 | 衰减写进更新 | 50 步后的最大差别",
    )
    pairs = {"SGD": ("SGD", "SGD(weight_decay)"), "Adam": ("Adam", "Adam(weight_decay)"), "AdamW": ("Adam", "AdamW")}
    return [
        Table(columns[language].split(" | "), rows),
        Table(
            drift[language].split(" | "), [[*pairs[name], f"{value:.1e}"] for name, value in findings["drift"].items()]
        ),
    ]


def claims(findings: Findings) -> list[Claim]:
    ways = {name: np.array(way) for name, way in findings["ways"].items()}
    constant = np.abs(np.diff(ways["L1"][:10], axis=0))  # the smallest start arrives after ten steps
    shares = ways["L2"][1:] / ways["L2"][:-1]
    small = {name: found["small"] for name, found in findings["trained"].items()}
    large = {name: found["large"] for name, found in findings["trained"].items()}
    drift = findings["drift"]
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
            small["L1"] > 2 * max(small["L2"], small["none"]),
            f"{small['L1']:.1%} / {small['L2']:.1%} / {small['none']:.1%}",
        ),
        Claim(
            Text("L2 makes the largest weight smaller.", "L2 使最大的权重变小。"),
            large["L2"] < large["none"],
            f"{large['L2']:.2f} < {large['none']:.2f}",
        ),
        Claim(
            Text("For SGD, L2 in the cost is decay in the update.", "对 SGD，L2 写进代价等于衰减写进更新。"),
            drift["SGD"] < 1e-12,
            f"{drift['SGD']:.1e}",
        ),
        Claim(
            Text("For Adam it is not.", "对 Adam 则不相等。"),
            drift["Adam"] < 1e-6 < 0.1 < drift["AdamW"],
            f"Adam {drift['Adam']:.1e}, AdamW {drift['AdamW']:.2f}",
        ),
    ]


LESSON = Lesson(
    name="weight_decay",
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
    code=(l1, l2, shrink, in_cost_or_update, train),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(12.0, 5.5),
)
