"""`gradcheck` on functions of Tensors: what it is called like, what passes, what fails, and that it leaves no trace."""

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import autograd, nn
from tinygrad_cn.autograd import gradcheck, gradgradcheck
from tinygrad_cn.autograd.gradcheck import GradcheckError
from tinygrad_cn.nn import functional as F
from tinygrad_cn.testing import FaultKind, GradcheckReport


def leaf(values, dtype=tg.float64):
    return tg.tensor(values, dtype=dtype, requires_grad=True)


def normal(*shape, seed=0):
    return tg.from_numpy(np.random.default_rng(seed).normal(size=shape)).requires_grad_()


class Wrong(autograd.Function):
    """x y with a gradient that is off by five in ten thousand: PyTorch's default tolerances let it pass."""

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return 1.0005 * g * y, g * x


class TestTheCall:
    def test_it_is_found_where_pytorch_has_it(self):
        assert autograd.gradcheck is tg.testing.gradcheck is gradcheck
        assert autograd.gradgradcheck is tg.testing.gradgradcheck is gradgradcheck
        assert autograd.gradcheck.GradcheckError is GradcheckError is tg.testing.GradcheckError

    def test_right_gradients_give_true(self):
        assert gradcheck(tg.sin, normal(3)) is True
        assert gradcheck(lambda x, y: x @ y, [normal(2, 3), normal(3, 2)], eps=1e-6, atol=1e-4, rtol=1e-3) is True

    def test_wrong_gradients_raise_the_report(self):
        with pytest.raises(GradcheckError, match=r"1\.0005") as caught:
            gradcheck(Wrong.apply, (normal(2), normal(2, seed=1)))
        assert isinstance(caught.value, RuntimeError)
        assert isinstance(caught.value.report, GradcheckReport)
        assert gradcheck(Wrong.apply, (normal(2), normal(2, seed=1)), raise_exception=False) is False

    def test_a_function_class_is_called_by_apply(self):
        report = gradcheck(Wrong, (normal(2), normal(2, seed=1)), report=True)
        assert not report
        assert report.kinds == (FaultKind.FACTOR,)
        assert report.faults[0].factor == pytest.approx(1.0005, rel=1e-12)

    def test_tolerances_of_ones_own_count(self):
        assert gradcheck(Wrong.apply, (normal(2), normal(2, seed=1)), atol=1e-5, rtol=1e-3)

    def test_nothing_to_check_is_an_error(self):
        with pytest.raises(ValueError, match="requires_grad"):
            gradcheck(tg.sin, tg.ones(2))
        with pytest.raises(ValueError, match="check_forward_ad"):
            gradcheck(tg.sin, normal(2), check_backward_ad=False)
        with pytest.raises(ValueError, match="method"):
            gradcheck(tg.sin, normal(2), method="guess")

    @pytest.mark.parametrize("method", ["complex", "richardson", "four-point"])
    def test_each_method(self, method):
        report = gradcheck(lambda x: x.exp().sum(0), normal(2, 3), method=method, report=True)
        assert report.passed
        assert method.split("-")[0] in report.inputs[0].method.lower()
        assert not gradcheck(Wrong, (normal(2), normal(2, seed=1)), method=method, raise_exception=False)

    def test_other_modes(self):
        inputs = (normal(2, 3), normal(3, 2, seed=1))
        assert gradcheck(lambda x, y: (x @ y).tanh(), inputs, check_forward_ad=True, check_batched_grad=True)
        assert gradcheck(lambda x, y: (x @ y).tanh(), inputs, check_forward_ad=True, check_backward_ad=False)


class TestArguments:
    def test_nested_outputs_and_other_arguments(self):
        def function(x, power, pair, flag=True):
            assert flag
            assert power == 3
            return {"a": x**power, "b": (pair[0] * 2, [pair[1] * x])}, 17, "text"

        report = gradcheck(function, (normal(2), 3, (normal(2, seed=1), normal(2, seed=2))), report=True)
        assert report.passed
        assert [entry.name for entry in report.inputs] == ["0 (x)", "2 (pair)[0]", "2 (pair)[1]"]

    def test_inputs_without_a_gradient_are_constants(self):
        report = gradcheck(lambda x, y: x * y, (normal(2), tg.ones(2, dtype=tg.float64)), report=True)
        assert [entry.name for entry in report.inputs] == ["0 (x)"]

    def test_one_tensor_twice(self):
        x = normal(3)
        assert len(gradcheck(lambda a, b: a * b, (x, x), report=True).inputs) == 1

    def test_intermediate_results_and_views_are_inputs_too(self):
        x = normal(4)
        assert gradcheck(tg.sin, (x * 2)[1:])
        assert gradcheck(tg.sin, normal(1, 3).expand(2, 3))

    def test_a_function_may_hold_what_it_is_differentiated_by(self):
        weight = normal(3)
        assert gradcheck(lambda *_: (weight * weight).sum(), (weight,))

    def test_what_is_cut_off_is_noticed(self):
        report = gradcheck(lambda x: x.detach() * x, normal(3), report=True)
        assert report.kinds == (FaultKind.FACTOR,)
        assert report.faults[0].factor == pytest.approx(0.5)
        assert gradcheck(lambda x: (x * 2).detach() + 0, normal(3), report=True).kinds == (FaultKind.MISSING,)

    def test_results_that_carry_no_gradient_are_left_out(self):
        assert gradcheck(lambda x: (x.sin(), x.detach().exp()), normal(3))
        assert gradcheck(lambda x: (x > 0, x.argmax()), normal(3))


class TestPrecision:
    def test_float32_is_checked_by_its_twin(self):
        report = gradcheck(lambda x: x.exp(), tg.rand(3, requires_grad=True), report=True)
        assert report.passed
        assert "single precision" in report.checks
        assert report.inputs[0].error < 1e-10

    def test_a_fault_of_float32_alone(self):
        class Narrow(autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x.sin()

            @staticmethod
            def backward(ctx, g):
                (x,) = ctx.saved_tensors
                return g * x.cos() * (1.01 if x.dtype == tg.float32 else 1)

        assert gradcheck(Narrow, leaf([0.3, 1.0]))
        report = gradcheck(Narrow, leaf([0.3, 1.0], tg.float32), report=True)
        assert report.kinds == (FaultKind.SINGLE_PRECISION,)

    def test_constants_that_the_function_holds_follow(self):
        layer, constant = nn.Linear(3, 2), tg.rand(2)
        assert gradcheck(lambda x: layer(x) * constant, tg.rand(4, 3, requires_grad=True))
        assert layer.weight.dtype == constant.dtype == tg.float32


class TestModules:
    def net(self):
        tg.manual_seed(0)
        return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Dropout(0.5), nn.Linear(4, 2))

    def test_inputs_and_parameters_are_checked_by_name(self):
        report = gradcheck(self.net(), tg.rand(5, 3), report=True)
        assert report.passed, str(report)
        names = [entry.name for entry in report.inputs]
        assert names == ["0 (input)", "0.weight", "0.bias", "1.weight", "1.bias", "4.weight", "4.bias"]

    def test_no_trace_is_left(self):
        net, x = self.net(), tg.rand(5, 3)
        net(x).sum().backward()
        before = {name: tensor.numpy().copy() for name, tensor in net.state_dict().items()}
        grads = [parameter.grad.numpy().copy() for parameter in net.parameters()]
        objects, state = [id(p) for p in net.parameters()], np.array(tg.get_rng_state())
        buffers = [id(b) for b in net.buffers()]
        assert gradcheck(net, x)
        assert [id(p) for p in net.parameters()] == objects
        assert [id(b) for b in net.buffers()] == buffers
        assert np.array_equal(tg.get_rng_state(), state)
        for name, tensor in net.state_dict().items():
            assert tensor.numpy().dtype == before[name].dtype
            assert np.array_equal(tensor.numpy(), before[name])
        for parameter, grad in zip(net.parameters(), grads, strict=True):
            assert np.array_equal(parameter.grad.numpy(), grad)

    def test_no_trace_is_left_by_an_error(self):
        net = self.net()
        net.append(nn.Linear(3, 3))
        before = [p._array for p in net.parameters()]
        with pytest.raises(RuntimeError):
            gradcheck(net, tg.rand(5, 3))
        assert all(p._array is array for p, array in zip(net.parameters(), before, strict=True))

    def test_a_wrong_parameter_is_named(self):
        net = self.net()
        net[4].bias.register_hook(lambda g: -g)
        report = gradcheck(net, tg.rand(5, 3), report=True)
        assert [(fault.kind, fault.input) for fault in report.faults] == [(FaultKind.SIGN, "4.bias")]

    def test_recurrent(self):
        tg.manual_seed(0)
        assert gradcheck(nn.LSTM(2, 3), tg.rand(3, 1, 2))

    def test_second_order(self):
        tg.manual_seed(0)
        assert gradgradcheck(nn.Sequential(nn.Linear(3, 2), nn.Tanh()), tg.rand(2, 3))


class TestSecondOrder:
    def test_a_rule_that_takes_what_it_saved_for_a_constant(self):
        class Square(autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return x * x

            @staticmethod
            def backward(ctx, g):
                return 2 * ctx.saved_tensors[0].detach() * g

        assert gradcheck(Square, normal(3))
        report = gradgradcheck(Square, normal(3), report=True)
        assert report.kinds == (FaultKind.MISSING,)

    def test_cotangents_of_ones_own_or_with_gaps(self):
        assert gradgradcheck(tg.sin, normal(3), normal(3, seed=1))
        assert gradgradcheck(tg.sin, normal(3), gen_non_contig_grad_outputs=True, check_fwd_over_rev=True)


def test_a_network_with_kinks_and_ties():
    tg.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 3))
    images = tg.rand(2, 1, 4, 4)
    images[0] = 0  # every pixel ties
    assert gradcheck(lambda x: F.cross_entropy(net(x), tg.tensor([0, 2])), images.requires_grad_())
    assert gradcheck(net, images)
