"""The loop: what it computes, what it records, what it refuses, how it ends."""

import math
import os
import signal

import numpy as np
import pytest
from training_problem import Problem

import tinygrad_cn as tg
from tinygrad_cn import nn, optim
from tinygrad_cn.nn import functional as F
from tinygrad_cn.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tinygrad_cn.training import Callback, Checkpoint, NonFiniteError, accuracy, evaluate, fit
from tinygrad_cn.utils.data import DataLoader, IterableDataset, TensorDataset


class Spy(Callback):
    """Writes down what is called, and does something at a step."""

    def __init__(self, at=None, action=None):
        self.calls, self.lrs, self.losses, self.at, self.action = [], [], [], at, action

    def begin(self, run):
        self.calls.append("begin")

    def after_step(self, run):
        self.calls.append("step")
        self.lrs.append(run.lr)
        self.losses.append(run.loss)
        if run.step == self.at:
            self.action(run)

    def after_epoch(self, run):
        self.calls.append("epoch")

    def end(self, run):
        self.calls.append("end")

    def close(self):
        self.calls.append("close")


def interrupt(run):
    os.kill(os.getpid(), signal.SIGINT)


class TestLoop:
    def test_it_is_the_loop_that_one_writes_by_hand(self):
        ours, theirs = Problem(), Problem()
        ours.fit(2, validation=None)
        with theirs.streams.as_default("dropout"):
            for _ in range(2):
                for points, labels in theirs.loader:
                    theirs.optimizer.zero_grad()
                    F.cross_entropy(theirs.model(points), labels).backward()
                    theirs.optimizer.step()
        assert ours.weights() == theirs.weights()

    def test_it_learns_and_records(self, problem):
        run = problem.fit(10)
        assert [record["epoch"] for record in run.history] == list(range(1, 11))
        assert [record["step"] for record in run.history] == [9 * n for n in range(1, 11)]
        assert run.history[-1]["training_loss"] < run.history[0]["training_loss"]
        assert run.history[-1]["validation_accuracy"] > 0.9
        assert run.history[-1]["lr"] == 0.05
        assert (run.stopped, run.interrupted) == (None, None)

    def test_validation_measures_the_model_in_use_and_leaves_its_modes(self, problem):
        problem.model[1].eval()
        measured = evaluate(problem.model, problem.validation, nn.CrossEntropyLoss(), {"accuracy": accuracy})
        assert [module.training for module in problem.model] == [True, False, True, True, True]
        problem.model.eval()
        points, labels = problem.data.tensors
        scores = problem.model(points)
        assert measured["loss"] == pytest.approx(F.cross_entropy(scores, labels).item(), rel=1e-6)
        assert measured["accuracy"] == (scores.argmax(1) == labels).sum().item() / 90

    def test_hooks_and_their_order(self):
        spy = Spy()
        Problem(samples=20).fit(2, callbacks=[spy])
        assert spy.calls == ["begin", "step", "step", "epoch", "step", "step", "epoch", "end", "close"]

    def test_files_are_closed_after_an_error_too(self, problem):
        def fail(run):
            raise KeyError("mine")

        spy = Spy(at=2, action=fail)
        with pytest.raises(KeyError):
            problem.fit(1, callbacks=[spy])
        assert spy.calls == ["begin", "step", "step", "close"]

    def test_several_inputs_and_any_iterable_of_batches(self):
        class Sum(nn.Module):
            def __init__(self):
                super().__init__()
                self.bias = nn.Parameter(tg.zeros(1))

            def forward(self, a, b):
                return a + b + self.bias

        model = Sum()
        batches = [(tg.ones(4), tg.ones(4), 5 * tg.ones(4))] * 50
        run = fit(model, batches, nn.MSELoss(), optim.SGD(model.parameters(), lr=0.2), 1)
        assert run.step == 50
        assert model.bias.item() == pytest.approx(3, abs=1e-3)

    def test_inputs_are_changed_by_augment(self, problem):
        seen = []
        problem.fit(1, augment=lambda points: seen.append(points.shape[0]) or points)
        assert seen == [10] * 9

    def test_a_data_set_is_told_the_epoch(self, problem):
        epochs = []
        problem.data.set_epoch = epochs.append
        problem.fit(3, validation=None)
        assert epochs == [0, 1, 2]


class TestGradients:
    @pytest.mark.parametrize("samples", [80, 90, 93])
    def test_accumulated_batches_count_by_their_samples(self, samples):
        """Also in the last step of the epoch, which has fewer batches, and a smaller one."""
        whole, parts = (Problem(samples=samples, batch_size=size, optimizer=optim.SGD) for size in (40, 10))
        for problem in (whole, parts):
            problem.model[1].eval()  # statistics of a batch are not those of a part of it
            problem.model = nn.Sequential(*(m for m in problem.model if isinstance(m, nn.Linear | nn.ReLU)))
            problem.loader = DataLoader(problem.data, batch_size=problem.loader.batch_size)
            problem.optimizer = optim.SGD(problem.model.parameters(), lr=0.1)
        first = whole.fit(2)
        second = parts.fit(2, accumulate=4)
        assert first.step == second.step == 2 * math.ceil(samples / 40)
        for a, b in zip(whole.model.parameters(), parts.model.parameters(), strict=True):
            np.testing.assert_allclose(a.detach(), b.detach(), rtol=2e-5, atol=1e-6)
        assert first.history[-1]["training_loss"] == pytest.approx(second.history[-1]["training_loss"], rel=1e-5)

    def test_the_norm_is_clipped(self, problem):
        norms = []

        class Norms(Callback):
            def after_step(self, run):
                norms.append(math.sqrt(sum(p.grad.square().sum().item() for p in run.model.parameters())))

        problem.fit(1, clip_norm=0.01, callbacks=[Norms()])
        assert max(norms) == pytest.approx(0.01, rel=1e-3)

    def test_entries_are_clipped(self, problem):
        problem.fit(1, clip_value=1e-4)
        assert max(p.grad.abs().max().item() for p in problem.model.parameters()) <= 1e-4

    def test_no_step_is_made_with_a_loss_that_is_not_finite(self, problem):
        spy = Spy(at=3, action=lambda run: problem.data.tensors[0].fill_(math.nan))
        after = []
        spy.action = lambda run: (problem.data.tensors[0].fill_(math.nan), after.append(problem.weights()[0]))
        with pytest.raises(NonFiniteError, match=r"the loss .* in epoch 1, step 4: nan at learning rate 0.05"):
            problem.fit(1, callbacks=[spy])
        assert problem.weights()[0] == after[0]

    def test_nor_with_gradients_that_are_not(self, problem):
        problem.model[0].weight.register_hook(lambda g: g * math.inf)
        with np.errstate(invalid="ignore"), pytest.raises(NonFiniteError, match="norm of the gradients"):
            problem.fit(1, clip_norm=1.0)


class TestSchedules:
    def test_by_epoch_and_by_step(self):
        for every, expected in (("epoch", [0.05] * 9 + [0.025] * 9), ("step", [0.05 / 2**n for n in range(18)])):
            problem, spy = Problem(), Spy()
            scheduler = optim.lr_scheduler.ExponentialLR(problem.optimizer, 0.5)
            problem.fit(2, scheduler=scheduler, scheduler_every=every, callbacks=[spy])
            rates = expected if every == "epoch" else [*expected[1:], 0.05 / 2**18]  # after the scheduler's step
            assert spy.lrs == pytest.approx(rates)

    def test_a_plateau_is_judged_by_its_measure(self, problem):
        scheduler = optim.lr_scheduler.ReduceLROnPlateau(problem.optimizer, mode="max", patience=0, threshold=2.0)
        run = problem.fit(3, scheduler=scheduler, scheduler_metric="training_accuracy")
        assert scheduler.best == run.history[0]["training_accuracy"]
        assert [record["lr"] for record in run.history] == pytest.approx([0.05, 0.05, 0.005])

    def test_a_schedule_with_an_end_ends_the_training(self, problem):
        scheduler = optim.lr_scheduler.HalvingLR(problem.optimizer, patience=1, mode="max", end=1 / 4)
        run = problem.fit(99, scheduler=scheduler, scheduler_metric="validation_accuracy")
        assert run.stopped == "the schedule has come to its end"
        assert run.lr == 0.05 / 4
        assert run.epoch < 99


class TestAverage:
    def test_it_is_what_is_measured(self, problem, tmp_path):
        average = AveragedModel(problem.model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
        checkpoint = Checkpoint(tmp_path)
        run = problem.fit(3, average=average, checkpoint=checkpoint)
        loss = nn.CrossEntropyLoss()
        assert run.measured is average.module
        assert average.n_averaged.item() == run.step
        assert run.history[-1]["validation_loss"] == evaluate(average, problem.validation, loss)["loss"]
        assert run.history[-1]["validation_loss"] != evaluate(problem.model, problem.validation, loss)["loss"]
        problem.model.load_state_dict(checkpoint.best_weights())
        best = min(record["validation_loss"] for record in run.history)
        assert evaluate(problem.model, problem.validation, loss)["loss"] == best


@pytest.mark.skipif(os.name == "nt", reason="signals")
class TestEnding:
    def test_ctrl_c_ends_after_the_step(self, problem):
        handler = signal.getsignal(signal.SIGINT)
        run = problem.fit(5, callbacks=[spy := Spy(at=12, action=interrupt)])
        assert run.interrupted is signal.SIGINT
        assert run.step == 12
        assert [record["epoch"] for record in run.history] == pytest.approx([1, 1 + 3 / 9])
        assert spy.calls[-3:] == ["epoch", "end", "close"]
        assert signal.getsignal(signal.SIGINT) is handler

    def test_sigterm_is_as_polite(self, problem):
        run = problem.fit(5, callbacks=[Spy(at=2, action=lambda run: os.kill(os.getpid(), signal.SIGTERM))])
        assert (run.interrupted, run.step) == (signal.SIGTERM, 2)

    def test_the_second_ctrl_c_ends_at_once(self, problem):
        def twice(run):
            interrupt(run)
            interrupt(run)

        with pytest.raises(KeyboardInterrupt):
            problem.fit(5, callbacks=[Spy(at=3, action=twice)])

    def test_a_callback_ends_it(self, problem):
        run = problem.fit(5, callbacks=[Spy(at=12, action=lambda run: run.stop("enough"))])
        assert (run.stopped, run.step, run.epoch) == ("enough", 12, 1)


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"accumulate": 0}, "accumulate 1 or above"),
            ({"epochs": -1}, "epochs must be 0 or above"),
            ({"scheduler_every": "batch"}, "'epoch' or 'step'"),
            ({"resume": True}, "needs checkpoint="),
        ],
    )
    def test_arguments(self, problem, options, message):
        with pytest.raises(ValueError, match=message):
            problem.fit(**({"epochs": 1} | options))

    def test_a_scheduler_of_another_optimizer(self, problem):
        other = optim.lr_scheduler.StepLR(Problem().optimizer, 1)
        with pytest.raises(ValueError, match="another optimizer"):
            problem.fit(1, scheduler=other)

    def test_a_plateau_without_its_measure(self, problem):
        scheduler = optim.lr_scheduler.ReduceLROnPlateau(problem.optimizer)
        with pytest.raises(ValueError, match="nothing is validated"):
            problem.fit(1, scheduler=scheduler, validation=None)
        with pytest.raises(ValueError, match="scheduler_every='epoch'"):
            problem.fit(1, scheduler=scheduler, scheduler_every="step")

    def test_lbfgs(self, problem):
        problem.optimizer = optim.LBFGS(problem.model.parameters())
        with pytest.raises(ValueError, match=r"step\(closure\)"):
            problem.fit(1)

    def test_no_batches(self, problem):
        problem.loader = iter(list(problem.loader))
        with pytest.raises(ValueError, match=r"no batches in epoch 2; .* as a generator"):
            problem.fit(2)

    def test_batches_without_targets(self, problem):
        problem.loader = [tg.ones(3, 2)]
        with pytest.raises(TypeError, match=r"\(inputs, ..., targets\), got Tensor"):
            problem.fit(1)

    def test_scores_that_do_not_go_with_labels(self):
        with pytest.raises(ValueError, match=r"\(4, 2\) and \(4, 1\)"):
            accuracy(tg.ones(4, 2), tg.zeros(4, 1))

    def test_checkpoints_within_an_epoch_of_a_loader_that_has_no_place(self, problem, tmp_path):
        problem.loader = list(problem.loader)
        with pytest.raises(ValueError, match="list has no state_dict"):
            problem.fit(1, checkpoint=Checkpoint(tmp_path, every_steps=1))


def test_a_stream_of_samples_has_no_length(tmp_path):
    class Points(IterableDataset):
        def __iter__(self):
            return (sample for sample in Problem().data)

    problem = Problem()
    problem.loader = DataLoader(Points(), batch_size=20)
    run = problem.fit(2, accumulate=2, checkpoint=Checkpoint(tmp_path, every_steps=1))
    assert run.step == 6
    assert isinstance(problem.data, TensorDataset)
