"""Activation functions: their slopes, tanh as a shifted sigmoid, and gradients that vanish by depth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import Tensor, nn
from tinygrad_cn.lessons.kit.data import Images, load, pixels
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import cross_entropy
from tinygrad_cn.lessons.kit.parallel import Tick, run_seeds
from tinygrad_cn.lessons.kit.plots import draw_seeds, legend_above
from tinygrad_cn.lessons.kit.tables import mean, mean_and_sd

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "ReLU": nn.ReLU,
    "Leaky ReLU": lambda: nn.LeakyReLU(0.1),
    "PReLU": nn.PReLU,  # learns its slope; 0.25 at the start
    "RReLU": nn.RReLU,  # in training its slope is drawn anew for each number, from U(1/8, 1/3)
}
GAINS = {"sigmoid": 1.0, "tanh": 5 / 3}  # of the initial weights; all the others have that of ReLU, the root of 2
DEPTH, WIDTH = 10, 100
Z = np.linspace(-4, 4, 81)


def curve(activation: nn.Module) -> list[list[float]]:
    """The activation and, by autograd, its slope; a layer that draws at random as it is in a test."""
    activation.double().eval()
    z = tg.tensor(Z, requires_grad=True)
    a = activation(z)
    (slope,) = tg.autograd.grad(a.sum(), z)
    return [np.round(a.tolist(), 5).tolist(), np.round(slope.tolist(), 5).tolist()]


def deep(inputs: int, name: str) -> nn.Sequential:
    """For digits: ten hidden layers, their weights scaled to the activation, their biases 0."""
    network = nn.Sequential()
    for size in (inputs, *[WIDTH] * (DEPTH - 1)):
        network.extend([nn.Linear(size, WIDTH), ACTIVATIONS[name]()])
    network.append(nn.Linear(WIDTH, 10))
    for layer in network[::2]:
        nn.init.normal_(layer.weight, std=GAINS.get(name, 2**0.5) * layer.in_features**-0.5)
        nn.init.zeros_(layer.bias)
    return network


def gradient_by_depth(network: nn.Sequential, data: Images) -> list[float]:
    """The length of the cost's gradient by the weights of each hidden layer."""
    cross_entropy(network(data.images), data.targets).backward()
    return [layer.weight.grad.norm().item() for layer in network[:-1:2]]


def task(setting: Setting, name: str, seed: int, tick: Tick) -> list[float]:
    tg.manual_seed(seed)
    data = load(setting.data, setting.data_dir).training.first(200)
    gradients = gradient_by_depth(deep(pixels(setting), name), data)
    tick()
    return [float(f"{value:.4g}") for value in gradients]


def shifted_sigmoid(z: Tensor) -> Tensor:
    return 2 * tg.sigmoid(2 * z) - 1


def run(setting: Setting) -> Findings:
    z = tg.tensor(Z)
    return {
        "curves": {name: curve(make()) for name, make in ACTIVATIONS.items()},
        "tanh": (tg.tanh(z) - shifted_sigmoid(z)).abs().max().item(),
        "gradients": run_seeds(setting, task, {name: (name,) for name in ACTIVATIONS}),
    }


SLOPE = Text("slope da/dz", "导数 da/dz")
LAYER, GRADIENT = Text("hidden layer", "隐藏层"), Text("|∂C/∂w| at the start", "起点处的 |∂C/∂w|")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    values, slopes, depth = figure.subplots(1, 3)
    depth.set(yscale="log", xlabel=LAYER[language], ylabel=GRADIENT[language], xticks=range(1, DEPTH + 1))
    for i, (name, (a, slope)) in enumerate(findings["curves"].items()):
        values.plot(Z, a, label=name, linewidth=1.3)
        for part in [Z == Z] if name in GAINS else [Z <= 0, Z > 0]:  # the slope of the rectified ones jumps
            slopes.plot(Z[part], np.array(slope)[part], color=f"C{i}", linewidth=1.3)
        draw_seeds(depth, range(1, DEPTH + 1), findings["gradients"][name], name, f"C{i}", "o-")
    values.set(xlabel="z", ylabel="a", ylim=(-1.6, 4))
    slopes.set(xlabel="z", ylabel=SLOPE[language])
    for axes in (values, depth):
        legend_above(axes, columns=3)


def falls(findings: Findings) -> dict[str, list[float]]:
    """The first layer's gradient as a share of the last hidden layer's, for each seed."""
    return {name: [one[0] / one[-1] for one in runs] for name, runs in findings["gradients"].items()}


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        "activation | largest slope | gradient: first layer / last hidden layer",
        "激活函数 | 最大的导数 | 梯度：第一层 / 最后一个隐藏层",
    )
    fall = falls(findings)
    rows = [
        [
            name,
            f"{max(slope):.2f}",
            f"{mean_and_sd([1e6 * v for v in fall[name]], 1)} · 10⁻⁶" if name == "sigmoid" else mean_and_sd(fall[name]),
        ]
        for name, (_, slope) in findings["curves"].items()
    ]
    return [Table(columns[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    slopes = {name: max(slope) for name, (_, slope) in findings["curves"].items()}
    fall = {name: mean(values) for name, values in falls(findings).items()}
    return [
        Claim(
            Text("tanh(z) = 2σ(2z) − 1.", "tanh(z) = 2σ(2z) − 1。"),
            findings["tanh"] < 1e-14,
            f"{findings['tanh']:.1e}",
        ),
        Claim(
            Text("σ′ is a quarter at most, the other slopes reach 1.", "σ′ 最大为四分之一，其余激活函数的导数可达 1。"),
            slopes["sigmoid"] == 0.25 and all(slopes[name] == 1 for name in slopes if name != "sigmoid"),
            ", ".join(f"{value:g}" for value in slopes.values()),
        ),
        Claim(
            Text(
                f"Over {DEPTH} layers the sigmoid's gradient vanishes, the others' do not.",
                f"经过 {DEPTH} 层，sigmoid 的梯度消失，其余的不会。",
            ),
            fall["sigmoid"] < 1e-3 and all(fall[name] > 0.3 for name in fall if name != "sigmoid"),
            ", ".join(f"{name} {value:.1g}" for name, value in fall.items()),
        ),
    ]


LESSON = Lesson(
    name="activations",
    source="5",
    formulas=(
        Formula(
            r"\tanh z = 2\,\sigma(2z) - 1, \quad \sigma' = \sigma(1-\sigma) \leq \dfrac{1}{4}",
            Text("tanh is a sigmoid, stretched and shifted", "tanh 是拉伸并平移后的 sigmoid"),
        ),
        Formula(
            r"a = \max(0, z) + \alpha\,\min(0, z)",
            Text(
                "α = 0: ReLU; small: Leaky ReLU; learned: PReLU; drawn: RReLU",
                "α = 0：ReLU；取小的常数：Leaky ReLU；由学习得到：PReLU；随机抽取：RReLU",
            ),
        ),
    ),
    code=(curve, shifted_sigmoid, deep, gradient_by_depth),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(13.0, 4.4),
)
