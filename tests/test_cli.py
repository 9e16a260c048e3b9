"""The console command: what a run leaves behind, what it says about bad options, how it ends on Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from typer.testing import CliRunner

import tinygrad_cn
from tinygrad_cn import cli, nn
from tinygrad_cn.cli.app import app
from tinygrad_cn.cli.files import RunFolder, load_weights
from tinygrad_cn.cli.gradients import check_gradients
from tinygrad_cn.cli.model import DigitsNet, LeNet
from tinygrad_cn.cli.plots import plot_misread
from tinygrad_cn.cli.settings import Data
from tinygrad_cn.cli.train_command import LOADERS
from tinygrad_cn.datasets import load_digits
from tinygrad_cn.training import evaluate
from tinygrad_cn.utils.data import DataLoader, TensorDataset


def run(*arguments):
    return CliRunner().invoke(app, ["train", *map(str, arguments)])


def held_out_loss(model):
    return evaluate(model, DataLoader(load_digits()[1], batch_size=500), nn.CrossEntropyLoss())["loss"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of two epochs: its result and its folder."""
    folder = tmp_path_factory.mktemp("run") / "folder"
    return run("--epochs", 2, "--seed", 5, "--out", folder, "--check-gradients"), folder


@pytest.fixture
def few_digits(monkeypatch):
    """The command reads a few hundred of the digits, where what it learns is not the point."""
    few = tuple(TensorDataset(*(tensor[:300] for tensor in part.tensors)) for part in load_digits())
    monkeypatch.setitem(LOADERS, Data.digits, lambda folder: few)


class TestRun:
    def test_what_it_says(self, trained):
        result, folder = trained
        assert result.exit_code == 0, result.output
        assert "DigitsNet with 36,010 parameters" in result.output
        assert "epoch    2/2" in result.output
        assert str(folder) in result.output
        assert "gradients of every parameter agree" in result.output

    def test_what_it_leaves(self, trained):
        _, folder = trained
        names = {"config.json", "metrics.jsonl", "curves.png", "misread.png", "weights.npz", "checkpoints"}
        assert {path.name for path in folder.iterdir()} == names
        for picture in ("curves.png", "misread.png"):
            assert (folder / picture).read_bytes().startswith(b"\x89PNG")

    def test_config_and_metrics(self, trained):
        _, folder = trained
        config = json.loads((folder / "config.json").read_text())
        assert config["seed"] == 5
        assert config["network"] == "DigitsNet"
        metrics = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        assert [line["epoch"] for line in metrics] == [1, 2]
        assert metrics[1]["training_loss"] < metrics[0]["training_loss"]
        assert metrics[1]["validation_accuracy"] > 0.8

    def test_the_weights_are_those_of_the_last_epoch(self, trained):
        _, folder = trained
        model = DigitsNet()
        model.load_state_dict(load_weights(folder / "weights.npz"))
        last = json.loads((folder / "metrics.jsonl").read_text().splitlines()[-1])
        assert held_out_loss(model) == last["validation_loss"]

    def test_a_seed_repeats_bit_for_bit(self, trained, tmp_path):
        """With the check of the gradients before it and without."""
        _, first = trained
        result = run("--epochs", 2, "--seed", 5, "--out", tmp_path / "again", "--quiet")
        assert result.exit_code == 0, result.output
        assert (first / "weights.npz").read_bytes() == (tmp_path / "again" / "weights.npz").read_bytes()

    def test_each_seed_has_weights_of_its_own(self, few_digits, tmp_path):
        for seed in (5, 6):
            result = run("--epochs", 1, "--seed", seed, "--out", tmp_path / str(seed), "--quiet")
            assert result.exit_code == 0, result.output
        assert (tmp_path / "5" / "weights.npz").read_bytes() != (tmp_path / "6" / "weights.npz").read_bytes()

    def test_quiet_prints_the_result_only(self, few_digits, tmp_path):
        result = run("--epochs", 1, "--quiet", "--out", tmp_path / "run")
        assert len(result.output.splitlines()) == 2

    def test_low_accuracy_fails(self, few_digits, tmp_path):
        result = run("--epochs", 1, "--lr", 1e-6, "--expect-accuracy", 98, "--out", tmp_path / "run")
        assert result.exit_code == 1
        assert "expected at least 98 %" in result.output

    def test_a_loss_that_is_not_finite_ends_the_run(self, tmp_path):
        with np.errstate(all="ignore"):
            result = run("--epochs", 2, "--lr", 1e30, "--out", tmp_path / "run")
        assert result.exit_code == 1
        assert "no longer finite in epoch" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--epochs", 0), "--epochs"),
        (("--batch-size", 0), "--batch-size"),
        (("--batch-size", "many"), "--batch-size"),
        (("--lr", 0), "--lr"),
        (("--lr", "nan"), "--lr"),
        (("--lr", "inf"), "finite"),
        (("--momentum", 1.5), "--momentum"),
        (("--momentum", "nan"), "--momentum"),
        (("--weight-decay", -1), "--weight-decay"),
        (("--weight-decay", "inf"), "finite"),
        (("--seed", -1), "--seed"),
        (("--data", "letters"), "letters"),
        (("--data", "mnist", "--data-dir", "/no/such/folder"), "--data-dir"),
        (("--data-dir", "."), "--data mnist"),
        (("--expect-accuracy", 101), "--expect-accuracy"),
        (("--learning-rate", 1), "--learning-rate"),
    ],
)
def test_bad_options_are_named(arguments, message):
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_a_folder_in_use_is_refused(tmp_path):
    (tmp_path / "notes.txt").touch()
    result = run("--out", tmp_path)
    assert result.exit_code == 2
    assert "not empty" in result.output.replace("│\n│ ", "")


def test_missing_data_is_reported(tmp_path):
    result = run("--data", "mnist", "--data-dir", tmp_path)
    assert result.exit_code == 1
    assert "train-images-idx3-ubyte.gz" in result.output


@pytest.mark.parametrize(("module", "extra"), [("typer", "cli"), ("rich", "cli"), ("matplotlib", "plots")])
def test_a_missing_extra_is_named(monkeypatch, module, extra):
    for name in [name for name in sys.modules if name.startswith(("tinygrad_cn.cli.", f"{module}."))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)  # what makes an import fail
    with pytest.raises(SystemExit, match=rf"{module}.*pip install 'tinygrad_cn\[{extra}\]'"):
        cli.main()


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_saves_what_was_learned(tmp_path):
    folder = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-m", "tinygrad_cn", "train", "--epochs", "100000", "--out", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=tmp_path,
    )
    try:
        deadline = time.monotonic() + 60
        while not (folder / "metrics.jsonl").exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, output
    assert "Interrupted after" in output
    assert "Traceback" not in output
    assert (folder / "curves.png").exists()
    last = json.loads((folder / "metrics.jsonl").read_text().splitlines()[-1])
    model = DigitsNet()
    model.load_state_dict(load_weights(folder / "weights.npz"))
    assert held_out_loss(model) == last["validation_loss"]


class TestFiles:
    def test_runs_of_the_same_second_have_folders_of_their_own(self, tmp_path):
        assert len({RunFolder.by_time(tmp_path, "digits").path for _ in range(3)}) == 3

    def test_weights_that_fail_to_be_written_leave_the_old_ones(self, tmp_path, monkeypatch):
        folder = RunFolder(tmp_path / "run")
        folder.save_weights({"w": tinygrad_cn.ones(2)})

        def full(descriptor):
            raise OSError("disk full")

        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="disk full"):
            folder.save_weights({"w": tinygrad_cn.zeros(2)})
        assert load_weights(folder.weights)["w"].tolist() == [1, 1]

    def test_nothing_misread_is_a_picture_too(self, tmp_path):
        images, labels = np.zeros((3, 1, 8, 8)), np.arange(3)
        assert plot_misread(images, labels, np.eye(3), tmp_path / "misread.png") == 0
        assert plot_misread(images, labels, -np.eye(3), tmp_path / "misread.png") == 3


class Product(nn.Module):
    """Scores of rows of inputs; `bend` is a function with a kink or without."""

    def __init__(self, weight, bend):
        super().__init__()
        self.weight = nn.Parameter(tinygrad_cn.tensor(weight))
        self.bend = bend

    def forward(self, rows):
        return self.bend(self.weight) * rows


class TestGradientCheck:
    labels = tinygrad_cn.from_numpy(np.arange(4) % 3)
    rows = tinygrad_cn.from_numpy(np.random.default_rng(0).normal(size=(4, 3)))

    @pytest.mark.parametrize(("network", "size"), [(DigitsNet, 8), (LeNet, 28)])
    def test_the_networks_pass(self, network, size):
        tinygrad_cn.manual_seed(0)
        images = np.random.default_rng(0).uniform(size=(4, 1, size, size)).astype(np.float32)
        results = check_gradients(network(), tinygrad_cn.from_numpy(images), self.labels, entries=3)
        assert [result.name for result in results] == [name for name, _ in network().named_parameters()]
        assert all(result.passed for result in results)

    @pytest.mark.parametrize("spoil", [lambda g: -g, lambda g: g * 1.0005, lambda g: g * 0, lambda g: g + 1e-3])
    def test_wrong_gradients_fail(self, spoil):
        model = Product([0.5, -0.3, 0.8], nn.functional.softplus)
        (right,) = check_gradients(model, self.rows, self.labels)
        assert right.passed
        assert right.digits > 9
        model.weight.register_hook(spoil)
        (wrong,) = check_gradients(model, self.rows, self.labels)
        assert not wrong.passed

    def test_a_kink_nearby_is_stepped_around(self):
        (result,) = check_gradients(Product([1e-7, 0.5, 0.8], nn.functional.relu), self.rows, self.labels)
        assert result.passed
        assert (result.checked, result.at_kinks) == (3, 0)

    def test_an_entry_at_a_kink_is_left_out(self):
        (result,) = check_gradients(Product([0.0, 0.5, 0.8], nn.functional.relu), self.rows, self.labels)
        assert result.passed
        assert (result.checked, result.at_kinks) == (2, 1)
