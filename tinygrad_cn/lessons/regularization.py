"""L2 regularisation: the same networks with and without a cost on large weights."""

from __future__ import annotations

from functools import partial

from matplotlib.figure import Figure

from tinygrad_cn.lessons.kit.data import pixels
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import cross_entropy, large_network, large_weights, perceptron, scaled_network
from tinygrad_cn.lessons.kit.parallel import train_all
from tinygrad_cn.lessons.kit.plots import draw_curves
from tinygrad_cn.lessons.kit.tables import accuracy_table, mean
from tinygrad_cn.lessons.kit.training import Experiment, split_parameters, train_network

FEW, MANY = ("few", "few L2"), ("many", "many L2", "many L2 100", "best")


def run(setting: Setting) -> Findings:
    few = setting.pick(mnist=1000, digits=200, quick=100)
    images = Text(f"{few:,} images", f"{few:,} 张图像")
    all_images = Text("all images", "全部图像")
    long = setting.pick(mnist=400, digits=400, quick=100)
    short = setting.pick(mnist=30, digits=75, quick=12)
    # lambda / n is the decay of a step: a data set of another size keeps that share.
    weak = setting.pick(mnist=0.1, digits=0.2, quick=0.1)
    strong = setting.pick(mnist=5.0, digits=0.1, quick=0.1)

    def experiment(
        key: str,
        text: Text,
        lr: float,
        l2: float,
        epochs: int,
        reported: str,
        *,
        hidden: int = 30,
        scaled: bool = False,
    ) -> Experiment:
        return Experiment(
            key=key,
            label=text,
            network=partial(scaled_network if scaled else large_network, pixels(setting), hidden),
            loss=cross_entropy,
            lr=lr,
            l2=l2,
            epochs=epochs,
            images=few if key in FEW else None,
            reported=reported,
            judged_on="validation" if hidden == 100 else "test",
            watch_training=True,
        )

    def named(text: Text, rest_en: str, rest_zh: str) -> Text:
        return Text(f"{text.en}, {rest_en}", f"{text.zh}，{rest_zh}")

    found = [
        experiment("few", named(images, "λ = 0", "λ = 0"), 0.5, 0, long, "82.27"),
        experiment("few L2", named(images, f"λ = {weak:g}", f"λ = {weak:g}"), 0.5, weak, long, "87.1"),
        experiment("many", named(all_images, "λ = 0", "λ = 0"), 0.5, 0, short, "95.33"),
        experiment("many L2", named(all_images, f"λ = {strong:g}", f"λ = {strong:g}"), 0.5, strong, short, "96.49"),
    ]
    if not setting.quick:
        hundred = named(all_images, f"λ = {strong:g}, 100 hidden", f"λ = {strong:g}，100 个隐藏神经元")
        found.append(experiment("many L2 100", hundred, 0.5, strong, short, "97.92", hidden=100))
        best = named(hundred, "η = 0.1, scaled weights", "η = 0.1，按 n_in 缩放的权重")
        found.append(experiment("best", best, 0.1, strong, 2 * short, "98.04", hidden=100, scaled=True))
    return train_all(setting, found)


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    few, many = figure.subplots(1, 2)
    draw_curves(few, findings, "test_accuracy", language, FEW)
    draw_curves(many, findings, "test_accuracy", language, [key for key in MANY if key in findings["experiments"]])
    for axes in (few, many):
        top = axes.dataLim.y1
        axes.set_ylim(top - (16 if axes is few else 8), top + 0.5)


def tables(findings: Findings, language: Language) -> list[Table]:
    return [accuracy_table(findings, language)]


def claims(findings: Findings) -> list[Claim]:
    final = {key: mean(experiment["test"]["final"]) for key, experiment in findings["experiments"].items()}
    cost = {key: experiment["curves"]["test_cost"]["mean"][-1] for key, experiment in findings["experiments"].items()}
    return [
        Claim(
            Text("On few images L2 beats none.", "图像少时，L2 正则化胜过不用。"),
            final["few L2"] > final["few"],
            f"{final['few L2']:.2f} > {final['few']:.2f}",
        ),
        Claim(
            Text("Its test cost ends lower.", "它最后的测试集代价更低。"),
            cost["few L2"] < cost["few"],
            f"{cost['few L2']:.3f} < {cost['few']:.3f}",
        ),
        Claim(
            Text("On all images it does not harm.", "图像多时，它也没有坏处。"),
            final["many L2"] > final["many"] - 0.5,
            f"{final['many L2']:.2f} / {final['many']:.2f}",
        ),
    ]


LESSON = Lesson(
    name="regularization",
    source="3",
    formulas=(
        Formula(
            r"C = C_0 + \dfrac{\lambda}{2n} \sum_w w^2",
            Text(
                "large weights cost; biases are free; n training images", "大的权重要付出代价，偏置不计；n 为训练图像数"
            ),
        ),
        Formula(
            r"w \to \left(1 - \dfrac{\eta\lambda}{n}\right) w - \eta\,\dfrac{\partial C_0}{\partial w}",
            Text("the same as an update: every step shrinks the weights", "写成更新公式：每一步都把权重缩小一点"),
        ),
    ),
    code=(perceptron, large_weights, large_network, cross_entropy, split_parameters, train_network),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(11.0, 4.5),
)
