"""The cross-entropy with y and a in each other's place: a straight line, and infinite where the targets are."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import Tensor
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.plots import legend_above

TARGETS = (0.9, 0.99, 0.999, 1.0)


def cross_entropy(a: Tensor, y: Tensor) -> Tensor:
    return -(y * a.log() + (1 - y) * (1 - a).log())


def reverse_cross_entropy(a: Tensor, y: Tensor) -> Tensor:
    """Now it is the target whose logarithm is taken."""
    return -(a * y.log() + (1 - a) * (1 - y).log())


COSTS = {"usual": cross_entropy, "reverse": reverse_cross_entropy}


def curve(cost: Callable[[Tensor, Tensor], Tensor], target: float) -> tuple[Tensor, Tensor, Tensor]:
    """Outputs a from 0.01 to 0.99, the cost and its gradient by a."""
    a = tg.linspace(0.01, 0.99, 99, dtype=tg.float64, requires_grad=True)
    costs = cost(a, tg.full_like(a, target))
    (slopes,) = tg.autograd.grad(costs.sum(), a)
    return a.detach(), costs.detach(), slopes


def run(setting: Setting) -> Findings:
    setting.progress.start(len(COSTS))
    found: Findings = {}
    for name, cost in COSTS.items():
        found[name] = {}
        for target in TARGETS:
            a, costs, slopes = curve(cost, target)
            finite = bool(costs.isfinite().all())
            nearest = (a - target).abs().argmin().item()
            found[name][str(target)] = {
                "cost": [round(value, 5) for value in costs.tolist()] if finite else [],
                "slope": [round(value, 5) for value in slopes.tolist()] if finite else [],
                "at half": str(round(costs[len(a) // 2].item(), 3)),
                "slope at y": str(round(slopes[nearest].item(), 3) + 0.0),
            }
        setting.progress.advance()
    one = tg.ones((), dtype=tg.float64)
    return found | {"a": a.tolist(), "right answer": str(reverse_cross_entropy(one, one).item())}


NAMES = {"usual": Text("cross-entropy, y = {}", "交叉熵，y = {}"), "reverse": Text("reversed, y = {}", "写反，y = {}")}
OUTPUT, COST = Text("output a", "输出 a"), Text("cost C", "代价 C")
SLOPE = Text("gradient ∂C/∂a", "梯度 ∂C/∂a")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    cost, slope = figure.subplots(1, 2)
    for name, style, targets in (("usual", "-", (0.9, 1.0)), ("reverse", "--", TARGETS[:-1])):
        for target in targets:
            found, color = findings[name][str(target)], f"C{TARGETS.index(target)}"
            cost.plot(
                findings["a"], found["cost"], style, color=color, label=NAMES[name][language].format(f"{target:g}")
            )
            slope.plot(findings["a"], found["slope"], style, color=color)
    cost.set(xlabel=OUTPUT[language], ylabel=COST[language])
    slope.set(xlabel=OUTPUT[language], ylabel=SLOPE[language], ylim=(-20, 20))
    legend_above(cost)


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        "target y | C at a = 0.5 | reversed | ∂C/∂a where a is nearest to y | reversed",
        "目标 y | a = 0.5 处的 C | 写反 | a 最接近 y 处的 ∂C/∂a | 写反",
    )
    rows = [
        [target, *(findings[name][target][number] for number in ("at half", "slope at y") for name in COSTS)]
        for target in map(str, TARGETS)
    ]
    return [Table(columns[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    usual, other = (findings[name]["0.9"]["slope at y"] for name in COSTS)
    infinite, undefined = findings["reverse"]["1.0"]["at half"], findings["right answer"]
    return [
        Claim(
            Text(
                "Reversed, the cost is infinite or undefined for a target of 1.",
                "写反之后，目标为 1 时代价无穷大或无定义。",
            ),
            infinite == "inf" and undefined == "nan",
            f"a = 0.5: {infinite}; a = 1: {undefined}",
        ),
        Claim(
            Text("Reversed, the gradient does not vanish at a = y.", "写反之后，梯度在 a = y 处不为零。"),
            abs(float(usual)) < 1e-9 and abs(float(other)) > 2,
            f"y = 0.9: {usual} / {other}",
        ),
    ]


LESSON = Lesson(
    name="reverse_cross_entropy",
    source="3",
    formulas=(
        Formula(
            r"-\left[y \ln a + (1-y)\ln(1-a)\right] \quad \neq \quad -\left[a \ln y + (1-a)\ln(1-y)\right]",
            Text(
                "reversed: a straight line in a, of slope ln((1 − y)/y), which is infinite for y = 0 and y = 1",
                "写反：关于 a 是一条直线，斜率 ln((1 − y)/y)，y = 0 和 y = 1 时为无穷大",
            ),
        ),
    ),
    code=(cross_entropy, reverse_cross_entropy, curve),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(10.0, 4.4),
    depends_on=(),
)
