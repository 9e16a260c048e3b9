"""Module: registration, lookup, walking, modes, conversion, printing, copying."""

import copy
import pickle

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)
        self.norm = nn.BatchNorm2d(2)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(8, 3))
        self.scale = nn.Parameter(tg.ones(1))
        self.register_buffer("steps", tg.tensor(0))

    def forward(self, x):
        return self.head(self.norm(self.conv(x))) * self.scale


# -------------------------------------------------------------------------------------- registration


def test_attributes_are_registered_by_their_kind():
    net = Net()
    assert list(net._parameters) == ["scale"]
    assert list(net._buffers) == ["steps"]
    assert list(net._modules) == ["conv", "norm", "head"]
    assert "conv" not in net.__dict__
    assert net.scale is net._parameters["scale"]


def test_a_name_means_one_thing_at_a_time():
    module = nn.Module()
    module.x = 3
    module.x = nn.Parameter(tg.ones(2))
    assert "x" not in module.__dict__
    module.x = nn.ReLU()
    assert not module._parameters
    assert isinstance(module.x, nn.ReLU)
    module.x = nn.Buffer(tg.ones(1))
    assert not module._modules
    module.x = None  # the place is kept
    assert module._buffers == {"x": None}
    del module.x
    with pytest.raises(AttributeError, match="has no attribute 'x'"):
        module.x  # noqa: B018


def test_reassigning_keeps_the_order():
    module = nn.Module()
    module.a = nn.Parameter(tg.ones(1))
    module.b = nn.Parameter(tg.ones(1))
    module.a = nn.Parameter(tg.zeros(1))
    assert [name for name, _ in module.named_parameters()] == ["a", "b"]


@pytest.mark.parametrize("value", [lambda: nn.Parameter(tg.ones(1)), nn.ReLU, lambda: nn.Buffer(tg.ones(1))])
def test_assigning_before_init_is_a_clear_error(value):
    class Early(nn.Module):
        def __init__(self):
            self.x = value()
            super().__init__()

    with pytest.raises(AttributeError, match=r"before Module\.__init__\(\) call.*super\(\).__init__\(\)"):
        Early()


def test_plain_attributes_may_be_set_before_init():
    class Early(nn.Module):
        def __init__(self):
            self.width = 3
            super().__init__()

    assert Early().width == 3


def test_what_does_not_fit_a_name_is_refused():
    net = Net()
    with pytest.raises(TypeError, match="cannot assign 'Tensor' as parameter 'scale'"):
        net.scale = tg.ones(1)
    with pytest.raises(TypeError, match="cannot assign 'int' as child module 'conv'"):
        net.conv = 3
    with pytest.raises(TypeError, match="cannot assign 'float' as buffer 'steps'"):
        net.steps = 1.5
    net.steps = tg.tensor(4)
    assert net._buffers["steps"].item() == 4


@pytest.mark.parametrize("register", ["register_parameter", "register_buffer", "add_module"])
def test_bad_names_are_refused(register):
    add = getattr(Net(), register)
    with pytest.raises(KeyError, match="dots separate the levels of a path"):
        add("a.b", None)
    with pytest.raises(KeyError, match="be empty string"):
        add("", None)
    with pytest.raises(KeyError, match="already exists"):
        add("training", None)
    with pytest.raises(TypeError, match="should be a string"):
        add(3, None)


def test_bad_values_are_refused():
    module = nn.Module()
    with pytest.raises(TypeError, match=r"nn\.Parameter or None required"):
        module.register_parameter("w", tg.ones(1))
    with pytest.raises(TypeError, match="Tensor or None required"):
        module.register_buffer("b", 3)
    with pytest.raises(TypeError, match="not a Module subclass"):
        module.add_module("m", 3)
    with pytest.raises(TypeError, match="wrap the data first"):
        nn.Parameter([1.0])


def test_parameters_share_memory_and_are_leaves():
    data = tg.ones(2)
    weight = nn.Parameter(data)
    assert weight.is_leaf
    assert weight.requires_grad
    assert not nn.Parameter(data, requires_grad=False).requires_grad
    data[0] = 5
    assert weight.tolist() == [5.0, 1.0]
    assert type(weight * 2) is tg.Tensor
    with pytest.raises(RuntimeError, match="float"):
        nn.Parameter(tg.tensor([1, 2]))


# -------------------------------------------------------------------------------------------- lookup


def test_lookup_by_path():
    net = Net()
    assert net.get_submodule("head.1") is net.head[1]
    assert net.get_submodule("") is net
    assert net.get_parameter("head.1.weight") is net.head[1].weight
    assert net.get_buffer("norm.running_mean") is net.norm.running_mean
    for lookup, path in [
        (net.get_submodule, "head.7"),
        (net.get_submodule, "scale"),
        (net.get_parameter, "norm.running_mean"),
        (net.get_buffer, "head.1.weight"),
        (net.get_parameter, "head.1.wait"),
    ]:
        with pytest.raises(AttributeError, match=path):
            lookup(path)
    net.set_submodule("head.1", nn.Identity())
    assert isinstance(net.head[1], nn.Identity)


def test_dir_lists_the_members():
    names = dir(Net())
    assert {"conv", "scale", "steps", "forward"} <= set(names)
    assert "0" not in dir(nn.Sequential(nn.ReLU()))


# ------------------------------------------------------------------------------------------- walking


def test_walking_in_order_of_registration():
    net = Net()
    assert [name for name, _ in net.named_children()] == ["conv", "norm", "head"]
    assert [name for name, _ in net.named_modules()] == ["", "conv", "norm", "head", "head.0", "head.1"]
    assert [name for name, _ in net.named_parameters()] == [
        *("scale", "conv.weight", "conv.bias", "norm.weight", "norm.bias", "head.1.weight", "head.1.bias")
    ]
    assert [name for name, _ in net.named_parameters(recurse=False)] == ["scale"]
    assert [name for name, _ in net.named_parameters(prefix="net", recurse=False)] == ["net.scale"]
    assert [name for name, _ in net.named_buffers()] == [
        *("steps", "norm.running_mean", "norm.running_var", "norm.num_batches_tracked")
    ]
    assert len(list(net.parameters())) == 7
    assert len(list(net.modules())) == 6


def test_what_is_shared_comes_once():
    shared = nn.Linear(2, 2)
    model = nn.Sequential(shared, shared)
    other = nn.Linear(2, 2)
    other.weight = shared.weight
    model.append(other)
    assert [name for name, _ in model.named_parameters()] == ["0.weight", "0.bias", "2.bias"]
    assert [name for name, _ in model.named_parameters(remove_duplicate=False)] == [
        *("0.weight", "0.bias", "1.weight", "1.bias", "2.weight", "2.bias")
    ]
    assert [name for name, _ in model.named_modules()] == ["", "0", "2"]
    assert [name for name, _ in model.named_modules(remove_duplicate=False)] == ["", "0", "1", "2"]
    assert [name for name, _ in model.named_children()] == ["0", "2"]


def test_apply_visits_children_first():
    seen = []
    net = Net()
    assert net.apply(lambda module: seen.append(type(module).__name__)) is net
    assert seen == ["Conv2d", "BatchNorm2d", "Flatten", "Linear", "Sequential", "Net"]


# --------------------------------------------------------------------------------- modes and gradients


def test_train_and_eval_reach_everything():
    net = Net()
    assert net.eval() is net
    assert not any(module.training for module in net.modules())
    net.train()
    assert all(module.training for module in net.modules())
    with pytest.raises(ValueError, match="boolean"):
        net.train(1)


def test_requires_grad_freezes():
    net = Net().requires_grad_(False)
    assert not any(p.requires_grad for p in net.parameters())
    assert not net(tg.ones(1, 1, 4, 4)).requires_grad


@pytest.mark.parametrize("set_to_none", [True, False])
def test_zero_grad(set_to_none):
    layer = nn.Linear(2, 1)
    layer(tg.ones(1, 2)).sum().backward()
    grad = layer.weight.grad
    layer.zero_grad(set_to_none)
    if set_to_none:
        assert layer.weight.grad is None
    else:
        assert layer.weight.grad.tolist() == [[0.0, 0.0]]
        assert grad.tolist() == [[0.0, 0.0]]


# ---------------------------------------------------------------------------------------- conversion


def test_conversion_keeps_the_parameters_that_optimizers_know():
    net = Net()
    before = list(net.parameters())
    net(tg.ones(2, 1, 4, 4)).sum().backward()
    assert net.double() is net
    assert all(a is b for a, b in zip(before, net.parameters(), strict=True))
    assert {p.dtype for p in net.parameters()} == {tg.float64}
    assert net.scale.grad.dtype == tg.float64
    assert net.steps.dtype == tg.int64
    assert net.norm.running_mean.dtype == tg.float64
    assert net(tg.ones(2, 1, 4, 4, dtype=tg.float64)).dtype == tg.float64
    net(tg.ones(2, 1, 4, 4, dtype=tg.float64)).sum().backward()
    assert net.float().scale.dtype == tg.float32
    assert net.half().scale.dtype == tg.float16


def test_to_takes_what_pytorch_takes():
    layer = nn.Linear(2, 2)
    for args, kwargs in [
        ((tg.float64,), {}),
        (("cpu",), {}),
        (("cpu", tg.float64), {}),
        ((tg.ones(1, dtype=tg.float64),), {}),
        ((), {"dtype": tg.float64, "device": "cpu", "non_blocking": True}),
    ]:
        layer.float().to(*args, **kwargs)
        assert layer.weight.dtype == (tg.float32 if args == ("cpu",) else tg.float64)
    with pytest.raises(TypeError, match="floating point"):
        layer.to(tg.int64)
    with pytest.raises(RuntimeError, match="CPU"):
        layer.cuda()
    with pytest.raises((RuntimeError, ValueError), match="cuda"):
        layer.to("cuda")
    assert layer.cpu() is layer


# --------------------------------------------------------------------------------- printing, copying


def test_repr_shows_the_tree():
    assert repr(Net()) == (
        "Net(\n"
        "  (conv): Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1))\n"
        "  (norm): BatchNorm2d(2, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)\n"
        "  (head): Sequential(\n"
        "    (0): Flatten(start_dim=1, end_dim=-1)\n"
        "    (1): Linear(in_features=8, out_features=3, bias=True)\n"
        "  )\n"
        ")"
    )
    assert repr(nn.Module()) == "Module()"


def test_repr_of_own_extras():
    class Extra(nn.Module):
        def extra_repr(self):
            return "one\ntwo"

    assert repr(nn.Sequential(Extra())) == "Sequential(\n  (0): Extra(\n    one\n    two\n  )\n)"


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_are_equal_and_independent(duplicate):
    net = Net().eval()
    twin = duplicate(net)
    x = tg.ones(1, 1, 4, 4)
    assert np.array_equal(net(x).detach().numpy(), twin(x).detach().numpy())
    assert isinstance(twin.scale, nn.Parameter)
    assert twin.scale.requires_grad
    with tg.no_grad():
        twin.scale.fill_(0)
    assert net.scale.item() == 1.0


def test_modules_are_freed_by_reference_count():
    import gc
    import weakref

    gc.disable()
    try:
        net = Net()
        net(tg.ones(1, 1, 4, 4)).sum().backward()
        gone = weakref.ref(net)
        del net
        assert gone() is None
    finally:
        gc.enable()


def test_a_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match=r'Module \[ModuleList\] is missing the required "forward" function'):
        nn.ModuleList()(1)
