"""Initialisers: distributions, structure, refusals."""

import math

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import nn
from tinygrad_cn.nn import init


def filled(initialise, *shape, **options):
    tensor = nn.Parameter(tg.empty(*shape))
    assert initialise(tensor, **options) is tensor
    assert tensor.is_leaf
    assert tensor.requires_grad
    return tensor.detach().numpy()


@pytest.fixture(autouse=True)
def seed():
    tg.manual_seed(0)


def test_constants():
    assert (filled(init.ones_, 2, 3) == 1).all()
    assert (filled(init.zeros_, 2, 3) == 0).all()
    assert (filled(init.constant_, 2, 3, val=0.5) == 0.5).all()
    assert np.array_equal(filled(init.eye_, 2, 3), np.eye(2, 3))
    with pytest.raises(ValueError, match="2 dimensions"):
        init.eye_(tg.empty(2))


@pytest.mark.parametrize(
    ("initialise", "options", "std"),
    [
        (init.uniform_, {"a": -1, "b": 1}, 1 / math.sqrt(3)),
        (init.normal_, {"std": 0.3}, 0.3),
        (init.xavier_uniform_, {"gain": 2.0}, 2 * math.sqrt(2 / 500)),
        (init.xavier_normal_, {}, math.sqrt(2 / 500)),
        (init.kaiming_uniform_, {"a": 1.0}, 1 / math.sqrt(300)),
        (init.kaiming_normal_, {"nonlinearity": "relu"}, math.sqrt(2 / 300)),
        (init.kaiming_normal_, {"mode": "fan_out", "nonlinearity": "relu"}, math.sqrt(2 / 200)),
    ],
)
def test_spread(initialise, options, std):
    values = filled(initialise, 200, 300, **options)
    assert abs(values.std() / std - 1) < 0.02
    assert abs(values.mean()) < 0.02 * std + 0.005


def test_fans_count_the_kernel():
    values = filled(init.kaiming_uniform_, 50, 20, 3, 3, nonlinearity="linear")
    assert abs(np.abs(values).max() - math.sqrt(3 / 180)) < 1e-3


@pytest.mark.parametrize(("mean", "std", "a", "b"), [(0, 1, -2, 2), (0, 1, 1.5, 3), (0.5, 0.1, 0.45, 0.6)])
def test_truncated_normal(mean, std, a, b):
    values = filled(init.trunc_normal_, 100, 100, mean=mean, std=std, a=a, b=b)
    assert values.min() >= np.float32(a)
    assert values.max() <= np.float32(b)
    grid = np.linspace(a, b, 20_001)
    density = np.exp(-0.5 * ((grid - mean) / std) ** 2)
    assert abs(values.mean() - (grid * density).sum() / density.sum()) < 0.02 * std
    assert values.std() > 0


def test_truncated_normal_far_from_its_bounds_warns():
    with pytest.warns(UserWarning, match="more than 2 std"):
        init.trunc_normal_(tg.empty(10), mean=5.0, a=-1, b=1)


def test_sparse():
    values = filled(init.sparse_, 20, 30, sparsity=0.33, std=0.5)
    assert ((values == 0).sum(0) == 7).all()
    with pytest.raises(ValueError, match="2 dimensions"):
        init.sparse_(tg.empty(2), 0.1)


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (6, 2, 2)])
def test_orthogonal(shape):
    values = filled(init.orthogonal_, *shape, gain=2.0).reshape(shape[0], -1)
    gram = values @ values.T if values.shape[0] < values.shape[1] else values.T @ values
    np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-5)
    with pytest.raises(ValueError, match="2 or more dimensions"):
        init.orthogonal_(tg.empty(3))


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_dirac_passes_channels_on(axes):
    convolve = {1: nn.functional.conv1d, 2: nn.functional.conv2d, 3: nn.functional.conv3d}[axes]
    weight = init.dirac_(tg.empty(4, 2, *(3,) * axes), groups=2)
    x = tg.randn(1, 2, *(5,) * axes)
    y = convolve(x, weight, padding=1)
    for channel in range(4):
        assert tg.allclose(y[0, channel], x[0, channel % 2])
    with pytest.raises(ValueError, match="3, 4, or 5"):
        init.dirac_(tg.empty(2, 2))
    with pytest.raises(ValueError, match="divisible"):
        init.dirac_(tg.empty(3, 2, 3), groups=2)


def test_gains():
    assert init.calculate_gain("linear") == init.calculate_gain("sigmoid") == 1
    assert init.calculate_gain("tanh") == 5 / 3
    assert init.calculate_gain("relu") == math.sqrt(2)
    assert init.calculate_gain("leaky_relu") == math.sqrt(2 / (1 + 0.01**2))
    assert init.calculate_gain("leaky_relu", 1) == 1
    assert init.calculate_gain("selu") == 3 / 4
    with pytest.raises(ValueError, match="Unsupported nonlinearity"):
        init.calculate_gain("cube")
    with pytest.raises(ValueError, match="not a valid number"):
        init.calculate_gain("leaky_relu", True)


def test_refusals():
    for initialise in (init.xavier_uniform_, init.xavier_normal_, init.kaiming_uniform_, init.kaiming_normal_):
        with pytest.raises(ValueError, match="fewer than 2 dimensions"):
            initialise(tg.empty(3))
    with pytest.raises(ValueError, match="Mode fan_avg not supported"):
        init.kaiming_uniform_(tg.empty(3, 3), mode="fan_avg")
    with pytest.warns(UserWarning, match="zero-element"):
        init.kaiming_uniform_(tg.empty(0, 3))


def test_a_generator_of_ones_own():
    a, b = tg.empty(5, 5), tg.empty(5, 5)
    for initialise in (init.normal_, init.kaiming_uniform_, init.xavier_normal_, init.trunc_normal_, init.orthogonal_):
        initialise(a, generator=tg.Generator().manual_seed(7))
        tg.rand(3)
        initialise(b, generator=tg.Generator().manual_seed(7))
        assert tg.equal(a, b)
