"""Softmax: monotone, not local, invertible but for a constant; and the costs with which the error is a − y."""

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


def softmax(z: Tensor) -> Tensor:
    return F.softmax(z, dim=-1)


def log_likelihood(z: Tensor, y: Tensor) -> Tensor:
    return -(y * F.log_softmax(z, dim=-1)).sum()


def sigmoid_cross_entropy(z: Tensor, y: Tensor) -> Tensor:
    a = F.sigmoid(z)
    return -(y * a.log() + (1 - y) * (1 - a).log()).sum()


def delta(cost: Callable[[Tensor, Tensor], Tensor], z: Tensor, y: Tensor) -> Tensor:
    """The error at the output: the cost's gradient by z."""
    z = z.detach().requires_grad_()
    (error,) = tg.autograd.grad(cost(z, y), z)
    return error


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
        "softmax": (delta(log_likelihood, z, y) - (a - y)).abs().max().item(),
        "sigmoid": (delta(sigmoid_cross_entropy, z, y) - (F.sigmoid(z) - y)).abs().max().item(),
    }


def run(setting: Setting) -> Findings:
    setting.progress.start(1)
    generator = tg.Generator().manual_seed(0)
    z = tg.randn(VECTORS, 10, generator=generator, dtype=tg.float64) * 2
    y = F.one_hot(tg.randint(0, 10, (VECTORS,), generator=generator), 10).to(tg.float64)
    found = properties(z, y)
    first = tg.linspace(-5, 10, 61, dtype=tg.float64)
    rows = tg.tensor(SWEPT, dtype=tg.float64).repeat(len(first), 1)
    rows[:, 0] = first
    for name, function in (("a", softmax), ("sigmoid a", F.sigmoid)):
        found[name] = [[round(value, 5) for value in row] for row in function(rows).T.tolist()]
    setting.progress.advance()
    return found | {"z": first.tolist()}


OUTPUT = Text("output a", "输出 a")
TITLES = {
    "a": Text("softmax: one z changes", "softmax：只改一个 z"),
    "sigmoid a": Text("sigmoid: one z changes", "sigmoid：只改一个 z"),
}


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    for axes, (name, title) in zip(figure.subplots(1, 2, sharey=True), TITLES.items(), strict=True):
        for j, curve in enumerate(findings[name]):
            axes.plot(findings["z"], curve, label=f"$a_{j + 1}$")
        axes.set(xlabel="$z_1$", ylabel=OUTPUT[language], title=title[language])
    figure.axes[0].legend(loc="center left")


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text("over 200 random z of ten numbers | found", "200 组随机的 z，每组十个数 | 结果")
    names = {
        "own": Text("least ∂a_j/∂z_j", "最小的 ∂a_j/∂z_j"),
        "other": Text("largest ∂a_j/∂z_k, k ≠ j", "最大的 ∂a_j/∂z_k，k ≠ j"),
        "inverse": Text("ln a − z: largest distance from a constant", "ln a − z：与常数的最大差别"),
        "constant": Text("7 added to all z: largest change of a", "所有 z 都加 7：a 的最大变化"),
        "softmax": Text(
            "softmax, log-likelihood: largest |δ − (a − y)|", "softmax、对数似然代价：最大的 |δ − (a − y)|"
        ),
        "sigmoid": Text("sigmoid, cross-entropy: largest |δ − (a − y)|", "sigmoid、交叉熵：最大的 |δ − (a − y)|"),
    }
    rows = [[name[language], f"{findings[key]:.1e}"] for key, name in names.items()]
    return [Table(columns[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    error = max(findings["softmax"], findings["sigmoid"])
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
            r"C = -\ln a_y \; \Rightarrow \; \delta_j = \dfrac{\partial C}{\partial z_j} = a_j - y_j",
            Text("the log-likelihood of the right class y", "正确类别 y 的对数似然代价"),
        ),
    ),
    code=(softmax, log_likelihood, sigmoid_cross_entropy, delta, properties),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(10.0, 4.0),
    depends_on=(),
)
