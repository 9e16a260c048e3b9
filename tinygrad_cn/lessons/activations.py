"""Activation functions: their slopes, gradients that vanish by depth, sparse activations and dead rectified units."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import Tensor, nn, optim
from tinygrad_cn.lessons.kit.data import Images, load
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import cross_entropy

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
RATES = (0.01, 0.03, 0.1, 0.3, 1.0)


def curve(activation: nn.Module, z: Tensor) -> list[list[float]]:
    """The activation and, by autograd, its slope; a layer that draws at random as it is in a test."""
    activation.double().eval()
    z = z.detach().requires_grad_()
    a = activation(z)
    (slope,) = tg.autograd.grad(a.sum(), z)
    return [np.round(a.tolist(), 5).tolist(), np.round(slope.tolist(), 5).tolist()]


def layers(inputs: int, depth: int, name: str) -> nn.Sequential:
    """A deep network for digits, its weights scaled to its activation, its biases 0."""
    network = nn.Sequential()
    for size in (inputs, *[WIDTH] * (depth - 1)):
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


def zeros(network: nn.Sequential, images: Tensor) -> tuple[float, float]:
    """Of the hidden layer: the share of activations that are 0, and of neurons that are 0 for all images."""
    with tg.no_grad():
        zero = network[:2](images) == 0
    return zero.to(tg.float64).mean().item(), zero.all(dim=0).to(tg.float64).mean().item()


def train(network: nn.Sequential, data: Images, lr: float, epochs: int) -> None:
    optimizer = optim.SGD(network.parameters(), lr=lr)
    for _ in range(epochs):
        for batch in tg.randperm(len(data.images)).split(10):
            optimizer.zero_grad()
            cross_entropy(network(data.images[batch]), data.targets[batch]).backward()
            optimizer.step()


def run(setting: Setting) -> Findings:
    data = load(setting.data, setting.data_dir).training.first(setting.pick(mnist=5000, digits=1000, quick=200))
    inputs = data.images.shape[1]
    epochs = setting.pick(mnist=5, digits=20, quick=4)
    setting.progress.start(len(ACTIVATIONS) + 2 * len(RATES))
    z = tg.linspace(-4, 4, 81, dtype=tg.float64)
    found: Findings = {"z": z.tolist(), "curves": {}, "gradients": {}, "dead": {}}
    found["tanh"] = (tg.tanh(z) - (2 * tg.sigmoid(2 * z) - 1)).abs().max().item()
    for name, make in ACTIVATIONS.items():
        tg.manual_seed(0)
        found["curves"][name] = curve(make(), z)
        found["gradients"][name] = gradient_by_depth(layers(inputs, DEPTH, name), data.first(200))
        setting.progress.advance()
    for name in ("ReLU", "Leaky ReLU"):
        for lr in RATES:
            tg.manual_seed(0)
            network = layers(inputs, 1, name)
            at_start = zeros(network, data.images)
            train(network, data, lr, epochs)
            found["dead"][f"{name} {lr:g}"] = {"start": at_start, "end": zeros(network, data.images)}
            setting.progress.advance()
    return found


DERIVATIVE = Text("slope", "导数")
LAYER, GRADIENT = Text("hidden layer", "隐藏层"), Text("|∂C/∂w| at the start", "起点处的 |∂C/∂w|")
RATE, SHARE = Text("learning rate η", "学习率 η"), Text("share [%]", "比例 [%]")
DEAD = Text("dead neurons after training", "训练后失活的神经元")
SPARSE = Text("activations that are 0", "等于 0 的激活值")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    values, slopes, depth, dead = figure.subplots(2, 2).flat
    for name, (a, slope) in findings["curves"].items():
        values.plot(findings["z"], a, label=name, linewidth=1.3)
        slopes.plot(findings["z"], slope, label=name, linewidth=1.3)
        depth.plot(range(1, DEPTH + 1), findings["gradients"][name], "o-", markersize=3, label=name)
    values.set(xlabel="z", ylabel="a", ylim=(-1.6, 4))
    slopes.set(xlabel="z", ylabel=DERIVATIVE[language])
    depth.set(yscale="log", xlabel=LAYER[language], ylabel=GRADIENT[language])
    for i, (text, style) in enumerate(((SPARSE, "s--"), (DEAD, "o-"))):
        shares = [100 * findings["dead"][f"ReLU {lr:g}"]["end"][i] for lr in RATES]
        dead.plot(RATES, shares, style, label=f"ReLU: {text[language]}")
    leaky = [100 * findings["dead"][f"Leaky ReLU {lr:g}"]["end"][1] for lr in RATES]
    dead.plot(RATES, leaky, "^:", label=f"Leaky ReLU: {DEAD[language]}")
    dead.set(xscale="log", xlabel=RATE[language], ylabel=SHARE[language], ylim=(-4, 104))
    for axes in (values, dead):
        axes.legend(fontsize=8)


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        "activation | largest slope | gradient: first layer / last hidden layer",
        "激活函数 | 最大的导数 | 梯度：第一层 / 最后一个隐藏层",
    )
    rows = [
        [name, f"{max(slope):.2f}", f"{findings['gradients'][name][0] / findings['gradients'][name][-1]:.2g}"]
        for name, (_, slope) in findings["curves"].items()
    ]
    shares = Text(
        "activation, η | a = 0 at the start | a = 0 after training | dead after training",
        "激活函数，η | 起点处 a = 0 | 训练后 a = 0 | 训练后失活",
    )
    dead = [
        [name, *(f"{value:.1%}" for value in (found["start"][0], *found["end"]))]
        for name, found in findings["dead"].items()
    ]
    return [Table(columns[language].split(" | "), rows), Table(shares[language].split(" | "), dead)]


def claims(findings: Findings) -> list[Claim]:
    slopes = {name: max(slope) for name, (_, slope) in findings["curves"].items()}
    fall = {name: values[0] / values[-1] for name, values in findings["gradients"].items()}
    dead = {name: found["end"][1] for name, found in findings["dead"].items()}
    start = findings["dead"]["ReLU 0.01"]["start"][0]
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
            fall["sigmoid"] < 1e-3 and all(fall[name] > 0.05 for name in fall if name != "sigmoid"),
            ", ".join(f"{name} {value:.1g}" for name, value in fall.items()),
        ),
        Claim(
            Text(
                "About half of a new layer's ReLUs are 0: its activations are sparse.",
                "新网络的 ReLU 大约一半输出 0：激活值是稀疏的。",
            ),
            0.3 < start < 0.7,
            f"{start:.1%}",
        ),
        Claim(
            Text("Large learning rates kill ReLUs.", "学习率大，ReLU 就会失活。"),
            dead["ReLU 1"] > 0.5 + dead["ReLU 0.01"],
            ", ".join(f"η = {lr:g}: {dead[f'ReLU {lr:g}']:.0%}" for lr in RATES),
        ),
        Claim(
            Text("No Leaky ReLU dies.", "Leaky ReLU 不会失活。"),
            all(value == 0 for name, value in dead.items() if name.startswith("Leaky")),
            ", ".join(f"{value:.0%}" for name, value in dead.items() if name.startswith("Leaky")),
        ),
    ]


LESSON = Lesson(
    name="activations",
    source="6",
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
    code=(curve, layers, gradient_by_depth, zeros, train),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(11.0, 7.0),
)
