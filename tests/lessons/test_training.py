"""The training loop of the lessons: stacked networks are what they would be alone, processes change nothing."""

import pickle

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("sklearn")

import tinygrad_cn as tg
from tinygrad_cn import nn, optim
from tinygrad_cn.lessons.kit.data import load
from tinygrad_cn.lessons.kit.lesson import Progress, Setting, Text
from tinygrad_cn.lessons.kit.networks import cross_entropy, large_network, log_likelihood, quadratic
from tinygrad_cn.lessons.kit.parallel import run_seeds, train_all
from tinygrad_cn.lessons.kit.stacked import stack
from tinygrad_cn.lessons.kit.training import Experiment, train


def small_network():
    return large_network(576, 5)


def experiment(**changes):
    settings = {"key": "a", "label": Text("a", "a"), "network": small_network, "loss": cross_entropy}
    return Experiment(**settings | {"lr": 0.5, "epochs": 2, "images": 100} | changes)


@pytest.mark.parametrize("loss", [quadratic, cross_entropy, log_likelihood])
def test_stacked_networks_become_what_they_become_alone(loss):
    asked = experiment(loss=loss, l2=0.1)
    together = train(asked, load("digits"), [0, 1, 2], lambda: None)
    for seed in range(3):
        (alone,) = train(asked, load("digits"), [seed], lambda: None)
        for name, curve in alone.items():
            np.testing.assert_allclose(together[seed][name], curve, rtol=1e-4)


def test_the_loop_is_the_one_of_a_textbook():
    """Ten steps against a loop over one `nn.Sequential`, written out."""
    asked = experiment(epochs=1, l2=2.0)
    data = load("digits").training.first(100)
    tg.manual_seed(3)
    model = small_network()
    weights = [model[0].weight, model[2].weight]
    optimizer = optim.SGD(model.parameters(), lr=0.5)
    for batch in tg.randperm(100, generator=tg.Generator().manual_seed(3)).split(10):
        optimizer.zero_grad()
        penalty = 2.0 / (2 * 100) * sum((weight**2).sum() for weight in weights)
        (cross_entropy(model(data.images[batch]), data.targets[batch]) + penalty).backward()
        optimizer.step()
    with tg.no_grad():
        test = load("digits").test
        cost = cross_entropy(model(test.images), test.targets).item()
    (curves,) = train(asked, load("digits"), [3], lambda: None)
    assert curves["test_cost"] == [pytest.approx(cost, rel=1e-4)]


def test_processes_change_nothing():
    asked = [experiment(), experiment(key="b", lr=0.1)]
    one = train_all(Setting(seeds=2), asked)
    assert train_all(Setting(seeds=2, jobs=2), asked) == one


def test_each_case_with_each_seed():
    def task(setting, name, seed, tick):
        pickle.dumps(setting)  # it can be sent to another process, whatever bar the command shows
        tick()
        return f"{name} {seed}"

    progress = Progress()
    progress.start = lambda total: steps.append(total)
    progress.advance = lambda count=1: steps.append(-count)
    steps = []
    found = run_seeds(Setting(seeds=2, progress=progress), task, {"first": ("a",), "second": ("b",)})
    assert found == {"first": ["a 0", "a 1"], "second": ["b 0", "b 1"]}
    assert steps == [4, -1, -1, -1, -1]


def test_networks_that_cannot_be_stacked_train_one_at_a_time():
    convolutional = nn.Sequential(nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 10))
    with pytest.raises(ValueError, match="one network at a time"):
        stack([convolutional, convolutional])
    assert stack([convolutional])(tg.ones(1, 4, 64)).shape == (1, 4, 10)
