"""All weights at zero: the neurons of a layer get equal gradients, in every step, and stay equal for ever."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import nn, optim
from tinygrad_cn.lessons.kit.data import Images, load, pixels
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import cross_entropy, perceptron, scaled_network
from tinygrad_cn.lessons.kit.parallel import Tick, run_seeds
from tinygrad_cn.lessons.kit.tables import mean_and_sd

HIDDEN, STEPS, IMAGES = 32, 100, 200


def zero_network(inputs: int, hidden: int) -> nn.Sequential:
    """For digits: all weights and biases are 0."""
    network = perceptron(inputs, hidden, 10)
    for parameter in network.parameters():
        nn.init.zeros_(parameter)
    return network


NETWORKS: dict[str, Callable[..., nn.Sequential]] = {"zero": zero_network, "random": scaled_network}


def train(network: nn.Sequential, data: Images) -> Findings:
    """Gradient descent on all images at once: in each step the largest gradient of a hidden weight, and by how much
    the gradients of the hidden neurons differ."""
    images, targets = data.images.double(), data.targets.double()
    optimizer = optim.SGD(network.parameters(), lr=0.5)
    largest, difference = [], []
    for _ in range(STEPS):
        optimizer.zero_grad()
        cross_entropy(network(images), targets).backward()
        gradient = network[0].weight.grad  # (HIDDEN, pixels): a row for each hidden neuron
        largest.append(gradient.abs().max().item())
        difference.append((gradient - gradient[0]).abs().max().item())
        optimizer.step()
    right = (network(images).argmax(dim=1) == data.labels).to(tg.float64).mean().item()
    return {"largest": max(largest), "difference": max(difference), "accuracy": 100 * right}


def task(setting: Setting, start: str, seed: int, tick: Tick) -> Findings:
    tg.manual_seed(seed)
    training = load(setting.data, setting.data_dir).training
    chosen = tg.randperm(len(training.images))[:IMAGES]
    network = NETWORKS[start](pixels(setting), HIDDEN).double()
    found = train(network, Images(*(part[chosen] for part in training)))
    tick()
    return found | {"weights": network[2].weight.detach().numpy().round(3).tolist() if seed == 0 else []}


def run(setting: Setting) -> Findings:
    return run_seeds(setting, task, {start: (start,) for start in NETWORKS})


NAMES = {"zero": Text("from zero", "从零出发"), "random": Text("from random weights", "从随机权重出发")}
TITLE = Text(f"{{}}, after {STEPS} steps", f"{{}}，{STEPS} 步之后")
NEURON, OUTPUT = Text("hidden neuron", "隐藏神经元"), Text("output neuron (digit)", "输出神经元（数字）")
WEIGHT = Text("weight", "权重")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    grid = figure.subplots(1, 2, sharey=True)
    for axes, (start, runs) in zip(grid, findings.items(), strict=True):
        weights = np.array(runs[0]["weights"])  # (10, HIDDEN)
        largest = np.abs(weights).max()
        picture = axes.imshow(weights, cmap="RdBu", vmin=-largest, vmax=largest, aspect="auto")
        figure.colorbar(picture, ax=axes, label=WEIGHT[language])
        axes.set(title=TITLE[language].format(NAMES[start][language]), xlabel=NEURON[language], yticks=range(10))
        axes.grid(visible=False)
    grid[0].set_ylabel(OUTPUT[language])


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        "start | largest gradient of a hidden weight | largest difference between hidden neurons | "
        "accuracy on its training images [%]",
        "起点 | 隐藏层权重的最大梯度 | 隐藏神经元之间的最大差别 | 在训练图像上的准确率 [%]",
    )
    rows = [
        [
            NAMES[start][language],
            f"{max(found['largest'] for found in runs):.1e}",
            f"{max(found['difference'] for found in runs):.1e}",
            mean_and_sd([found["accuracy"] for found in runs]),
        ]
        for start, runs in findings.items()
    ]
    return [Table(columns[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    share = {start: [found["difference"] / found["largest"] for found in runs] for start, runs in findings.items()}
    accuracy = {start: [found["accuracy"] for found in runs] for start, runs in findings.items()}
    return [
        Claim(
            Text("From zero, the hidden neurons' gradients stay equal.", "从零出发，各隐藏神经元的梯度始终相等。"),
            max(share["zero"]) < 1e-11,
            f"≤ {max(share['zero']):.1e}",
        ),
        Claim(
            Text("From random weights they do not.", "从随机权重出发则不然。"),
            min(share["random"]) > 0.1,
            f"≥ {min(share['random']):.2f}",
        ),
        Claim(
            Text(f"So {HIDDEN} neurons can do no more than one.", f"于是 {HIDDEN} 个神经元的本领不超过一个神经元。"),
            max(accuracy["zero"]) + 20 < min(accuracy["random"]),
            f"≤ {max(accuracy['zero']):.1f} %, ≥ {min(accuracy['random']):.1f} %",
        ),
    ]


LESSON = Lesson(
    name="symmetry",
    source="",
    formulas=(
        Formula(
            r"\dfrac{\partial C}{\partial w_{ji}} = \delta_j x_i, \; \delta_j = \sigma'(z_j) \sum_k v_{kj}\,\delta_k",
            Text(
                "where the weights w and v of two hidden neurons j are equal, so are z, δ and the gradients",
                "两个隐藏神经元 j 的权重 w 和 v 都相等时，z、δ 和梯度也都相等",
            ),
        ),
    ),
    code=(zero_network, train),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(11.0, 3.6),
)
