"""Whole models: a state travels from PyTorch, trains three steps to the same parameters, and travels back."""

import numpy as np
import pytest

import tinygrad_cn as tg

torch = pytest.importorskip("torch")

DRAW = np.random.default_rng(0)


def block(lib, inside, out, stride):
    """A residual block: two convolutions and a shortcut."""

    class Block(lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = lib.nn.Conv2d(inside, out, 3, stride, 1, bias=False)
            self.bn1 = lib.nn.BatchNorm2d(out)
            self.conv2 = lib.nn.Conv2d(out, out, 3, 1, 1, bias=False)
            self.bn2 = lib.nn.BatchNorm2d(out)
            self.downsample = None
            if stride != 1:
                self.downsample = lib.nn.Sequential(
                    lib.nn.Conv2d(inside, out, 1, stride, bias=False), lib.nn.BatchNorm2d(out)
                )

        def forward(self, x):
            y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
            return (y + (x if self.downsample is None else self.downsample(x))).relu()

    return Block()


def resnet(lib):
    nn = lib.nn
    return nn.Sequential(
        *(nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(3, 2, 1)),
        *(block(lib, a, b, s) for a, b, s in ((8, 8, 1), (8, 8, 1), (8, 16, 2), (16, 16, 1))),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 5)),
    )


def lstm(lib):
    class Classifier(lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = lib.nn.Embedding(11, 6, padding_idx=0)
            self.lstm = lib.nn.LSTM(6, 8, 2, batch_first=True, bidirectional=True)
            self.out = lib.nn.Linear(16, 5)

        def forward(self, tokens):
            return self.out(self.lstm(self.embedding(tokens))[0].mean(1))

    return Classifier()


def transformer(lib):
    class Classifier(lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = lib.nn.Embedding(11, 8)
            layer = lib.nn.TransformerEncoderLayer(8, 2, 16, 0.0, "gelu", batch_first=True, norm_first=True)
            self.encoder = lib.nn.TransformerEncoder(layer, 2, lib.nn.LayerNorm(8))
            self.out = lib.nn.Linear(8, 5)

        def forward(self, tokens):
            return self.out(self.encoder(self.embedding(tokens)).mean(1))

    return Classifier()


MODELS = {
    "resnet": (resnet, DRAW.normal(size=(6, 3, 32, 32)).astype(np.float32)),
    "lstm": (lstm, DRAW.integers(0, 11, (6, 7))),
    "transformer": (transformer, DRAW.integers(0, 11, (6, 7))),
}


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@pytest.mark.parametrize(("build", "data"), MODELS.values(), ids=MODELS)
def test_a_state_travels_trains_and_returns(build, data):
    torch.manual_seed(0)
    theirs, ours = build(torch), build(tg)
    ours.load_state_dict(theirs.state_dict())
    target = DRAW.integers(0, 5, 6)
    for module in (ours.eval(), theirs.eval()):
        assert not module.training
    first = ours(tg.from_numpy(data)).detach().numpy(), theirs(torch.from_numpy(data)).detach().numpy()
    np.testing.assert_allclose(*first, rtol=1e-5, atol=1e-5)
    for lib, module in ((tg, ours), (torch, theirs)):
        module.train()
        optimizer = lib.optim.SGD(module.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
        for _ in range(3):
            optimizer.zero_grad()
            lib.nn.CrossEntropyLoss()(module(lib.from_numpy(data)), lib.from_numpy(target)).backward()
            optimizer.step()
    mine, other = ours.state_dict(), theirs.state_dict()
    assert list(mine) == list(other)
    for name, value in other.items():
        np.testing.assert_allclose(mine[name].numpy(), value.numpy(), rtol=1e-4, atol=1e-4, err_msg=name)
    theirs.load_state_dict({name: torch.from_numpy(value.numpy()) for name, value in mine.items()})
    last = ours.eval()(tg.from_numpy(data)), theirs.eval()(torch.from_numpy(data))
    np.testing.assert_allclose(*(out.detach().numpy() for out in last), rtol=1e-5, atol=1e-5)
