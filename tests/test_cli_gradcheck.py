"""`tinygrad-cn gradcheck`: tables, JSON, exit codes, and what it refuses."""

import json
import sys

import pytest

pytest.importorskip("typer")
from typer.testing import CliRunner

from tinygrad_cn.cli.app import app
from tinygrad_cn.cli.gradcheck_report import digits

MODELS = """
from tinygrad_cn import autograd, nn

class Net(nn.Sequential):
    def __init__(self, hidden=4):
        super().__init__(nn.Flatten(), nn.Linear(6, hidden), nn.ReLU(), nn.Linear(hidden, 3))

class Tanh(autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.tanh()
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 1.0005 * g * (1 - x.tanh() ** 2)

class Wrong(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(3, 2), nn.Linear(2, 2)
    def forward(self, x):
        return self.second(Tanh.apply(self.first(x)))

class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.lazy = nn.Embedding(5, 2), nn.LazyLinear(2)
    def forward(self, ids, scale):
        return self.lazy(self.embedding(ids)) * scale
"""


@pytest.fixture
def models(tmp_path, monkeypatch):
    file = tmp_path / "models_to_check.py"
    file.write_text(MODELS)
    yield str(file)
    monkeypatch.delitem(sys.modules, "models_to_check", raising=False)
    sys.path[:] = [p for p in sys.path if p != str(tmp_path)]


def run(*arguments):
    return CliRunner().invoke(app, ["gradcheck", *map(str, arguments)])


def test_a_right_model_passes(models):
    result = run(f"{models}:Net", "--input", "2,2,3", "--loss", "cross_entropy")
    assert result.exit_code == 0, result.output
    assert "1.weight" in result.output
    assert "█████████" in result.output
    assert "agree with numeric derivatives" in result.output


def test_a_wrong_model_fails_with_the_report(models):
    result = run(f"{models}:Wrong", "--input", "2,3")
    assert result.exit_code == 1
    assert "1.0005 times what it should be" in result.output
    assert "first.weight" in result.output


@pytest.mark.parametrize("loss", ["none", "mse", "sum"])
def test_losses_and_arguments(models, loss):
    result = run(f"{models}:Net", "--input", "2,6", "--loss", loss, "--model-arg", "hidden=2", "--samples", 3)
    assert result.exit_code == 0, result.output
    assert "2x6" in result.output


def test_several_inputs_integers_and_lazy_layers(models):
    result = run(f"{models}:Words", "--input", "2,3:5", "--input", "2,1,1", "--dtype", "float32")
    assert result.exit_code == 0, result.output
    assert "embedding.weight" in result.output
    assert "lazy.weight" in result.output


def test_json(models):
    right = json.loads(run(f"{models}:Net", "--input", "2,6", "--json").stdout)
    assert right["passed"]
    assert [entry["name"] for entry in right["inputs"]][1:] == ["1.weight", "1.bias", "3.weight", "3.bias"]
    result = run(f"{models}:Wrong", "--input", "2,3", "--json")
    assert result.exit_code == 1
    wrong = json.loads(result.stdout)
    assert not wrong["passed"]
    assert {fault["kind"] for fault in wrong["faults"]} == {"factor"}
    assert wrong["faults"][0]["factor"] == pytest.approx(1.0005)


def test_ops(monkeypatch):
    result = run("--ops", "tanh,matmul", "--samples", 1)
    assert result.exit_code == 0, result.output
    assert "2 ops agree" in result.output
    assert json.loads(run("--ops", "tanh", "--samples", 1, "--json").stdout)["passed"]


def test_a_wrong_op_fails(monkeypatch):
    from tinygrad_cn.op import registry

    operation = registry["tanh"]
    monkeypatch.setitem(operation.rules, "x", lambda g, out: g * (1 - out))
    operation._plans.clear()
    try:
        result = run("--ops", "tanh", "--samples", 1)
    finally:
        operation._plans.clear()
    assert result.exit_code == 1
    assert "1 of 1 cases fail: tanh" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "FILE:NAME"),
        (("{models}:Net",), "--input"),
        (("{models}:Net", "--input", "2,x"), "2,x"),
        (("{models}:Net", "--input", "2,-3"), "negative"),
        (("{models}:Net", "--input", "2,5"), "fails on inputs"),
        (("{models}:Nett", "--input", "2,6"), "Nett"),
        (("{models}:Net", "--input", "2,6", "--loss", "hinge"), "hinge"),
        (("{models}:Net", "--input", "2,6", "--model-arg", "width=3"), "width"),
        (("{models}:Net", "--all-ops"), "without a model"),
        (("--ops", "tanhh"), "tanhh"),
    ],
)
def test_bad_usage_is_named(models, arguments, message):
    result = run(*(a.format(models=models) for a in arguments))
    assert result.exit_code == 2
    assert message in result.output.replace("│\n│ ", "")


def test_digits():
    assert digits(0.0) == digits(1e-20) == 16
    assert digits(1e-3) == pytest.approx(3)
    assert digits(5.0) == digits(float("nan")) == digits(float("inf")) == 0
