"""`tinygrad-cn train` with a model of the user's, and runs that are resumed."""

import functools
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import fields

import pytest
from typer.testing import CliRunner

import tinygrad_cn as tg
from tinygrad_cn import nn
from tinygrad_cn.cli.app import app
from tinygrad_cn.cli.files import load_weights
from tinygrad_cn.cli.settings import Data, OptimizerName, SchedulerName, Settings, make_optimizer, make_scheduler
from tinygrad_cn.cli.train_command import LOADERS
from tinygrad_cn.datasets import load_digits
from tinygrad_cn.training import Callback
from tinygrad_cn.utils.data import TensorDataset

MODELS = """
    from tinygrad_cn import nn

    class Net(nn.Module):
        def __init__(self, width=16):
            super().__init__()
            self.layers = nn.Sequential(
                nn.Flatten(),
                nn.LazyLinear(width),
                nn.BatchNorm1d(width),
                nn.ReLU(),
                nn.Dropout(0.1),
                nn.Linear(width, 10),
            )

        def forward(self, images):
            return self.layers(images)

    class Wide(Net):
        def __init__(self, width, *, depth):
            super().__init__(width)

    def small(classes=10):
        return nn.Sequential(nn.Flatten(), nn.Linear(64, classes))

    ready = small()
    number = 3

    class Empty(nn.Module):
        def forward(self, images):
            return images

    class Narrow(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3, 10)

        def forward(self, images):
            return self.layer(images)

    def foreign():
        return object()

    def several():
        model = small()
        model.forward = lambda images: (images, images)
        return model
"""


@pytest.fixture(autouse=True)
def without_pictures(monkeypatch):
    """They are drawn in the tests of the command's own networks."""
    monkeypatch.setattr("tinygrad_cn.cli.train_run.plot_misread", lambda images, labels, scores, path: 0)
    monkeypatch.setattr("tinygrad_cn.cli.train_run.Curves", lambda path, title: Callback())
    monkeypatch.setitem(LOADERS, Data.digits, lambda folder: digits())


@functools.cache
def digits():
    return load_digits()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The user's folder, with some files."""
    (tmp_path / "models.py").write_text(textwrap.dedent(MODELS))
    (tmp_path / "syntax.py").write_text("def f(:\n")
    (tmp_path / "missing.py").write_text("\nimport no_such_package\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    for name in ("models", "syntax", "missing"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def train(*arguments):
    return CliRunner().invoke(app, ["train", *map(str, arguments)])


def unframed(output):
    """What is written in a box, as one line."""
    return " ".join(re.sub("[│╭╮╰╯─]", " ", output).split())


def weights(folder):
    return (folder / "weights.npz").read_bytes()


class TestModels:
    @pytest.mark.parametrize(
        "arguments",
        [
            ("models.py:Net",),
            ("models.py:Net", "--model-arg", "width=8"),
            ("models.py:Wide", "--model-arg", "width=8", "--model-arg", "depth=[1, 2]"),
            ("models.py:small",),
            ("models.py:ready",),
            ("models:Net",),
        ],
    )
    def test_a_class_a_function_or_a_module(self, folder, arguments):
        result = train(*arguments, "--epochs", 1, "--out", "run", "--quiet")
        assert result.exit_code == 0, result.output
        config = json.loads((folder / "run" / "config.json").read_text())
        assert config["model"] == arguments[0]
        if "width=8" in arguments:
            assert load_weights(folder / "run" / "weights.npz")["layers.1.weight"].shape == (8, 64)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("nowhere.py:Net",), "there is no file nowhere.py"),
            (("models.py",), "models.py defines Net, Wide, ready, Empty, Narrow"),
            (("models.py:net",), "defines no 'net'; did you mean Net?"),
            (("models.py:number",), "is of type int; it must be a Module, its class, or a function"),
            (("models.py:foreign",), "makes something of type object, which is not a tinygrad_cn.nn.Module"),
            (("models.py:Empty",), "no parameters, so there is nothing to train"),
            (("models.py:Wide",), "add --model-arg width=... --model-arg depth=..."),
            (("models.py:small", "--model-arg", "size=3"), "unexpected keyword argument 'size'; models.py:small takes"),
            (("models.py:ready", "--model-arg", "size=3"), "made already"),
            (("models.py:Net", "--model-arg", "width='a'"), r"could not be made: TypeError.*models.py, line \d+\)"),
            (("models.py:small", "--model-arg", "classes=9"), r"gives shape \(2, 9\).*expected \(N, 10\)"),
            (("models.py:several",), r"gives a tuple for 2 images, expected \(N, 10\)"),
            (("models.py:Narrow",), r"shape \(2, 1, 8, 8\), \(N, channels, height, width\): ShapeError: Narrow.layer"),
            (("syntax.py:Net",), "syntax.py cannot be loaded: SyntaxError.*line 1"),
            (("missing.py:Net",), r"ModuleNotFoundError: No module named 'no_such_package' \(.*missing.py, line 2\)"),
            (("no_such_package.models:Net",), "No module named 'no_such_package'"),
        ],
    )
    def test_what_is_wrong_with_a_model_is_said_in_a_line(self, folder, arguments, message):
        result = train(*arguments, "--out", "run")
        assert result.exit_code == 1
        assert len(result.output.splitlines()) == 1, result.output
        assert re.search(message, result.output)
        assert not (folder / "run").exists()

    def test_a_model_of_pytorch(self, folder):
        pytest.importorskip("torch")
        (folder / "theirs.py").write_text("import torch\n\ndef net():\n    return torch.nn.Linear(64, 10)\n")
        result = train("theirs.py:net")
        assert "`from torch import nn` becomes `from tinygrad_cn import nn`" in result.output

    def test_arguments_of_the_model_are_pairs(self, folder):
        result = train("models.py:Net", "--model-arg", "width")
        assert result.exit_code == 2
        assert "--model-arg" in result.output


class TestOptions:
    @pytest.mark.parametrize("name", list(OptimizerName))
    @pytest.mark.parametrize("schedule", list(SchedulerName))
    def test_optimizers_and_schedules(self, name, schedule):
        options = dict.fromkeys(field.name for field in fields(Settings))
        options |= {"data": "digits", "optimizer": name, "scheduler": schedule, "momentum": 0.9, "epochs": 3}
        settings = Settings.completed(options)
        model = nn.Linear(2, 1)
        optimizer = make_optimizer(settings, model)
        scheduler, every = make_scheduler(settings, optimizer, steps=2)
        rates = []
        for step in range(1, 7):
            model(tg.ones(1, 2)).sum().backward()
            optimizer.step()
            rates.append(optimizer.param_groups[0]["lr"])
            if scheduler is not None and (every == "step" or step % 2 == 0):
                scheduler.step(*([1.0] if schedule == "plateau" else []))
        assert rates[1] == pytest.approx(settings.lr) or schedule not in ("constant", "step", "plateau")
        assert (len(set(rates)) == 1) == (schedule in ("constant", "plateau"))
        assert rates[-1] <= rates[0]

    def test_all_at_once(self, folder, monkeypatch):
        few = [TensorDataset(*(tensor[:320] for tensor in part.tensors)) for part in digits()]
        monkeypatch.setitem(LOADERS, Data.digits, lambda folder: tuple(few))
        result = train(
            *("models.py:Net", "--epochs", 3, "--optimizer", "adamw", "--lr", 3e-3, "--clip-grad", 1),
            *("--accumulate", 2, "--early-stopping", 2, "--augment", "shift,rotate,elastic", "--ema"),
            *("--checkpoint-every", 4),
            *("--workers", 2, "--seed", 1, "--weight-decay", 0.1, "--out", "run", "--check-gradients"),
        )
        assert result.exit_code == 0, result.output
        assert len(list((folder / "run" / "checkpoints").iterdir())) == 4

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("--augment", "shift,flip"), "shift, rotate, elastic"),
            (("--checkpoint-every", "often"), "10m"),
            (("--checkpoint-every", "0"), "--checkpoint-every"),
            (("--resume",), "needs --out"),
            (("--optimizer", "best"), "adamw"),
            (("--clip-grad", "0"), "above 0"),
        ],
    )
    def test_bad_options(self, folder, arguments, message):
        result = train(*arguments)
        assert result.exit_code == 2
        assert message in result.output

    def test_a_disk_that_fills_up(self, folder, monkeypatch):
        """Training goes on; what it leaves is whole, and the command fails."""
        fsync = os.fsync

        def full(descriptor):
            if ".checkpoint-00000090" in os.readlink(f"/proc/self/fd/{descriptor}"):
                raise OSError(28, "No space left on device")
            fsync(descriptor)

        monkeypatch.setattr("os.fsync", full)
        result = train("models.py:small", "--epochs", 3, "--out", "run", "--quiet")
        assert result.exit_code == 1, result.output
        assert "Warning: the checkpoint of step 90 could not be written: [Errno 28]" in result.output
        assert "Error: 1 checkpoints are missing" in result.output
        assert tg.load(folder / "run" / "checkpoints" / "checkpoint-00000135.npz")["epoch"] == 3

    test_a_disk_that_fills_up = pytest.mark.skipif(sys.platform != "linux", reason="/proc")(test_a_disk_that_fills_up)


class TestResume:
    def test_the_folder_knows_the_settings(self, folder):
        settings = ("models.py:Net", "--lr", 0.01, "--scheduler", "constant", "--augment", "shift")
        assert train(*settings, "--epochs", 3, "--out", "whole", "-q").exit_code == 0
        assert train(*settings, "--epochs", 1, "--out", "run", "--resume", "-q").exit_code == 0  # nothing there yet
        assert train("--out", "run", "--resume", "--epochs", 3, "-q").exit_code == 0
        assert weights(folder / "run") == weights(folder / "whole")

    def test_other_settings_are_refused(self, folder):
        train("models.py:small", "--epochs", 1, "--out", "run", "-q")
        for arguments, message in (
            (("--lr", 0.5), "is 0.5, but the run in the folder has 0.05"),
            (("models.py:Net",), "but the run in the folder has models.py:small"),
            (("--epochs", 2), "the schedule cosine was laid out for 1 epochs"),
        ):
            result = train(*arguments, "--out", "run", "--resume")
            assert result.exit_code == 2
            assert message in unframed(result.output)

    def test_a_folder_of_something_else(self, folder):
        result = train("--out", folder, "--resume")
        assert result.exit_code == 2
        assert "is not the folder of a run" in unframed(result.output)

    def test_a_model_that_has_changed_since(self, folder):
        train("models.py:small", "--epochs", 1, "--scheduler", "constant", "--out", "run", "-q")
        (folder / "models.py").write_text(
            textwrap.dedent(MODELS).replace("nn.Flatten(),", "nn.Flatten(), nn.Identity(),")
        )
        del sys.modules["models"]
        result = train("--out", "run", "--resume", "--epochs", 2)
        assert result.exit_code == 1
        assert "the run cannot go on from the checkpoint of step 45" in result.output
        assert "2.weight" in result.output

    @pytest.mark.skipif(os.name == "nt", reason="signals")
    def test_killed_and_resumed(self, folder):
        """With workers, which change nothing, before it is killed, and without afterwards."""
        arguments = ["models.py:Net", "--epochs", "2", "--batch-size", "128", "--augment", "shift", "--ema"]
        arguments += ["--checkpoint-every", "1"]  # of 24 steps
        command = [sys.executable, "-m", "tinygrad_cn", "train", *arguments, "--workers", "2", "--out", "killed"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            deadline = time.monotonic() + 100
            while not list(folder.glob("killed/checkpoints/*1?.npz")) and time.monotonic() < deadline:
                time.sleep(0.005)
            process.kill()
            output, _ = process.communicate(timeout=60)
        finally:
            process.kill()
        assert process.returncode == -signal.SIGKILL, output
        resumed = train(*arguments, "--resume", "--out", "killed")
        assert resumed.exit_code == 0
        assert train(*arguments[:-2], "--out", "whole").exit_code == 0
        assert weights(folder / "killed") == weights(folder / "whole")
