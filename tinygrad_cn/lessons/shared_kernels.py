"""Shared kernels: how many parameters they save, how many positions they have, and what their gradient is."""

from __future__ import annotations

from itertools import product

from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import Tensor, nn
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.plots import legend_above
from tinygrad_cn.nn import functional as F

NEURONS, MAPS, KERNEL = 1000, 20, 5
IMAGES = {"28×28": 28 * 28, "224×224": 224 * 224, "640×480": 640 * 480, "1920×1080": 1920 * 1080}  # pixels


def fully_connected(pixels: int, neurons: int) -> int:
    """How many parameters `nn.Linear` would have; counted, not allocated: they may need eight gigabytes."""
    return neurons * (pixels + 1)


def convolutional(channels: int, maps: int, kernel: int) -> int:
    """How many parameters `nn.Conv2d` has, for an image of any size."""
    return maps * (channels * kernel**2 + 1)


def positions(n: int, k: int, s: int) -> int:
    """How many positions a kernel of k has on n pixels, in steps of s."""
    return (n - k) // s + 1


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
    copies = kernel.detach().flatten().repeat(len(arriving), 1).requires_grad_()
    (of_shared,) = tg.autograd.grad(F.conv2d(image, shared).flatten(), shared, arriving)
    (of_copies,) = tg.autograd.grad(untied(image, copies), copies, arriving)
    return of_shared.flatten(), of_copies


def run(setting: Setting) -> Findings:
    setting.progress.start(2)
    sizes = [(n, k, s) for n, k, s in product(range(1, 17), range(1, 7), range(1, 6)) if k <= n]
    found = [F.conv1d(tg.ones(1, 1, n), tg.ones(1, 1, k), stride=s).shape[-1] for n, k, s in sizes]
    setting.progress.advance()
    tg.manual_seed(0)
    image, layer = tg.randn(1, 1, 24, 24, dtype=tg.float64), nn.Conv2d(1, 1, KERNEL).double()
    arriving = tg.randn(positions(24, KERNEL, 1) ** 2, dtype=tg.float64)
    of_shared, of_copies = gradients(image, layer.weight, arriving)
    small = nn.Linear(30, 7)
    setting.progress.advance()
    return {
        "counts": {
            size: [fully_connected(pixels, NEURONS), convolutional(1, MAPS, KERNEL)] for size, pixels in IMAGES.items()
        },
        "counted": [sum(p.numel() for p in one.parameters()) for one in (small, layer)],
        "sizes": {"tried": len(sizes), "wrong": sum(a != positions(*b) for a, b in zip(found, sizes, strict=True))},
        "gradient": ((of_copies.sum(dim=0) - of_shared).abs().max() / of_shared.abs().max()).item(),
    }


FULL = Text(f"fully connected, {NEURONS:,} neurons", f"全连接，{NEURONS:,} 个神经元")
SHARED = Text(f"{MAPS} kernels of {KERNEL}×{KERNEL}", f"{MAPS} 个 {KERNEL}×{KERNEL} 卷积核")
IMAGE, COUNT = Text("image [pixels]", "图像 [像素]"), Text("parameters", "参数个数")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    axes = figure.subplots()
    for counts, text, style in zip(zip(*findings["counts"].values(), strict=True), (FULL, SHARED), "os", strict=True):
        axes.plot(list(findings["counts"]), counts, f"{style}-", label=text[language])
    axes.set(yscale="log", xlabel=IMAGE[language], ylabel=COUNT[language], ylim=(100, 1e10))
    legend_above(axes)


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        f"image | reported | {FULL.en} | in float32 | {SHARED.en}",
        f"图像 | 原报告 | {FULL.zh} | 用 float32 | {SHARED.zh}",
    )
    reported = {"1920×1080": Text("about 2 billion", "约 20 亿")[language]}
    rows = [
        [size, reported.get(size, "–"), f"{full:,}", f"{4 * full / 1e6:,.1f} MB", f"{shared:,}"]
        for size, (full, shared) in findings["counts"].items()
    ]
    return [Table(columns[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    full, shared = findings["counts"]["1920×1080"]
    sizes = findings["sizes"]
    return [
        Claim(
            Text(
                "On 1920×1080 pixels: 2 billion parameters fully connected, 520 in 20 kernels.",
                "图像为 1920×1080 时：全连接 20 亿个参数，20 个卷积核 520 个。",
            ),
            (full, shared) == (2_073_601_000, 520)
            and findings["counted"] == [fully_connected(30, 7), convolutional(1, 1, KERNEL)],
            f"{full:,} / {shared:,}",
        ),
        Claim(
            Text("The output has floor((n − k)/s) + 1 positions.", "输出有 ⌊(n − k)/s⌋ + 1 个位置。"),
            sizes["wrong"] == 0 and sizes["tried"] > 300,
            f"{sizes['tried'] - sizes['wrong']} / {sizes['tried']}",
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
    code=(fully_connected, convolutional, positions, untied, gradients),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(8.0, 4.4),
    depends_on=(),
)
