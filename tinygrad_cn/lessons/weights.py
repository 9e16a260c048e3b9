"""Initial weights by layer and by depth: saturated neurons, equal neurons, and signals that fade or explode."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import Tensor, nn, optim
from tinygrad_cn.lessons.kit.data import Images, load, pixels
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import cross_entropy, large_network, perceptron, scaled_network

HIDDEN = (100, 100, 100)
WIDTH, DEPTH = 128, 30
Way = Callable[[Tensor], Tensor]

WAYS: dict[str, Way] = {
    "N(0, 1)": nn.init.normal_,
    "U(−1/√d, 1/√d)": lambda weight: nn.init.uniform_(weight, -(weight.shape[1] ** -0.5), weight.shape[1] ** -0.5),
    "Xavier": nn.init.xavier_normal_,
    "Kaiming": partial(nn.init.kaiming_normal_, nonlinearity="relu"),
}


def one_neuron(std: float) -> float:
    """The standard deviation of z with 1,000 inputs, half of them 1 and half 0, over 5,000 neurons."""
    x = tg.tensor([1.0] * 500 + [0.0] * 500)
    neurons = nn.Linear(1000, 5000)
    nn.init.normal_(neurons.weight, std=std)
    assert neurons.bias is not None
    nn.init.normal_(neurons.bias)
    with tg.no_grad():
        return neurons(x).std().item()


def layers(network: nn.Sequential, images: Tensor) -> list[Tensor]:
    """What comes out of each linear layer and of each sigmoid but the last layer's."""
    with tg.no_grad():
        signals = [images]
        for layer in network:
            signals.append(layer(signals[-1]))
    return signals[1:-1]


def differences(network: nn.Sequential, data: Images) -> list[list[float]]:
    """The largest gradient of a hidden weight, and how far the hidden neurons' differ, in each of 20 steps."""
    images, targets = data.images.double(), data.targets.double()
    optimizer = optim.SGD(network.parameters(), lr=0.5)
    found = []
    for _ in range(20):
        optimizer.zero_grad()
        cross_entropy(network(images), targets).backward()
        gradient = network[0].weight.grad  # a row for each hidden neuron
        found.append([gradient.abs().max().item(), (gradient - gradient[0]).abs().max().item()])
        optimizer.step()
    return found


def by_depth(way: Way, activation: Callable[[Tensor], Tensor]) -> list[float]:
    """The mean square of the activations in each of 30 layers of 128 neurons; the input is N(0, 1)."""
    signal = tg.randn(WIDTH, WIDTH, dtype=tg.float64)
    squares = []
    with tg.no_grad():
        for _ in range(DEPTH):
            signal = activation(signal @ way(tg.empty(WIDTH, WIDTH, dtype=tg.float64)).T)
            squares.append((signal**2).mean().item())
    return squares


def zeros(network: nn.Sequential) -> nn.Sequential:
    for parameter in network.parameters():
        nn.init.zeros_(parameter)
    return network


def run(setting: Setting) -> Findings:
    setting.progress.start(3)
    tg.manual_seed(0)
    data = load(setting.data, setting.data_dir).training.first(200)
    found: Findings = {"one": {"large": one_neuron(1.0), "scaled": one_neuron(1000**-0.5)}, "layers": {}}
    for name, make in (("large", large_network), ("scaled", scaled_network)):
        every = layers(make(pixels(setting), *HIDDEN), data.images)
        found["layers"][name] = {
            "z": np.histogram(every[0].numpy(), np.linspace(-30, 30, 61), density=True)[0].round(5).tolist(),
            "a": np.histogram(every[1].numpy(), np.linspace(0, 1, 26), density=True)[0].round(5).tolist(),
            "sd": [z.std().item() for z in every[::2]],
            "saturated": [((a < 0.05) | (a > 0.95)).to(tg.float64).mean().item() for a in every[1::2]],
        }
    setting.progress.advance()
    found["zero"] = differences(zeros(perceptron(pixels(setting), 32, 10)).double(), data)
    found["random"] = differences(scaled_network(pixels(setting), 32).double(), data)
    setting.progress.advance()
    found["depth"] = {
        f"{activation.__name__} {name}": by_depth(way, activation)
        for activation in (tg.tanh, tg.relu)
        for name, way in WAYS.items()
    }
    setting.progress.advance()
    return found


NAMES = {"large": "N(0, 1)", "scaled": "N(0, 1/n)"}
LAYER, DENSITY = Text("layer", "层"), Text("density", "密度")
SQUARE = Text("mean square of a", "a 的均方值")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    z, a, tanh, relu = figure.subplots(2, 2).flat
    for name, found in findings["layers"].items():
        for axes, values, edges in ((z, found["z"], np.linspace(-30, 30, 61)), (a, found["a"], np.linspace(0, 1, 26))):
            axes.stairs(values, edges, label=NAMES[name], fill=True, alpha=0.5)
    z.set(xlabel="z", ylabel=DENSITY[language], title=Text("first hidden layer: z", "第一个隐藏层：z")[language])
    a.set(xlabel="a = σ(z)", ylabel=DENSITY[language])
    a.set_title(Text("first hidden layer: a", "第一个隐藏层：a")[language])
    for axes, name, title in ((tanh, "tanh", "tanh"), (relu, "relu", "ReLU")):
        for way in WAYS:
            axes.plot(range(1, DEPTH + 1), findings["depth"][f"{name} {way}"], label=way)
        axes.set(yscale="log", xlabel=LAYER[language], ylabel=SQUARE[language], title=title)
    relu.set_ylim(1e-26, 1e12)
    for axes in (z, a, relu):
        axes.legend()


def factor(squares: list[float]) -> float:
    """By what a layer multiplies the mean square, on the average."""
    return float((squares[-1] / squares[0]) ** (1 / (DEPTH - 1)))


def tables(findings: Findings, language: Language) -> list[Table]:
    one = Text("weights | reported: sd of z, 1,000 inputs | ours", "权重 | 原报告：z 的标准差，1,000 个输入 | 本次")
    images = Text(
        "weights | sd of z in hidden layers 1, 2, 3 | share of a below 0.05 or above 0.95",
        "权重 | 第 1、2、3 个隐藏层 z 的标准差 | a 小于 0.05 或大于 0.95 的比例",
    )
    depth = Text(
        f"weights | tanh: a layer's factor | tanh: a² in layer {DEPTH} | ReLU: a layer's factor | in layer {DEPTH}",
        f"权重 | tanh：每层的倍数 | tanh：第 {DEPTH} 层的 a² | ReLU：每层的倍数 | 第 {DEPTH} 层的 a²",
    )
    reported = {"large": "22.4", "scaled": "1.22"}
    return [
        Table(one[language].split(" | "), [[NAMES[k], reported[k], f"{v:.3g}"] for k, v in findings["one"].items()]),
        Table(
            images[language].split(" | "),
            [
                [
                    NAMES[name],
                    " ".join(f"{s:.2f}" for s in found["sd"]),
                    " ".join(f"{s:.0%}" for s in found["saturated"]),
                ]
                for name, found in findings["layers"].items()
            ],
        ),
        Table(
            depth[language].split(" | "),
            [[way, *(t for k in ("tanh", "relu") for t in described(findings["depth"][f"{k} {way}"]))] for way in WAYS],
        ),
    ]


def described(squares: list[float]) -> list[str]:
    return [f"{factor(squares):.3g}", f"{squares[-1]:.1e}"]


def claims(findings: Findings) -> list[Claim]:
    one, shares = findings["one"], {name: found["saturated"][0] for name, found in findings["layers"].items()}
    factors = {name: factor(squares) for name, squares in findings["depth"].items()}
    fade, half, keep = (factors[f"relu {way}"] for way in ("U(−1/√d, 1/√d)", "Xavier", "Kaiming"))
    tanh = {way: findings["depth"][f"tanh {way}"][-1] for way in WAYS}
    zero, drawn = (findings[name][-1] for name in ("zero", "random"))
    return [
        Claim(
            Text(
                "With 1,000 inputs, half of them 1, z has the reported spread.",
                "1,000 个输入、一半为 1 时，z 的标准差与报告相符。",
            ),
            abs(one["large"] / 501**0.5 - 1) < 0.05 and abs(one["scaled"] / 1.5**0.5 - 1) < 0.05,
            f"{one['large']:.2f}, {one['scaled']:.3f}",
        ),
        Claim(
            Text(
                "N(0, 1) saturates most neurons of the first hidden layer, N(0, 1/n) hardly any.",
                "N(0, 1) 使第一个隐藏层的大多数神经元饱和，N(0, 1/n) 几乎不会。",
            ),
            shares["large"] > 0.5 and shares["scaled"] < 0.05,
            f"{shares['large']:.1%} / {shares['scaled']:.1%}",
        ),
        Claim(
            Text(
                "From zero, the hidden neurons' gradients stay equal; from random weights they do not.",
                "从零出发，各隐藏神经元的梯度始终相等；从随机权重出发则不然。",
            ),
            zero[1] < 1e-12 * zero[0] and drawn[1] > 0.1 * drawn[0],
            f"{zero[1]:.1e} / {zero[0]:.1e}; {drawn[1]:.1e} / {drawn[0]:.1e}",
        ),
        Claim(
            Text(
                "ReLU: a layer keeps a² with Kaiming's weights, halves it with Xavier's, U leaves a sixth.",
                "ReLU：每一层使 a² 在 Kaiming 权重下不变，Xavier 下减半，U 下只剩六分之一。",
            ),
            abs(keep - 1) < 0.15 and abs(half - 0.5) < 0.1 and abs(fade - 1 / 6) < 0.03,
            f"{keep:.2f}, {half:.2f}, {fade:.3f}",
        ),
        Claim(
            Text(
                "tanh: N(0, 1) saturates, U fades to nothing, Xavier lies between.",
                "tanh：N(0, 1) 饱和，U 衰减殆尽，Xavier 介于其间。",
            ),
            tanh["N(0, 1)"] > 0.8 and 0.003 < tanh["Xavier"] < 0.1 and tanh["U(−1/√d, 1/√d)"] < 1e-9,
            f"{tanh['N(0, 1)']:.2f}, {tanh['U(−1/√d, 1/√d)']:.0e}, {tanh['Xavier']:.3f}",
        ),
    ]


LESSON = Lesson(
    name="weights",
    source="3",
    formulas=(
        Formula(
            r"\sigma^2_{Xavier} = \dfrac{2}{d_{in} + d_{out}}, \quad \sigma^2_{Kaiming} = \dfrac{2}{d_{in}}",
            Text(
                "the first for tanh, the second for ReLU, which drops half of a²",
                "前者用于 tanh，后者用于丢掉一半 a² 的 ReLU",
            ),
        ),
        Formula(
            r"w \sim U\left(-\dfrac{1}{\sqrt{d}}, \dfrac{1}{\sqrt{d}}\right), \quad \sigma^2 = \dfrac{1}{3d}",
            Text(
                "a layer leaves a third of the variance, with ReLU a sixth",
                "每一层只留下三分之一的方差，用 ReLU 时只留六分之一",
            ),
        ),
    ),
    code=(one_neuron, layers, differences, by_depth),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(11.0, 6.5),
)
