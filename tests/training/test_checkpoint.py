"""Checkpoints: when they are written, and which stay."""

import numpy as np
import pytest
from training.interrupting import At, names

import tinygrad_cn as tg
from tinygrad_cn.training import Checkpoint, NonFiniteError


def test_the_last_and_the_best_stay(problem, tmp_path):
    checkpoint = Checkpoint(tmp_path / "a" / "b", keep=2)
    run = problem.fit(6, checkpoint=checkpoint)
    assert names(tmp_path / "a" / "b") == ["best.npz", "checkpoint-00000045.npz", "checkpoint-00000054.npz"]
    best = min(run.history, key=lambda record: record["validation_loss"])
    assert tg.load(tmp_path / "a" / "b" / "best.npz")["step"] == best["step"]
    assert checkpoint.watch.best == best["validation_loss"]
    problem.model.load_state_dict(checkpoint.best_weights())


def test_the_best_by_another_measure(problem, tmp_path):
    run = problem.fit(6, checkpoint=Checkpoint(tmp_path, monitor="training_accuracy", mode="max"))
    best = max(run.history, key=lambda record: record["training_accuracy"])
    assert tg.load(tmp_path / "best.npz")["step"] == best["step"]


def test_every_few_steps(problem, tmp_path):
    problem.fit(1, checkpoint=Checkpoint(tmp_path, keep=99, every_steps=4))
    assert [int(name[11:19]) for name in names(tmp_path)[1:]] == [0, 4, 8, 9]


def test_every_few_seconds(problem, tmp_path, monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr("tinygrad_cn.training.checkpoint.time.monotonic", lambda: 10.0 * next(clock))
    problem.fit(1, checkpoint=Checkpoint(tmp_path, keep=99, every_seconds=25))
    assert [int(name[11:19]) for name in names(tmp_path)[1:]] == [0, 3, 6, 9]


def test_weights_that_are_lost_are_not_kept(problem, tmp_path):
    def lose(run):
        with tg.no_grad():
            run.model[0].weight[0, 0] = np.inf

    with pytest.raises(NonFiniteError, match=r"the weights 0.weight .* after step 9"):
        problem.fit(2, checkpoint=Checkpoint(tmp_path), callbacks=[At(9, lose)], validation=None)
    assert names(tmp_path) == ["checkpoint-00000000.npz"]


@pytest.mark.parametrize("options", [{"keep": 0}, {"every_steps": 0}, {"every_seconds": 0}, {"mode": "best"}])
def test_bad_arguments(tmp_path, options):
    with pytest.raises(ValueError, match="Checkpoint"):
        Checkpoint(tmp_path, **options)
