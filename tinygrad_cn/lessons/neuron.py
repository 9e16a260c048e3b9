"""One sigmoid neuron that starts out badly wrong: the quadratic cost learns slowly, the cross-entropy does not."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import Tensor, nn, optim
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.plots import EPOCH

STARTS = {"mild": (0.6, 0.9), "bad": (2.0, 2.0)}  # weight and bias
EPOCHS = 300


class Neuron(nn.Module):
    """a = sigmoid(w x + b)"""

    def __init__(self, weight: float, bias: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(tg.tensor(weight, dtype=tg.float64))
        self.bias = nn.Parameter(tg.tensor(bias, dtype=tg.float64))

    def forward(self, x: Tensor) -> Tensor:
        return tg.sigmoid(self.weight * x + self.bias)


def quadratic(a: Tensor, y: Tensor) -> Tensor:
    return (a - y) ** 2 / 2


def cross_entropy(a: Tensor, y: Tensor) -> Tensor:
    return -(y * a.log() + (1 - y) * (1 - a).log())


def train(neuron: Neuron, cost: Callable[[Tensor, Tensor], Tensor], lr: float) -> dict[str, list[float]]:
    """Gradient descent on one example: the input 1 is to give 0."""
    x, y = tg.ones((), dtype=tg.float64), tg.zeros((), dtype=tg.float64)
    optimizer = optim.SGD(neuron.parameters(), lr=lr)
    curves: dict[str, list[float]] = {"output": [], "slope": []}
    for _ in range(EPOCHS + 1):  # the first output is that of the start
        optimizer.zero_grad()
        a = neuron(x)
        cost(a, y).backward()
        assert neuron.bias.grad is not None
        curves["output"].append(a.item())
        curves["slope"].append(neuron.bias.grad.item())  # delta, the gradient by z
        optimizer.step()
    return curves


COSTS = {"quadratic 0.15": (quadratic, 0.15), "cross-entropy 0.005": (cross_entropy, 0.005)}
COSTS |= {"cross-entropy 0.15": (cross_entropy, 0.15)}


def run(setting: Setting) -> Findings:
    setting.progress.start(len(COSTS) * len(STARTS))
    found: Findings = {}
    for name, (cost, lr) in COSTS.items():
        for start, (weight, bias) in STARTS.items():
            found[f"{name} {start}"] = {
                key: [round(value, 5) for value in curve]
                for key, curve in train(Neuron(weight, bias), cost, lr).items()
            }
            setting.progress.advance()
    return found


TITLES = {
    "quadratic 0.15": Text("quadratic cost, η = 0.15", "二次代价，η = 0.15"),
    "cross-entropy 0.005": Text("cross-entropy, η = 0.005", "交叉熵，η = 0.005"),
    "cross-entropy 0.15": Text("cross-entropy, η = 0.15", "交叉熵，η = 0.15"),
}
OUTPUT = Text("output a (target: 0)", "输出 a（目标：0）")
SLOPE = Text("gradient δ = ∂C/∂b", "梯度 δ = ∂C/∂b")
START = Text("start", "起点")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    grid = figure.subplots(2, 3, sharex=True, sharey="row")
    for column, name in enumerate(COSTS):
        for start, (weight, bias) in STARTS.items():
            text = f"{START[language]} (w, b) = ({weight}, {bias})"
            grid[0, column].plot(findings[f"{name} {start}"]["output"], label=text)
            grid[1, column].plot(findings[f"{name} {start}"]["slope"], label=text)
        grid[0, column].set_title(TITLES[name][language])
        grid[1, column].set_xlabel(EPOCH[language])
    grid[0, 0].set_ylabel(OUTPUT[language])
    grid[1, 0].set_ylabel(SLOPE[language])
    grid[0, 2].legend(loc="upper right")


REPORTED = {"quadratic 0.15 mild": "0.82 → 0.09", "quadratic 0.15 bad": "0.98 → 0.20"}


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        "cost | start (w, b) | reported | ours | epochs until a < 0.5",
        "代价 | 起点 (w, b) | 原报告 | 本次 | a < 0.5 所需轮数",
    )
    rows = []
    for name in COSTS:
        for start, at in STARTS.items():
            a = findings[f"{name} {start}"]["output"]
            half = next((str(epoch) for epoch, value in enumerate(a) if value < 0.5), f"> {EPOCHS}")
            reported = REPORTED.get(f"{name} {start}", "–")
            rows.append([TITLES[name][language], str(at), reported, f"{a[0]:.2f} → {a[EPOCHS]:.3f}", half])
    return [Table(columns[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    ends = [findings[f"quadratic 0.15 {start}"]["output"] for start in STARTS]
    slopes = {name: findings[f"{name} bad"]["slope"][0] for name in COSTS}
    a = findings["cross-entropy 0.15 bad"]["output"][0]
    return [
        Claim(
            Text("The quadratic cost ends at 0.09 and at 0.20.", "二次代价最后分别到达 0.09 和 0.20。"),
            [round(end[EPOCHS], 2) for end in ends] == [0.09, 0.20],
            ", ".join(f"{end[0]:.3f} → {end[EPOCHS]:.3f}" for end in ends),
        ),
        Claim(
            Text("The worse start hardly moves for 100 epochs.", "更差的起点在头 100 轮几乎不动。"),
            ends[1][0] - ends[1][100] < 0.1,
            f"{ends[1][0]:.3f} → {ends[1][100]:.3f}",
        ),
        Claim(
            Text("With the cross-entropy δ = a − y: no factor σ′(z).", "交叉熵的 δ = a − y，没有因子 σ′(z)。"),
            abs(slopes["cross-entropy 0.15"] - a) < 1e-4 and slopes["quadratic 0.15"] < 0.02,
            f"δ = {slopes['cross-entropy 0.15']:.4f}, a − y = {a:.4f}; {slopes['quadratic 0.15']:.4f}",
        ),
    ]


LESSON = Lesson(
    name="neuron",
    source="3",
    formulas=(
        Formula(
            r"C = \dfrac{(y-a)^2}{2}, \quad \dfrac{\partial C}{\partial b} = (a-y)\,\sigma'(z)",
            Text("quadratic cost: where σ is flat, the gradient is small", "二次代价：σ 越平坦，梯度越小"),
        ),
        Formula(
            r"C = -\left[y \ln a + (1-y) \ln(1-a)\right], \quad \dfrac{\partial C}{\partial b} = a - y",
            Text("cross-entropy: σ′ cancels", "交叉熵：σ′ 被约去"),
        ),
    ),
    code=(Neuron, quadratic, cross_entropy, train),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(11.0, 5.5),
    depends_on=(),
)
