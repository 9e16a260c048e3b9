"""find_threshold_lr: the threshold of a known problem, and everything put back to the bit."""

import math

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn.training.lr_finder import find_threshold_lr


def parabola(curvature, kind="SGD", **options):
    """The cost curvature / 2 * w^2: gradient descent converges below 2 / curvature."""
    weight = tg.nn.Parameter(tg.tensor([1.0], dtype=tg.float64))
    model = tg.nn.ParameterList([weight])
    optimizer = getattr(tg.optim, kind)([weight], lr=0.5, **options)

    def cost():
        return (weight * weight).sum() * (curvature / 2)

    def train():
        optimizer.zero_grad()
        cost().backward()
        optimizer.step()

    return train, cost, model, optimizer


@pytest.mark.parametrize("curvature", [1e-3, 0.3, 1.0, 7.0, 150.0, 1e5])
def test_the_threshold_of_a_parabola(curvature):
    found = find_threshold_lr(*parabola(curvature), epochs=4)
    assert found.threshold < 2 / curvature
    assert found.threshold >= 0.4 / curvature
    assert found.suggestion == found.threshold / 2
    assert all(costs[0] == curvature / 2 for costs in found.tried.values())


def network(seed=0):
    tg.manual_seed(seed)
    model = tg.nn.Sequential(tg.nn.Linear(4, 8), tg.nn.BatchNorm1d(8), tg.nn.Dropout(0.2), tg.nn.Linear(8, 3))
    optimizer = tg.optim.SGD(
        [{"params": model[0].parameters()}, {"params": model[1:].parameters(), "lr": 0.02}], lr=0.1, momentum=0.9
    )
    inputs, labels = tg.randn(64, 4), tg.randint(0, 3, (64,))

    def train():
        model.train()
        for part in tg.randperm(64).split(16):
            optimizer.zero_grad()
            tg.nn.functional.cross_entropy(model(inputs[part]), labels[part]).backward()
            optimizer.step()

    def cost():
        model.eval()
        with tg.no_grad():
            return tg.nn.functional.cross_entropy(model(inputs), labels).item()

    return train, cost, model, optimizer


def snapshot(model, optimizer):
    arrays = {name: value.numpy().copy() for name, value in model.state_dict().items()}
    arrays |= {f"grad {i}": p.grad.numpy().copy() for i, p in enumerate(model.parameters()) if p.grad is not None}
    for i, entry in optimizer.state_dict()["state"].items():
        arrays |= {f"{i} {name}": value.numpy().copy() for name, value in entry.items()}
    groups = [{**group, "params": None} for group in optimizer.param_groups]
    return arrays, groups, [module.training for module in model.modules()], tg.get_rng_state().numpy().copy()


def same(a, b):
    assert list(a[0]) == list(b[0])
    for name in a[0]:
        assert a[0][name].tobytes() == b[0][name].tobytes(), name
    assert a[1:3] == b[1:3]
    assert np.array_equal(a[3], b[3])


@pytest.mark.parametrize("trained", [False, True])
def test_everything_is_put_back(trained):
    train, cost, model, optimizer = network()
    if trained:
        train()
    before = snapshot(model, optimizer)
    found = find_threshold_lr(train, cost, model, optimizer, epochs=2)
    same(before, snapshot(model, optimizer))
    again = find_threshold_lr(train, cost, model, optimizer, epochs=2)
    assert again == found  # the same trials
    train()
    after = snapshot(model, optimizer)
    train, cost, model, optimizer = network()
    if trained:
        train()
    train()
    same(after, snapshot(model, optimizer))


def test_an_error_puts_everything_back():
    train, cost, model, optimizer = network()
    before = snapshot(model, optimizer)

    def broken():
        train()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find_threshold_lr(broken, cost, model, optimizer)
    same(before, snapshot(model, optimizer))


def test_refusals():
    train, cost, model, optimizer = parabola(1.0)
    with pytest.raises(ValueError, match="the cost does not fall at any rate"):
        find_threshold_lr(lambda: None, cost, model, optimizer)
    with pytest.raises(ValueError, match="lowest <= start"):
        find_threshold_lr(train, cost, model, optimizer, start=0.0)
    with pytest.raises(ValueError, match="epochs"):
        find_threshold_lr(train, cost, model, optimizer, epochs=0)
    optimizer.param_groups[0]["lr"] = 0.0
    with pytest.raises(ValueError, match="rate of 0"):
        find_threshold_lr(train, cost, model, optimizer)
    optimizer.param_groups[0]["lr"] = 0.5

    def overflows():
        raise FloatingPointError("overflow")

    with pytest.raises(ValueError, match="nan"):
        find_threshold_lr(overflows, cost, model, optimizer)
    assert find_threshold_lr(train, cost, model, optimizer, highest=0.3).threshold == pytest.approx(0.2)
    assert math.isclose(optimizer.param_groups[0]["lr"], 0.5)
