"""Initial weights and saturation: how widely z spreads in each layer, and how many neurons begin at 0 or 1."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import Tensor, nn
from tinygrad_cn.lessons.kit.data import load, pixels
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import large_network, scaled_network
from tinygrad_cn.lessons.kit.parallel import Tick, run_seeds
from tinygrad_cn.lessons.kit.plots import draw_seeds
from tinygrad_cn.lessons.kit.tables import mean_and_sd

HIDDEN = (100, 100, 100)
WAYS = {"N(0, 1)": (large_network, 1.0), "N(0, 1/n)": (scaled_network, 1000**-0.5)}
REPORTED = {"N(0, 1)": "22.4", "N(0, 1/n)": "1.22"}
OF_Z, OF_A = np.linspace(-30, 30, 61), np.linspace(0, 1, 26)  # edges of the histograms


def one_neuron(std: float) -> float:
    """The standard deviation of z with 1,000 inputs, half of them 1 and half 0, over 5,000 neurons."""
    x = tg.tensor([1.0] * 500 + [0.0] * 500)
    weights, biases = nn.init.normal_(tg.empty(5000, 1000), std=std), nn.init.normal_(tg.empty(5000))
    return (weights @ x + biases).std().item()


def signals(network: nn.Sequential, images: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """What goes into the sigmoids of each hidden layer, z, and what comes out of them, a."""
    z, a = [], [images]
    with tg.no_grad():
        for linear, sigmoid in zip(network[0:-1:2], network[1:-1:2], strict=True):
            z.append(linear(a[-1]))
            a.append(sigmoid(z[-1]))
    return z, a[1:]


def task(setting: Setting, way: str, seed: int, tick: Tick) -> Findings:
    tg.manual_seed(seed)
    make, std = WAYS[way]
    images = load(setting.data, setting.data_dir).training.first(200).images
    z, a = signals(make(pixels(setting), *HIDDEN), images)
    tick()
    return {
        "one": round(one_neuron(std), 4),
        "sd": [round(layer.std().item(), 4) for layer in z],
        "saturated": [round(((x < 0.05) | (x > 0.95)).to(tg.float64).mean().item(), 4) for x in a],
        "z": np.histogram(z[0].numpy(), OF_Z, density=True)[0].round(5).tolist(),
        "a": np.histogram(a[0].numpy(), OF_A, density=True)[0].round(5).tolist(),
    }


def run(setting: Setting) -> Findings:
    return run_seeds(setting, task, {way: (way,) for way in WAYS})


DENSITY = Text("density", "密度")
Z, A = Text("first hidden layer: z", "第一个隐藏层：z"), Text("first hidden layer: a", "第一个隐藏层：a")
LAYER, SHARE = Text("hidden layer", "隐藏层"), Text("saturated [%]", "饱和的比例 [%]")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    z, a, saturated = figure.subplots(1, 3)
    for i, (way, runs) in enumerate(findings.items()):
        for axes, name, edges in ((z, "z", OF_Z), (a, "a", OF_A)):
            axes.stairs(np.mean([found[name] for found in runs], axis=0), edges, label=way, fill=True, alpha=0.5)
        shares = [[100 * share for share in found["saturated"]] for found in runs]
        draw_seeds(saturated, range(1, len(HIDDEN) + 1), shares, way, f"C{i}", "o-")
    z.set(title=Z[language], xlabel="z", ylabel=DENSITY[language])
    a.set(title=A[language], xlabel="a = σ(z)", ylabel=DENSITY[language])
    saturated.set(xlabel=LAYER[language], ylabel=SHARE[language], ylim=(-3, 103), xticks=range(1, len(HIDDEN) + 1))
    for axes, place in ((z, "upper right"), (a, "upper center"), (saturated, "center right")):
        axes.legend(loc=place)


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        "weights | reported: sd of z, 1,000 inputs | ours | sd of z in layers 1, 2, 3 | a below 0.05 or above 0.95",
        "权重 | 原报告：1,000 个输入时 z 的标准差 | 本次 | 第 1、2、3 层 z 的标准差 | a 小于 0.05 或大于 0.95",
    )
    rows = [
        [
            way,
            REPORTED[way],
            mean_and_sd([found["one"] for found in runs]),
            ", ".join(mean_and_sd(layer) for layer in zip(*(found["sd"] for found in runs), strict=True)),
            ", ".join(f"{np.mean(layer):.1%}" for layer in zip(*(found["saturated"] for found in runs), strict=True)),
        ]
        for way, runs in findings.items()
    ]
    return [Table(columns[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    large, scaled = findings["N(0, 1)"], findings["N(0, 1/n)"]
    first = [[found["saturated"][0] for found in runs] for runs in (large, scaled)]
    return [
        Claim(
            Text(
                "With 1,000 inputs, half of them 1, z has the reported spread.",
                "1,000 个输入、一半为 1 时，z 的标准差与原报告相符。",
            ),
            all(abs(found["one"] / 501**0.5 - 1) < 0.05 for found in large)
            and all(abs(found["one"] / 1.5**0.5 - 1) < 0.05 for found in scaled),
            ", ".join(mean_and_sd([found["one"] for found in runs]) for runs in (large, scaled)),
        ),
        Claim(
            Text(
                "N(0, 1) saturates most neurons of the first hidden layer, N(0, 1/n) hardly any.",
                "N(0, 1) 使第一个隐藏层的大多数神经元饱和，N(0, 1/n) 几乎不会。",
            ),
            min(first[0]) > 0.5 and max(first[1]) < 0.1,
            f"≥ {min(first[0]):.1%}, ≤ {max(first[1]):.1%}",
        ),
    ]


LESSON = Lesson(
    name="saturation",
    source="3",
    formulas=(
        Formula(
            r"z = \sum_{j=1}^{n} w_j x_j + b, \quad \mathrm{Var}\, z = \sigma_w^2 \sum_j x_j^2 + \sigma_b^2",
            Text(
                "with σ_w = 1 it grows with the number of inputs, with σ_w² = 1/n it does not",
                "σ_w = 1 时，它随输入个数增长；σ_w² = 1/n 时则不会",
            ),
        ),
    ),
    code=(one_neuron, signals),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(12.0, 4.0),
)
