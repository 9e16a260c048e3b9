"""Functions of other frameworks under our checker: right ones pass, wrong ones fail with the kind named."""

import sys

import numpy as np
import pytest

from tinygrad_cn.errors import MissingExtraError
from tinygrad_cn.testing import FaultKind, check_target
from tinygrad_cn.testing.adapters import HipsTarget, JaxTarget, TorchTarget

X = np.array([[0.5, -1.25], [2.0, 0.75]])


def report(target):
    return check_target(target, target.arrays)


class TestTorch:
    @pytest.fixture
    def torch(self):
        return pytest.importorskip("torch")

    def test_functions(self, torch):
        assert report(TorchTarget(lambda x, y, n: (x @ y).tanh() * n, [X, torch.tensor(X.T.copy()), 3])).passed

    def test_modules(self, torch):
        module = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.LayerNorm(2, eps=0.1), torch.nn.Tanh())
        found = report(TorchTarget(module, [X]))
        assert found.passed, str(found)
        assert [entry.name for entry in found.inputs] == ["input 0", "0.weight", "0.bias", "1.weight", "1.bias"]
        assert module[0].weight.dtype == torch.float32, "the module is copied"

    def test_a_wrong_function(self, torch):
        class Wrong(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x.sin()

            @staticmethod
            def backward(ctx, g):
                return 1.0005 * g * ctx.saved_tensors[0].cos()

        found = report(TorchTarget(Wrong, [X]))
        assert found.kinds == (FaultKind.FACTOR,)
        assert found.faults[0].factor == pytest.approx(1.0005)


class TestJax:
    @pytest.fixture
    def jax(self):
        return pytest.importorskip("jax")

    def test_functions(self, jax):
        assert report(JaxTarget(lambda x, y: {"a": jax.numpy.tanh(x) @ y, "b": x.sum()}, [X, X.T.copy()])).passed

    def test_a_wrong_function(self, jax):
        @jax.custom_vjp
        def sine(x):
            return jax.numpy.sin(x)

        sine.defvjp(lambda x: (jax.numpy.sin(x), x), lambda x, g: (-g * jax.numpy.cos(x),))
        assert report(JaxTarget(sine, [X])).kinds == (FaultKind.SIGN,)


class TestHips:
    @pytest.fixture
    def anp(self):
        return pytest.importorskip("autograd.numpy")

    def test_functions(self, anp):
        assert report(HipsTarget(lambda x, y: anp.tanh(anp.dot(x, y)), [X, X.T.copy()])).passed

    def test_a_wrong_function(self, anp):
        extend = pytest.importorskip("autograd.extend")
        sine = extend.primitive(lambda x: np.sin(x))
        extend.defvjp(sine, lambda out, x: lambda g: 2 * g * np.cos(x))
        assert report(HipsTarget(sine, [X])).kinds == (FaultKind.DOUBLED,)


@pytest.mark.parametrize(("target", "name"), [(TorchTarget, "torch"), (JaxTarget, "jax"), (HipsTarget, "autograd")])
def test_a_missing_framework_is_named(monkeypatch, target, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=f"pip install {name}"):
        target(np.sin, [X])


def test_nothing_to_differentiate_by():
    pytest.importorskip("torch")
    with pytest.raises(ValueError, match="no floating array"):
        TorchTarget(lambda n: n, [3])
