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
    "SequentialLR-factors": lambda s, o: s.SequentialLR(
        o, [s.ConstantLR(o, 0.1, 3), s.MultiplicativeLR(o, lambda e: 0.9), s.PolynomialLR(o, 30)], [5, 20]
    ),
    "ChainedScheduler-three": lambda s, o: s.ChainedScheduler(
        [s.LinearLR(o, 0.2, 1.0, 9), s.MultiStepLR(o, [10, 20], 0.3), s.CosineAnnealingLR(o, 25)], optimizer=o
    ),
    "ChainedScheduler": lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 9), s.ExponentialLR(o, 0.9)]),
}


def groups(lib, kind="SGD", rates=(0.05, 0.5)):
    params = [lib.zeros(2, requires_grad=True), lib.zeros(3, requires_grad=True)]
    options = {"momentum": 0.9} if kind == "SGD" else {}
    first, second = rates
    return getattr(lib.optim, kind)([{"params": params[:1]}, {"params": params[1:], "lr": second}], lr=first, **options)


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
def test_state_dicts_have_the_same_entries(name):
    states = []
    for lib in (tg, torch):
        optimizer = groups(lib)
        schedule = MAKERS[name](lib.optim.lr_scheduler, optimizer)
        run(optimizer, schedule, 12)
        state = schedule.state_dict()
        states.append((state, [{k: v for k, v in group.items() if k != "params"} for group in optimizer.param_groups]))
    assert states[0] == states[1]


@pytest.mark.parametrize("name", MAKERS)
def test_continued_by_the_number_of_the_epoch(name):
    """A new schedule with ``last_epoch`` goes on from what the optimizer's groups remember."""
    found = []
    for lib in (tg, torch):
        optimizer = groups(lib)
        run(optimizer, MAKERS[name](lib.optim.lr_scheduler, optimizer), 8)
        kind = name.partition("-")[0]
        arguments = {"StepLR": (7, 0.3), "ExponentialLR": (0.93,), "PolynomialLR": (30, 1.7)}
        arguments |= {"LinearLR": (0.1, 0.9, 20)}
        arguments |= {"CosineAnnealingLR": (12, 0.003), "MultiStepLR": ([3, 10], 0.5), "ConstantLR": (0.25, 8)}
        arguments |= {"MultiplicativeLR": (lambda e: 0.9,), "LambdaLR": (lambda e: 0.95**e,)}
        arguments |= {"OneCycleLR": (0.1, 60), "CyclicLR": (0.01, 0.1, 6)}
        if kind not in arguments:
            pytest.skip("takes no last_epoch, or counts by itself")
        schedule = getattr(lib.optim.lr_scheduler, kind)(optimizer, *arguments[kind], last_epoch=7)
        found.append(run(optimizer, schedule, 20))
    assert found[0] == found[1]


@pytest.mark.parametrize("name", MAKERS)
def test_rates_that_are_tensors_are_written_in_place(name):
    found = []
    for lib in (tg, torch):
        rates = lib.tensor(0.05, dtype=lib.float64), lib.tensor(0.5, dtype=lib.float64)
        optimizer = groups(lib, rates=rates)
        schedule = MAKERS[name](lib.optim.lr_scheduler, optimizer)
        values = []
        for _ in range(12):
            optimizer.step()
            schedule.step()
            assert all(g["lr"] is rate for g, rate in zip(optimizer.param_groups, rates, strict=True))
            values += [float(rate) for rate in rates]
        found.append(values)
    assert found[0] == pytest.approx(found[1], rel=1e-12)


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
