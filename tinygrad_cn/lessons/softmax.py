"""Softmax: what it does to the weighted inputs, which cost goes with it, and what must not be swapped in that cost."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import Tensor
from tinygrad_cn.autograd.functional import jacobian
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.nn import functional as F

VECTORS = 200
SWEPT = (2.5, -1.0, 3.2, 0.5)  # z; the first is turned up and down
ALMOST = (0.9, 0.99, 0.999, 1.0)  # targets that go to 1


def softmax(z: Tensor) -> Tensor:
    return F.softmax(z, dim=-1)


def log_likelihood(z: Tensor, y: Tensor) -> Tensor:
    return -(y * F.log_softmax(z, dim=-1)).sum()


def sigmoid_cross_entropy(z: Tensor, y: Tensor) -> Tensor:
    return cross_entropy(F.sigmoid(z), y).sum()


def cross_entropy(a: Tensor, y: Tensor) -> Tensor:
    return -(y * a.log() + (1 - y) * (1 - a).log())


def swapped(a: Tensor, y: Tensor) -> Tensor:
    """y and a in each other's place: now it is the target whose logarithm is taken."""
    return -(a * y.log() + (1 - a) * (1 - y).log())


def gradient(cost: Callable[[Tensor, Tensor], Tensor], at: Tensor, y: Tensor) -> Tensor:
    """The cost's gradient by its first argument."""
    at = at.detach().requires_grad_()
    (slope,) = tg.autograd.grad(cost(at, y).sum(), at)
    return slope


def properties(z: Tensor, y: Tensor) -> Findings:
    """How far softmax is from what is said of it, over many z, and the error at the output over the same."""
    slopes = tg.stack([jacobian(softmax, row) for row in z])  # da_j / dz_k, (N, K, K)
    diagonal = tg.eye(z.shape[1], dtype=tg.bool)
    a = softmax(z)
    back = a.log() - z  # the same number in all places of a row
    return {
        "own": slopes[:, diagonal].min().item(),
        "other": slopes[:, ~diagonal].max().item(),
        "inverse": (back - back.mean(dim=1, keepdim=True)).abs().max().item(),
        "constant": (softmax(z + 7) - a).abs().max().item(),
        "softmax": (gradient(log_likelihood, z, y) - (a - y)).abs().max().item(),
        "sigmoid": (gradient(sigmoid_cross_entropy, z, y) - (F.sigmoid(z) - y)).abs().max().item(),
    }


def run(setting: Setting) -> Findings:
    setting.progress.start(2)
    generator = tg.Generator().manual_seed(0)
    z = tg.randn(VECTORS, 10, generator=generator, dtype=tg.float64) * 2
    y = F.one_hot(tg.randint(0, 10, (VECTORS,), generator=generator), 10).to(tg.float64)
    found = properties(z, y)
    setting.progress.advance()
    first = tg.linspace(-5, 10, 61, dtype=tg.float64)
    rows = tg.tensor(SWEPT, dtype=tg.float64).repeat(len(first), 1)
    rows[:, 0] = first
    found["sweep"] = {"z": first.tolist(), "a": [[round(v, 5) for v in row] for row in softmax(rows).T.tolist()]}
    a = tg.linspace(0.01, 0.99, 99, dtype=tg.float64)
    for name, cost in (("usual", cross_entropy), ("swapped", swapped)):
        found[name] = {}
        for target in ALMOST:
            y = tg.full_like(a, target)
            costs, slopes = cost(a, y), gradient(cost, a, y)
            half, there = len(a) // 2, (a - target).abs().argmin().item()
            finite = bool(costs.isfinite().all())
            found[name][str(target)] = {
                "cost": [round(v, 5) for v in costs.tolist()] if finite else [],
                "slope": [round(v, 5) for v in slopes.tolist()] if finite else [],
                "at half": str(round(costs[half].item(), 3)),
                "slope at y": str(round(slopes[there].item(), 3) + 0.0),
            }
    found["a"] = a.tolist()
    one = tg.ones((), dtype=tg.float64)
    found["right answer"] = str(swapped(one, one).item())
    setting.progress.advance()
    return found


NAMES = {
    "usual": Text("as it should be, y = {}", "正确的写法，y = {}"),
    "swapped": Text("swapped, y = {}", "写反，y = {}"),
}
OUTPUT, COST = Text("output a", "输出 a"), Text("cost C", "代价 C")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    outputs, cost, slope = figure.subplots(1, 3)
    for j, curve in enumerate(findings["sweep"]["a"]):
        outputs.plot(findings["sweep"]["z"], curve, label=f"$a_{j + 1}$")
    outputs.set(
        xlabel="$z_1$", ylabel=OUTPUT[language], title=Text("softmax: one z changes", "softmax：只改一个 z")[language]
    )
    for name, style, targets in (("usual", "-", ALMOST[:1] + ALMOST[-1:]), ("swapped", "--", ALMOST[:-1])):
        for target in targets:
            curve = findings[name][str(target)]
            text, color = NAMES[name][language].format(f"{target:g}"), f"C{ALMOST.index(target)}"
            cost.plot(findings["a"], curve["cost"], style, color=color, label=text)
            slope.plot(findings["a"], curve["slope"], style, color=color, label=text)
    cost.set(xlabel=OUTPUT[language], ylabel=COST[language], title=Text("cross-entropy", "交叉熵")[language])
    slope.set(xlabel=OUTPUT[language], ylabel="∂C/∂a", title=Text("its gradient", "它的梯度")[language], ylim=(-20, 20))
    outputs.legend()
    cost.legend(fontsize=8)


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        "target y | C at a = 0.5 | swapped | ∂C/∂a where a is nearest to y | swapped",
        "目标 y | a = 0.5 处的 C | 写反 | a 最接近 y 处的 ∂C/∂a | 写反",
    )
    rows = []
    for target in map(str, ALMOST):
        usual, other = findings["usual"][target], findings["swapped"][target]
        rows.append([target, usual["at half"], other["at half"], usual["slope at y"], other["slope at y"]])
    return [Table(columns[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    error = max(findings["softmax"], findings["sigmoid"])
    there = {name: findings[name]["0.9"]["slope at y"] for name in NAMES}
    return [
        Claim(
            Text("Monotone: a rises with its own z.", "单调：a 随自己的 z 上升。"),
            findings["own"] > 0,
            f"min ∂a_j/∂z_j = {findings['own']:.1e}",
        ),
        Claim(
            Text("Not local: every other a falls.", "非局部：其余的 a 全都下降。"),
            findings["other"] < 0,
            f"max ∂a_j/∂z_k = {findings['other']:.1e}",
        ),
        Claim(
            Text("Invertible up to a constant: z = ln a + c.", "除一个常数外可逆：z = ln a + c。"),
            max(findings["inverse"], findings["constant"]) < 1e-12,
            f"{findings['inverse']:.1e}, {findings['constant']:.1e}",
        ),
        Claim(
            Text("Both pairs give δ = a − y at the output.", "两种搭配的输出误差都是 δ = a − y。"),
            error < 1e-12,
            f"max |δ − (a − y)| = {error:.1e}",
        ),
        Claim(
            Text(
                "Swapped, the cost is infinite or undefined for a target of 1.",
                "写反之后，目标为 1 时代价无穷大或无定义。",
            ),
            findings["swapped"]["1.0"]["at half"] == "inf" and findings["right answer"] == "nan",
            f"a = 0.5: {findings['swapped']['1.0']['at half']}; a = 1: {findings['right answer']}",
        ),
        Claim(
            Text("Swapped, the gradient does not vanish at a = y.", "写反之后，梯度在 a = y 处不为零。"),
            abs(float(there["usual"])) < 1e-9 and abs(float(there["swapped"])) > 2,
            f"y = 0.9: {there['usual']} / {there['swapped']}",
        ),
    ]


LESSON = Lesson(
    name="softmax",
    source="3",
    formulas=(
        Formula(
            r"a_j = \dfrac{e^{z_j}}{\sum_k e^{z_k}}, \quad \dfrac{\partial a_j}{\partial z_k} = a_j\,([j = k] - a_k)",
            Text("positive for k = j, negative for all others", "k = j 时为正，其余皆为负"),
        ),
        Formula(
            r"-\left[y \ln a + (1-y)\ln(1-a)\right] \quad \neq \quad -\left[a \ln y + (1-a)\ln(1-y)\right]",
            Text(
                "swapped: a straight line in a, of slope ln((1 − y)/y), which is infinite for y = 0 and y = 1",
                "写反：关于 a 是一条直线，斜率 ln((1 − y)/y)，y = 0 和 y = 1 时为无穷大",
            ),
        ),
    ),
    code=(softmax, log_likelihood, cross_entropy, sigmoid_cross_entropy, swapped, gradient, properties),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(12.0, 4.0),
)
