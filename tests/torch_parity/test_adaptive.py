"""The adaptive optimizers beside PyTorch's: every option over ten steps in float64, printing, states both ways."""

import copy
import itertools

import numpy as np
import pytest

import tinygrad_cn as tg

torch = pytest.importorskip("torch")
torch.set_num_threads(1)  # small tensors: on a busy machine more are slower by far


def grid(name, **options):
    for values in itertools.product(*options.values()):
        yield name, dict(zip(options, values, strict=True))


COMMON = {"weight_decay": (0, 0.1), "maximize": (False, True)}
CASES = [
    *grid("Adam", lr=(0.01,), amsgrad=(False, True), decoupled_weight_decay=(False, True), **COMMON),
    *grid("Adam", betas=((0.5, 0.9),), eps=(1e-3,)),
    *grid("AdamW", lr=(0.01,), amsgrad=(False, True), **COMMON),
    *grid("Adamax", lr=(0.01,), **COMMON),
    *grid("NAdam", lr=(0.01,), momentum_decay=(4e-3, 0.1), decoupled_weight_decay=(False, True), **COMMON),
    *grid("RAdam", lr=(0.01,), decoupled_weight_decay=(False, True), **COMMON),
    *grid("RMSprop", lr=(0.01,), momentum=(0, 0.9), centered=(False, True), **COMMON),
    *grid("Adagrad", lr=(0.1,), lr_decay=(0, 0.1), initial_accumulator_value=(0, 0.5), **COMMON),
    *grid("Adadelta", lr=(1.0, 0.1), rho=(0.9, 0.5), **COMMON),
    *grid(
        "Rprop",
        lr=(0.01,),
        etas=((0.5, 1.2), (0.3, 1.5)),
        step_sizes=((1e-6, 50), (1e-3, 0.02)),
        maximize=(False, True),
    ),
    *grid("ASGD", lr=(0.01,), lambd=(1e-4, 0.1), t0=(1e6, 3), **COMMON),
]


def steps(lib, name, options, count=10, state=None):
    rng = np.random.default_rng(0)
    shapes = [(3, 4), (300, 300), ()]
    params = [lib.tensor(rng.standard_normal(shape), requires_grad=True) for shape in shapes]
    optimizer = getattr(lib.optim, name)(params, **options)
    if state is not None:
        optimizer.load_state_dict(copy.deepcopy(state))
    for _ in range(count):
        for p, shape in zip(params, shapes, strict=True):
            p.grad = lib.tensor(rng.standard_normal(shape))
        optimizer.step()
    return [p.detach().numpy() for p in params], optimizer


@pytest.mark.parametrize(("name", "options"), CASES, ids=lambda v: v if isinstance(v, str) else str(v))
def test_ten_steps(name, options):
    ours, optimizer = steps(tg, name, options)
    theirs, reference = steps(torch, name, options)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10)
    assert repr(optimizer) == repr(reference)
    mine, other = optimizer.state_dict(), reference.state_dict()
    assert {k: set(v) for k, v in mine["state"].items()} == {k: set(v) for k, v in other["state"].items()}


@pytest.mark.parametrize("name", sorted({name for name, _ in CASES}))
def test_states_travel_from_pytorch(name):
    options = next(options for case, options in CASES if case == name)
    _, theirs = steps(torch, name, options, 4)
    a, _ = steps(torch, name, options, 3, theirs.state_dict())
    b, _ = steps(tg, name, options, 3, theirs.state_dict())
    for x, y in zip(a, b, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-10, atol=1e-10)
