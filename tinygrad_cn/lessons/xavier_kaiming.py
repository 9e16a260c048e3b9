"""A signal through thirty layers: it fades, explodes or lasts, as the spread of the initial weights will have it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import Tensor, nn
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.parallel import Tick, run_seeds
from tinygrad_cn.lessons.kit.plots import draw_seeds, legend_above
from tinygrad_cn.lessons.kit.tables import mean, mean_and_sd

WIDTH, DEPTH = 128, 30
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"tanh": tg.tanh, "ReLU": tg.relu}


def uniform(weight: Tensor) -> Tensor:
    """U(-1/sqrt d, 1/sqrt d) for d inputs."""
    bound = weight.shape[1] ** -0.5
    return nn.init.uniform_(weight, -bound, bound)


UNIFORM = "U(−1/√d, 1/√d)"
WAYS: dict[str, Callable[[Tensor], Tensor]] = {
    "N(0, 1)": nn.init.normal_,
    UNIFORM: uniform,
    "Xavier": nn.init.xavier_normal_,
    "Kaiming": partial(nn.init.kaiming_normal_, nonlinearity="relu"),
}


def mean_squares(way: str, activation: str, seed: int) -> list[float]:
    """The mean square of the activations in each of 30 layers of 128 neurons; the input is N(0, 1)."""
    tg.manual_seed(seed)
    signal = tg.randn(WIDTH, WIDTH, dtype=tg.float64)
    squares = []
    for _ in range(DEPTH):
        weight = WAYS[way](tg.empty(WIDTH, WIDTH, dtype=tg.float64))
        signal = ACTIVATIONS[activation](signal @ weight.T)
        squares.append((signal**2).mean().item())
    return squares


def task(setting: Setting, way: str, activation: str, seed: int, tick: Tick) -> list[float]:
    tick()
    return [float(f"{square:.5g}") for square in mean_squares(way, activation, seed)]


def run(setting: Setting) -> Findings:
    return run_seeds(
        setting, task, {f"{activation} {way}": (way, activation) for activation in ACTIVATIONS for way in WAYS}
    )


LAYER, SQUARE = Text("layer", "层"), Text("mean square of a", "a 的均方值")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    for axes, activation in zip(figure.subplots(1, 2), ACTIVATIONS, strict=True):
        axes.set(yscale="log", xlabel=LAYER[language], ylabel=f"{activation}: {SQUARE[language]}")
        for i, way in enumerate(WAYS):
            draw_seeds(axes, range(1, DEPTH + 1), findings[f"{activation} {way}"], way, f"C{i}")
        legend_above(axes)
    axes.set_ylim(1e-26, 1e10)  # ReLU with N(0, 1) leaves it


def factors(curves: list[list[float]]) -> list[float]:
    """By what a layer multiplies the mean square, on the average of all layers: a number for each seed."""
    return [(squares[-1] / squares[0]) ** (1 / (DEPTH - 1)) for squares in curves]


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        f"weights | activation | factor of a layer, mean ± sd over the seeds | a² in layer {DEPTH}, least – largest",
        f"权重 | 激活函数 | 每层的倍数，均值 ± 标准差（对种子统计） | 第 {DEPTH} 层的 a²，最小 – 最大",
    )
    rows = []
    for activation in ACTIVATIONS:
        for way in WAYS:
            curves = findings[f"{activation} {way}"]
            last = sorted(squares[-1] for squares in curves)
            rows.append([way, activation, mean_and_sd(factors(curves), 3), f"{last[0]:.1e} – {last[-1]:.1e}"])
    return [Table(columns[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    fade, half, keep = (factors(findings[f"ReLU {way}"]) for way in (UNIFORM, "Xavier", "Kaiming"))
    relu, tanh = ({way: [one[-1] for one in findings[f"{name} {way}"]] for way in WAYS} for name in ("ReLU", "tanh"))
    return [
        Claim(
            Text(
                "ReLU: a layer keeps a² with Kaiming's weights, halves it with Xavier's, U leaves a sixth.",
                "ReLU：每一层使 a² 在 Kaiming 权重下不变，Xavier 下减半，U 下只剩六分之一。",
            ),
            abs(mean(keep) - 1) < 0.15 and abs(mean(half) - 0.5) < 0.1 and abs(mean(fade) - 1 / 6) < 0.03,
            f"{mean_and_sd(keep)}; {mean_and_sd(half)}; {mean_and_sd(fade, 3)}",
        ),
        Claim(
            Text("ReLU explodes with N(0, 1).", "ReLU 在 N(0, 1) 下爆炸。"),
            min(relu["N(0, 1)"]) > 1e40,
            f"≥ {min(relu['N(0, 1)']):.0e}",
        ),
        Claim(
            Text(
                "tanh: N(0, 1) saturates, U fades to nothing, Xavier lies between.",
                "tanh：N(0, 1) 饱和，U 衰减殆尽，Xavier 介于其间。",
            ),
            min(tanh["N(0, 1)"]) > 0.8 and max(tanh[UNIFORM]) < 1e-9 and 0.003 < mean(tanh["Xavier"]) < 0.1,
            f"≥ {min(tanh['N(0, 1)']):.2f}; ≤ {max(tanh[UNIFORM]):.0e}; {mean_and_sd(tanh['Xavier'], 3)}",
        ),
    ]


LESSON = Lesson(
    name="xavier_kaiming",
    source="",
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
    code=(uniform, mean_squares),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(11.0, 4.4),
    depends_on=("seeds",),
)
