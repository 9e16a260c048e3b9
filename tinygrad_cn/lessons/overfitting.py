"""Over-fitting: 1,000 images are learned by heart, 50,000 are not."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from matplotlib.figure import Figure

from tinygrad_cn.lessons.kit.data import pixels
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import cross_entropy, large_network, large_weights, perceptron
from tinygrad_cn.lessons.kit.parallel import train_all
from tinygrad_cn.lessons.kit.plots import ACCURACY, COST, EPOCH, draw_curve, label
from tinygrad_cn.lessons.kit.tables import accuracy_table, mean, mean_and_sd
from tinygrad_cn.lessons.kit.training import Experiment, train_network


def run(setting: Setting) -> Findings:
    few = setting.pick(mnist=1000, digits=200, quick=100)
    alone = Experiment(
        key="few",
        label=Text(f"{few:,} images", f"{few:,} 张图像"),
        network=partial(large_network, pixels(setting), 30),
        loss=cross_entropy,
        lr=0.5,
        epochs=setting.pick(mnist=400, digits=400, quick=100),
        images=few,
        reported="82.27",
        watch_training=True,
    )
    everything = replace(
        alone,
        key="many",
        label=Text("all training images", "全部训练图像"),
        epochs=setting.pick(mnist=30, digits=75, quick=15),
        images=None,
        reported="95.33",
    )
    return train_all(setting, [alone, everything])


TRAINING, TEST = Text("training", "训练集"), Text("test", "测试集")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    grid = figure.subplots(2, 2, sharex="col")
    for column, (key, experiment) in enumerate(findings["experiments"].items()):
        accuracy, cost = grid[:, column]
        draw_curve(accuracy, experiment, "training_accuracy", TRAINING[language], "C0")
        draw_curve(accuracy, experiment, "test_accuracy", TEST[language], "C1")
        draw_curve(cost, experiment, "training_cost", TRAINING[language], "C0")
        draw_curve(cost, experiment, "test_cost", TEST[language], "C1")
        accuracy.set(title=label(experiment, language), ylim=(70, 100.5) if key == "few" else (88, 100.5))
        cost.set(xlabel=EPOCH[language], ylim=(0, None))
    grid[0, 0].set_ylabel(ACCURACY[language])
    grid[1, 0].set_ylabel(COST[language])
    grid[0, 0].legend(loc="lower right")


COLUMNS = Text(
    "experiment | training accuracy [%] | test accuracy [%] | gap | test cost lowest in epoch",
    "实验 | 训练集准确率 [%] | 测试集准确率 [%] | 差距 | 测试集代价最低的轮",
)


def lowest(experiment: Findings) -> int:
    cost = experiment["curves"]["test_cost"]["mean"]
    return int(cost.index(min(cost))) + 1


def tables(findings: Findings, language: Language) -> list[Table]:
    rows = []
    for experiment in findings["experiments"].values():
        learned = experiment["curves"]["training_accuracy"]["mean"][-1]
        final = experiment["test"]["final"]
        gap = f"{learned - mean(final):.2f}"
        rows.append([label(experiment, language), f"{learned:.2f}", mean_and_sd(final), gap, str(lowest(experiment))])
    return [accuracy_table(findings, language), Table(COLUMNS[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    few, many = (findings["experiments"][key] for key in ("few", "many"))
    learned = {key: found["curves"]["training_accuracy"]["mean"][-1] for key, found in findings["experiments"].items()}
    gaps = [learned["few"] - mean(few["test"]["final"]), learned["many"] - mean(many["test"]["final"])]
    cost, own = (few["curves"][name]["mean"] for name in ("test_cost", "training_cost"))
    half = len(cost) // 2
    return [
        Claim(
            Text("The few images are learned by heart.", "少量图像被完全背了下来。"),
            learned["few"] > 99.5,
            f"{learned['few']:.2f} %",
        ),
        Claim(
            Text(
                "In the second half their own cost goes on falling, the test cost does not.",
                "后一半时间里，它们自己的代价继续下降，测试集代价却不降。",
            ),
            own[-1] < 0.7 * own[half] and cost[-1] > 0.95 * cost[half],
            f"{own[half]:.4f} → {own[-1]:.4f}; {cost[half]:.3f} → {cost[-1]:.3f}",
        ),
        Claim(
            Text("With more data the gap is smaller.", "数据更多，差距更小。"),
            gaps[1] < gaps[0] - 3,
            f"{gaps[0]:.2f} → {gaps[1]:.2f}",
        ),
    ]


LESSON = Lesson(
    name="overfitting",
    source="3",
    formulas=(),
    code=(perceptron, large_weights, large_network, cross_entropy, train_network),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(9.0, 6.0),
)
