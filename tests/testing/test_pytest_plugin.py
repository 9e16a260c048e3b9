"""The pytest plugin, in a pytest of its own."""

import subprocess
import sys

import pytest

TESTS = """
import pytest
import tinygrad_cn as tg
from tinygrad_cn import autograd

class Wrong(autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * x
    @staticmethod
    def backward(ctx, g):
        return 3 * g

def point():
    return tg.tensor([0.5, -2.0], dtype=tg.float64, requires_grad=True)

def test_right(gradcheck):
    assert gradcheck(tg.sin, point(), second=True).passed

def test_wrong(gradcheck):
    gradcheck(Wrong.apply, point())

@pytest.mark.gradcheck(kinks="fail")
def test_options_of_the_marker(gradcheck):
    gradcheck(tg.abs, tg.tensor([0.0], dtype=tg.float64, requires_grad=True))

@pytest.mark.gradcheck
def test_returned():
    return tg.tanh, point()

@pytest.mark.gradcheck(second=True)
@pytest.mark.parametrize("factor", [1, 2])
def test_returned_with_parameters(factor, tmp_path):
    return lambda x: (factor * x).exp(), point()

@pytest.mark.gradcheck
def test_returned_wrong():
    return Wrong.apply, point()

@pytest.mark.gradcheck
def test_nothing_returned():
    pass
"""


def run(folder, *arguments):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "tinygrad_cn.testing.pytest_plugin"]
    return subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "test_gradients.py").write_text(TESTS)
    return run(folder, "-v", "--strict-markers", "-W", "error").stdout


def test_right_gradients_pass_and_wrong_ones_fail(output):
    for name in ("right", "returned", "returned_with_parameters[1]", "returned_with_parameters[2]", "nothing_returned"):
        assert f"test_{name} PASSED" in output, output
    for name in ("wrong", "options_of_the_marker", "returned_wrong"):
        assert f"test_{name} FAILED" in output, output


def test_the_message_is_the_report(output):
    assert "gradcheck of Wrong: FAILED" in output
    assert "Traceback" not in output


def test_nothing_heavy_is_imported_at_start():
    """The plugin stands on its own: installed as pytest_tinygrad_cn, it is no part of the engine's package."""
    code = (
        "import importlib.util, sys, tinygrad_cn.testing.pytest_plugin as p; path = p.__file__\n"
        "for name in [n for n in sys.modules if n.partition('.')[0] in ('tinygrad_cn', 'numpy', 'hypothesis')]:\n"
        "    del sys.modules[name]\n"
        "spec = importlib.util.spec_from_file_location('pytest_tinygrad_cn', path)\n"
        "spec.loader.exec_module(importlib.util.module_from_spec(spec))\n"
        "assert not {'tinygrad_cn', 'numpy', 'hypothesis'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
