"""The learning rate: too small crawls, too large throws the network about or kills it."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from matplotlib.figure import Figure

from tinygrad_cn.lessons.kit.data import pixels
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import cross_entropy, large_network, perceptron, quadratic, scaled_network
from tinygrad_cn.lessons.kit.parallel import train_all
from tinygrad_cn.lessons.kit.plots import draw_curves
from tinygrad_cn.lessons.kit.tables import accuracy_table, mean
from tinygrad_cn.lessons.kit.training import Experiment, train_network

RATES = (0.025, 0.25, 2.5)


def run(setting: Setting) -> Findings:
    epochs = setting.pick(mnist=30, digits=30, quick=6)
    three = [
        Experiment(
            key=f"{lr}",
            label=Text(f"cross-entropy, η = {lr}", f"交叉熵，η = {lr}"),
            network=partial(scaled_network, pixels(setting), 30),
            loss=cross_entropy,
            lr=lr,
            l2=setting.pick(mnist=5.0, digits=0.1, quick=0.1),
            epochs=epochs,
            watch_training=True,
        )
        for lr in RATES
    ]
    hidden = setting.pick(mnist=100, digits=100, quick=30)
    small, large = (
        Experiment(
            key=key,
            label=Text(f"quadratic, {neurons} hidden, η = {lr:g}", f"二次代价，{neurons} 个隐藏神经元，η = {lr:g}"),
            network=partial(large_network, pixels(setting), neurons),
            loss=quadratic,
            lr=lr,
            epochs=epochs,
            reported=reported,
        )
        for key, neurons, lr, reported in (
            ("too small", hidden, 0.001, "11.39 → 21.42"),
            ("too large", 30, 100.0, "≈ 10"),
        )
    )
    return train_all(setting, [*three, small, large])


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    cost, accuracy = figure.subplots(1, 2)
    draw_curves(cost, findings, "training_cost", language, [str(lr) for lr in RATES])
    draw_curves(accuracy, findings, "test_accuracy", language, ["too small", "too large"])
    cost.set(yscale="log")
    accuracy.set_ylim(0, accuracy.dataLim.y1 + 5)


def tables(findings: Findings, language: Language) -> list[Table]:
    return [accuracy_table(findings, language)]


def roughness(curve: list[float]) -> float:
    """How far a curve goes up in all; 0 for one that only falls."""
    return sum(max(after - before, 0.0) for before, after in pairwise(curve))


def claims(findings: Findings) -> list[Claim]:
    found = findings["experiments"]
    rough = {lr: roughness(found[str(lr)]["curves"]["training_cost"]["mean"]) for lr in RATES}
    costs = {lr: found[str(lr)]["curves"]["training_cost"]["mean"][-1] for lr in RATES}
    small, large = (found[key]["test"] for key in ("too small", "too large"))
    return [
        Claim(
            Text("At the smallest rate the cost only falls, but slowly.", "学习率最小时，代价只降不升，但降得慢。"),
            rough[0.025] < 0.01 and costs[0.025] > costs[0.25],
            f"{costs[0.025]:.3f} > {costs[0.25]:.3f}",
        ),
        Claim(
            Text("At the largest it ends higher than at 0.25.", "学习率最大时，代价最后高于 0.25 的。"),
            costs[2.5] > 1.2 * costs[0.25],
            f"{costs[2.5]:.3f} > {costs[0.25]:.3f}; Σ↑ = {rough[2.5]:.3f}, {rough[0.25]:.3f}",
        ),
        Claim(
            Text(
                "η = 0.001 creeps, η = 100 guesses.",
                "η = 0.001 慢爬，η = 100 瞎猜。",
            ),
            mean(small["final"]) < 50 and mean(large["final"]) < 20,
            f"{mean(small['first']):.2f} → {mean(small['final']):.2f}; {mean(large['final']):.2f}",
        ),
    ]


LESSON = Lesson(
    name="learning_rate",
    source="1, 3",
    formulas=(
        Formula(
            r"w \to w - \eta\,\dfrac{\partial C}{\partial w}, \quad \Delta C \approx -\eta\,|\nabla C|^2",
            Text("downhill, as long as the step is small enough", "只要步子够小，就是下坡"),
        ),
    ),
    code=(perceptron, scaled_network, large_network, quadratic, cross_entropy, train_network),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(11.0, 4.5),
)
