"""Optimizers beside PyTorch's: every option over ten steps, printing, states both ways."""

import itertools

import numpy as np
import pytest

import tinygrad_cn as tg

torch = pytest.importorskip("torch")
torch.set_num_threads(1)  # small tensors: on a busy machine more are slower by far

SGD = [
    {"lr": 0.1, "momentum": m, "dampening": d, "weight_decay": w, "nesterov": n, "maximize": x}
    for m, d, w, n, x in itertools.product((0, 0.9), (0, 0.3), (0, 0.1), (False, True), (False, True))
    if not n or (m and not d)
]


def steps(lib, make, count=10, state=None):
    """Parameters of several shapes after some steps with the same gradients, and the optimizer."""
    rng = np.random.default_rng(0)
    shapes = [(3, 4), (200, 100), ()]
    params = [lib.tensor(rng.standard_normal(shape), requires_grad=True) for shape in shapes]
    optimizer = make(lib, params)
    if state is not None:
        optimizer.load_state_dict(state)
    for _ in range(count):
        for p, shape in zip(params, shapes, strict=True):
            p.grad = lib.tensor(rng.standard_normal(shape))
        optimizer.step()
    return [p.detach().numpy() for p in params], optimizer


@pytest.mark.parametrize("options", SGD, ids=lambda o: "-".join(k for k, v in o.items() if v))
def test_sgd(options):
    ours, optimizer = steps(tg, lambda lib, params: lib.optim.SGD(params, **options))
    theirs, reference = steps(torch, lambda lib, params: lib.optim.SGD(params, **options))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14, atol=1e-14)
    assert repr(optimizer) == repr(reference)
    mine, other = optimizer.state_dict(), reference.state_dict()
    assert mine["param_groups"] == other["param_groups"]
    assert {k: list(v) for k, v in mine["state"].items()} == {k: list(v) for k, v in other["state"].items()}


def test_states_travel_both_ways():
    def make(lib, params):
        return lib.optim.SGD(params, lr=0.1, momentum=0.9)

    _, ours = steps(tg, make, 3)
    _, theirs = steps(torch, make, 3)
    there = {"state": {}, "param_groups": ours.state_dict()["param_groups"]}
    for key, entry in ours.state_dict()["state"].items():
        there["state"][key] = {name: torch.from_numpy(value.numpy()) for name, value in entry.items()}
    a, _ = steps(torch, make, 2, there)
    b, _ = steps(tg, make, 2, theirs.state_dict())
    for x, y in zip(a, b, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-14, atol=1e-14)


def test_training_a_network_gives_the_same_weights():
    results = []
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((20, 6)), rng.integers(0, 3, 20)
    for lib in (tg, torch):
        lib.manual_seed(0)
        model = lib.nn.Sequential(
            lib.nn.Linear(6, 8), lib.nn.BatchNorm1d(8), lib.nn.Tanh(), lib.nn.Linear(8, 3)
        ).double()
        optimizer = lib.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-3, nesterov=True)
        for _ in range(20):
            optimizer.zero_grad()
            lib.nn.CrossEntropyLoss()(model(lib.tensor(x)), lib.tensor(y)).backward()
            optimizer.step()
        results.append([p.detach().numpy() for p in model.parameters()])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
