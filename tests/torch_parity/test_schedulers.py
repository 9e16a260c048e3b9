"""Schedules beside PyTorch's: fifty epochs of rates, also when resumed in the middle."""

import pytest

import tinygrad_cn as tg

torch = pytest.importorskip("torch")

MAKERS = {
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda e: 0.95**e),
    "LambdaLR-each": lambda s, o: s.LambdaLR(o, [lambda e: 0.95**e, lambda e: 1 / (1 + e)]),
    "MultiplicativeLR": lambda s, o: s.MultiplicativeLR(o, lambda e: 0.9 + 0.001 * e),
    "StepLR": lambda s, o: s.StepLR(o, 7, 0.3),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [3, 10, 10, 31], 0.5),
    "ConstantLR": lambda s, o: s.ConstantLR(o, 0.25, 8),
    "LinearLR": lambda s, o: s.LinearLR(o, 0.1, 0.9, 20),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, 0.93),
    "PolynomialLR": lambda s, o: s.PolynomialLR(o, 30, 1.7),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, 12, 0.003),
    "WarmRestarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, 5, 2, 0.001),
    "WarmRestarts-same": lambda s, o: s.CosineAnnealingWarmRestarts(o, 7),
    "CyclicLR": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 6, 9),
    "CyclicLR-2": lambda s, o: s.CyclicLR(o, [0.01, 0.02], [0.1, 0.3], 6, mode="triangular2"),
    "CyclicLR-exp": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 6, mode="exp_range", gamma=0.97, cycle_momentum=False),
    "CyclicLR-own": lambda s, o: s.CyclicLR(o, 0.01, 0.1, 6, scale_fn=lambda x: 1 / (5**x), scale_mode="cycle"),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, 0.1, 60),
    "OneCycleLR-linear": lambda s, o: s.OneCycleLR(
        o, [0.1, 0.2], epochs=12, steps_per_epoch=5, anneal_strategy="linear"
    ),
    "OneCycleLR-three": lambda s, o: s.OneCycleLR(o, 0.1, 60, three_phase=True, pct_start=0.25),
    "SequentialLR": lambda s, o: s.SequentialLR(o, [s.ConstantLR(o, 0.1, 5), s.ExponentialLR(o, 0.9)], [5]),
    "SequentialLR-cosine": lambda s, o: s.SequentialLR(
        o, [s.LinearLR(o, 0.1, 1.0, 8), s.CosineAnnealingLR(o, 30), s.StepLR(o, 3)], [8, 38]
    ),
    "ChainedScheduler": lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 9), s.ExponentialLR(o, 0.9)]),
}


def groups(lib, kind="SGD"):
    params = [lib.zeros(2, requires_grad=True), lib.zeros(3, requires_grad=True)]
    options = {"momentum": 0.9} if kind == "SGD" else {}
    return getattr(lib.optim, kind)([{"params": params[:1]}, {"params": params[1:], "lr": 0.5}], lr=0.05, **options)


def run(optimizer, schedule, epochs):
    rates = []
    for _ in range(epochs):
        keys = [k for k in ("lr", "momentum", "betas") if k in optimizer.param_groups[0]]
        rates.append([group[k] for group in optimizer.param_groups for k in keys])
        optimizer.step()
        schedule.step()
    return rates


@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize("name", MAKERS)
def test_fifty_epochs(name, kind):
    ours, theirs = groups(tg, kind), groups(torch, kind)
    a = run(ours, MAKERS[name](tg.optim.lr_scheduler, ours), 50)
    b = run(theirs, MAKERS[name](torch.optim.lr_scheduler, theirs), 50)
    assert a == b


@pytest.mark.parametrize("name", MAKERS)
def test_resumed(name):
    whole = groups(tg)
    rates = run(whole, MAKERS[name](tg.optim.lr_scheduler, whole), 50)
    first = groups(tg)
    schedule = MAKERS[name](tg.optim.lr_scheduler, first)
    begin = run(first, schedule, 23)
    second = groups(tg)
    resumed = MAKERS[name](tg.optim.lr_scheduler, second)
    second.load_state_dict(first.state_dict())
    resumed.load_state_dict(schedule.state_dict())
    assert begin + run(second, resumed, 27) == rates


@pytest.mark.parametrize("options", [{}, {"mode": "max", "factor": 0.5, "patience": 2, "cooldown": 3, "min_lr": 1e-3}])
def test_plateau(options):
    measures = [1.0, 0.9, 0.9, 0.9, 0.91, 0.95, 0.9, 0.9, 0.8, 0.8] * 6
    found = []
    for lib in (tg, torch):
        optimizer = groups(lib)
        schedule = lib.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        for m in measures:
            optimizer.step()
            schedule.step(m)
            found.append((lib.__name__, [g["lr"] for g in optimizer.param_groups]))
    assert [r for n, r in found if n == "torch"] == [r for n, r in found if n != "torch"]
