"""What the strategies promise: values away from kinks, indices and convolutions that fit, networks that run."""

import sys

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import tinygrad_cn
from tinygrad_cn import from_numpy, nn
from tinygrad_cn.errors import MissingExtraError
from tinygrad_cn.testing import strategies

CONVOLVE = {1: nn.functional.conv1d, 2: nn.functional.conv2d, 3: nn.functional.conv3d}


@given(x=strategies.arrays(strategies.shapes(), bits=4), y=strategies.arrays((2, 2), bits=5))
def test_lattices_keep_away_from_round_numbers_and_from_each_other(x, y):
    assert np.all(np.abs(x * 2 - np.round(x * 2)) >= 1 / 16)
    assert not np.isin(y, x).any()


@given(data=st.data())
def test_indices_fit_and_take_what_numpy_takes(data):
    shape = data.draw(strategies.shapes())
    index = data.draw(strategies.indices(shape))
    array = np.arange(np.prod(shape, dtype=int), dtype=float).reshape(shape)
    np.testing.assert_array_equal(from_numpy(array)[index].numpy(), array[index])


def test_indices_of_each_kind_are_drawn():
    find(strategies.advanced_indices((2, 3)), lambda index: sum(isinstance(i, np.ndarray) for i in index) == 2)
    find(strategies.advanced_indices((3,)), lambda index: np.unique(index[0] % 3).size < index[0].size)
    find(strategies.basic_indices((2, 3)), lambda index: Ellipsis in index and None in index)
    find(strategies.boolean_indices((2, 3)), lambda mask: mask.all())
    find(strategies.boolean_indices((2, 3), axes=1), lambda mask: mask.shape == (2,) and not mask.any())


def test_nothing_points_into_what_has_no_elements():
    with pytest.raises(ValueError, match="no element to point at"):
        find(strategies.advanced_indices((2, 0)), lambda index: True)


@settings(max_examples=10)
@pytest.mark.parametrize("ndim", CONVOLVE)
@given(data=st.data())
def test_convolutions_fit(ndim, data):
    case = data.draw(strategies.convolutions(ndim))
    bias = None if case.bias is None else from_numpy(case.bias)
    out = CONVOLVE[ndim](from_numpy(case.input), from_numpy(case.weight), bias, **case.options)
    assert tuple(out.shape) == case.shape
    assert out.numel()


def test_convolutions_with_every_option_are_drawn():
    first = settings(max_examples=1000, phases=[Phase.generate])
    find(strategies.convolutions(1), lambda c: c.options["groups"] * c.options["dilation"][0] == 4, settings=first)
    find(
        strategies.convolutions(2),
        lambda c: c.options["stride"] == (2, 1) and any(c.options["padding"]),
        settings=first,
    )


@settings(max_examples=20)
@given(network=strategies.networks())
def test_networks_run_and_have_gradients(network):
    x = from_numpy(network.input).requires_grad_()
    network.model(x).sum().backward()
    assert x.grad.shape == x.shape
    assert all(p.grad is not None and p.dtype == tinygrad_cn.float64 for p in network.model.parameters())


def test_smooth_networks_have_no_kinks():
    bent = (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.Hardtanh, nn.MaxPool2d)

    @settings(max_examples=20)
    @given(network=strategies.networks(smooth=True))
    def none_is_bent(network):
        assert not any(isinstance(layer, bent) for layer in network.model)

    none_is_bent()


def test_networks_leave_the_random_generator_alone():
    tinygrad_cn.manual_seed(3)
    expected = tinygrad_cn.rand(2).tolist()
    tinygrad_cn.manual_seed(3)
    find(strategies.networks(), lambda network: True, settings=settings(max_examples=1, phases=[Phase.generate]))
    assert tinygrad_cn.rand(2).tolist() == expected


def test_dtypes_are_of_the_asked_kinds():
    assert find(strategies.dtypes(), lambda d: d == np.float32) == np.float32
    find(strategies.dtypes("ib"), lambda d: d == np.bool_)
    find(strategies.dtypes(half=True), lambda d: d == np.float16)
    with pytest.raises(ValueError, match="'x'"):
        strategies.dtypes("x")


def test_without_hypothesis_the_extra_is_named(monkeypatch):
    for name in [n for n in sys.modules if n.startswith("tinygrad_cn.testing.strategies")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'tinygrad_cn\[testing\]'"):
        __import__("tinygrad_cn.testing.strategies")
