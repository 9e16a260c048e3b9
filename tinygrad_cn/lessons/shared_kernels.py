"""Shared kernels: few parameters, feature maps that move with the image, a gradient that is a sum over positions."""

from __future__ import annotations

from itertools import product

import numpy as np
from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import Tensor, nn
from tinygrad_cn.lessons.kit.data import load, side
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.nn import functional as F

WIDTH, HEIGHT, NEURONS, KERNEL = 1920, 1080, 1000, 5
SHIFT = (2, 3)  # pixels down and to the right


def fully_connected(inputs: int, neurons: int) -> int:
    """How many parameters `nn.Linear` would have; counted, not allocated: here they would need eight gigabytes."""
    return neurons * (inputs + 1)


def convolutional(channels: int, maps: int, kernel: int) -> int:
    """How many parameters `nn.Conv2d` has, for an image of any size."""
    return maps * (channels * kernel**2 + 1)


def counted(layer: nn.Module) -> int:
    return sum(parameter.numel() for parameter in layer.parameters())


def output_size(n: int, k: int, s: int) -> int:
    """How many positions a kernel of k has on n pixels, in steps of s."""
    return (n - k) // s + 1


def wrong_sizes() -> list[list[int]]:
    """All n, k and s up to 16, 6 and 5, against what a convolution returns."""
    wrong, tried = [], 0
    for n, k, s in product(range(1, 17), range(1, 7), range(1, 6)):
        if k <= n:
            tried += 1
            if F.conv1d(tg.ones(1, 1, n), tg.ones(1, 1, k), stride=s).shape[-1] != output_size(n, k, s):
                wrong.append([n, k, s])
    return [[tried], *wrong]


def shifted(image: Tensor) -> Tensor:
    """The image moved by SHIFT; it must be dark at its lower and right rim."""
    down, right = SHIFT
    return F.pad(image, (right, -right, down, -down))  # (..., H, W)


def untied(image: Tensor, copies: Tensor) -> Tensor:
    """A convolution whose positions have a kernel of their own each.

    Shape:
        - image: :math:`(1, 1, H, W)`
        - copies: :math:`(L, k * k)`, a row for each of the L positions
        - output: :math:`(L)`
    """
    patches = F.unfold(image, KERNEL)[0].T  # (1, k * k, L) -> (L, k * k)
    return (patches * copies).sum(dim=1)


def gradients(image: Tensor, kernel: Tensor, arriving: Tensor) -> tuple[Tensor, Tensor]:
    """The gradient of a shared kernel, and those of untied copies that begin equal.

    Shape:
        - kernel: :math:`(1, 1, k, k)`, arriving: :math:`(L)`, the gradient that reaches the feature map
        - output: :math:`(k * k)` and :math:`(L, k * k)`
    """
    shared = kernel.detach().requires_grad_()
    copies = kernel.flatten().repeat(len(arriving), 1).requires_grad_()
    (of_shared,) = tg.autograd.grad(F.conv2d(image, shared).flatten(), shared, arriving)
    (of_copies,) = tg.autograd.grad(untied(image, copies), copies, arriving)
    return of_shared.flatten(), of_copies


def run(setting: Setting) -> Findings:
    setting.progress.start(3)
    n = side(setting)
    images = load(setting.data, setting.data_dir).training.images[:1].unflatten(1, (1, n, n)).double()
    tg.manual_seed(1)
    layer = nn.Conv2d(1, 1, KERNEL).double()
    image = F.pad(images, (SHIFT[1] + KERNEL, SHIFT[1] + KERNEL, SHIFT[0] + KERNEL, SHIFT[0] + KERNEL))
    with tg.no_grad():
        maps = {"image": image, "moved image": shifted(image), "map": layer(image), "moved map": layer(shifted(image))}
    down, right = SHIFT
    move = maps["moved map"][..., down:, right:] - maps["map"][..., :-down, :-right]
    setting.progress.advance()
    arriving = tg.randn(output_size(n, KERNEL, 1) ** 2, dtype=tg.float64)
    of_shared, of_copies = gradients(images, layer.weight, arriving)
    error = (of_copies.sum(dim=0) - of_shared).abs().max() / of_shared.abs().max()
    setting.progress.advance()
    tried, *wrong = wrong_sizes()
    small = [counted(nn.Linear(30, 7)) - fully_connected(30, 7), counted(layer) - convolutional(1, 1, KERNEL)]
    setting.progress.advance()
    return {
        "maps": {name: np.round(map.numpy()[0, 0], 3).tolist() for name, map in maps.items()},
        "move": move.abs().max().item(),
        "gradient": error.item(),
        "sizes": {"tried": tried[0], "wrong": wrong},
        "counts": {
            "fully connected": fully_connected(WIDTH * HEIGHT, NEURONS),
            "20 kernels": convolutional(1, 20, KERNEL),
            "1,000 kernels": convolutional(1, NEURONS, KERNEL),
        },
        "formula": small,
    }


TITLES = {
    "image": Text("image", "图像"),
    "moved image": Text("moved 2 down, 3 right", "下移 2、右移 3"),
    "map": Text("feature map", "特征图"),
    "moved map": Text("feature map of the moved image", "移动后图像的特征图"),
}
COUNTS = {
    "fully connected": Text("fully connected, 1,000 neurons", "全连接，1,000 个神经元"),
    "20 kernels": Text("20 kernels of 5×5", "20 个 5×5 卷积核"),
    "1,000 kernels": Text("1,000 kernels of 5×5", "1,000 个 5×5 卷积核"),
}
COLUMN, ROW = Text("column", "列"), Text("row", "行")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    grid = figure.subplots(1, 4)
    for axes, (name, values) in zip(grid, findings["maps"].items(), strict=True):
        axes.imshow(values, cmap="gray" if "image" in name else "viridis")
        axes.set(title=TITLES[name][language], xlabel=COLUMN[language])
        axes.grid(visible=False)
    grid[0].set_ylabel(ROW[language])


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        "layer on a 1920×1080 image | reported | parameters | in float32",
        "1920×1080 图像上的层 | 原报告 | 参数个数 | 用 float32",
    )
    reported = {"fully connected": Text("about 2 billion", "约 20 亿")[language]}
    rows = [
        [
            COUNTS[name][language],
            reported.get(name, "–"),
            f"{count:,}",
            f"{4 * count / 1e9:,.2f} GB" if count > 1e8 else f"{4 * count / 1e3:,.1f} kB",
        ]
        for name, count in findings["counts"].items()
    ]
    return [Table(columns[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    counts, sizes = findings["counts"], findings["sizes"]
    return [
        Claim(
            Text(
                "Fully connected: about 2 billion parameters. 20 kernels: 520.",
                "全连接：约 20 亿个参数；20 个卷积核：520 个。",
            ),
            counts["fully connected"] == 2_073_601_000
            and counts["20 kernels"] == 520
            and findings["formula"] == [0, 0],
            f"{counts['fully connected']:,} / {counts['20 kernels']:,}",
        ),
        Claim(
            Text("The feature map moves with the image.", "图像移动，特征图随之移动。"),
            findings["move"] < 1e-12,
            f"{findings['move']:.1e}",
        ),
        Claim(
            Text("The output has floor((n − k)/s) + 1 positions.", "输出有 ⌊(n − k)/s⌋ + 1 个位置。"),
            not sizes["wrong"] and sizes["tried"] > 300,
            f"{sizes['tried']} − {len(sizes['wrong'])}",
        ),
        Claim(
            Text(
                "The kernel's gradient is the sum of those of its untied copies.",
                "卷积核的梯度等于各位置独立副本的梯度之和。",
            ),
            findings["gradient"] < 1e-12,
            f"{findings['gradient']:.1e}",
        ),
    ]


LESSON = Lesson(
    name="shared_kernels",
    source="6",
    formulas=(
        Formula(
            r"a_p = b + \sum_i w_i x_{p+i}, \quad \dfrac{\partial C}{\partial w_i} = \sum_p \delta_p\, x_{p+i}",
            Text(
                "one kernel at all positions p: its gradient is a sum over them; δ is the gradient by a",
                "所有位置 p 共用一个卷积核：它的梯度是对各位置求和；δ 是对 a 的梯度",
            ),
        ),
        Formula(
            r"m = \left\lfloor \dfrac{n - k}{s} \right\rfloor + 1",
            Text(
                "positions of a kernel of k on n pixels with stride s",
                "n 个像素、大小为 k 的卷积核、步幅 s：共有 m 个位置",
            ),
        ),
    ),
    code=(fully_connected, convolutional, output_size, shifted, untied, gradients),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(12.0, 3.6),
)
