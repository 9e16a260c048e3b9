"""Containers of modules and of parameters."""

from collections import OrderedDict

import pytest

import tinygrad_cn as tg
from tinygrad_cn import nn


def names(container):
    return [f"{name}:{type(module).__name__}" for name, module in container.named_children()]


def test_sequential_runs_in_order():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    x = tg.ones(4, 2)
    assert tg.equal(model(x), model[2](model[1](model[0](x))))
    assert nn.Sequential()(x) is x


def test_sequential_by_name():
    model = nn.Sequential(OrderedDict([("first", nn.ReLU()), ("second", nn.Tanh())]))
    assert model.first is model[0]
    assert names(model[1:]) == ["second:Tanh"]
    model[0] = nn.Sigmoid()
    assert names(model) == ["first:Sigmoid", "second:Tanh"]


@pytest.mark.parametrize("kind", [nn.Sequential, lambda *modules: nn.ModuleList(modules)])
def test_numbered_containers(kind):
    c = kind(nn.ReLU(), nn.Tanh(), nn.Sigmoid())
    assert len(c) == 3
    assert [type(m) for m in c] == [nn.ReLU, nn.Tanh, nn.Sigmoid]
    assert type(c[-1]) is nn.Sigmoid
    assert type(c[:2]) is type(c)
    assert [type(m) for m in c[1:]] == [nn.Tanh, nn.Sigmoid]
    c.insert(1, nn.GELU())
    assert names(c) == ["0:ReLU", "1:GELU", "2:Tanh", "3:Sigmoid"]
    c.insert(-1, nn.ELU())
    assert names(c)[3] == "3:ELU"
    assert type(c.pop(3)) is nn.ELU
    del c[0]
    assert names(c) == ["0:GELU", "1:Tanh", "2:Sigmoid"]
    del c[1:]
    assert names(c) == ["0:GELU"]
    c.extend([nn.ReLU(), nn.ReLU()]).append(nn.Tanh())
    assert names(c) == ["0:GELU", "1:ReLU", "2:ReLU", "3:Tanh"]
    c.extend(c)
    assert len(c) == 8
    with pytest.raises(IndexError, match="index 8 is out of range"):
        c[8]
    with pytest.raises(IndexError, match="out of range"):
        c.insert(9, nn.ReLU())
    with pytest.raises(TypeError, match="should be a Module"):
        c.insert(0, 3)
    with pytest.raises(TypeError, match="iterable"):
        c.extend(3)


def test_sequential_arithmetic():
    a, b = nn.Sequential(nn.ReLU()), nn.Sequential(nn.Tanh())
    assert names(a + b) == ["0:ReLU", "1:Tanh"]
    assert len(a * 3) == len(2 * a) + 1 == 3
    a += b
    a *= 2
    assert [type(m) for m in a] == [nn.ReLU, nn.Tanh, nn.ReLU, nn.Tanh]
    with pytest.raises(ValueError, match="Sequential"):
        a.__add__([nn.ReLU()])
    with pytest.raises(ValueError, match="Non-positive"):
        a * 0


def test_module_list_prints_repeats_once():
    layers = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU()])
    assert (
        repr(layers) == "ModuleList(\n  (0-1): 2 x Linear(in_features=2, out_features=2, bias=True)\n  (2): ReLU()\n)"
    )
    assert repr(nn.ModuleList()) == "ModuleList()"
    assert [type(m) for m in layers + nn.Sequential(nn.Tanh())] == [nn.Linear, nn.Linear, nn.ReLU, nn.Tanh]
    assert len(list(layers.parameters())) == 4


def test_module_dict():
    c = nn.ModuleDict({"b": nn.ReLU(), "a": nn.Tanh()})
    assert list(c) == list(c.keys()) == ["b", "a"]
    assert "a" in c
    assert len(c) == 2
    c["c"] = nn.GELU()
    c.update([("b", nn.Sigmoid())])
    assert [type(m) for m in c.values()] == [nn.Sigmoid, nn.Tanh, nn.GELU]
    assert type(c.pop("a")) is nn.Tanh
    assert [name for name, _ in c.items()] == ["b", "c"]
    del c["b"]
    c.clear()
    assert not len(c)
    with pytest.raises(TypeError, match="iterable of key/value pairs"):
        c.update(3)
    with pytest.raises(ValueError, match="#0 has length 3; 2 is required"):
        c.update([("a", nn.ReLU(), 1)])
    with pytest.raises(KeyError):
        c["none"]


def test_parameter_list():
    c = nn.ParameterList([tg.ones(2, 3), nn.Parameter(tg.zeros(1)), "text"])
    assert [name for name, _ in c.named_parameters()] == ["0", "1"]
    assert c[-1] == "text"
    assert len(c) == 3
    c += [tg.ones(1)]
    c[1] = tg.ones(5)
    assert isinstance(c[1], nn.Parameter)
    assert [getattr(value, "shape", None) for value in c[1:]] == [(5,), None, (1,)]
    assert list(c.state_dict()) == ["0", "1", "3"]
    assert "(0): Parameter containing: [float32 of size 2x3]" in repr(c)
    assert "(2): Object of type: str" in repr(c)
    with pytest.raises(TypeError, match="append"):
        c.extend(tg.ones(3))
    with pytest.raises(RuntimeError, match="should not be called"):
        c(1)


def test_parameter_dict():
    c = nn.ParameterDict({"b": tg.ones(1), "a": tg.ones(2)})
    assert list(c) == ["a", "b"]  # a plain mapping is sorted, as in PyTorch
    assert list(nn.ParameterDict(OrderedDict(b=tg.ones(1), a=tg.ones(2)))) == ["b", "a"]
    assert [name for name, _ in c.named_parameters()] == ["a", "b"]
    assert isinstance(c["a"], nn.Parameter)
    assert c.get("x") is None
    assert c.setdefault("x", tg.ones(3)).shape == (3,)
    joined = c | nn.ParameterDict({"y": tg.ones(4)})
    assert list(joined) == ["a", "b", "x", "y"]
    assert joined["a"] is c["a"]
    assert joined.popitem()[0] == "y"
    assert list(reversed(joined)) == ["x", "b", "a"]
    assert list(c.fromkeys(["p", "q"])) == ["p", "q"]
    del c["a"]
    assert "a" not in c
    assert not hasattr(c, "a")
    with pytest.raises(TypeError, match="string"):
        c[0]
    with pytest.raises(KeyError):
        c["a"]
    c.clear()
    assert not list(c.parameters())
