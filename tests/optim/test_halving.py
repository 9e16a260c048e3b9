"""HalvingLR: half the rate after epochs without improvement, finished at a thousandth."""

import pytest

import tinygrad_cn as tg
from tinygrad_cn.optim.lr_scheduler import HalvingLR


def made(**options):
    params = [tg.zeros(1, requires_grad=True), tg.zeros(1, requires_grad=True)]
    optimizer = tg.optim.SGD([{"params": params[:1]}, {"params": params[1:], "lr": 0.5}], lr=1.0)
    return optimizer, HalvingLR(optimizer, **options)


def test_training_without_progress_ends_after_ten_halvings():
    optimizer, schedule = made(patience=3)
    schedule.step(0.9)
    epochs = 0
    while not schedule.finished:
        optimizer.step()
        schedule.step(0.9)  # as good is no better
        epochs += 1
    assert epochs == 30
    assert schedule.get_last_lr() == [2.0**-10, 2.0**-11]
    for _ in range(5):
        schedule.step(0.0)
    assert schedule.get_last_lr() == [2.0**-10, 2.0**-11]  # the end is the end


def test_progress_starts_the_count_anew():
    _, schedule = made(patience=2, mode="min")
    for cost in (1.0, 1.1, 0.9, 1.0, 0.8, 0.8):
        schedule.step(tg.tensor(cost))
        assert schedule.get_last_lr()[0] == 1.0
    schedule.step(float("nan"))
    assert schedule.get_last_lr()[0] == 0.5
    assert schedule.best == pytest.approx(0.8)


def test_resumed():
    measures = [0.1, 0.2, 0.2, 0.1, 0.3, 0.3, 0.3, 0.3, 0.3, 0.4, 0.1, 0.1, 0.1]
    whole, schedule = made(patience=2)
    for measure in measures:
        schedule.step(measure)
    first, begun = made(patience=2)
    for measure in measures[:6]:
        begun.step(measure)
    second, resumed = made(patience=9)
    second.load_state_dict(first.state_dict())
    resumed.load_state_dict(begun.state_dict())
    for measure in measures[6:]:
        resumed.step(measure)
    assert [g["lr"] for g in second.param_groups] == [g["lr"] for g in whole.param_groups]
    assert resumed.state_dict() == schedule.state_dict()


@pytest.mark.parametrize("options", [{"patience": 0}, {"mode": "best"}, {"factor": 1.0}, {"end": 0.0}], ids=str)
def test_refusals(options):
    with pytest.raises(ValueError, match=f"HalvingLR: {next(iter(options))}"):
        made(**options)
    with pytest.raises(TypeError, match="not an Optimizer"):
        HalvingLR([])
