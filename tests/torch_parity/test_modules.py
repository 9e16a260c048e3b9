"""Modules beside PyTorch's: printing, keys, initial values for a seed, outputs and gradients, states both ways."""

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import nn

torch = pytest.importorskip("torch")

# How to build a module, in the words that both libraries understand.
MODULES = {
    "linear": lambda lib: lib.nn.Linear(4, 3),
    "linear without bias": lambda lib: lib.nn.Linear(4, 3, bias=False, dtype=lib.float64),
    "bilinear": lambda lib: lib.nn.Bilinear(4, 3, 2),
    "identity": lambda lib: lib.nn.Identity(),
    "conv1d": lambda lib: lib.nn.Conv1d(2, 4, 3, padding="same", groups=2, bias=False, padding_mode="reflect"),
    "conv2d": lambda lib: lib.nn.Conv2d(2, 4, (3, 2), stride=2, padding=(1, 0), dilation=2),
    "conv3d": lambda lib: lib.nn.Conv3d(2, 4, 2, padding=1),
    "batch norm 1d": lambda lib: lib.nn.BatchNorm1d(4, eps=1e-3, momentum=None),
    "batch norm 2d": lambda lib: lib.nn.BatchNorm2d(4, affine=False),
    "batch norm 3d": lambda lib: lib.nn.BatchNorm3d(4, track_running_stats=False),
    "max pool 1d": lambda lib: lib.nn.MaxPool1d(2),
    "max pool 2d": lambda lib: lib.nn.MaxPool2d((2, 3), stride=1, padding=1, ceil_mode=True),
    "avg pool 1d": lambda lib: lib.nn.AvgPool1d(2),
    "avg pool 2d": lambda lib: lib.nn.AvgPool2d(2, padding=1),
    "adaptive pool 1d": lambda lib: lib.nn.AdaptiveAvgPool1d(3),
    "adaptive pool 2d": lambda lib: lib.nn.AdaptiveAvgPool2d((None, 3)),
    "flatten": lambda lib: lib.nn.Flatten(),
    "unflatten": lambda lib: lib.nn.Unflatten(1, (2, 3)),
    "dropout": lambda lib: lib.nn.Dropout(0.2),
    "losses": lambda lib: lib.nn.ModuleList(
        [
            *(lib.nn.CrossEntropyLoss(), lib.nn.NLLLoss(), lib.nn.BCELoss(), lib.nn.BCEWithLogitsLoss()),
            *(lib.nn.MSELoss(), lib.nn.L1Loss(), lib.nn.SmoothL1Loss(), lib.nn.HuberLoss(), lib.nn.KLDivLoss()),
        ]
    ),
    "containers": lambda lib: lib.nn.ModuleDict(
        {
            "list": lib.nn.ModuleList([lib.nn.Linear(2, 2) for _ in range(3)] + [lib.nn.ReLU()]),
            "sequence": lib.nn.Sequential(lib.nn.Linear(2, 2), lib.nn.Sequential(lib.nn.PReLU(), lib.nn.Identity())),
            "empty": lib.nn.Sequential(),
        }
    ),
}


# Layers of one input, with the shape of one.
LAYERS = [
    (lambda nn: nn.Identity(), (2, 3)),
    (lambda nn: nn.Linear(4, 3), (2, 5, 4)),
    (lambda nn: nn.Conv1d(2, 4, 3, padding="same", groups=2, padding_mode="reflect"), (2, 2, 7)),
    (lambda nn: nn.Conv2d(2, 4, (3, 2), stride=2, padding=(1, 0), dilation=2, padding_mode="circular"), (2, 2, 7, 8)),
    (lambda nn: nn.Conv3d(2, 4, 2, padding=1), (2, 2, 3, 4, 3)),
    (lambda nn: nn.BatchNorm1d(3, momentum=None), (4, 3, 5)),
    (lambda nn: nn.BatchNorm2d(3, affine=False), (4, 3, 2, 2)),
    (lambda nn: nn.BatchNorm3d(3, track_running_stats=False), (4, 3, 2, 2, 2)),
    (lambda nn: nn.MaxPool1d(2), (2, 3, 7)),
    (lambda nn: nn.MaxPool2d((2, 3), stride=1, padding=1, ceil_mode=True), (2, 3, 7, 6)),
    (lambda nn: nn.MaxPool3d(2), (2, 3, 4, 5, 4)),
    (lambda nn: nn.AvgPool1d(2), (2, 3, 7)),
    (lambda nn: nn.AvgPool2d(2, padding=1, count_include_pad=False), (2, 3, 7, 6)),
    (lambda nn: nn.AvgPool3d(2, divisor_override=3), (2, 3, 4, 5, 4)),
    (lambda nn: nn.AdaptiveAvgPool1d(3), (2, 3, 7)),
    (lambda nn: nn.AdaptiveAvgPool2d((None, 3)), (2, 3, 7, 5)),
    (lambda nn: nn.AdaptiveAvgPool3d(2), (2, 3, 3, 4, 5)),
    (lambda nn: nn.AdaptiveMaxPool1d(3), (2, 3, 7)),
    (lambda nn: nn.AdaptiveMaxPool2d((None, 3)), (2, 3, 7, 5)),
    (lambda nn: nn.AdaptiveMaxPool3d(2), (2, 3, 3, 4, 5)),
    (lambda nn: nn.Flatten(), (2, 3, 4)),
    (lambda nn: nn.Unflatten(1, (2, 3)), (2, 6)),
    *((lambda nn, kind=kind: getattr(nn, kind)(), (2, 3)) for kind in (
        *("Sigmoid", "LogSigmoid", "Hardsigmoid", "Tanh", "Tanhshrink", "Softsign", "Softplus", "GELU", "SiLU"),
        *("Mish", "Hardswish", "Hardshrink", "Softshrink", "ReLU", "LeakyReLU", "PReLU", "Hardtanh", "ReLU6"),
        *("ELU", "CELU", "SELU"),
    )),
    (lambda nn: nn.Threshold(0.1, 20), (2, 3)),
    (lambda nn: nn.LeakyReLU(0.1), (2, 3)),
    (lambda nn: nn.PReLU(3), (2, 3, 2)),
    (lambda nn: nn.RReLU().eval(), (2, 3)),
    (lambda nn: nn.Hardtanh(-0.2, 0.4), (2, 3)),
    (lambda nn: nn.ELU(0.5), (2, 3)),
    (lambda nn: nn.CELU(0.5), (2, 3)),
    (lambda nn: nn.GELU("tanh"), (2, 3)),
    (lambda nn: nn.Softplus(2, 0.5), (2, 3)),
    (lambda nn: nn.Hardshrink(0.3), (2, 3)),
    (lambda nn: nn.Softshrink(0.3), (2, 3)),
    (lambda nn: nn.GLU(1), (2, 6)),
    (lambda nn: nn.Softmax(dim=1), (2, 3)),
    (lambda nn: nn.Softmin(dim=0), (2, 3)),
    (lambda nn: nn.LogSoftmax(dim=1), (2, 3)),
    (lambda nn: nn.Softmax2d(), (2, 3, 2, 2)),
    *((lambda nn, kind=kind: getattr(nn, kind)(0.3).eval(), shape) for kind, shape in (
        *(("Dropout", (2, 3)), ("Dropout1d", (2, 3, 4)), ("Dropout2d", (2, 3, 4, 4)), ("Dropout3d", (2, 3, 2, 2, 2))),
        *(("AlphaDropout", (2, 3)), ("FeatureAlphaDropout", (2, 3, 4))),
    )),
]  # fmt: skip

# For activations that print their flag.
IN_PLACE = ["ReLU", "LeakyReLU", "RReLU", "Hardtanh", "ReLU6", "ELU", "CELU", "SELU", "SiLU", "Mish", "Dropout"]
IN_PLACE += ["Hardsigmoid", "Hardswish"]


def lenet(lib):
    return lib.nn.Sequential(
        *(lib.nn.Conv2d(1, 6, 5, padding=2), lib.nn.BatchNorm2d(6), lib.nn.ReLU(), lib.nn.MaxPool2d(2)),
        *(lib.nn.Conv2d(6, 8, 3), lib.nn.Tanh(), lib.nn.AvgPool2d(2), lib.nn.Flatten()),
        *(lib.nn.Linear(32, 16), lib.nn.SiLU(), lib.nn.Linear(16, 10)),
    )


@pytest.mark.parametrize("build", MODULES.values(), ids=MODULES)
def test_printing_keys_and_initial_values(build):
    tg.manual_seed(3)
    torch.manual_seed(3)
    ours, theirs = build(tg), build(torch)
    assert repr(ours) == repr(theirs)
    mine, other = ours.state_dict(), theirs.state_dict()
    assert list(mine) == list(other)
    assert mine._metadata == other._metadata
    assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]
    for key in mine:
        assert mine[key].numpy().dtype == other[key].numpy().dtype
        assert np.array_equal(mine[key].numpy(), other[key].numpy()), key
    assert tg.rand(1).item() == torch.rand(1).item()  # as many draws


@pytest.mark.parametrize(("build", "shape"), LAYERS, ids=[repr(build(nn)) for build, _ in LAYERS])
def test_layers_compute_the_same(build, shape):
    tg.manual_seed(3)
    torch.manual_seed(3)
    ours, theirs = build(nn), build(torch.nn)
    assert repr(ours) == repr(theirs)
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape)
    a, b = tg.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    y, z = ours.double()(a), theirs.double()(b)
    np.testing.assert_allclose(y.detach().numpy(), z.detach().numpy(), rtol=1e-12, atol=1e-14)
    g = rng.standard_normal(y.shape)
    y.backward(tg.tensor(g))
    z.backward(torch.tensor(g))
    # PyTorch's hardsigmoid has its slope of 1/6 in single precision.
    rtol = 1e-7 if isinstance(ours, nn.Hardsigmoid) else 1e-10
    np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=rtol, atol=1e-14)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("kind", IN_PLACE)
def test_printing_of_layers_in_place(kind):
    assert repr(getattr(nn, kind)(inplace=True)) == repr(getattr(torch.nn, kind)(inplace=True))


LOSSES = [
    lambda nn: nn.L1Loss(),
    lambda nn: nn.MSELoss(reduction="sum"),
    lambda nn: nn.SmoothL1Loss(beta=0.5),
    lambda nn: nn.HuberLoss(reduction="none", delta=0.2),
    lambda nn: nn.KLDivLoss(reduction="batchmean"),
    lambda nn: nn.BCELoss(),
    lambda nn: nn.BCEWithLogitsLoss(),
    lambda nn: nn.CrossEntropyLoss(label_smoothing=0.1),
]


@pytest.mark.parametrize("build", LOSSES, ids=[type(build(nn)).__name__ for build in LOSSES])
def test_losses_compute_the_same(build):
    x, y = np.random.default_rng(0).uniform(0.1, 0.9, (2, 4, 3))
    results = []
    for lib in (tg, torch):
        input = lib.tensor(x, requires_grad=True)
        loss = build(lib.nn)(input, lib.tensor(y))
        loss.sum().backward()
        results.append((loss.detach().numpy(), input.grad.numpy()))
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_a_network_computes_the_same(mode):
    tg.manual_seed(0)
    torch.manual_seed(0)
    ours, theirs = getattr(lenet(tg).double(), mode)(), getattr(lenet(torch).double(), mode)()
    x = np.random.default_rng(0).standard_normal((5, 1, 12, 12))
    y = np.array([0, 3, 9, 1, 5])
    a, b = tg.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    loss = nn.CrossEntropyLoss()(ours(a), tg.tensor(y))
    reference = torch.nn.CrossEntropyLoss()(theirs(b), torch.tensor(y))
    loss.backward()
    reference.backward()
    np.testing.assert_allclose(loss.item(), reference.item(), rtol=1e-12)
    np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-9, atol=1e-14)
    for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), rtol=1e-9, atol=1e-13, err_msg=name)
    for (name, p), q in zip(ours.named_buffers(), theirs.buffers(), strict=True):
        np.testing.assert_allclose(p.numpy(), q.numpy(), rtol=1e-12, err_msg=name)


def test_states_travel_both_ways():
    ours, theirs = lenet(tg), lenet(torch)
    ours.load_state_dict(theirs.state_dict())  # through __array__
    x = np.random.default_rng(1).standard_normal((2, 1, 12, 12)).astype("f4")
    np.testing.assert_allclose(
        ours.eval()(tg.tensor(x)).detach().numpy(), theirs.eval()(torch.tensor(x)).detach().numpy(), atol=1e-5
    )
    lenet(torch).load_state_dict({key: torch.from_numpy(v.numpy()) for key, v in ours.state_dict().items()})


def test_messages_of_a_refused_state():
    messages = []
    for lib in (tg, torch):
        model = lenet(lib)
        state = model.state_dict()
        state["0.weight"] = state["0.weight"][1:]
        state["more"] = state.pop("1.bias")
        with pytest.raises(RuntimeError) as caught:
            model.load_state_dict(state)
        messages.append(str(caught.value).replace("torch.Size", "Size"))
    assert messages[0] == messages[1]


INITIALISERS = {
    "uniform": lambda init, t: init.uniform_(t, -1, 2),
    "normal": lambda init, t: init.normal_(t, 1, 2),
    "truncated": lambda init, t: init.trunc_normal_(t, 0.1, 0.5, -0.4, 0.6),
    "truncated far out": lambda init, t: init.trunc_normal_(t, 0, 1, 1.5, 2),
    "constant": lambda init, t: init.constant_(t, 0.3),
    "eye": lambda init, t: init.eye_(t),
    "xavier uniform": lambda init, t: init.xavier_uniform_(t, 2.0),
    "xavier normal": lambda init, t: init.xavier_normal_(t),
    "kaiming uniform": lambda init, t: init.kaiming_uniform_(t, 0.3, "fan_out"),
    "kaiming normal": lambda init, t: init.kaiming_normal_(t, nonlinearity="relu"),
    "orthogonal": lambda init, t: init.orthogonal_(t, 1.5),
    "sparse": lambda init, t: init.sparse_(t, 0.3),
}


@pytest.mark.parametrize("shape", [(17, 9), (6, 30)])
@pytest.mark.parametrize("initialise", INITIALISERS.values(), ids=INITIALISERS)
def test_initialisers(initialise, shape):
    tg.manual_seed(5)
    torch.manual_seed(5)
    ours, theirs = initialise(nn.init, tg.empty(*shape)), initialise(torch.nn.init, torch.empty(*shape))
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=2e-6, atol=2e-6)
    assert tg.rand(1).item() == torch.rand(1).item()


@pytest.mark.parametrize("shape", [(4, 2, 3), (4, 2, 3, 3), (6, 2, 2, 3, 4)])
def test_dirac(shape):
    for groups in (1, 2):
        ours = nn.init.dirac_(tg.empty(*shape), groups)
        assert np.array_equal(ours.numpy(), torch.nn.init.dirac_(torch.empty(*shape), groups).numpy())


@pytest.mark.parametrize("order", [1, 2, 3, float("inf")])
def test_clipping(order):
    rng = np.random.default_rng(0)
    grads = [rng.standard_normal(shape) for shape in ((3, 4), (5,))]
    results = []
    for lib in (tg, torch):
        params = [lib.nn.Parameter(lib.zeros(g.shape, dtype=lib.float64)) for g in grads]
        for p, g in zip(params, grads, strict=True):
            p.grad = lib.tensor(g)
        total = lib.nn.utils.clip_grad_norm_(params, 0.5, order).item()
        results.append([total, *(p.grad.numpy() for p in params)])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
