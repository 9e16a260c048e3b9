"""Optimizer: groups, state, hooks, closures."""

import copy
import pickle

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import nn
from tinygrad_cn.optim import SGD, Optimizer


def leaf(*values, grad=None):
    tensor = tg.tensor(list(values), requires_grad=True)
    if grad is not None:
        tensor.grad = tg.tensor(grad)
    return tensor


def test_groups_take_the_defaults():
    a, b = leaf(1.0), leaf(2.0)
    optimizer = SGD([{"params": a}, {"params": [b], "lr": 0.5}], lr=0.1, momentum=0.9)
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.5]
    assert [group["momentum"] for group in optimizer.param_groups] == [0.9, 0.9]
    assert optimizer.param_groups[0]["params"] == [a]
    assert optimizer.defaults["lr"] == 0.1
    optimizer.add_param_group({"params": leaf(3.0), "momentum": 0.0})
    assert optimizer.param_groups[2]["momentum"] == 0.0


def test_named_parameters():
    layer = nn.Linear(2, 1)
    optimizer = SGD(layer.named_parameters(), lr=0.1)
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert optimizer.param_groups[0]["params"][1] is layer.bias
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]
    with pytest.raises(ValueError, match="with/without names"):
        optimizer.add_param_group({"params": [leaf(1.0)]})
    with pytest.raises(ValueError, match="Some param names are missing"):
        SGD([("a", leaf(1.0)), leaf(2.0)])


def test_what_cannot_be_optimized_is_refused():
    a = leaf(1.0)
    with pytest.raises(TypeError, match="put it into a list"):
        SGD(a)
    with pytest.raises(ValueError, match="empty parameter list"):
        SGD([])
    with pytest.raises(TypeError, match="one of the params is float"):
        SGD([1.0])
    with pytest.raises(ValueError, match="non-leaf"):
        SGD([a * 2])
    frozen = np.ones(3)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only memory"):
        SGD([tg.from_numpy(frozen).requires_grad_()])
    with pytest.raises(TypeError, match="ordered collections"):
        SGD([{"params": {a}}])
    with pytest.raises(ValueError, match="more than one parameter group"):
        SGD([{"params": a}, {"params": a}])
    with pytest.raises(TypeError, match="must be a dict"):
        SGD([a]).add_param_group([a])
    with pytest.warns(UserWarning, match="duplicate"):
        SGD([a, a])


def test_required_options():
    from tinygrad_cn.optim.optimizer import required

    class Plain(Optimizer):
        def __init__(self, params):
            super().__init__(params, {"lr": required})

    with pytest.raises(ValueError, match="required optimization parameter lr"):
        Plain([leaf(1.0)])
    optimizer = Plain([{"params": leaf(1.0, grad=[1.0]), "lr": 1}])
    with pytest.raises(NotImplementedError, match=r"_update\(.*\) or step\(\)"):
        optimizer.step()


def test_repr():
    assert repr(SGD([leaf(1.0)], lr=0.1)) == (
        "SGD (\nParameter Group 0\n    dampening: 0\n    differentiable: False\n    foreach: None\n    fused: None\n"
        "    lr: 0.1\n    maximize: False\n    momentum: 0\n    nesterov: False\n    weight_decay: 0\n)"
    )


def test_parameters_without_a_gradient_stay():
    a, b = leaf(1.0, grad=[1.0]), leaf(1.0)
    SGD([a, b], lr=0.5, weight_decay=0.1).step()
    assert a.item() < 1.0
    assert b.item() == 1.0


@pytest.mark.parametrize("set_to_none", [True, False])
def test_zero_grad(set_to_none):
    a = leaf(1.0, grad=[3.0])
    SGD([a, leaf(1.0)]).zero_grad(set_to_none)
    assert a.grad is None if set_to_none else a.grad.tolist() == [0.0]


def test_a_closure_runs_with_gradients_on():
    a = leaf(2.0)
    optimizer = SGD([a], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = (a * a).sum()
        loss.backward()
        return loss

    with tg.no_grad():
        assert optimizer.step(closure).item() == 4.0
    assert a.item() == 1.0
    assert optimizer.step() is None


def test_a_step_is_noticed_by_graphs_made_before_it():
    a = leaf(2.0)
    loss = (a * a).sum()
    a.grad = tg.ones(1)
    SGD([a], lr=0.5).step()
    with pytest.raises(RuntimeError, match="SGD"):
        loss.backward()


# ---------------------------------------------------------------------------------------------- state


def trained(steps=2):
    a, b = leaf(1.0, 2.0), leaf(3.0)
    optimizer = SGD([{"params": [a]}, {"params": [b], "lr": 0.01}], lr=0.1, momentum=0.9)
    for _ in range(steps):
        a.grad, b.grad = tg.ones(2), tg.ones(1)
        optimizer.step()
    return optimizer, a, b


def test_state_dict_counts_parameters_through_the_groups():
    optimizer, _, b = trained()
    state = optimizer.state_dict()
    assert [group["params"] for group in state["param_groups"]] == [[0], [1]]
    assert state["param_groups"][1]["lr"] == 0.01
    assert list(state["state"]) == [0, 1]
    assert state["state"][1]["momentum_buffer"] is optimizer.state[b]["momentum_buffer"]


@pytest.mark.parametrize("carry", [lambda s: s, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_loading_goes_on_where_saving_stopped(carry):
    optimizer, a, b = trained()
    other, c, d = trained(0)
    with tg.no_grad():
        c.copy_(a)
        d.copy_(b)
    other.load_state_dict(carry(optimizer.state_dict()))
    for opt, x, y in ((optimizer, a, b), (other, c, d)):
        x.grad, y.grad = tg.ones(2), tg.ones(1)
        opt.step()
    assert tg.equal(a, c)
    assert tg.equal(b, d)
    assert other.param_groups[1]["lr"] == 0.01
    assert other.param_groups[0]["params"][0] is c


def test_loaded_state_is_a_copy_in_the_dtype_of_the_parameter():
    optimizer, _, _ = trained()
    state = optimizer.state_dict()
    state["state"][0]["momentum_buffer"] = np.ones(2)
    state["state"][0]["step"] = tg.tensor(3, dtype=tg.float64)
    other, c, _ = trained(0)
    other.load_state_dict(state)
    assert other.state[c]["momentum_buffer"].dtype == tg.float32
    assert other.state[c]["step"].dtype == tg.float64
    c.grad = tg.ones(2)
    other.step()
    assert state["state"][0]["momentum_buffer"].tolist() == [1.0, 1.0]


def test_states_from_before_an_option_was_there():
    optimizer, _, _ = trained()
    state = copy.deepcopy(optimizer.state_dict())
    for group in state["param_groups"]:
        del group["maximize"]
    optimizer.load_state_dict(state)
    assert optimizer.param_groups[0]["maximize"] is False
    optimizer.step()


def test_states_that_do_not_fit_are_refused_and_change_nothing():
    optimizer, _, _ = trained()
    other = SGD([leaf(1.0)], lr=7.0)
    with pytest.raises(ValueError, match="different number of parameter groups"):
        other.load_state_dict(optimizer.state_dict())
    other.add_param_group({"params": [leaf(1.0), leaf(2.0)]})
    with pytest.raises(ValueError, match="doesn't match the size"):
        other.load_state_dict(optimizer.state_dict())
    assert other.param_groups[0]["lr"] == 7.0
    assert not other.state


def test_optimizers_can_be_pickled():
    optimizer = pickle.loads(pickle.dumps(trained()[0]))
    parameter = optimizer.param_groups[0]["params"][0]
    parameter.grad = tg.ones(2)
    before = parameter.tolist()
    optimizer.step()
    assert parameter.tolist() != before


# ---------------------------------------------------------------------------------------------- hooks


def test_step_hooks():
    a = leaf(1.0, grad=[1.0])
    optimizer = SGD([a], lr=0.5)
    calls = []
    pre = optimizer.register_step_pre_hook(lambda opt, args, kwargs: calls.append(("pre", a.item())))
    optimizer.register_step_post_hook(lambda opt, args, kwargs: calls.append(("post", a.item())))
    optimizer.step()
    assert calls == [("pre", 1.0), ("post", 0.5)]
    pre.remove()
    optimizer.step()
    assert len(calls) == 3


def test_hooks_of_an_optimizer_with_a_step_of_its_own():
    class Signs(Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        @tg.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.sub_(group["lr"] * p.grad.sign())

    a = leaf(1.0, grad=[-3.0])
    optimizer = Signs([a], 0.5)
    calls = []
    optimizer.register_step_pre_hook(lambda opt, args, kwargs: (args, {}))
    optimizer.register_step_post_hook(lambda opt, args, kwargs: calls.append(a.item()))
    optimizer.step()
    assert calls == [1.5]
    optimizer.register_step_pre_hook(lambda opt, args, kwargs: 3)
    with pytest.raises(RuntimeError, match="tuple"):
        optimizer.step()


def test_state_hooks():
    optimizer, _, _ = trained()
    optimizer.register_state_dict_pre_hook(lambda opt: opt.param_groups[0].update(note=1))
    optimizer.register_state_dict_post_hook(lambda opt, state: {**state, "more": 2})
    state = optimizer.state_dict()
    assert state["param_groups"][0]["note"] == 1
    assert state["more"] == 2
    seen = []
    optimizer.register_load_state_dict_pre_hook(lambda opt, state: seen.append(state["more"]))
    optimizer.register_load_state_dict_post_hook(lambda opt: seen.append("done"))
    optimizer.load_state_dict(state)
    assert seen == [2, "done"]


@pytest.mark.parametrize("kind", [np.float64, np.array, tg.tensor], ids=["scalar", "array", "tensor"])
def test_options_may_be_numbers_of_any_kind(kind):
    def trained(lr, betas, decay, name):
        w = leaf(1.0, -2.0)
        optimizer = getattr(tg.optim, name)([w])
        for rate in (lr, kind(0.25)):  # the second as a schedule writes it
            optimizer.param_groups[0].update(lr=rate, weight_decay=decay)
            if betas is not None:
                optimizer.param_groups[0]["betas"] = betas
            w.grad = tg.tensor([0.5, 4.0])
            optimizer.step()
        return w.tolist()

    for name, betas in (("SGD", None), ("Adam", (0.5, 0.75))):
        given = None if betas is None else tuple(map(kind, betas))
        assert trained(kind(0.5), given, kind(0.125), name) == trained(0.5, betas, 0.125, name)


def test_a_rate_that_is_changed_in_place_takes_effect():
    w, rate = leaf(1.0), tg.tensor(0.5)
    optimizer = SGD([w], lr=rate)
    for expected in (0.5, 0.25):
        w.grad = tg.tensor([1.0])
        optimizer.step()
        assert w.tolist() == [expected]
        rate.fill_(0.25)


def test_two_dtypes_and_two_groups_have_numbers_of_their_own():
    def trained(*groups):
        optimizer = SGD([{"params": params, "lr": lr} for params, lr in groups], momentum=0.9)
        for _ in range(3):
            optimizer.step()

    def made():
        params = [tg.full((2,), 1.0, dtype=dtype, requires_grad=True) for dtype in (tg.float32, tg.float64)]
        for param in params:
            param.grad = tg.full((2,), 0.3, dtype=param.dtype)
        return params

    (a, b), (c, d) = made(), made()
    trained(([a, b], 0.1), ([c, d], 0.2))
    for param, lr in ((a, 0.1), (b, 0.1), (c, 0.2), (d, 0.2)):
        alone = made()[param.dtype == tg.float64]
        trained(([alone], lr))
        assert param.tolist() == alone.tolist()
