"""Layers, activations and losses as modules: arguments, shapes, initial values, refusals."""

import math

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import nn
from tinygrad_cn.nn import functional as F

X = tg.linspace(-2, 2, 24).reshape(2, 3, 4)

ACTIVATIONS = [
    (nn.Sigmoid(), tg.sigmoid),
    (nn.Tanh(), tg.tanh),
    (nn.ReLU(), F.relu),
    (nn.LeakyReLU(0.2), lambda x: F.leaky_relu(x, 0.2)),
    (nn.ELU(0.5), lambda x: F.elu(x, 0.5)),
    (nn.GELU(), F.gelu),
    (nn.GELU("tanh"), lambda x: F.gelu(x, approximate="tanh")),
    (nn.SiLU(), F.silu),
    (nn.Softplus(2.0, 1.0), lambda x: F.softplus(x, 2.0, 1.0)),
    (nn.Softmax(1), lambda x: F.softmax(x, 1)),
    (nn.LogSoftmax(2), lambda x: F.log_softmax(x, 2)),
    (nn.PReLU(3, 0.1), lambda x: F.prelu(x, tg.full((3,), 0.1))),
    (nn.RReLU().eval(), lambda x: F.leaky_relu(x, (1 / 8 + 1 / 3) / 2)),
    (nn.Identity(), lambda x: x),
    (nn.LogSigmoid(), F.logsigmoid),
    (nn.Hardsigmoid(), F.hardsigmoid),
    (nn.Hardswish(), F.hardswish),
    (nn.Hardtanh(-1.5, 0.5), lambda x: F.hardtanh(x, -1.5, 0.5)),
    (nn.ReLU6(), F.relu6),
    (nn.Threshold(0.5, 7.0), lambda x: F.threshold(x, 0.5, 7.0)),
    (nn.CELU(0.5), lambda x: F.celu(x, 0.5)),
    (nn.SELU(), F.selu),
    (nn.Mish(), F.mish),
    (nn.Softsign(), F.softsign),
    (nn.Tanhshrink(), F.tanhshrink),
    (nn.Hardshrink(0.3), lambda x: F.hardshrink(x, 0.3)),
    (nn.Softshrink(0.3), lambda x: F.softshrink(x, 0.3)),
    (nn.GLU(2), lambda x: F.glu(x, 2)),
    (nn.Softmin(0), lambda x: F.softmin(x, 0)),
    (nn.Softmax2d(), lambda x: F.softmax(x, 0)),
]


@pytest.mark.parametrize(("module", "function"), ACTIVATIONS, ids=lambda value: getattr(value, "_get_name", str)())
def test_activations_are_their_functions(module, function):
    np.testing.assert_allclose(module(X).detach().numpy(), function(X).numpy(), rtol=1e-6)


@pytest.mark.parametrize("kind", [nn.ReLU, nn.LeakyReLU, nn.ELU, nn.CELU, nn.SELU, nn.SiLU, nn.Mish, nn.ReLU6])
def test_activations_in_place(kind):
    x = X.clone()
    assert kind(inplace=True)(x) is x
    assert tg.equal(x, kind()(X))


def test_activations_refuse():
    with pytest.raises(ValueError, match="must be greater than min_val"):
        nn.Hardtanh(1.0, 1.0)
    with pytest.raises(ValueError, match="3D or 4D, got 2D"):
        nn.Softmax2d()(X[0])


def test_linear():
    layer = nn.Linear(4, 5)
    assert layer.weight.shape == (5, 4)
    assert layer(X).shape == (2, 3, 5)
    bound = 1 / math.sqrt(4)
    assert layer.weight.abs().max().item() <= bound
    assert layer.bias.abs().max().item() <= bound
    assert nn.Linear(4, 5, bias=False).bias is None
    assert nn.Linear(4, 5, dtype=tg.float64).bias.dtype == tg.float64
    assert nn.Linear(4, 5, device="cpu").bias.dtype == tg.float32
    with pytest.warns(UserWarning, match="zero-element"):
        assert nn.Linear(0, 2)(tg.ones(3, 0)).shape == (3, 2)


def test_bilinear():
    layer = nn.Bilinear(4, 3, 2)
    assert layer.weight.shape == (2, 4, 3)
    assert layer(tg.ones(5, 4), tg.ones(5, 3)).shape == (5, 2)
    with pytest.raises(ValueError, match="in1_features must be > 0"):
        nn.Bilinear(0, 3, 2)


def test_flatten_and_unflatten():
    assert nn.Flatten()(X).shape == (2, 12)
    assert nn.Flatten(0, 1)(X).shape == (6, 4)
    assert nn.Unflatten(1, (1, 3))(X).shape == (2, 1, 3, 4)
    with pytest.raises(TypeError, match="tuple of ints"):
        nn.Unflatten(1, 3)
    with pytest.raises(TypeError, match="at pos 1"):
        nn.Unflatten(1, (3, 1.0))


@pytest.mark.parametrize(("kind", "axes"), [(nn.Conv1d, 1), (nn.Conv2d, 2), (nn.Conv3d, 3)])
def test_convolutions(kind, axes):
    x = tg.randn(2, 4, *(7,) * axes)
    layer = kind(4, 6, 3, stride=2, padding=1, groups=2)
    assert layer.weight.shape == (6, 2, *(3,) * axes)
    assert layer(x).shape == (2, 6, *(4,) * axes)
    assert kind(4, 6, 3, padding="same", dilation=2)(x).shape == (2, 6, *(7,) * axes)
    assert kind(4, 6, 3, padding="valid", bias=False)(x).shape == (2, 6, *(5,) * axes)
    bound = 1 / math.sqrt(2 * 3**axes)
    assert layer.weight.abs().max().item() <= bound


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_convolutions_pad_as_told(mode):
    layer = nn.Conv2d(1, 1, 3, padding=(2, 1), padding_mode=mode)
    x = tg.randn(1, 1, 5, 6)
    padded = np.pad(
        x.numpy(), ((0, 0), (0, 0), (2, 2), (1, 1)), {"replicate": "edge", "circular": "wrap"}.get(mode, mode)
    )
    expected = F.conv2d(tg.from_numpy(padded), layer.weight, layer.bias)
    np.testing.assert_allclose(layer(x).detach().numpy(), expected.detach().numpy(), rtol=1e-5, atol=1e-6)
    same = nn.Conv2d(1, 1, (2, 3), padding="same", padding_mode=mode)
    assert same(x).shape == x.shape


def test_convolutions_refuse():
    with pytest.raises(ValueError, match="in_channels must be divisible by groups"):
        nn.Conv2d(3, 4, 3, groups=2)
    with pytest.raises(ValueError, match="out_channels must be divisible by groups"):
        nn.Conv2d(4, 3, 3, groups=2)
    with pytest.raises(ValueError, match="positive"):
        nn.Conv2d(4, 3, 3, groups=0)
    with pytest.raises(ValueError, match="Invalid padding string"):
        nn.Conv2d(4, 3, 3, padding="full")
    with pytest.raises(ValueError, match="strided"):
        nn.Conv2d(4, 3, 3, padding="same", stride=2)
    with pytest.raises(ValueError, match="padding_mode"):
        nn.Conv2d(4, 3, 3, padding_mode="edge")


def test_pooling():
    x = tg.arange(16.0).reshape(1, 1, 4, 4)
    assert nn.MaxPool2d(2)(x).tolist() == [[[[5.0, 7.0], [13.0, 15.0]]]]
    assert nn.AvgPool2d(2)(x).tolist() == [[[[2.5, 4.5], [10.5, 12.5]]]]
    assert nn.AdaptiveAvgPool2d((1, None))(x).shape == (1, 1, 1, 4)
    assert nn.MaxPool1d(2, stride=1)(x[0]).shape == (1, 4, 3)
    assert nn.AvgPool1d(2, padding=1)(x[0]).shape == (1, 4, 3)
    assert nn.AdaptiveAvgPool1d(2)(x[0]).tolist()[0][0] == [0.5, 2.5]
    out, indices = nn.MaxPool2d(2, return_indices=True)(x)
    assert indices.tolist() == [[[[5, 7], [13, 15]]]]
    assert nn.MaxPool2d(3, 2, ceil_mode=True)(x).shape == (1, 1, 2, 2)
    assert nn.AdaptiveMaxPool2d(1)(x).item() == 15.0
    assert nn.AdaptiveMaxPool1d(2, return_indices=True)(x[0])[1].tolist()[0][3] == [1, 3]
    volume = x.reshape(1, 1, 4, 2, 2)
    assert nn.MaxPool3d(2)(volume).flatten().tolist() == [7.0, 15.0]
    assert nn.AvgPool3d(2)(volume).flatten().tolist() == [3.5, 11.5]
    assert nn.AdaptiveAvgPool3d(1)(volume).item() == 7.5
    assert nn.AdaptiveMaxPool3d((2, None, 1))(volume).shape == (1, 1, 2, 2, 1)
    assert out.shape == (1, 1, 2, 2)


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        (nn.BatchNorm1d, (8, 3)),
        (nn.BatchNorm1d, (8, 3, 5)),
        (nn.BatchNorm2d, (8, 3, 4, 5)),
        (nn.BatchNorm3d, (8, 3, 2, 2, 2)),
    ],
)
def test_batch_norm(kind, shape):
    layer = kind(3)
    x = tg.randn(*shape) * 3 + 1
    y = layer(x).detach().numpy()
    axes = tuple(i for i in range(len(shape)) if i != 1)
    np.testing.assert_allclose(y.mean(axes), 0, atol=1e-5)
    np.testing.assert_allclose(y.var(axes), 1, atol=1e-3)
    np.testing.assert_allclose(layer.running_mean.numpy(), 0.1 * x.numpy().mean(axes), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(layer.running_var.numpy(), 0.9 + 0.1 * x.numpy().var(axes, ddof=1), rtol=1e-4)
    assert layer.num_batches_tracked.item() == 1
    layer.eval()
    before = layer.running_mean.numpy().copy()
    layer(x)
    assert np.array_equal(before, layer.running_mean.numpy())
    with pytest.raises(ValueError, match=r"expected .*D input"):
        layer(tg.ones(3))


def test_batch_norm_options():
    x = tg.randn(6, 2)
    total = nn.BatchNorm1d(2, momentum=None)
    for part in (x[:3], x[3:]):
        total(part)
    halves = (x[:3].numpy().mean(0) + x[3:].numpy().mean(0)) / 2
    np.testing.assert_allclose(total.running_mean.numpy(), halves, rtol=1e-5, atol=1e-6)
    plain = nn.BatchNorm1d(2, affine=False, track_running_stats=False)
    assert not plain.state_dict()
    np.testing.assert_allclose(plain.eval()(x).numpy().mean(0), 0, atol=1e-6)
    unshifted = nn.BatchNorm1d(2, bias=False)
    assert unshifted.bias is None
    assert unshifted.weight is not None
    total.reset_running_stats()
    assert total.num_batches_tracked.item() == 0


def test_dropout():
    layer = nn.Dropout(0.25)
    x = tg.ones(10_000)
    y = layer(x).numpy()
    assert set(np.unique(y)) <= {np.float32(0), np.float32(1 / 0.75)}
    assert abs((y == 0).mean() - 0.25) < 0.03
    assert layer.eval()(x) is x
    with pytest.raises(ValueError, match="between 0 and 1"):
        nn.Dropout(1.5)


def test_dropout_of_channels():
    for kind, shape in [(nn.Dropout1d, (8, 9, 4)), (nn.Dropout2d, (8, 9, 2, 2)), (nn.Dropout3d, (8, 9, 2, 2, 1))]:
        y = kind()(tg.ones(*shape)).numpy().reshape(72, 4)
        assert set(np.unique(y)) == {0.0, 2.0}
        assert (y == y[:, :1]).all()
    tg.manual_seed(0)
    y = nn.AlphaDropout(0.4)(tg.randn(100_000)).numpy()
    assert abs(y.mean()) < 0.02
    assert abs(y.var() - 1) < 0.02


def test_losses_are_their_functions():
    scores, classes = tg.randn(4, 3), tg.tensor([0, 2, 1, 2])
    weight = tg.tensor([1.0, 2.0, 3.0])
    p, t = tg.rand(4, 3), tg.rand(4, 3)
    cases = [
        (nn.L1Loss(), F.l1_loss(p, t), (p, t)),
        (nn.MSELoss(reduction="sum"), F.mse_loss(p, t, reduction="sum"), (p, t)),
        (nn.NLLLoss(weight, ignore_index=1), F.nll_loss(scores, classes, weight, ignore_index=1), (scores, classes)),
        (
            nn.CrossEntropyLoss(weight, label_smoothing=0.1),
            F.cross_entropy(scores, classes, weight, label_smoothing=0.1),
            (scores, classes),
        ),
        (nn.BCELoss(reduction="none"), F.binary_cross_entropy(p, t, reduction="none"), (p, t)),
        (
            nn.BCEWithLogitsLoss(pos_weight=weight),
            F.binary_cross_entropy_with_logits(scores, t, pos_weight=weight),
            (scores, t),
        ),
    ]
    for module, expected, arguments in cases:
        assert tg.equal(module(*arguments), expected), module
    assert tg.equal(nn.SmoothL1Loss(beta=0.2)(p, t), F.smooth_l1_loss(p, t, beta=0.2))
    assert tg.equal(nn.HuberLoss(delta=0.2)(p, t), F.huber_loss(p, t, delta=0.2))
    assert tg.equal(nn.KLDivLoss(reduction="batchmean")(p, t), F.kl_div(p, t, reduction="batchmean"))
    with pytest.raises(TypeError, match="delta must be a float or int"):
        nn.HuberLoss(delta="wide")
    with pytest.warns(UserWarning, match="reduction='sum'"):
        assert nn.MSELoss(size_average=False).reduction == "sum"


def test_the_first_network_learns():
    tg.manual_seed(0)
    model = nn.Sequential(
        *(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Dropout(0.1), nn.Flatten(), nn.Linear(16, 2)),
    )
    optimizer = tg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    x = tg.randn(64, 1, 4, 4)
    y = (x[:, 0, 0, 0] > 0).long()
    for _ in range(60):
        optimizer.zero_grad()
        loss = nn.CrossEntropyLoss()(model(x), y)
        loss.backward()
        optimizer.step()
    accuracy = (model.eval()(x).argmax(1) == y).float().mean().item()
    assert accuracy > 0.95
