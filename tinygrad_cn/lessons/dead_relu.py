"""Rectified linear units: half of them are 0 for free, and a large learning rate kills them for good."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import Tensor, nn, optim
from tinygrad_cn.lessons.kit.data import Images, load, pixels
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import cross_entropy
from tinygrad_cn.lessons.kit.parallel import Tick, run_seeds
from tinygrad_cn.lessons.kit.plots import ACCURACY, draw_seeds, legend_above
from tinygrad_cn.lessons.kit.tables import mean, mean_and_sd

HIDDEN = 100
RATES = (0.01, 0.03, 0.1, 0.3, 1.0)
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"ReLU": nn.ReLU, "Leaky ReLU": lambda: nn.LeakyReLU(0.1)}


def rectified(inputs: int, activation: nn.Module) -> nn.Sequential:
    """For digits: one hidden layer, its weights from N(0, 2/n), all biases 0."""
    network = nn.Sequential(nn.Linear(inputs, HIDDEN), activation, nn.Linear(HIDDEN, 10))
    for layer in network[::2]:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    return network


def zeros(network: nn.Sequential, images: Tensor) -> tuple[float, float]:
    """Of the hidden layer, in percent: the activations that are 0, and the neurons that are 0 for all images."""
    with tg.no_grad():
        zero = network[:2](images) == 0
    return 100 * zero.to(tg.float64).mean().item(), 100 * zero.all(dim=0).to(tg.float64).mean().item()


def train(network: nn.Sequential, data: Images, lr: float, epochs: int) -> None:
    optimizer = optim.SGD(network.parameters(), lr=lr)
    for _ in range(epochs):
        for batch in tg.randperm(len(data.images)).split(10):
            optimizer.zero_grad()
            cross_entropy(network(data.images[batch]), data.targets[batch]).backward()
            optimizer.step()


def task(setting: Setting, activation: str, lr: float, seed: int, tick: Tick) -> Findings:
    splits = load(setting.data, setting.data_dir)
    data = splits.training.first(setting.pick(mnist=1000, digits=1000, quick=200))
    tg.manual_seed(seed)
    network = rectified(pixels(setting), ACTIVATIONS[activation]())
    sparse, _ = zeros(network, data.images)
    with np.errstate(all="ignore"):  # a network whose weights grow without bound overflows
        train(network, data, lr, setting.pick(mnist=8, digits=8, quick=4))
        right = (network(splits.test.images).argmax(dim=1) == splits.test.labels).to(tg.float64).mean().item()
    tick()
    found = {"sparse": round(sparse, 2), "sparse after": None, "dead": None, "accuracy": round(100 * right, 2)}
    if all(parameter.isfinite().all() for parameter in network.parameters()):
        found["sparse after"], found["dead"] = (round(share, 2) for share in zeros(network, data.images))
    return found


def run(setting: Setting) -> Findings:
    return run_seeds(setting, task, {f"{name} {lr:g}": (name, lr) for name in ACTIVATIONS for lr in RATES})


RATE, SHARE = Text("learning rate η", "学习率 η"), Text("share [%]", "比例 [%]")
SPARSE = Text("{}: activations that are 0", "{}：等于 0 的激活值")
DEAD = Text("{}: dead neurons", "{}：失活的神经元")


def measured(findings: Findings, activation: str, name: str) -> list[list[float]]:
    """That number for each seed, at each learning rate; not a number for a network that overflowed."""
    values = [[found[name] for found in findings[f"{activation} {lr:g}"]] for lr in RATES]
    return np.array(values, dtype=float).tolist()


def shown(values: list[float]) -> str:
    finite = [value for value in values if np.isfinite(value)]
    return mean_and_sd(finite, 1) if finite else "–"


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    shares, accuracy = figure.subplots(1, 2)
    for axes, activation, name, text, color, style in (
        (shares, "ReLU", "sparse after", SPARSE, "C0", "s--"),
        (shares, "ReLU", "dead", DEAD, "C1", "o-"),
        (shares, "Leaky ReLU", "dead", DEAD, "C2", "^-"),
        (accuracy, "ReLU", "accuracy", Text("{}", "{}"), "C1", "o-"),
        (accuracy, "Leaky ReLU", "accuracy", Text("{}", "{}"), "C2", "^-"),
    ):
        seeds = list(zip(*measured(findings, activation, name), strict=True))
        draw_seeds(axes, RATES, seeds, text[language].format(activation), color, style)
    for axes, label in ((shares, SHARE), (accuracy, ACCURACY)):
        axes.set(xscale="log", xlabel=RATE[language], ylabel=label[language], ylim=(-4, 104))
        legend_above(axes)


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        "activation | η | a = 0 at the start [%] | after training [%] | then dead [%] | overflowed | test accuracy [%]",
        "激活函数 | η | 起点处 a = 0 [%] | 训练后 [%] | 训练后失活 [%] | 溢出 | 测试集准确率 [%]",
    )
    rows = []
    for activation in ACTIVATIONS:
        numbers = [measured(findings, activation, name) for name in ("sparse", "sparse after", "dead", "accuracy")]
        for lr, *values in zip(RATES, *numbers, strict=True):
            cells = [shown(seeds) for seeds in values]
            overflowed = f"{np.isnan(values[2]).sum()} / {len(values[2])}"
            rows.append([activation, f"{lr:g}", *cells[:3], overflowed, cells[3]])
    return [Table(columns[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    start = measured(findings, "ReLU", "sparse")[0]
    dead = [mean(seeds) for seeds in measured(findings, "ReLU", "dead")]
    leaky = measured(findings, "Leaky ReLU", "dead")
    return [
        Claim(
            Text(
                "About half of a new layer's ReLUs are 0: its activations are sparse.",
                "新网络的 ReLU 大约一半输出 0：激活值是稀疏的。",
            ),
            30 < min(start) <= max(start) < 70,
            f"{min(start):.1f} – {max(start):.1f} %",
        ),
        Claim(
            Text("Large learning rates kill ReLUs.", "学习率大，ReLU 就会失活。"),
            dead[-1] > 50 + dead[0],
            ", ".join(f"η = {lr:g}: {share:.0f} %" for lr, share in zip(RATES, dead, strict=True)),
        ),
        Claim(
            Text(
                "No Leaky ReLU dies; at too large a rate its weights overflow.",
                "Leaky ReLU 不会失活；学习率过大时，它的权重会溢出。",
            ),
            bool(np.nanmax(leaky) == 0 and np.isnan(leaky[-1]).any()),
            f"{np.nanmax(leaky):.0f} %; η = {RATES[-1]:g}: {np.isnan(leaky[-1]).sum()} / {len(leaky[-1])}",
        ),
    ]


LESSON = Lesson(
    name="dead_relu",
    source="",
    formulas=(
        Formula(
            r"a = \max(0, z), \quad \dfrac{\partial C}{\partial w} = \delta\,x\,[z > 0]",
            Text("z ≤ 0 for all images: no gradient from any of them", "对所有图像都有 z ≤ 0：哪一张都不给出梯度"),
        ),
    ),
    code=(rectified, zeros, train),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(11.0, 4.4),
)
