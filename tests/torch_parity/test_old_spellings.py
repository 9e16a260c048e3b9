"""Calls from PyTorch's first years, which it still takes and many programs are written with, beside PyTorch's."""

import warnings

import numpy as np
import pytest

import tinygrad_cn as tg

torch = pytest.importorskip("torch")

CALLS = {
    "add": lambda t, a, b, m: t.add(a, 0.5, b),
    "add_": lambda t, a, b, m: a.clone().add_(-0.1, b),
    "sub_": lambda t, a, b, m: a.clone().sub_(2, b),
    "addcmul_": lambda t, a, b, m: a.clone().addcmul_(0.9, b, b),
    "addcdiv_": lambda t, a, b, m: a.clone().addcdiv_(-0.01, a, b),
    "addmm": lambda t, a, b, m: t.addmm(2, m, 0.5, m, m),
    "addmm, method": lambda t, a, b, m: m.addmm(2, 0.5, m, m),
    "addmm, beta alone": lambda t, a, b, m: t.addmm(2, m, m, m),
    "baddbmm": lambda t, a, b, m: t.baddbmm(0, m[None], 3, m[None], m[None]),
    "addbmm": lambda t, a, b, m: t.addbmm(2, m, 3, m[None], m[None]),
    "addmv_": lambda t, a, b, m: b.clone().addmv_(2, 3, m, b),
    "addr": lambda t, a, b, m: t.addr(2, m, 3, b, b),
    "range": lambda t, a, b, m: t.range(1, 4),
    "range, steps": lambda t, a, b, m: t.range(0, 1, 0.25),
    "range, down": lambda t, a, b, m: t.range(3, -3, -2, dtype=t.int64),
    "resize_": lambda t, a, b, m: m.clone().resize_(2, 2),
    "resize_as_": lambda t, a, b, m: a.clone().resize_as_(m).copy_(m),
    "set_": lambda t, a, b, m: t.zeros(2, dtype=t.float64).set_(m),
    "einsum of lists of axes": lambda t, a, b, m: t.einsum(m, [0, 1], m, [2, 1], [2, 0]),
    "einsum of lists of axes, with ...": lambda t, a, b, m: t.einsum(m, [..., 0], m, [1, 0]),
    "split": lambda t, a, b, m: t.cat(m.split(split_size=[1, 2], dim=1)[::-1], 1),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_as_in_pytorch(call):
    numbers = np.random.default_rng(0)
    vectors, matrix = numbers.uniform(0.5, 1, (2, 3)), numbers.normal(size=(3, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's, of an order that is deprecated
        theirs = call(torch, *(torch.tensor(x) for x in (*vectors, matrix)))
    ours = call(tg, *(tg.tensor(x) for x in (*vectors, matrix)))
    assert str(theirs.dtype) == f"torch.{ours.dtype}"
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-12)


def test_names_of_legacy_types_are_pytorch_s():
    for kind in (torch.float32, torch.float64, torch.int64, torch.uint8, torch.bool):
        theirs = torch.zeros(2, dtype=kind)
        ours = tg.zeros(2, dtype=getattr(tg, str(kind).rpartition(".")[2]))
        assert ours.type() == theirs.type()
        assert tg.zeros(2).type(theirs.type()).dtype == ours.dtype


def test_an_optimizer_may_leave_out_the_init_of_its_class():
    class Nothing(tg.optim.Optimizer):
        def __init__(self):
            self.param_groups = [{"lr": 0}]

        def step(self):
            return "stepped"

    assert Nothing().step() == "stepped"


def test_a_tensor_that_grows():
    x = tg.tensor([1.0, 2.0, 3.0])
    view = x[1:]
    assert x.resize_(2, 3)[0].tolist() == [1, 2, 3] and view.tolist() == [2, 3]
    with pytest.raises(RuntimeError, match="cannot resize"):
        tg.ones(2, requires_grad=True).resize_(3)


def test_gradients_are_asked_for_by_any_iterable():
    """As meta-learning programs do: of a ParameterList, or of what a module's parameters() gives."""
    net = tg.nn.ParameterList([tg.nn.Parameter(tg.ones(2)), tg.nn.Parameter(tg.ones(2))])
    loss = (net[0] * 2 + net[1] * 3).sum()
    for inputs in (net, net.parameters()):
        found = tg.autograd.grad(loss, inputs, retain_graph=True)
        assert [g.tolist() for g in found] == [[2, 2], [3, 3]]


def test_no_tensor_is_on_a_gpu():
    assert not isinstance(tg.ones(2), tg.cuda.FloatTensor)
    with pytest.raises(TypeError, match="computes on the CPU"):
        tg.cuda.LongTensor([1])


def test_data_parallel_calls_the_module():
    linear, x = tg.nn.Linear(2, 1), tg.ones(3, 2)
    assert tg.nn.parallel.data_parallel(linear, x, range(2)).tolist() == linear(x).tolist()
    assert tg.nn.parallel.data_parallel(linear, (x,)).tolist() == linear(x).tolist()


@pytest.mark.parametrize("rate", [0.0, 0.3, 4.0, 30.0])
def test_draws_of_counts(rate):
    torch.manual_seed(0)
    theirs = torch.poisson(torch.full((20,), rate))
    tg.manual_seed(0)
    assert tg.poisson(tg.full((20,), rate)).tolist() == theirs.tolist()
    assert tg.poisson(tg.full((2,), rate), generator=tg.Generator().manual_seed(3)).shape == (2,)
