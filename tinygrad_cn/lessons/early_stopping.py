"""When to stop, and when to lower the learning rate: both are read off the validation data."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import nn, optim
from tinygrad_cn.lessons.kit.data import Images, load, pixels
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import scaled_network
from tinygrad_cn.lessons.kit.parallel import run_tasks
from tinygrad_cn.lessons.kit.plots import ACCURACY, EPOCH
from tinygrad_cn.lessons.kit.tables import mean, mean_and_sd
from tinygrad_cn.optim.lr_scheduler import HalvingLR
from tinygrad_cn.training import EarlyStopping, accuracy, evaluate, fit
from tinygrad_cn.utils.data import DataLoader, TensorDataset

MOST_EPOCHS = 300
LOSS = nn.CrossEntropyLoss()


def batches(data: Images, *, shuffle: bool = False) -> DataLoader[list[tg.Tensor]]:
    return DataLoader(TensorDataset(data.images, data.labels), batch_size=10 if shuffle else 1000, shuffle=shuffle)


def with_early_stopping(model: nn.Module, training: Images, validation: Images, lr: float, patience: int) -> Findings:
    """The rate stays; training ends after `patience` epochs without a better accuracy on the validation data."""
    run = fit(
        model,
        batches(training, shuffle=True),
        LOSS,
        optim.SGD(model.parameters(), lr=lr),
        epochs=MOST_EPOCHS,
        validation=batches(validation),
        metrics={"accuracy": accuracy},
        callbacks=[EarlyStopping(patience, monitor="validation_accuracy", mode="max")],
    )
    curve = [100 * record["validation_accuracy"] for record in run.history]
    return {"validation": curve, "lr": [lr] * len(curve)}


def with_halving(model: nn.Module, training: Images, validation: Images, lr: float, patience: int) -> Findings:
    """The rate is halved after `patience` epochs without progress; the end is a thousandth of it."""
    optimizer = optim.SGD(model.parameters(), lr=lr)
    schedule = HalvingLR(optimizer, patience=patience, mode="max", end=1 / 1000)
    found: Findings = {"validation": [], "lr": []}
    while not schedule.finished and len(found["lr"]) < MOST_EPOCHS:
        found["lr"].append(schedule.get_last_lr()[0])
        fit(model, batches(training, shuffle=True), LOSS, optimizer, epochs=1)
        measured = evaluate(model, batches(validation), LOSS, {"accuracy": accuracy})["accuracy"]
        found["validation"].append(100 * measured)
        schedule.step(measured)
    return found


WAYS = {
    "stop 3": (with_early_stopping, 3, Text("stop after 3 epochs without progress", "3 轮无进步就停止")),
    "stop 10": (with_early_stopping, 10, Text("stop after 10", "10 轮无进步才停止")),
    "halve": (with_halving, 3, Text("halve the rate after 3, ten times", "3 轮无进步就把学习率减半，共十次")),
}


def task(setting: Setting, way: str, seed: int, tick: Callable[[], None]) -> Findings:
    splits = load(setting.data, setting.data_dir)
    images = splits.training.first(setting.pick(mnist=5000, digits=500, quick=150))
    strategy, patience, _ = WAYS[way]
    tg.manual_seed(seed)
    model = scaled_network(pixels(setting), 30)
    found = strategy(model, images, splits.validation, 0.5, patience)
    found["validation"] = [round(value, 2) for value in found["validation"]]
    measured = evaluate(model, batches(splits.test), LOSS, {"accuracy": accuracy})
    tick()
    return found | {"test": round(100 * measured["accuracy"], 2)}


def run(setting: Setting) -> Findings:
    quiet = Setting(setting.data, setting.data_dir, setting.seeds, setting.quick)  # what other processes can be sent
    seeds = range(setting.seeds)
    tasks = [(quiet, way, seed) for way in WAYS for seed in seeds]
    found = run_tasks(setting, task, tasks, len(tasks))
    return {way: found[i * len(seeds) : (i + 1) * len(seeds)] for i, way in enumerate(WAYS)}


RATE = Text("learning rate η", "学习率 η")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    for i, (way, (_, _, text)) in enumerate(WAYS.items()):
        for found in findings[way]:
            epochs = range(1, len(found["lr"]) + 1)
            top.plot(epochs, found["validation"], color=f"C{i}", alpha=0.6, linewidth=5 - 2 * i)
            top.plot(epochs[-1], found["validation"][-1], "o", color=f"C{i}")
            bottom.plot(epochs, found["lr"], color=f"C{i}", alpha=0.6, linewidth=5 - 2 * i)
        top.plot([], [], color=f"C{i}", label=text[language])
    best = max(max(found["validation"]) for runs in findings.values() for found in runs)
    top.set(ylabel=ACCURACY[language], ylim=(best - 12, best + 1))
    bottom.set(xlabel=EPOCH[language], ylabel=RATE[language], yscale="log")
    top.legend(loc="lower right")


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        "rule | epochs | best validation accuracy [%] | test accuracy [%] | seeds",
        "规则 | 轮数 | 最好的验证集准确率 [%] | 测试集准确率 [%] | 种子数",
    )
    rows = [
        [
            text[language],
            mean_and_sd([len(found["lr"]) for found in findings[way]], 0),
            mean_and_sd([max(found["validation"]) for found in findings[way]]),
            mean_and_sd([found["test"] for found in findings[way]]),
            str(len(findings[way])),
        ]
        for way, (_, _, text) in WAYS.items()
    ]
    return [Table(columns[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    best = {way: mean([max(found["validation"]) for found in findings[way]]) for way in WAYS}
    ends = [found["lr"][0] / found["lr"][-1] for found in findings["halve"]]
    return [
        Claim(
            Text("More patience never ends lower on the validation data.", "耐心更大，验证集上绝不会更低。"),
            best["stop 10"] >= best["stop 3"],
            f"{best['stop 10']:.2f} ≥ {best['stop 3']:.2f}",
        ),
        Claim(
            Text("The last epochs run at 1/512 of the first rate.", "最后几轮的学习率是最初的 1/512。"),
            all(end == 512 for end in ends),
            ", ".join(f"1/{end:g}" for end in ends),
        ),
    ]


LESSON = Lesson(
    name="early_stopping",
    source="3",
    formulas=(),
    code=(batches, with_early_stopping, with_halving),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(9.0, 5.5),
)
