"""Batch normalisation: per neuron or per feature map, in training or evaluation, and deep networks that need it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import Tensor, nn, optim
from tinygrad_cn.lessons.kit.data import Images, load
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import log_likelihood
from tinygrad_cn.lessons.kit.plots import ACCURACY, EPOCH

DEPTH, WIDTH, BATCH = 8, 50, 32
CASES = {"sigmoid": (nn.Sigmoid, 0.1), "ReLU": (nn.ReLU, 2.0)}  # crawls; explodes or dies


def deep(inputs: int, activation: type[nn.Module], *, normalised: bool) -> nn.Sequential:
    """For digits: eight hidden layers, each normalised before its activation or not at all."""
    layers: list[nn.Module] = []
    for before, after in pairwise([inputs, *[WIDTH] * DEPTH]):
        layers.append(nn.Linear(before, after, bias=not normalised))  # beta takes the place of the bias
        if normalised:
            layers.append(nn.BatchNorm1d(after))
        layers.append(activation())
    return nn.Sequential(*layers, nn.Linear(WIDTH, 10))


def per_map(maps: Tensor, norm: nn.BatchNorm2d) -> Tensor:
    """What `nn.BatchNorm2d` computes in training, written out.

    Shape:
        - maps: :math:`(N, C, H, W)`; mean and variance of each of the C maps are over N * H * W values
    """
    mean = maps.mean(dim=(0, 2, 3), keepdim=True)  # (1, C, 1, 1)
    variance = ((maps - mean) ** 2).mean(dim=(0, 2, 3), keepdim=True)
    gamma, beta = (parameter[:, None, None] for parameter in norm.parameters())  # (C, 1, 1)
    return gamma * (maps - mean) / (variance + norm.eps).sqrt() + beta


def checks() -> Findings:
    tg.manual_seed(0)
    maps, others = tg.randn(2, 6, 3, 5, 4, dtype=tg.float64) * 2 + 1
    norm = nn.BatchNorm2d(3).double()
    with tg.no_grad():
        norm.weight += tg.rand(3)
        norm.bias += tg.rand(3)
    found: Findings = {"formula": (norm(maps) - per_map(maps, norm)).abs().max().item()}
    found["parameters"] = [parameter.numel() for parameter in norm.parameters()]
    expected = 0.1 * maps.mean(dim=(0, 2, 3))  # from 0, a tenth of the way to the batch's
    found["running"] = (norm.running_mean - expected).abs().max().item()
    other_company = tg.cat([maps[:1], others[1:]])
    found["training"] = (norm(maps)[0] - norm(other_company)[0]).abs().max().item()
    norm.eval()
    found["evaluation"] = (norm(maps)[0] - norm(other_company)[0]).abs().max().item()
    linear = nn.Linear(4, 3).double()
    (norm.train()(linear(tg.randn(6, 4, dtype=tg.float64))[:, :, None, None]) ** 3).sum().backward()
    assert linear.bias is not None and linear.bias.grad is not None
    found["bias"] = linear.bias.grad.abs().max().item()
    return found


def train(network: nn.Sequential, data: Images, test: Images, lr: float, epochs: int) -> list[float]:
    """The test accuracy in percent after each epoch."""
    optimizer = optim.SGD(network.parameters(), lr=lr)
    accuracy = []
    for _ in range(epochs):
        network.train()
        for batch in tg.randperm(len(data.images))[: len(data.images) // BATCH * BATCH].split(BATCH):
            optimizer.zero_grad()
            log_likelihood(network(data.images[batch]), data.targets[batch]).backward()
            optimizer.step()
        network.eval()  # the running averages, so that an answer does not depend on its neighbours
        with tg.no_grad():
            right = network(test.images).argmax(dim=1) == test.labels
        accuracy.append(100 * right.to(tg.float64).mean().item())
    return accuracy


def run(setting: Setting) -> Findings:
    splits = load(setting.data, setting.data_dir)
    data = splits.training.first(setting.pick(mnist=10_000, digits=1000, quick=500))
    epochs = setting.pick(mnist=10, digits=20, quick=5)
    setting.progress.start(2 * len(CASES))
    curves = {}
    for name, (activation, lr) in CASES.items():
        for normalised in (False, True):
            tg.manual_seed(0)
            network = deep(data.images.shape[1], activation, normalised=normalised)
            with np.errstate(all="ignore"):  # the network that explodes overflows
                curves[f"{name} {normalised}"] = train(network, data, splits.test, lr, epochs)
            setting.progress.advance()
    return {"curves": curves, "checks": checks()}


WITH, WITHOUT = Text("with batch normalisation", "有批归一化"), Text("without", "没有")
TITLE = Text(f"{DEPTH} layers of {{}}, η = {{:g}}", f"{DEPTH} 层 {{}}，η = {{:g}}")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    for axes, (name, (_, lr)) in zip(figure.subplots(1, 2, sharey=True), CASES.items(), strict=True):
        for normalised, text in ((True, WITH), (False, WITHOUT)):
            values = findings["curves"][f"{name} {normalised}"]
            axes.plot(range(1, len(values) + 1), values, "o-", markersize=3, label=text[language])
        axes.set(title=TITLE[language].format(name, lr), xlabel=EPOCH[language], ylim=(0, 100))
        axes.set_ylabel(ACCURACY[language])
        axes.locator_params(axis="x", integer=True)
        axes.legend()


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        "network | η | test accuracy without [%] | with batch normalisation [%]",
        "网络 | η | 没有批归一化的测试准确率 [%] | 有批归一化 [%]",
    )
    rows = [
        [name, f"{lr:g}", *(f"{findings['curves'][f'{name} {on}'][-1]:.2f}" for on in (False, True))]
        for name, (_, lr) in CASES.items()
    ]
    return [Table(columns[language].split(" | "), rows)]


def claims(findings: Findings) -> list[Claim]:
    checks = findings["checks"]
    end = {name: values[-1] for name, values in findings["curves"].items()}
    return [
        Claim(
            Text(
                "One mean, variance, γ and β for each feature map, over N · H · W values.",
                "每张特征图各有一个均值、方差、γ 和 β，统计 N · H · W 个值。",
            ),
            checks["formula"] < 1e-12 and checks["parameters"] == [3, 3],
            f"{checks['formula']:.1e}; {checks['parameters']}",
        ),
        Claim(
            Text(
                "In training an answer depends on the rest of the batch, in evaluation it does not.",
                "训练时，一个样本的输出取决于同批的其他样本；测试时则不然。",
            ),
            checks["training"] > 0.01 and checks["evaluation"] < 1e-12 and checks["running"] < 1e-12,
            f"{checks['training']:.2f} / {checks['evaluation']:.1e}",
        ),
        Claim(
            Text("A bias before it has no effect: its gradient is 0.", "它前面的偏置不起作用：梯度为 0。"),
            checks["bias"] < 1e-10,
            f"{checks['bias']:.1e}",
        ),
        Claim(
            Text(
                "Deep sigmoids crawl without it and learn with it.", "深层 sigmoid 网络没有它几乎不动，有了它就能学。"
            ),
            end["sigmoid False"] < 30 and end["sigmoid True"] > end["sigmoid False"] + 20,
            f"{end['sigmoid False']:.1f} / {end['sigmoid True']:.1f}",
        ),
        Claim(
            Text(
                "At a large learning rate ReLUs fail without it and learn with it.",
                "学习率很大时，ReLU 网络没有它就失败，有了它就能学。",
            ),
            end["ReLU False"] < 30 and end["ReLU True"] > end["ReLU False"] + 20,
            f"{end['ReLU False']:.1f} / {end['ReLU True']:.1f}",
        ),
    ]


LESSON = Lesson(
    name="batch_norm",
    source="",
    formulas=(
        Formula(
            r"\hat z = \dfrac{z - \mu_B}{\sqrt{\sigma_B^2 + \epsilon}}, \quad a = f(\gamma\,\hat z + \beta)",
            Text("before the activation; μ and σ² of the mini-batch", "放在激活函数之前；μ 和 σ² 取自小批量"),
        ),
    ),
    code=(deep, per_map, train),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(10.0, 4.2),
)
