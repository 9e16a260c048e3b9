"""Dropout: two ways of scaling that are one, the sub-networks it averages, and what it does against over-fitting."""

from __future__ import annotations

from functools import partial
from itertools import product

from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import Tensor, nn
from tinygrad_cn.lessons.kit.data import pixels
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import cross_entropy, large_weights
from tinygrad_cn.lessons.kit.parallel import train_all
from tinygrad_cn.lessons.kit.plots import ACCURACY, COST, EPOCH, draw_curve, label
from tinygrad_cn.lessons.kit.tables import accuracy_table, mean
from tinygrad_cn.lessons.kit.training import Experiment, train_network
from tinygrad_cn.nn import functional as F

N, DROPPED = 8, 0.5  # hidden neurons of the tiny network, and the share that dropout leaves out


def with_dropout(inputs: int, hidden: int, share: float) -> nn.Sequential:
    """For digits: dropout in the hidden layer, and the large weights with which the network over-fits most."""
    return large_weights(
        nn.Sequential(nn.Linear(inputs, hidden), nn.Sigmoid(), nn.Dropout(share), nn.Linear(hidden, 10))
    )


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
    layer = nn.Dropout(DROPPED)
    with tg.no_grad():
        listed = output(all_masks(len(a)) * a / (1 - DROPPED))
        produced = output(layer(a.expand(500, -1)))
    return ((produced[:, None] - listed).abs().amax(dim=2) < 1e-12).any(dim=1).to(tg.float64).mean().item()


def run(setting: Setting) -> Findings:
    tg.manual_seed(0)
    hidden, output = nn.Linear(3, N).double(), nn.Linear(N, 2).double()
    with tg.no_grad():
        a = tg.sigmoid(hidden(tg.tensor([0.2, -1.0, 1.5], dtype=tg.float64)))
        tiny = sub_networks(a, output) | {"whole": output(a).tolist(), "drawn": drawn(a, output)}
    few = setting.pick(mnist=1000, digits=200, quick=100)
    experiments = [
        Experiment(
            key=key,
            label=text,
            network=partial(with_dropout, pixels(setting), 100, share),
            loss=cross_entropy,
            lr=0.5,
            epochs=setting.pick(mnist=200, digits=200, quick=30),
            images=few,
            watch_training=True,
        )
        for key, text, share in (
            ("none", Text(f"{few:,} images, no dropout", f"{few:,} 张图像，不用 dropout"), 0.0),
            ("dropout", Text(f"{few:,} images, dropout 0.5", f"{few:,} 张图像，dropout 0.5"), DROPPED),
        )
    ]
    return train_all(setting, experiments) | {"tiny": tiny}


NAMES = {
    "expectation": Text("mean of all sub-networks − the whole network", "所有子网络的均值 − 完整网络"),
    "forms in training": Text("the two forms in training, mask by mask", "两种写法，训练时逐个掩码相比"),
    "forms in test": Text("the two forms in the test", "两种写法，测试时相比"),
    "geometric": Text("softmax: geometric mean, made to add up to 1 − the whole", "softmax：几何平均再归一 − 完整网络"),
}
TRAINING, TEST = Text("training", "训练集"), Text("test", "测试集")
OUTPUT = Text("output {} of the tiny network", "小网络的输出 {}")
MEAN = Text("mean = whole network", "均值 = 完整网络")


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    tiny, accuracy, cost = figure.subplots(1, 3)
    first, second = zip(*findings["tiny"]["outputs"], strict=True)
    tiny.plot(
        first, second, ".", color="0.5", markersize=4, label=f"{2**N} " + Text("sub-networks", "个子网络")[language]
    )
    tiny.plot(*findings["tiny"]["whole"], "r*", markersize=11, label=MEAN[language])
    tiny.set(xlabel=OUTPUT[language].format(1), ylabel=OUTPUT[language].format(2))
    for i, found in enumerate(findings["experiments"].values()):
        name = label(found, language)
        draw_curve(accuracy, found, "test_accuracy", f"{TEST[language]}: {name}", f"C{i}")
        draw_curve(cost, found, "test_cost", f"{TEST[language]}: {name}", f"C{i}")
        draw_curve(cost, found, "training_cost", f"{TRAINING[language]}: {name}", f"C{i}", "--")
    accuracy.set(xlabel=EPOCH[language], ylabel=ACCURACY[language], ylim=(60, 95))
    cost.set(xlabel=EPOCH[language], ylabel=COST[language], ylim=(0, 3))
    tiny.legend(loc="upper left", fontsize=8)
    accuracy.legend(loc="lower right", fontsize=8)
    cost.legend(loc="upper right", fontsize=8)


def tables(findings: Findings, language: Language) -> list[Table]:
    columns = Text(
        f"compared, over all {2**N} masks | largest difference", f"比较的量（全部 {2**N} 个掩码） | 最大差别"
    )
    rows = [[text[language], f"{findings['tiny'][key]:.1e}"] for key, text in NAMES.items()]
    return [Table(columns[language].split(" | "), rows), accuracy_table(findings, language)]


def claims(findings: Findings) -> list[Claim]:
    tiny, found = findings["tiny"], findings["experiments"]
    final = {key: mean(experiment["test"]["final"]) for key, experiment in found.items()}
    own = {key: experiment["curves"]["training_cost"]["mean"][-1] for key, experiment in found.items()}
    return [
        Claim(
            Text(
                "The mean output of all sub-networks is that of the whole network.",
                "所有子网络输出的均值就是完整网络的输出。",
            ),
            tiny["expectation"] < 1e-12,
            f"{tiny['expectation']:.1e}",
        ),
        Claim(
            Text(
                "Scaling at test time and inverted scaling are the same network.",
                "测试时缩放与训练时反向缩放是同一个网络。",
            ),
            max(tiny["forms in training"], tiny["forms in test"]) < 1e-12,
            f"{tiny['forms in training']:.1e}, {tiny['forms in test']:.1e}",
        ),
        Claim(
            Text("What `nn.Dropout` draws is always one of them.", "`nn.Dropout` 抽到的总是其中之一。"),
            tiny["drawn"] == 1.0,
            f"{tiny['drawn']:.0%}",
        ),
        Claim(
            Text("On few images dropout does better on the test data.", "图像少时，用 dropout 在测试集上更好。"),
            final["dropout"] > final["none"],
            f"{final['dropout']:.2f} > {final['none']:.2f}",
        ),
        Claim(
            Text("On its training images it does worse.", "在训练集上它反而更差。"),
            own["dropout"] > own["none"],
            f"{own['dropout']:.3f} > {own['none']:.3f}",
        ),
    ]


LESSON = Lesson(
    name="dropout",
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
    code=(all_masks, sub_networks, with_dropout, large_weights, train_network),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
    size=(13.0, 4.2),
)
