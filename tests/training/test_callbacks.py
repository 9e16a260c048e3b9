"""What hangs on the hooks: early stopping, the log, the curves, event files, the lines for the user."""

import importlib
import io
import json
import math
import struct
import sys

import pytest
from training_problem import Problem

from tinygrad_cn.errors import MissingExtraError
from tinygrad_cn.training import (
    Callback,
    CheckpointWarning,
    Curves,
    EarlyStopping,
    MetricsLog,
    ProgressBar,
    TensorBoard,
    plot_curves,
)


class Measures(Callback):
    """Puts given numbers in the place of the validation loss."""

    def __init__(self, *losses):
        self.losses, self.weights = losses, []

    def after_epoch(self, run):
        run.history[-1]["validation_loss"] = self.losses[run.epoch - 1]
        self.weights.append([p.detach().clone() for p in run.model.parameters()])


class TestEarlyStopping:
    @pytest.mark.parametrize(
        ("losses", "options", "epochs", "best"),
        [
            ((3, 2, 1, 0.5), {"patience": 2}, 4, 4),
            ((3, 2, 2.5, 2, 1), {"patience": 2}, 4, 2),
            ((3, 2, 2.5, 1, 1.5, 1.2, 0), {"patience": 2}, 6, 4),
            ((3, 2.9, 2.8, 2.7, 0), {"patience": 2, "min_delta": 0.15}, 3 + 2, 5),
            ((3, 2.9, 2.95, 0), {"patience": 2, "min_delta": 0.5}, 3, 1),
            ((1, 2, 3, 2, 2, 9), {"patience": 2, "mode": "max"}, 5, 3),
            ((math.nan, 2, math.nan, math.nan, 1), {"patience": 2}, 4, 2),
        ],
    )
    def test_when_it_stops_and_what_it_restores(self, losses, options, epochs, best):
        problem, measures = Problem(samples=20), Measures(*losses)
        run = problem.fit(len(losses), callbacks=[measures, EarlyStopping(**options)])
        assert run.epoch == epochs
        assert (run.stopped is not None) == (epochs < len(losses))
        weights = [p.detach().tolist() for p in problem.model.parameters()]
        assert weights == [w.tolist() for w in measures.weights[best - 1]]

    def test_never_a_number(self):
        run = Problem(samples=20).fit(9, callbacks=[Measures(*[math.nan] * 9), EarlyStopping(3)])
        assert run.epoch == 3
        assert "never a number" in run.stopped

    def test_the_reason(self):
        run = Problem(samples=20).fit(9, callbacks=[Measures(2, 1, *[3] * 7), EarlyStopping(3)])
        assert run.stopped == "validation_loss has not improved for 3 epochs; the best was 1, in epoch 2"

    def test_without_restoring(self):
        problem, measures = Problem(samples=20), Measures(1, 2, 3)
        problem.fit(3, callbacks=[measures, EarlyStopping(2, restore_best=False)])
        assert [p.tolist() for p in problem.model.parameters()] == [w.tolist() for w in measures.weights[-1]]

    def test_another_measure(self, problem):
        stopping = EarlyStopping(2, monitor="training_accuracy", mode="max")
        run = problem.fit(3, callbacks=[stopping], validation=None)
        assert stopping.watch.best == max(record["training_accuracy"] for record in run.history)
        with pytest.raises(ValueError, match=r"no 'accuracy' in the records, which have epoch, .*training_accuracy"):
            problem.fit(3, callbacks=[EarlyStopping(2, monitor="accuracy")])

    @pytest.mark.parametrize(
        "options", [{"patience": 0}, {"patience": 3, "mode": "up"}, {"patience": 1, "min_delta": -1.0}]
    )
    def test_bad_arguments(self, options):
        with pytest.raises(ValueError, match="EarlyStopping"):
            EarlyStopping(**options)


class TestLog:
    def test_a_line_for_each_epoch(self, problem, tmp_path):
        run = problem.fit(3, callbacks=[MetricsLog(tmp_path / "new" / "metrics.jsonl")])
        lines = (tmp_path / "new" / "metrics.jsonl").read_text().splitlines()
        assert [json.loads(line) for line in lines] == run.history

    def test_an_old_file_is_replaced(self, problem, tmp_path):
        (tmp_path / "log").write_text("old\n")
        problem.fit(0, callbacks=[MetricsLog(tmp_path / "log")])
        assert (tmp_path / "log").read_text() == ""

    def test_a_full_disk_is_no_reason_to_stop(self, problem, tmp_path, monkeypatch):
        def full(descriptor):
            raise OSError(28, "No space left on device")

        log = MetricsLog(tmp_path / "log")
        with monkeypatch.context() as patch, pytest.warns(CheckpointWarning, match="No space left"):
            patch.setattr("os.fsync", full)
            problem.fit(1, callbacks=[log, Curves(tmp_path / "curves.png")])
        problem.fit(2, callbacks=[log])
        assert len((tmp_path / "log").read_text().splitlines()) == 2


class TestCurves:
    def test_a_picture(self, problem, tmp_path):
        problem.fit(2, callbacks=[Curves(tmp_path / "curves.png", "points")])
        assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")

    @pytest.mark.parametrize(
        "history", [[], [{"epoch": 1, "training_loss": 0.0}], [{"epoch": 1, "training_loss": math.nan}]]
    )
    def test_what_is_hard_to_draw(self, history, tmp_path):
        plot_curves(history, tmp_path / "curves.png")
        assert (tmp_path / "curves.png").stat().st_size


def scalars(folder):
    """The scalars in the event files of a folder: {tag: [(step, value)]}."""
    event_pb2 = pytest.importorskip("tensorboardX.proto.event_pb2")
    found = {}
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        while data:  # a record is its length, a check sum, the event, a check sum
            (length,) = struct.unpack("<Q", data[:8])
            event = event_pb2.Event.FromString(data[12 : 12 + length])
            data = data[16 + length :]
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value.simple_value))
    return found


class TestTensorBoard:
    def test_event_files(self, problem, tmp_path, monkeypatch):
        if "torch" not in sys.modules:
            monkeypatch.setitem(sys.modules, "torch", None)  # tensorboardX imports it if it is there
        pytest.importorskip("tensorboardX")
        run = problem.fit(2, callbacks=[TensorBoard(tmp_path / "events", every_steps=6)])
        found = scalars(tmp_path / "events")
        assert set(found) == {
            "loss/step", "loss/training", "loss/validation", "accuracy/training", "accuracy/validation", "lr",
        }  # fmt: skip
        assert [step for step, _ in found["loss/step"]] == [6, 12, 18]
        assert [step for step, _ in found["lr"]] == [9, 18]
        values = [value for _, value in found["loss/validation"]]
        assert values == pytest.approx([record["validation_loss"] for record in run.history])

    def test_without_the_package(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "tensorboardX", None)
        monkeypatch.delitem(sys.modules, "tinygrad_cn.utils.tensorboard", raising=False)
        with pytest.raises(MissingExtraError, match=r"TensorBoard needs tensorboardX.*tinygrad_cn\[tensorboard\]"):
            TensorBoard(tmp_path)
        with pytest.raises(
            MissingExtraError, match=r"utils\.tensorboard needs tensorboardX.*tinygrad_cn\[tensorboard\]"
        ):
            importlib.import_module("tinygrad_cn.utils.tensorboard")


class Terminal(io.StringIO):
    def isatty(self):
        return True


class TestProgress:
    def test_lines_where_there_is_no_terminal(self, problem):
        file = io.StringIO()
        problem.fit(2, callbacks=[ProgressBar(file)])
        first, second = file.getvalue().splitlines()
        assert first.startswith("epoch    1/2   training: loss ")
        assert "validation: loss" in second
        assert "accuracy" in second

    def test_a_bar_on_a_terminal(self, problem):
        pytest.importorskip("rich")
        file = Terminal()
        problem.fit(2, callbacks=[ProgressBar(file)])
        assert "\x1b[" in file.getvalue()
        assert "epoch    2/2" in file.getvalue()

    def test_lines_where_rich_is_missing(self, problem, monkeypatch):
        for name in [name for name in sys.modules if name.partition(".")[0] == "rich"]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "rich", None)
        monkeypatch.setitem(sys.modules, "rich.console", None)
        file = Terminal()
        problem.fit(1, callbacks=[ProgressBar(file)])
        assert len(file.getvalue().splitlines()) == 1
