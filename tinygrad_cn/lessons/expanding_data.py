"""Expanding the training data: the same images shifted, turned and bent."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial

from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn.datasets import Distortion, expand
from tinygrad_cn.lessons.kit.data import Images, load, pixels, side
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import cross_entropy, perceptron, scaled_network
from tinygrad_cn.lessons.kit.parallel import train_all
from tinygrad_cn.lessons.kit.plots import draw_curve, label
from tinygrad_cn.lessons.kit.tables import accuracy_table, mean
from tinygrad_cn.lessons.kit.training import Experiment, train_network
from tinygrad_cn.utils.data import TensorDataset

COPIES = 4


def ways(setting: Setting) -> dict[str, tuple[Distortion | None, Text]]:
    """What is done to the images; scikit-learn's digits fill their frame, so they are moved and bent less."""
    shift, rotation, elastic = (2, 15, 34) if setting.data == "mnist" else (1, 15, 15)
    return {
        "none": (None, Text("as they are", "原样")),
        "shift": (Distortion(shift=shift), Text(f"shifted, {shift} px at most", f"平移，至多 {shift} 个像素")),
        "rotate": (Distortion(rotation=rotation), Text(f"turned, {rotation}° at most", f"旋转，至多 {rotation}°")),
        "bend": (Distortion(elastic=elastic), Text("bent (elastic)", "弹性形变")),
        "all": (Distortion(shift, rotation, elastic), Text("all three", "三种都用")),
    }


def expanded(data: Images, width: int, distortion: Distortion) -> Images:
    """The images as they are, and four changed copies of each."""
    flat = TensorDataset(data.images.unflatten(1, (1, width, width)), data.targets, data.labels)
    images, targets, labels = expand(flat, distortion, copies=COPIES).tensors
    return Images(images.flatten(1), targets, labels)


def run(setting: Setting) -> Findings:
    images = setting.pick(mnist=1000, digits=200, quick=100)
    epochs = setting.pick(mnist=200, digits=200, quick=60)
    experiments = [
        Experiment(
            key=key,
            label=text,
            network=partial(scaled_network, pixels(setting), 30),
            loss=cross_entropy,
            lr=0.5,
            l2=setting.pick(mnist=0.1, digits=0.02, quick=0.01),
            epochs=epochs if distortion is None else epochs // (COPIES + 1),  # as many steps
            images=images,
            prepare=None if distortion is None else partial(expanded, width=side(setting), distortion=distortion),
        )
        for key, (distortion, text) in ways(setting).items()
        if not (setting.quick and key in ("shift", "bend"))
    ]
    experiments = [
        replace(one, l2=one.l2 if one.prepare is None else one.l2 * (COPIES + 1)) for one in experiments
    ]  # the same decay in each step
    data = load(setting.data, setting.data_dir).training.first(1)
    tg.manual_seed(0)
    width = side(setting)
    shown = {
        key: (expanded(data, width, distortion).images * 100).int().unflatten(1, (width, width)).tolist()
        for key, (distortion, _) in ways(setting).items()
        if distortion is not None
    }
    titles = {key: asdict(text) for key, (_, text) in ways(setting).items()}
    return train_all(setting, experiments) | {"images": shown, "titles": titles}


STEPS = Text("images shown, in units of the small data set", "已看图像数（以小数据集为单位）")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(1, 1.3))[0]
    grid = left.subplots(len(findings["images"]), COPIES + 1)
    for row, (key, images) in zip(grid, findings["images"].items(), strict=True):
        for axes, image in zip(row, images, strict=True):
            axes.imshow(image, cmap="gray_r", vmin=0, vmax=100)
            axes.set(xticks=[], yticks=[])
        row[0].set_title(findings["titles"][key][language], fontsize=8, loc="left")
    axes = right.subplots()
    for i, (key, experiment) in enumerate(findings["experiments"].items()):
        copies = 1 if key == "none" else COPIES + 1
        draw_curve(axes, experiment, "test_accuracy", label(experiment, language), f"C{i}", every=copies)
    top = axes.dataLim.y1
    axes.set(xlabel=STEPS[language], ylabel=Text("accuracy [%]", "准确率 [%]")[language], ylim=(top - 20, top + 1))
    axes.legend(loc="lower right")


def tables(findings: Findings, language: Language) -> list[Table]:
    return [accuracy_table(findings, language)]


def claims(findings: Findings) -> list[Claim]:
    final = {key: mean(experiment["test"]["final"]) for key, experiment in findings["experiments"].items()}
    return [
        Claim(
            Text("With turned copies it reads better, in as many steps.", "步数相同，加上旋转的副本后认得更准。"),
            final["rotate"] > final["none"],
            ", ".join(f"{key}: {value:.2f}" for key, value in final.items()),
        ),
    ]


LESSON = Lesson(
    name="expanding_data",
    source="3, 6",
    formulas=(),
    code=(expanded, perceptron, scaled_network, cross_entropy, train_network),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(11.0, 4.8),
)
