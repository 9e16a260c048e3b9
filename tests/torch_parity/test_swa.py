"""Averages of weights beside PyTorch's: models, functions, statistics, schedules, states both ways."""

import io

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn.optim import swa_utils

torch = pytest.importorskip("torch")
torch.set_num_threads(1)

KINDS = {
    "swa": lambda lib, utils: {},
    "swa function": lambda lib, utils: {"avg_fn": utils.get_swa_avg_fn()},
    "swa multi": lambda lib, utils: {"multi_avg_fn": utils.get_swa_multi_avg_fn()},
    "ema": lambda lib, utils: {"avg_fn": utils.get_ema_avg_fn(0.9)},
    "ema multi": lambda lib, utils: {"multi_avg_fn": utils.get_ema_multi_avg_fn(0.9)},
    "ema default": lambda lib, utils: {"multi_avg_fn": utils.get_ema_multi_avg_fn()},
}


def utilities(lib):
    return swa_utils if lib is tg else torch.optim.swa_utils


def trained(lib, kind, use_buffers):
    lib.manual_seed(0)
    nn = lib.nn
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2)).double()
    average = utilities(lib).AveragedModel(model, use_buffers=use_buffers, **KINDS[kind](lib, utilities(lib)))
    optimizer = lib.optim.SGD(model.parameters(), lr=0.1)
    data = np.random.default_rng(0).standard_normal((6, 8, 3))
    for batch in data:
        optimizer.zero_grad()
        model(lib.tensor(batch)).square().mean().backward()
        optimizer.step()
        average.update_parameters(model)
    return model, average, [lib.tensor(batch) for batch in data]


def values(model):
    return {name: np.asarray(value.detach().numpy()) for name, value in model.state_dict().items()}


def same(ours, theirs):
    assert list(ours) == list(theirs)
    for name in theirs:
        assert ours[name].dtype == theirs[name].dtype, name
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-10, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("use_buffers", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_averaged_models(kind, use_buffers):
    if use_buffers and kind == "swa multi":
        pytest.skip("PyTorch's function fails on buffers of integers")
    _, ours, data = trained(tg, kind, use_buffers)
    _, theirs, their_data = trained(torch, kind, use_buffers)
    same(values(ours), values(theirs))
    ours.eval(), theirs.eval()
    np.testing.assert_allclose(ours(data[0]).detach().numpy(), theirs(their_data[0]).detach().numpy(), rtol=1e-10)


@pytest.mark.parametrize("form", [lambda batch: batch, lambda batch: (batch, 1), lambda batch: [batch]])
def test_statistics(form):
    result = []
    for lib in (tg, torch):
        _, average, data = trained(lib, "swa", False)
        average.eval()
        utilities(lib).update_bn(map(form, data), average)
        assert not average.training
        assert average.module[1].momentum == 0.1
        utilities(lib).update_bn([], lib.nn.Linear(1, 1))
        result.append(values(average))
    same(*result)


def test_states_travel_both_ways():
    _, ours, _ = trained(tg, "ema", True)
    _, theirs, _ = trained(torch, "ema", True)
    file = io.BytesIO()
    torch.save(theirs.state_dict(), file)
    fresh = swa_utils.AveragedModel(ours.module)
    fresh.load_state_dict(tg.load(file))
    same(values(fresh), values(theirs))
    theirs.load_state_dict({name: torch.from_numpy(value) for name, value in values(ours).items()})


def rates(lib, options, epochs=15, resume=None):
    params = [lib.zeros(2, requires_grad=True), lib.zeros(3, requires_grad=True)]
    optimizer = lib.optim.SGD([{"params": params[:1]}, {"params": params[1:], "lr": 0.5}], lr=0.05)
    schedule = utilities(lib).SWALR(optimizer, **options)
    if resume is not None:
        optimizer.load_state_dict(resume[0])
        schedule.load_state_dict(resume[1])
    found = []
    for _ in range(epochs):
        optimizer.step()
        schedule.step()
        found.append([group["lr"] for group in optimizer.param_groups])
    return found, (optimizer.state_dict(), schedule.state_dict())


@pytest.mark.parametrize(
    "options",
    [
        {"swa_lr": 0.01},
        {"swa_lr": [0.01, 1.0], "anneal_epochs": 7, "anneal_strategy": "linear"},
        {"swa_lr": 0.3, "anneal_epochs": 0},
        {"swa_lr": 0.3, "anneal_epochs": 1},
    ],
    ids=str,
)
def test_schedules(options):
    whole, state = rates(tg, options)
    theirs, their_state = rates(torch, options)
    assert whole == theirs
    assert set(state[1]) == set(their_state[1])
    begin, middle = rates(tg, options, 6)
    assert begin + rates(tg, options, 9, middle)[0] == whole


def test_refusals():
    optimizer = tg.optim.SGD([tg.zeros(1, requires_grad=True)])
    for make, error in [
        (lambda: swa_utils.get_ema_avg_fn(1.1), ValueError),
        (lambda: swa_utils.get_ema_multi_avg_fn(-0.1), ValueError),
        (lambda: swa_utils.SWALR(optimizer, 0.1, anneal_strategy="x"), ValueError),
        (lambda: swa_utils.SWALR(optimizer, 0.1, anneal_epochs=-1), ValueError),
        (lambda: swa_utils.SWALR(optimizer, [0.1, 0.2]), ValueError),
        (lambda: swa_utils.AveragedModel(tg.nn.Linear(1, 1), None, max, max), AssertionError),
    ]:
        with pytest.raises(error):
            make()
    with pytest.raises(AttributeError, match="nothing"):
        tg.optim.nothing  # noqa: B018
    assert tg.optim.swa_utils is swa_utils
