"""Momentum in a valley: what the coefficient of friction does below 0, at 0, 0.9, 1 and above; Nesterov's form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import Tensor, nn, optim
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text

START, LR, STEPS = (-9.0, 1.5), 0.03, 150
STEEP = 40.0  # the valley's walls; its floor has a slope of 1
COEFFICIENTS = {"−0.3": -0.3, "0": 0.0, "0.9": 0.9, "1": 1.0, "1.02": 1.02}
NESTEROV = "0.9, Nesterov"


def valley(w: Tensor) -> Tensor:
    """C = (w1^2 + 40 w2^2) / 2: a floor that falls gently along w1, and steep walls along w2."""
    return (w[0] ** 2 + STEEP * w[1] ** 2) / 2


class Momentum:
    """v -> mu v - lr grad, w -> w + v: as `optim.SGD` does it, and for negative mu, which that refuses."""

    def __init__(self, w: nn.Parameter, mu: float) -> None:
        self.w, self.mu, self.v = w, mu, tg.zeros_like(w)

    @tg.no_grad()
    def step(self) -> None:
        self.v = self.mu * self.v - LR * self.w.grad
        self.w += self.v


def sgd(w: nn.Parameter, **options: Any) -> optim.SGD:
    return optim.SGD([w], lr=LR, **options)


def descend(make: Callable[..., Momentum | optim.SGD], **options: Any) -> list[list[float]]:
    """The way down: w1, w2 and the cost before each step."""
    w = nn.Parameter(tg.tensor(START, dtype=tg.float64))
    optimizer = make(w, **options)
    way = []
    for _ in range(STEPS + 1):
        w.grad = None
        cost = valley(w)
        cost.backward()
        way.append([*w.tolist(), cost.item()])
        optimizer.step()
    return way


def run(setting: Setting) -> Findings:
    setting.progress.start(len(COEFFICIENTS) + 1)
    ways, difference = {}, 0.0
    for name, mu in COEFFICIENTS.items():
        ways[name] = descend(Momentum, mu=mu)
        if mu >= 0:
            engine = descend(sgd, momentum=mu)
            difference = max(difference, float(np.abs(np.subtract(ways[name], engine)).max()))
        setting.progress.advance()
    ways[NESTEROV] = descend(sgd, momentum=0.9, nesterov=True)
    setting.progress.advance()
    return {"ways": ways, "difference": difference}


COST, STEP = Text("cost", "代价"), Text("step", "步")
SHOWN = 60  # steps of a way that are drawn


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    places = figure.subplot_mosaic("ABCG;DEFG", width_ratios=[1, 1, 1, 1.3])
    x, y = np.meshgrid(np.linspace(-10, 10, 101), np.linspace(-3, 3, 101))
    for i, (name, way) in enumerate(findings["ways"].items()):
        axes = places["ABCDEF"[i]]
        axes.contour(
            x, y, (x**2 + STEEP * y**2) / 2, levels=[1, 4, 12, 30, 60, 110, 180], colors="0.75", linewidths=0.7
        )
        w1, w2, cost = np.array(way).T
        axes.plot(w1[:SHOWN], w2[:SHOWN], ".-", color=f"C{i}", linewidth=0.9, markersize=3)
        axes.plot(0, 0, "k+")
        axes.set(title=f"μ = {name}", xlim=(-10, 10), ylim=(-3, 3), xlabel="$w_1$", ylabel="$w_2$")
        axes.grid(visible=False)
        places["G"].plot(cost, color=f"C{i}", label=f"μ = {name}", linewidth=1.2)
    places["G"].set(yscale="log", xlabel=STEP[language], ylabel=COST[language], ylim=(1e-7, 1e9))
    places["G"].legend(loc="upper left", fontsize=8)


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        f"μ | cost after 20 steps | after {STEPS} steps | step from which it stays below 1",
        f"μ | 20 步后的代价 | {STEPS} 步后 | 此后一直小于 1 的步",
    )
    rows = []
    for name, way in findings["ways"].items():
        cost = [point[2] for point in way]
        above = [step for step, value in enumerate(cost) if value >= 1]
        below = str(above[-1] + 1) if above[-1] < STEPS else "–"
        rows.append([name, f"{cost[20]:.2g}", f"{cost[-1]:.2g}", below])
    return [Table(columns[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    cost = {name: [point[2] for point in way] for name, way in findings["ways"].items()}
    end = {name: values[-1] for name, values in cost.items()}
    late = {name: max(values[-30:]) for name, values in cost.items()}  # 30 steps hold a full swing
    return [
        Claim(
            Text("μ = 0.9 arrives long before μ = 0.", "μ = 0.9 远比 μ = 0 先到。"),
            late["0.9"] < late["0"] / 10,
            f"{late['0.9']:.1e} / {late['0']:.1e}",
        ),
        Claim(
            Text("Nesterov's form swings less.", "Nesterov 的形式摆动更小。"),
            late[NESTEROV] < late["0.9"] / 10,
            f"{late[NESTEROV]:.1e} / {late['0.9']:.1e}",
        ),
        Claim(
            Text("μ = 1: no friction, no rest.", "μ = 1：没有摩擦，永不停下。"),
            late["1"] > cost["1"][0] / 10,
            f"{cost['1'][0]:.0f} → {late['1']:.0f}",
        ),
        Claim(
            Text("μ > 1: every swing is larger than the last.", "μ > 1：越摆越大。"),
            late["1.02"] > 2 * cost["1.02"][0],
            f"{cost['1.02'][0]:.0f} → {late['1.02']:.0f}",
        ),
        Claim(
            Text(
                "μ < 0: each step takes back part of the one before: slower than μ = 0.",
                "μ < 0：每一步都退回上一步的一部分，比 μ = 0 还慢。",
            ),
            end["−0.3"] > 5 * end["0"],
            f"{end['−0.3']:.2g} / {end['0']:.2g}",
        ),
        Claim(
            Text("The formula is what `optim.SGD` does.", "公式与 `optim.SGD` 一致。"),
            findings["difference"] < 1e-9,
            f"{findings['difference']:.1e}",
        ),
    ]


LESSON = Lesson(
    name="momentum",
    source="3",
    formulas=(
        Formula(
            r"v \to \mu v - \eta \nabla C(w), \quad w \to w + v",
            Text("the gradient changes the velocity; 1 − μ is the friction", "梯度改变的是速度；1 − μ 是摩擦"),
        ),
        Formula(
            r"v \to \mu v - \eta \nabla C(w + \mu v), \quad w \to w + v",
            Text("Nesterov: the gradient where the velocity is about to lead", "Nesterov：取速度将要到达之处的梯度"),
        ),
    ),
    code=(valley, Momentum, descend),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(13.0, 5.5),
    depends_on=(),
)
