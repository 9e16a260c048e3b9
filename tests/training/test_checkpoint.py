"""Checkpoints: when they are written, which stay, going on from them, and everything that can be wrong with a disk."""

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pytest
from training_problem import Problem

import tinygrad_cn as tg
from tinygrad_cn import optim
from tinygrad_cn.optim import lr_scheduler as schedules
from tinygrad_cn.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tinygrad_cn.training import (
    Callback,
    Checkpoint,
    CheckpointError,
    CheckpointWarning,
    EarlyStopping,
    MetricsLog,
    NonFiniteError,
)
from tinygrad_cn.utils.data import DataLoader


class At(Callback):
    """Does something after a step."""

    def __init__(self, step, action):
        self.step, self.action = step, action

    def after_step(self, run):
        if run.step == self.step:
            self.action(run)


def interrupt(run):
    os.kill(os.getpid(), signal.SIGINT)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


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


class TestWriting:
    def test_the_last_and_the_best_stay(self, problem, tmp_path):
        checkpoint = Checkpoint(tmp_path / "a" / "b", keep=2)
        run = problem.fit(6, checkpoint=checkpoint)
        assert names(tmp_path / "a" / "b") == ["best.npz", "checkpoint-00000045.npz", "checkpoint-00000054.npz"]
        best = min(run.history, key=lambda record: record["validation_loss"])
        assert tg.load(tmp_path / "a" / "b" / "best.npz")["step"] == best["step"]
        assert checkpoint.watch.best == best["validation_loss"]
        problem.model.load_state_dict(checkpoint.best_weights())

    def test_the_best_by_another_measure(self, problem, tmp_path):
        run = problem.fit(6, checkpoint=Checkpoint(tmp_path, monitor="training_accuracy", mode="max"))
        best = max(run.history, key=lambda record: record["training_accuracy"])
        assert tg.load(tmp_path / "best.npz")["step"] == best["step"]

    def test_every_few_steps(self, problem, tmp_path):
        problem.fit(1, checkpoint=Checkpoint(tmp_path, keep=99, every_steps=4))
        assert [int(name[11:19]) for name in names(tmp_path)[1:]] == [0, 4, 8, 9]

    def test_every_few_seconds(self, problem, tmp_path, monkeypatch):
        clock = iter(range(1000))
        monkeypatch.setattr("tinygrad_cn.training.checkpoint.time.monotonic", lambda: 10.0 * next(clock))
        problem.fit(1, checkpoint=Checkpoint(tmp_path, keep=99, every_seconds=25))
        assert [int(name[11:19]) for name in names(tmp_path)[1:]] == [0, 3, 6, 9]

    def test_weights_that_are_lost_are_not_kept(self, problem, tmp_path):
        def lose(run):
            with tg.no_grad():
                run.model[0].weight[0, 0] = np.inf

        with pytest.raises(NonFiniteError, match=r"the weights 0.weight .* after step 9"):
            problem.fit(2, checkpoint=Checkpoint(tmp_path), callbacks=[At(9, lose)], validation=None)
        assert names(tmp_path) == ["checkpoint-00000000.npz"]

    @pytest.mark.parametrize("options", [{"keep": 0}, {"every_steps": 0}, {"every_seconds": 0}, {"mode": "best"}])
    def test_bad_arguments(self, tmp_path, options):
        with pytest.raises(ValueError, match="Checkpoint"):
            Checkpoint(tmp_path, **options)


class TestResuming:
    @pytest.mark.parametrize("step", [1, 4, 5, 13, 40])
    def test_as_if_it_had_not_been_interrupted(self, tmp_path, step):
        whole, first, second = Problem(), Problem(), Problem()
        expected = with_everything(whole, tmp_path / "whole")
        with_everything(first, tmp_path / "halved", callbacks=[At(step, interrupt)])
        run = with_everything(second, tmp_path / "halved")
        assert second.weights() == whole.weights()
        timeless = [[{k: v for k, v in r.items() if k != "seconds"} for r in x.history] for x in (run, expected)]
        assert timeless[0] == timeless[1]
        last = [tg.load(tmp_path / name / "checkpoint-00000040.npz")["parts"] for name in ("whole", "halved")]
        for part in ("model", "average", "optimizer"):
            assert str(last[0][part]) == str(last[1][part])

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
    def test_optimizers(self, tmp_path, make):
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
    def test_schedules(self, tmp_path, make, options):
        assert_resumed(tmp_path, lambda problem: (problem.optimizer, {"scheduler": make(problem.optimizer), **options}))

    @pytest.mark.parametrize("step", [3, 9, 13])
    def test_with_workers_that_prepare_batches_ahead(self, tmp_path, step):
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
    def test_an_order_that_comes_from_elsewhere(self, tmp_path, source):
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

    def test_a_run_that_is_complete_stays_as_it_is(self, tmp_path):
        first, second = Problem(), Problem()
        first.fit(2, checkpoint=Checkpoint(tmp_path))
        run = second.fit(2, checkpoint=Checkpoint(tmp_path), resume=True)
        assert run.step == 18
        assert second.weights() == first.weights()

    def test_more_epochs(self, tmp_path):
        whole, first, second = Problem(), Problem(), Problem()
        whole.fit(4)
        first.fit(2, checkpoint=Checkpoint(tmp_path))
        second.fit(4, checkpoint=Checkpoint(tmp_path), resume=True)
        assert second.weights() == whole.weights()

    def test_an_early_stop_is_remembered(self, tmp_path):
        options = {"monitor": "lr", "patience": 2}  # which never falls
        runs = []
        for _ in range(2):
            problem = Problem()
            checkpoint = Checkpoint(tmp_path)
            runs.append(problem.fit(9, checkpoint=checkpoint, callbacks=[EarlyStopping(**options)], resume=True))
        assert [run.epoch for run in runs] == [3, 3]
        assert runs[0].stopped == runs[1].stopped

    def test_a_loader_without_a_place_goes_on_from_the_last_epoch(self, tmp_path):
        def run(folder, **options):
            problem = Problem()
            problem.loader = list(problem.loader)
            problem.fit(3, checkpoint=Checkpoint(folder), resume=True, **options)
            return problem.weights()

        expected = run(tmp_path / "whole")
        run(tmp_path / "halved", callbacks=[At(13, interrupt)])
        assert run(tmp_path / "halved") == expected

    def test_the_log_has_each_epoch_once(self, tmp_path):
        for action in (interrupt, None):
            callbacks = [MetricsLog(tmp_path / "log"), *([At(13, action)] if action else [])]
            Problem().fit(3, checkpoint=Checkpoint(tmp_path / "c"), callbacks=callbacks, resume=True)
        lines = (tmp_path / "log").read_text().splitlines()
        assert [json.loads(line)["epoch"] for line in lines] == [1, 2, 3]

    def test_what_was_not_asked_for_is_not_resumed(self, problem, tmp_path):
        problem.fit(1, checkpoint=Checkpoint(tmp_path))
        with pytest.raises(FileExistsError, match="resume=True"):
            Problem().fit(1, checkpoint=Checkpoint(tmp_path))

    def test_a_run_of_other_parts(self, problem, tmp_path):
        problem.fit(1, checkpoint=Checkpoint(tmp_path))
        other = Problem()
        with pytest.raises(CheckpointError, match="this run has average"):
            other.fit(2, checkpoint=Checkpoint(tmp_path), resume=True, average=AveragedModel(other.model))
        with pytest.raises(CheckpointError, match="seed 0, this one has 1"):
            Problem(seed=1).fit(2, checkpoint=Checkpoint(tmp_path), resume=True)
        other.model.append(tg.nn.Linear(3, 3))
        with pytest.raises(CheckpointError, match=r"Missing key.*5\.weight"):
            other.fit(2, checkpoint=Checkpoint(tmp_path), resume=True)

    def test_a_checkpoint_of_a_newer_version(self, problem, tmp_path):
        problem.fit(1, checkpoint=Checkpoint(tmp_path))
        path = tmp_path / "checkpoint-00000009.npz"
        state = tg.load(path)
        tg.save(state | {"format": 99}, path)
        with pytest.raises(CheckpointError, match="format 99"):
            Problem().fit(2, checkpoint=Checkpoint(tmp_path), resume=True)


class TestDamage:
    @pytest.mark.parametrize("kind", ["cut off", "empty", "a byte changed", "another file"])
    def test_the_one_before_is_used(self, tmp_path, kind):
        whole, first, second = Problem(), Problem(), Problem()
        whole.fit(3)
        first.fit(2, checkpoint=Checkpoint(tmp_path))
        path = tmp_path / "checkpoint-00000018.npz"
        data = bytearray(path.read_bytes())
        os.unlink(path)  # best.npz may be the same file
        if kind == "a byte changed":
            data[len(data) // 2] ^= 1
        path.write_bytes({"cut off": data[:-100], "empty": b"", "another file": b"notes"}.get(kind, data))
        with pytest.warns(CheckpointWarning, match=r"checkpoint-00000018.npz cannot be read, the checkpoint before"):
            second.fit(3, checkpoint=Checkpoint(tmp_path), resume=True)
        assert second.weights() == whole.weights()
        assert (tmp_path / "checkpoint-00000018.damaged").exists()

    def test_none_can_be_read(self, tmp_path):
        Problem().fit(1, checkpoint=Checkpoint(tmp_path))
        for path in tmp_path.iterdir():
            path.write_bytes(b"")
        with pytest.warns(CheckpointWarning), pytest.raises(CheckpointError, match="none of the checkpoints"):
            Problem().fit(2, checkpoint=Checkpoint(tmp_path), resume=True)

    def test_what_a_killed_run_left_half_written_is_removed(self, problem, tmp_path):
        (tmp_path / ".checkpoint-00000004.npz.0123456789abcdef.tmp").write_bytes(b"half")
        problem.fit(1, checkpoint=Checkpoint(tmp_path), resume=True)
        assert not [name for name in names(tmp_path) if name.endswith(".tmp")]


class TestDisk:
    @pytest.mark.parametrize("call", ["fsync", "replace"])
    def test_training_goes_on_without_a_checkpoint(self, problem, tmp_path, monkeypatch, call):
        real, broken = getattr(os, call), []

        def full(*arguments):
            if broken:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*arguments)

        monkeypatch.setattr(os, call, full)
        checkpoint = Checkpoint(tmp_path)
        fails = At(10, lambda run: broken.append(True))
        recovers = At(28, lambda run: broken.clear())
        with pytest.warns(CheckpointWarning) as caught:
            run = problem.fit(4, checkpoint=checkpoint, callbacks=[fails, recovers])
        assert run.step == 36
        assert len(checkpoint.failures) == len(caught) == 2
        assert "step 18 could not be written: [Errno 28] No space left" in str(caught[0].message)
        assert "training goes on" in str(caught[0].message)
        monkeypatch.undo()
        assert [int(name[11:19]) for name in names(tmp_path) if name != "best.npz"] == [0, 9, 36]
        second = Problem()
        second.fit(4, checkpoint=Checkpoint(tmp_path), resume=True)
        assert second.weights() == problem.weights()

    @pytest.mark.skipif(os.name == "nt", reason="limits of a process")
    def test_a_file_that_really_cannot_grow(self, tmp_path):
        """The system refuses to write more than some kilobytes to a file, from the second checkpoint on."""
        script = """
            import resource, signal, sys, warnings
            sys.path.insert(0, sys.argv[2])
            from training_problem import Problem
            from tinygrad_cn.training import Callback, Checkpoint

            class Limit(Callback):
                def after_step(self, run):
                    if run.step == 10:
                        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

            warnings.simplefilter("ignore")
            checkpoint = Checkpoint(sys.argv[1])
            run = Problem().fit(3, checkpoint=checkpoint, callbacks=[Limit()])
            print(run.step, *checkpoint.failures, sep="\\n")
        """
        result = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script), tmp_path, os.path.dirname(os.path.dirname(__file__))],
            capture_output=True,
            text=True,
            timeout=100,
        )
        step, *failures = result.stdout.splitlines()
        assert step == "27", result.stderr
        assert len(failures) == 2
        assert all("File too large" in failure for failure in failures)
        assert names(tmp_path) == ["best.npz", "checkpoint-00000000.npz", "checkpoint-00000009.npz"]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert Problem().fit(1, checkpoint=Checkpoint(tmp_path), resume=True).step == 9

    def test_a_folder_that_cannot_be_written_is_found_before_training(self, problem, tmp_path):
        (tmp_path / "file").write_text("no folder")
        with pytest.raises(CheckpointError, match=r"cannot be written to .*file.*Take another folder"):
            problem.fit(1, checkpoint=Checkpoint(tmp_path / "file" / "c"))

    @pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions")
    def test_a_folder_that_is_read_only(self, problem, tmp_path):
        tmp_path.chmod(0o500)
        with pytest.raises(CheckpointError, match="Permission denied"):
            problem.fit(1, checkpoint=Checkpoint(tmp_path))

    def test_a_file_system_that_is_read_only(self, problem, tmp_path, monkeypatch):
        def read_only(*arguments, **options):
            raise OSError(errno.EROFS, "Read-only file system")

        monkeypatch.setattr("tinygrad_cn.training.checkpoint_files.save", read_only)
        with pytest.raises(CheckpointError, match="Read-only file system"):
            problem.fit(1, checkpoint=Checkpoint(tmp_path))

    def test_a_file_system_without_second_names(self, problem, tmp_path, monkeypatch):
        def refuse(*arguments):
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
        problem.fit(2, checkpoint=Checkpoint(tmp_path))
        assert "best.npz" in names(tmp_path)
        assert tg.load(tmp_path / "best.npz")["step"] in (9, 18)

    def test_what_cannot_be_saved_is_found_before_training(self, problem, tmp_path):
        class Odd(Callback):
            def state_dict(self):
                return {"function": print}

        with pytest.raises(TypeError, match=r"\['callbacks'\]\['Odd'\]\['function'\]"):
            problem.fit(1, checkpoint=Checkpoint(tmp_path), callbacks=[Odd()])
