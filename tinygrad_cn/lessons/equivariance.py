"""A feature map moves with the image: what a convolution learned in one place holds in all."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import Tensor, nn
from tinygrad_cn.lessons.kit.data import load, side
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.nn import functional as F

KERNEL, DOWN, RIGHT = 5, 2, 3  # pixels


def moved(image: Tensor) -> Tensor:
    """The image moved down and to the right; it must be dark at its lower and right rim."""
    return F.pad(image, (RIGHT, -RIGHT, DOWN, -DOWN))  # (..., H, W)


def difference(layer: nn.Module, image: Tensor) -> float:
    """Between what comes out for the moved image and what comes out for the image, moved: the largest."""
    after, before = layer(moved(image)), layer(image)
    return (after[..., DOWN:, RIGHT:] - before[..., :-DOWN, :-RIGHT]).abs().max().item()


def fully_connected(n: int) -> nn.Sequential:
    """From an image of n x n to one of the size of a feature map, a weight for every pixel and neuron."""
    m = n - KERNEL + 1
    return nn.Sequential(nn.Flatten(), nn.Linear(n * n, m * m), nn.Unflatten(1, (1, m, m))).double()


def run(setting: Setting) -> Findings:
    setting.progress.start(1)
    n = side(setting)
    image = load(setting.data, setting.data_dir).training.images[:1].unflatten(1, (1, n, n)).double()
    image = F.pad(image, (8, 8, 8, 8))  # a dark rim
    tg.manual_seed(1)
    convolution = nn.Conv2d(1, 1, KERNEL).double()
    with tg.no_grad():
        maps = {
            "image": image,
            "moved image": moved(image),
            "map": convolution(image),
            "moved map": convolution(moved(image)),
        }
        found = {
            "convolution": difference(convolution, image),
            "stride": difference(nn.Conv2d(1, 1, KERNEL, stride=2).double(), image),
            "fully connected": difference(fully_connected(n + 16), image),
        }
    setting.progress.advance()
    return found | {"maps": {name: np.round(map.numpy()[0, 0], 3).tolist() for name, map in maps.items()}}


TITLES = {
    "image": Text("image", "图像"),
    "moved image": Text(f"moved {DOWN} down, {RIGHT} right", f"下移 {DOWN}、右移 {RIGHT}"),
    "map": Text("feature map", "特征图"),
    "moved map": Text("feature map of the moved image", "移动后图像的特征图"),
}
COLUMN, ROW = Text("column [pixels]", "列 [像素]"), Text("row [pixels]", "行 [像素]")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    grid = figure.subplots(1, 4)
    for axes, (name, values) in zip(grid, findings["maps"].items(), strict=True):
        axes.imshow(values, cmap="gray" if "image" in name else "viridis")
        axes.set(title=TITLES[name][language], xlabel=COLUMN[language])
        axes.grid(visible=False)
    grid[0].set_ylabel(ROW[language])


NAMES = {
    "convolution": Text("convolution", "卷积"),
    "stride": Text("convolution with stride 2", "步幅为 2 的卷积"),
    "fully connected": Text("fully connected", "全连接"),
}


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        "layer | output for the moved image − moved output: largest", "层 | 移动后图像的输出 − 移动后的输出：最大差别"
    )
    return [Table(columns[language].split(" | "), [[NAMES[key][language], f"{findings[key]:.1e}"] for key in NAMES])]


def claims(findings: Findings) -> list[Claim]:
    return [
        Claim(
            Text("The feature map moves with the image.", "图像移动，特征图随之移动。"),
            findings["convolution"] < 1e-12,
            f"{findings['convolution']:.1e}",
        ),
        Claim(
            Text(
                "A fully connected layer's output does not, nor one of stride 2 pixel by pixel.",
                "全连接层的输出不会；步幅为 2 时，也不会逐像素随之移动。",
            ),
            findings["fully connected"] > 0.01 and findings["stride"] > 0.01,
            f"{findings['fully connected']:.2f}, {findings['stride']:.2f}",
        ),
    ]


LESSON = Lesson(
    name="equivariance",
    source="6",
    formulas=(
        Formula(
            r"a_p = b + \sum_i w_i x_{p+i}, \quad x'_p = x_{p-s}"
            r" \; \Rightarrow \; a'_p = b + \sum_i w_i x_{p-s+i} = a_{p-s}",
            Text("the image moved by s: the feature map moved by s", "图像移动 s，特征图也移动 s"),
        ),
    ),
    code=(moved, difference, fully_connected),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(13.0, 3.6),
    depends_on=("data",),
)
