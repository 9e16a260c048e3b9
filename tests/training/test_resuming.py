"""A run that was interrupted and resumed ends as if it had not been."""

import json

import pytest
from training.interrupting import At, interrupt
from training_problem import Problem

import tinygrad_cn as tg
from tinygrad_cn import optim
from tinygrad_cn.optim import lr_scheduler as schedules
from tinygrad_cn.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tinygrad_cn.training import Checkpoint, CheckpointError, EarlyStopping, MetricsLog
from tinygrad_cn.utils.data import DataLoader


def with_everything(problem, folder, **options):
    """A run that has all there is to resume; eight epochs of five steps."""
    scheduler = optim.lr_scheduler.OneCycleLR(problem.optimizer, 0.05, total_steps=40)
    return problem.fit(
        8,
        scheduler=scheduler,
        scheduler_every="step",
        accumulate=2,
        average=AveragedModel(problem.model, multi_avg_fn=get_ema_multi_avg_fn(0.8)),
        callbacks=[EarlyStopping(100), *options.pop("callbacks", [])],
        resume=True,
        checkpoint=Checkpoint(folder, every_steps=1),
        **options,
    )


def assert_resumed(folder, prepare):
    """A run of three epochs that is interrupted in the second ends as if it had not been.

    Args:
        folder: an empty one.
        prepare: gives an optimizer for a problem and more options of `fit`.
    """
    problems = [Problem() for _ in range(3)]
    rates = []
    for problem, name in zip(problems, ("whole", "halved", "halved"), strict=True):
        problem.optimizer, options = prepare(problem)
        callbacks = [At(13, interrupt)] if problem is problems[1] else []
        checkpoint = Checkpoint(folder / name, every_steps=4)
        run = problem.fit(3, checkpoint=checkpoint, resume=True, callbacks=callbacks, **options)
        rates.append([record["lr"] for record in run.history])
    assert problems[2].weights() == problems[0].weights() != problems[1].weights()
    assert rates[2] == rates[0]


def timeless(run):
    """The history without what a clock told."""
    return [{key: value for key, value in record.items() if key != "seconds"} for record in run.history]


def last_parts(folder):
    """The parts of the last checkpoint that hold tensors."""
    parts = tg.load(folder / "checkpoint-00000040.npz")["parts"]
    return [str(parts[name]) for name in ("model", "average", "optimizer")]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The weights, the history and the last checkpoint of the run with everything that nobody interrupts."""
    folder, problem = tmp_path_factory.mktemp("whole"), Problem()
    run = with_everything(problem, folder)
    return problem.weights(), timeless(run), last_parts(folder)


@pytest.mark.parametrize("step", [1, 4, 5, 13, 40])
def test_as_if_it_had_not_been_interrupted(whole, tmp_path, step):
    first, second = Problem(), Problem()
    with_everything(first, tmp_path, callbacks=[At(step, interrupt)])
    run = with_everything(second, tmp_path)
    assert (second.weights(), timeless(run), last_parts(tmp_path)) == whole


@pytest.mark.parametrize(
    "make",
    [
        lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
        lambda p: optim.Adam(p, lr=0.05, amsgrad=True),
        lambda p: optim.AdamW([{"params": p[:2], "lr": 0.01}, {"params": p[2:]}], lr=0.05),
        lambda p: optim.NAdam(p, lr=0.05),
        lambda p: optim.RAdam(p, lr=0.05),
        lambda p: optim.Adamax(p, lr=0.05),
        lambda p: optim.RMSprop(p, lr=0.01, momentum=0.5, centered=True),
        lambda p: optim.Adagrad(p, lr=0.05),
        lambda p: optim.Adadelta(p, lr=0.5),
        lambda p: optim.Adafactor(p, lr=0.05),
        lambda p: optim.Rprop(p, lr=0.01),
        lambda p: optim.ASGD(p, lr=0.05, t0=5),
    ],
)
def test_optimizers(tmp_path, make):
    assert_resumed(tmp_path, lambda problem: (make([*problem.model.parameters()]), {}))


@pytest.mark.parametrize(
    ("make", "options"),
    [
        (lambda o: schedules.CosineAnnealingLR(o, 27), {"scheduler_every": "step"}),
        (lambda o: schedules.CosineAnnealingWarmRestarts(o, 7, 2), {"scheduler_every": "step"}),
        (lambda o: schedules.CyclicLR(o, 0.01, 0.05, 5, cycle_momentum=False), {"scheduler_every": "step"}),
        (lambda o: schedules.LambdaLR(o, lambda n: 0.9**n), {"scheduler_every": "step"}),
        (lambda o: schedules.PolynomialLR(o, 20, 2.0), {"scheduler_every": "step"}),
        (lambda o: schedules.ReduceLROnPlateau(o, patience=0, threshold=0.9), {}),
        (lambda o: schedules.HalvingLR(o, patience=1, mode="max"), {}),
        (
            lambda o: schedules.SequentialLR(
                o, [schedules.LinearLR(o, 0.1, total_iters=10), schedules.CosineAnnealingLR(o, 17)], [10]
            ),
            {"scheduler_every": "step"},
        ),
        (
            lambda o: schedules.ChainedScheduler([schedules.StepLR(o, 4), schedules.ExponentialLR(o, 0.9)]),
            {"scheduler_every": "step"},
        ),
    ],
)
def test_schedules(tmp_path, make, options):
    assert_resumed(tmp_path, lambda problem: (problem.optimizer, {"scheduler": make(problem.optimizer), **options}))


@pytest.mark.parametrize("step", [3, 9, 13])
def test_with_workers_that_prepare_batches_ahead(tmp_path, step):
    whole, first, second = Problem(), Problem(), Problem()
    whole.fit(3)
    for problem in (first, second):
        problem.loader = DataLoader(
            problem.data, batch_size=10, shuffle=True, generator=problem.streams["shuffle"], num_workers=2
        )
    first.fit(3, checkpoint=Checkpoint(tmp_path), callbacks=[At(step, interrupt)])
    second.fit(3, checkpoint=Checkpoint(tmp_path), resume=True)
    assert second.weights() == whole.weights()


@pytest.mark.parametrize("source", ["the default stream", "a generator of its own"])
def test_an_order_that_comes_from_elsewhere(tmp_path, source):
    def run(folder, **options):
        problem, own = Problem(), tg.Generator().manual_seed(5)
        generator = own if source == "a generator of its own" else None
        problem.loader = DataLoader(problem.data, batch_size=10, shuffle=True, generator=generator)
        checkpoint = Checkpoint(folder, every_steps=2)
        problem.fit(3, checkpoint=checkpoint, resume=True, **options)
        return problem.weights()

    expected = run(tmp_path / "whole")
    run(tmp_path / "halved", callbacks=[At(13, interrupt)])
    assert run(tmp_path / "halved") == expected


def test_a_run_that_is_complete_stays_as_it_is(tmp_path):
    first, second = Problem(), Problem()
    first.fit(2, checkpoint=Checkpoint(tmp_path))
    run = second.fit(2, checkpoint=Checkpoint(tmp_path), resume=True)
    assert run.step == 18
    assert second.weights() == first.weights()


def test_more_epochs(tmp_path):
    whole, first, second = Problem(), Problem(), Problem()
    whole.fit(4)
    first.fit(2, checkpoint=Checkpoint(tmp_path))
    second.fit(4, checkpoint=Checkpoint(tmp_path), resume=True)
    assert second.weights() == whole.weights()


def test_an_early_stop_is_remembered(tmp_path):
    options = {"monitor": "lr", "patience": 2}  # which never falls
    runs = []
    for _ in range(2):
        problem = Problem()
        checkpoint = Checkpoint(tmp_path)
        runs.append(problem.fit(9, checkpoint=checkpoint, callbacks=[EarlyStopping(**options)], resume=True))
    assert [run.epoch for run in runs] == [3, 3]
    assert runs[0].stopped == runs[1].stopped


def test_a_loader_without_a_place_goes_on_from_the_last_epoch(tmp_path):
    def run(folder, **options):
        problem = Problem()
        problem.loader = list(problem.loader)
        problem.fit(3, checkpoint=Checkpoint(folder), resume=True, **options)
        return problem.weights()

    expected = run(tmp_path / "whole")
    run(tmp_path / "halved", callbacks=[At(13, interrupt)])
    assert run(tmp_path / "halved") == expected


def test_the_log_has_each_epoch_once(tmp_path):
    for action in (interrupt, None):
        callbacks = [MetricsLog(tmp_path / "log"), *([At(13, action)] if action else [])]
        Problem().fit(3, checkpoint=Checkpoint(tmp_path / "c"), callbacks=callbacks, resume=True)
    lines = (tmp_path / "log").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2, 3]


def test_what_was_not_asked_for_is_not_resumed(problem, tmp_path):
    problem.fit(1, checkpoint=Checkpoint(tmp_path))
    with pytest.raises(FileExistsError, match="resume=True"):
        Problem().fit(1, checkpoint=Checkpoint(tmp_path))


def test_a_run_of_other_parts(problem, tmp_path):
    problem.fit(1, checkpoint=Checkpoint(tmp_path))
    other = Problem()
    with pytest.raises(CheckpointError, match="this run has average"):
        other.fit(2, checkpoint=Checkpoint(tmp_path), resume=True, average=AveragedModel(other.model))
    with pytest.raises(CheckpointError, match="seed 0, this one has 1"):
        Problem(seed=1).fit(2, checkpoint=Checkpoint(tmp_path), resume=True)
    other.model.append(tg.nn.Linear(3, 3))
    with pytest.raises(CheckpointError, match=r"Missing key.*5\.weight"):
        other.fit(2, checkpoint=Checkpoint(tmp_path), resume=True)


def test_a_checkpoint_of_a_newer_version(problem, tmp_path):
    problem.fit(1, checkpoint=Checkpoint(tmp_path))
    path = tmp_path / "checkpoint-00000009.npz"
    state = tg.load(path)
    tg.save(state | {"format": 99}, path)
    with pytest.raises(CheckpointError, match="format 99"):
        Problem().fit(2, checkpoint=Checkpoint(tmp_path), resume=True)
