"""LBFGS beside PyTorch's: the same points on Rosenbrock's valley and on a small network, and states both ways."""

import io
import itertools

import numpy as np
import pytest

import tinygrad_cn as tg

torch = pytest.importorskip("torch")


def rosenbrock(lib, calls, options, state=None):
    x = lib.tensor([-1.2, 1.0], dtype=lib.float64, requires_grad=True)
    y = lib.tensor(0.5, dtype=lib.float64, requires_grad=True)
    optimizer = lib.optim.LBFGS([x, y], **options)
    if state is not None:
        optimizer.load_state_dict(state)

    def closure():
        optimizer.zero_grad()
        loss = 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2 + 100 * (y - x[1] ** 2) ** 2 + (1 - x[1]) ** 2
        loss.backward()
        return loss

    points = []
    for _ in range(calls):
        loss = optimizer.step(closure)
        points.append([loss.item(), *x.detach().numpy().tolist(), y.item()])
    return np.array(points), optimizer


@pytest.mark.parametrize(
    ("search", "max_iter", "history", "lr"),
    [*itertools.product(["strong_wolfe"], [1, 4, 20], [2, 100], [1, 0.3]), *[(None, 3, h, 1e-3) for h in (2, 100)]],
)
def test_rosenbrock(search, max_iter, history, lr):
    options = {"lr": lr, "max_iter": max_iter, "history_size": history, "line_search_fn": search}
    # the valley magnifies rounding: after 40 iterations a last bit of the start moves PyTorch's own points by 1e-8
    calls = 1 if max_iter == 20 else 6
    ours, optimizer = rosenbrock(tg, calls, options)
    theirs, reference = rosenbrock(torch, calls, options)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)
    (mine,) = optimizer.state_dict()["state"].values()
    (other,) = reference.state_dict()["state"].values()
    assert (mine["func_evals"], mine["n_iter"]) == (other["func_evals"], other["n_iter"])


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_a_small_network(search):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((20, 4)), rng.standard_normal((20, 2))
    first = [rng.standard_normal(shape) for shape in ((5, 4), (5,), (2, 5), (2,))]
    results = []
    for lib in (tg, torch):
        model = lib.nn.Sequential(lib.nn.Linear(4, 5), lib.nn.Tanh(), lib.nn.Linear(5, 2)).double()
        with lib.no_grad():
            for p, values in zip(model.parameters(), first, strict=True):
                p.copy_(lib.tensor(values))
        optimizer = lib.optim.LBFGS(model.parameters(), lr=0.1, max_iter=5, line_search_fn=search)

        def closure(model=model, optimizer=optimizer, lib=lib):
            optimizer.zero_grad()
            loss = lib.nn.functional.mse_loss(model(lib.tensor(x)), lib.tensor(y))
            loss.backward()
            return loss

        for _ in range(4):
            optimizer.step(closure)
        results.append([p.detach().numpy() for p in model.parameters()])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10)


def test_states_of_pytorch_load():
    options = {"lr": 0.5, "max_iter": 3, "line_search_fn": "strong_wolfe"}
    _, reference = rosenbrock(torch, 2, options)
    file = io.BytesIO()
    torch.save(reference.state_dict(), file)
    ours, _ = rosenbrock(tg, 3, options, tg.load(file))
    theirs, _ = rosenbrock(torch, 3, options, reference.state_dict())
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)


def test_refusals():
    w = tg.ones(1, requires_grad=True)
    with pytest.raises(ValueError, match="parameter groups"):
        tg.optim.LBFGS([{"params": [w]}, {"params": [tg.ones(1, requires_grad=True)]}])
    with pytest.raises(TypeError, match="closure"):
        tg.optim.LBFGS([w]).step()
    with pytest.raises(RuntimeError, match="strong_wolfe"):
        tg.optim.LBFGS([w], line_search_fn="armijo").step(lambda: w.sum())
