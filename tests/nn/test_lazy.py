"""Lazy modules: shapes from the first input."""

import copy

import pytest

import tinygrad_cn as tg
from tinygrad_cn import nn


def test_the_first_call_makes_it_an_ordinary_module():
    net = nn.Sequential(nn.LazyConv1d(4, 3, padding=1), nn.LazyBatchNorm1d(), nn.Flatten(), nn.LazyLinear(2))
    assert repr(net[0].weight) == "<UninitializedParameter>"
    assert net(tg.ones(2, 3, 5)).shape == (2, 2)
    assert [type(module) for module in net] == [nn.Conv1d, nn.BatchNorm1d, nn.Flatten, nn.Linear]
    assert net[3].in_features == 20
    assert not any(isinstance(p, nn.UninitializedParameter) for p in net.parameters())


def test_parameters_stay_the_objects_that_they_were():
    layer = nn.LazyLinear(2)
    weight = layer.weight
    layer(tg.ones(1, 3))
    assert layer.weight is weight
    assert type(weight) is nn.Parameter
    assert weight.requires_grad


def test_the_shape_is_not_known_before():
    with pytest.raises(RuntimeError, match="call the lazy module once"):
        _ = nn.LazyLinear(2).weight.shape


def test_dtype_and_copy_before_the_first_call():
    layer = copy.deepcopy(nn.LazyBatchNorm1d().double())
    layer(tg.ones(4, 3, dtype=tg.float64))
    assert layer.weight.dtype == layer.running_mean.dtype == tg.float64
    assert layer.running_mean.tolist() == pytest.approx([0.1] * 3)


def test_a_state_gives_the_shapes_too():
    source = nn.Linear(3, 2)
    lazy = nn.LazyLinear(2)
    lazy.load_state_dict(source.state_dict())
    assert lazy.weight.tolist() == source.weight.tolist()
    assert lazy(tg.ones(1, 3)).tolist() == source(tg.ones(1, 3)).tolist()
    assert lazy.in_features == 3


def test_a_state_that_is_refused_leaves_it_lazy():
    lazy = nn.LazyLinear(2)
    with pytest.raises(RuntimeError, match="Missing"):
        lazy.load_state_dict({"weight": tg.ones(2, 3)})
    assert isinstance(lazy.weight, nn.UninitializedParameter)


def test_a_lazy_state_cannot_fill_an_ordinary_module():
    with pytest.raises(RuntimeError, match="no values yet"):
        nn.Linear(3, 2).load_state_dict(nn.LazyLinear(2).state_dict())
    lazy = nn.LazyLinear(2)
    lazy.load_state_dict(nn.LazyLinear(2).state_dict())
    assert isinstance(lazy.weight, nn.UninitializedParameter)


def test_inputs_that_do_not_fit():
    with pytest.raises(RuntimeError, match="3D"):
        nn.LazyConv2d(2, 1)(tg.ones(2, 2))
    with pytest.raises(ValueError, match="divisible"):
        nn.LazyConv1d(2, 1, groups=2)(tg.ones(1, 3, 4))
