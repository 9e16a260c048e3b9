"""What batch normalisation computes: statistics of the mini-batch in training, running averages in the test."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import Tensor, nn
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.plots import legend_above

MAPS, BATCH, STEPS = 3, 6, 60
MEAN, SD = 1.0, 2.0  # of the data


def per_map(maps: Tensor, norm: nn.BatchNorm2d) -> Tensor:
    """What `nn.BatchNorm2d` computes in training, written out.

    Shape:
        - maps: :math:`(N, C, H, W)`; mean and variance of each of the C maps are over N * H * W values
    """
    mean = maps.mean(dim=(0, 2, 3), keepdim=True)  # (1, C, 1, 1)
    variance = ((maps - mean) ** 2).mean(dim=(0, 2, 3), keepdim=True)
    gamma, beta = (parameter[:, None, None] for parameter in norm.parameters())  # (C, 1, 1)
    return gamma * (maps - mean) / (variance + norm.eps).sqrt() + beta


def batch() -> Tensor:
    return SD * tg.randn(BATCH, MAPS, 5, 4, dtype=tg.float64) + MEAN


def training_steps(norm: nn.BatchNorm2d) -> list[list[float]]:
    """The running mean and variance of the first map, before the first step and after each."""
    norm.train()
    found = []
    for _ in range(STEPS + 1):
        assert norm.running_mean is not None and norm.running_var is not None
        found.append([norm.running_mean[0].item(), norm.running_var[0].item()])
        norm(batch())
    return found


def answers(norm: nn.BatchNorm2d, image: Tensor) -> list[float]:
    """One number of what comes out for one image, in the company of other images each time."""
    return [norm(tg.cat([image, batch()[1:]]))[0, 0, 0, 0].item() for _ in range(STEPS)]


def gradient_of_bias(norm: nn.BatchNorm2d) -> float:
    """The largest gradient of a bias right before the normalisation."""
    bias = tg.zeros(MAPS, 1, 1, dtype=tg.float64, requires_grad=True)
    (gradient,) = tg.autograd.grad((norm.train()(batch() + bias) ** 3).sum(), bias)
    return gradient.abs().max().item()


def run(setting: Setting) -> Findings:
    setting.progress.start(1)
    tg.manual_seed(0)
    norm = nn.BatchNorm2d(MAPS).double()
    with tg.no_grad():
        norm.weight += tg.rand(MAPS)
        norm.bias += tg.rand(MAPS)
        running = training_steps(norm)
        maps, image = batch(), batch()[:1]
        found = {"formula": (norm(maps) - per_map(maps, norm)).abs().max().item()}
        in_training, in_test = answers(norm.train(), image), answers(norm.eval(), image)
    setting.progress.advance()
    return found | {
        "parameters": [parameter.numel() for parameter in norm.parameters()],
        "running": np.round(running, 4).tolist(),
        "training": np.round(in_training, 4).tolist(),
        "test": np.round(in_test, 4).tolist(),
        "bias": gradient_of_bias(norm),
    }


STEP = Text("step", "步")
RUNNING = {
    "mean": Text("running mean", "均值的滑动平均"),
    "variance": Text("running variance", "方差的滑动平均"),
}
DATA = Text("of the data", "数据的真值")
COMPANY, ANSWER = Text("mini-batch", "小批量"), Text("answer for one image", "同一张图像的输出")
MODES = {"training": Text("in training", "训练时"), "test": Text("in the test", "测试时")}


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    running, answer = figure.subplots(1, 2)
    for i, (curve, text, truth) in enumerate(
        zip(np.transpose(findings["running"]), RUNNING.values(), (MEAN, SD**2), strict=True)
    ):
        running.plot(curve, color=f"C{i}", label=text[language])
        running.axhline(truth, color=f"C{i}", linestyle=":", label=DATA[language])
    running.set(xlabel=STEP[language], ylim=(0, None))
    for mode, text in MODES.items():
        answer.plot(range(1, STEPS + 1), findings[mode], ".-", linewidth=0.8, label=text[language])
    answer.set(xlabel=COMPANY[language], ylabel=ANSWER[language])
    for axes in (running, answer):
        legend_above(axes)


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text("answer for one image | least | largest", "同一张图像的输出 | 最小 | 最大")
    rows = [
        [text[language], f"{min(findings[mode]):.2f}", f"{max(findings[mode]):.2f}"] for mode, text in MODES.items()
    ]
    return [Table(columns[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    spread = {mode: float(np.ptp(findings[mode])) for mode in MODES}
    mean, variance = findings["running"][-1]
    return [
        Claim(
            Text(
                "One mean, variance, γ and β for each feature map, over N · H · W values.",
                "每张特征图各有一个均值、方差、γ 和 β，统计 N · H · W 个值。",
            ),
            findings["formula"] < 1e-12 and findings["parameters"] == [MAPS, MAPS],
            f"{findings['formula']:.1e}; {findings['parameters']}",
        ),
        Claim(
            Text(
                "In training an answer depends on the rest of the batch, in the test it does not.",
                "训练时，一个样本的输出取决于同批的其他样本；测试时则不然。",
            ),
            spread["training"] > 0.1 and spread["test"] == 0,
            f"{spread['training']:.2f} / {spread['test']:.2f}",
        ),
        Claim(
            Text("The running averages come near mean and variance of the data.", "滑动平均逐渐接近数据的均值和方差。"),
            abs(mean - MEAN) < 0.3 and abs(variance - SD**2) < 0.8,
            f"{mean:.2f}, {variance:.2f}",
        ),
        Claim(
            Text("A bias before it has no effect: its gradient is 0.", "它前面的偏置不起作用：梯度为 0。"),
            findings["bias"] < 1e-10,
            f"{findings['bias']:.1e}",
        ),
    ]


LESSON = Lesson(
    name="batch_statistics",
    source="",
    formulas=(
        Formula(
            r"\hat z = \dfrac{z - \mu_B}{\sqrt{\sigma_B^2 + \epsilon}}, \quad"
            r" \mu \to 0.9\,\mu + 0.1\,\mu_B, \quad \sigma^2 \to 0.9\,\sigma^2 + 0.1\,\sigma_B^2",
            Text(
                "μ_B and σ_B² of the mini-batch are used in training; their running averages in the test",
                "训练时用小批量的 μ_B 和 σ_B²；测试时用它们的滑动平均",
            ),
        ),
    ),
    code=(per_map, batch, training_steps, answers, gradient_of_bias),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(11.0, 4.4),
    depends_on=(),
)
