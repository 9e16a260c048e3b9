"""Dropout's sub-networks, all of them: their mean is the whole network, and both ways of scaling are one."""

from __future__ import annotations

from itertools import product

from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import Tensor, nn
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.nn import functional as F

N, DROPPED = 8, 0.5  # hidden neurons of the tiny network, and the share that dropout leaves out


def all_masks(neurons: int) -> Tensor:
    """The 2^N sub-networks, a row each: 1 for a neuron that stays, 0 for one that is left out."""
    return tg.tensor(list(product([0.0, 1.0], repeat=neurons)), dtype=tg.float64)


def sub_networks(a: Tensor, output: nn.Linear) -> Findings:
    """What all sub-networks say, by both ways of scaling, against the whole network.

    Shape:
        - a: :math:`(N)`, activations of the hidden layer
    """
    masks, keep = all_masks(len(a)), 1 - DROPPED
    whole = output(a)  # inverted scaling: the whole network is used as it is ...
    inverted = output(masks * a / keep)  # ... since what stays was multiplied by 1 / keep in training
    larger = output.weight / keep  # scaling at test time: trained without a factor, the weights come out so much larger
    at_training = F.linear(masks * a, larger, output.bias)
    at_test = F.linear(a, larger * keep, output.bias)  # ... and are multiplied by keep for the test
    geometric = F.log_softmax(inverted, dim=1).mean(dim=0).softmax(dim=0)
    chance = keep ** masks.sum(dim=1) * DROPPED ** (N - masks.sum(dim=1))
    found = {
        "expectation": chance @ inverted - whole,
        "forms in training": inverted - at_training,
        "forms in test": whole - at_test,
        "geometric": geometric - whole.softmax(dim=0),
    }
    return {name: difference.abs().max().item() for name, difference in found.items()} | {"outputs": inverted.tolist()}


def drawn(a: Tensor, output: nn.Linear) -> float:
    """The share of the outputs that `nn.Dropout` produces in training that are those of a listed sub-network."""
    listed = output(all_masks(len(a)) * a / (1 - DROPPED))
    produced = output(nn.Dropout(DROPPED)(a.expand(500, -1)))
    return ((produced[:, None] - listed).abs().amax(dim=2) < 1e-12).any(dim=1).to(tg.float64).mean().item()


def run(setting: Setting) -> Findings:
    setting.progress.start(1)
    tg.manual_seed(0)
    hidden, output = nn.Linear(3, N).double(), nn.Linear(N, 2).double()
    with tg.no_grad():
        a = tg.sigmoid(hidden(tg.tensor([0.2, -1.0, 1.5], dtype=tg.float64)))
        found = sub_networks(a, output) | {"whole": output(a).tolist(), "drawn": drawn(a, output)}
    setting.progress.advance()
    return found


NAMES = {
    "expectation": Text("mean of all sub-networks − the whole network", "所有子网络的均值 − 完整网络"),
    "forms in training": Text("the two forms in training, mask by mask", "两种写法，训练时逐个掩码相比"),
    "forms in test": Text("the two forms in the test", "两种写法，测试时相比"),
    "geometric": Text("softmax: geometric mean, made to add up to 1 − the whole", "softmax：几何平均再归一 − 完整网络"),
}
OUTPUT = Text("output {} of the tiny network", "小网络的输出 {}")
SUB_NETWORKS = Text(f"{2**N} sub-networks", f"{2**N} 个子网络")
MEAN = Text("their mean = the whole network", "它们的均值 = 完整网络")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    axes = figure.subplots()
    first, second = zip(*findings["outputs"], strict=True)
    axes.plot(first, second, ".", color="0.5", markersize=5, label=SUB_NETWORKS[language])
    axes.plot(*findings["whole"], "r*", markersize=13, label=MEAN[language])
    axes.set(xlabel=OUTPUT[language].format(1), ylabel=OUTPUT[language].format(2))
    axes.legend(loc="upper left")


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        f"compared, over all {2**N} masks | largest difference", f"比较的量（全部 {2**N} 个掩码） | 最大差别"
    )
    return [Table(columns[language].split(" | "), [[NAMES[key][language], f"{findings[key]:.1e}"] for key in NAMES])]


def claims(findings: Findings) -> list[Claim]:
    return [
        Claim(
            Text(
                "The mean output of all sub-networks is that of the whole network.",
                "所有子网络输出的均值就是完整网络的输出。",
            ),
            findings["expectation"] < 1e-12,
            f"{findings['expectation']:.1e}",
        ),
        Claim(
            Text(
                "Scaling at test time and inverted scaling are the same network.",
                "测试时缩放与训练时反向缩放是同一个网络。",
            ),
            max(findings["forms in training"], findings["forms in test"]) < 1e-12,
            f"{findings['forms in training']:.1e}, {findings['forms in test']:.1e}",
        ),
        Claim(
            Text(
                "Behind a softmax the whole network is their geometric mean.",
                "后接 softmax 时，完整网络是它们的几何平均（再归一）。",
            ),
            findings["geometric"] < 1e-12,
            f"{findings['geometric']:.1e}",
        ),
        Claim(
            Text("What `nn.Dropout` draws is always one of them.", "`nn.Dropout` 抽到的总是其中之一。"),
            findings["drawn"] == 1.0,
            f"{findings['drawn']:.0%}",
        ),
    ]


LESSON = Lesson(
    name="dropout_scaling",
    source="3",
    formulas=(
        Formula(
            r"z = \sum_j w_j m_j a_j + b, \quad P(m_j = 1) = q \;\Rightarrow\; E\,z = \sum_j (q\,w_j)\,a_j + b",
            Text("so the weights are multiplied by q for the test", "所以测试时把权重乘以 q"),
        ),
        Formula(
            r"z = \sum_j w_j \dfrac{m_j}{q} a_j + b \;\Rightarrow\; E\,z = \sum_j w_j a_j + b",
            Text(
                "inverted: divided in training, and nothing to do for the test",
                "反向缩放：训练时除以 q，测试时什么也不用做",
            ),
        ),
    ),
    code=(all_masks, sub_networks, drawn),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(7.0, 4.5),
    depends_on=(),
)
