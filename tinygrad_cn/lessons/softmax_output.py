"""A softmax output layer with the log-likelihood cost: where the sixth chapter begins."""

from __future__ import annotations

from functools import partial

import numpy as np
from matplotlib.figure import Figure

import tinygrad_cn as tg
from tinygrad_cn import Tensor
from tinygrad_cn.lessons.kit.data import load, pixels
from tinygrad_cn.lessons.kit.lesson import Claim, Findings, Formula, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.networks import cross_entropy, log_likelihood, perceptron, scaled_network, scaled_weights
from tinygrad_cn.lessons.kit.parallel import train_all
from tinygrad_cn.lessons.kit.plots import draw_curves
from tinygrad_cn.lessons.kit.tables import accuracy_table, mean
from tinygrad_cn.lessons.kit.training import Experiment, Loss, train_network


def error_at_the_output(loss: Loss, z: Tensor, y: Tensor) -> Tensor:
    """The gradient of the cost by the weighted inputs z of the output layer."""
    z = z.detach().requires_grad_()
    loss(z, y).backward()
    assert z.grad is not None
    return z.grad * len(z)  # of each example, not of their mean


def run(setting: Setting) -> Findings:
    hidden = setting.pick(mnist=100, digits=100, quick=30)
    experiments = [
        Experiment(
            key=key,
            label=label,
            network=partial(scaled_network, pixels(setting), hidden),
            loss=loss,
            lr=0.1,
            epochs=setting.pick(mnist=60, digits=60, quick=6),
            reported=reported,
            judged_on="test",
        )
        for key, label, loss, reported in (
            ("softmax", Text("softmax, log-likelihood", "softmax，对数似然"), log_likelihood, "97.80"),
            ("sigmoid", Text("sigmoid, cross-entropy", "sigmoid，交叉熵"), cross_entropy, ""),
        )
    ]
    tg.manual_seed(0)
    data = load(setting.data, setting.data_dir).training.first(100)
    z = scaled_network(pixels(setting), hidden)(data.images).to(tg.float64)
    y = data.targets.to(tg.float64)
    errors = {
        "softmax": float((error_at_the_output(log_likelihood, z, y) - (tg.softmax(z, dim=1) - y)).abs().max()),
        "sigmoid": float((error_at_the_output(cross_entropy, z, y) - (tg.sigmoid(z) - y)).abs().max()),
    }
    return train_all(setting, experiments) | {"errors": errors}


def draw(findings: Findings, figure: Figure, language: Language) -> None:
    axes = figure.subplots()
    draw_curves(axes, findings, "test_accuracy", language)
    top = max(np.max(found["curves"]["test_accuracy"]["mean"]) for found in findings["experiments"].values())
    axes.set_ylim(top - 8, top + 0.5)


def tables(findings: Findings, language: Language) -> list[Table]:
    return [accuracy_table(findings, language)]


def claims(findings: Findings) -> list[Claim]:
    errors = findings["errors"]
    final = {key: mean(found["test"]["final"]) for key, found in findings["experiments"].items()}
    return [
        Claim(
            Text("Both pairs give δ = a − y at the output.", "两种搭配的输出误差都是 δ = a − y。"),
            max(errors.values()) < 1e-12,
            f"max |δ − (a − y)| = {max(errors.values()):.1e}",
        ),
        Claim(
            Text("They learn equally well.", "两者学得一样好。"),
            abs(final["softmax"] - final["sigmoid"]) < 3,
            f"{final['softmax']:.2f} / {final['sigmoid']:.2f}",
        ),
    ]


LESSON = Lesson(
    name="softmax_output",
    source="3, 6",
    formulas=(
        Formula(
            r"a_j = \dfrac{e^{z_j}}{\sum_k e^{z_k}}, \quad C = -\ln a_y",
            Text("softmax and the log-likelihood cost", "softmax 与对数似然代价"),
        ),
        Formula(
            r"\dfrac{\partial C}{\partial z_j} = a_j - y_j",
            Text(
                "the error at the output, as for sigmoids with the cross-entropy", "输出误差，与 sigmoid 配交叉熵相同"
            ),
        ),
    ),
    code=(perceptron, scaled_weights, log_likelihood, cross_entropy, error_at_the_output, train_network),
    run=run,
    draw=draw,
    tables=tables,
    claims=claims,
)
