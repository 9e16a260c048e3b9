"""Gradients of gradients through whole layers, beside PyTorch's, in float64: for inputs and parameters, to 1e-8."""

import numpy as np
import pytest

import tinygrad_cn as tg

torch = pytest.importorskip("torch")

ATTENTION = [(2, 4, 8), (2, 5, 8), (2, 5, 8)]  # query, key, value
LAYERS = {
    "Conv1d": (lambda nn: nn.Conv1d(3, 4, 3, stride=2, padding=1), [(2, 3, 7)]),
    "Conv2d": (lambda nn: nn.Conv2d(3, 4, 3, padding=1), [(2, 3, 5, 6)]),
    "Conv2d, strided, in groups": (lambda nn: nn.Conv2d(4, 6, 3, 2, 2, dilation=2, groups=2), [(2, 4, 7, 7)]),
    "Conv3d": (lambda nn: nn.Conv3d(2, 3, 2), [(1, 2, 3, 3, 4)]),
    "ConvTranspose2d": (lambda nn: nn.ConvTranspose2d(4, 2, 3, 2, 1, 1, groups=2), [(2, 4, 3, 4)]),
    "Linear": (lambda nn: nn.Linear(4, 3), [(5, 4)]),
    "Bilinear": (lambda nn: nn.Bilinear(4, 3, 2), [(5, 4), (5, 3)]),
    "BatchNorm1d": (lambda nn: nn.BatchNorm1d(4), [(6, 4)]),
    "BatchNorm2d": (lambda nn: nn.BatchNorm2d(3), [(4, 3, 3, 2)]),
    "BatchNorm2d, evaluating": (lambda nn: nn.BatchNorm2d(3).eval(), [(4, 3, 3, 2)]),
    "LayerNorm": (lambda nn: nn.LayerNorm((3, 4)), [(5, 3, 4)]),
    "GroupNorm": (lambda nn: nn.GroupNorm(2, 4), [(3, 4, 5)]),
    "InstanceNorm2d": (lambda nn: nn.InstanceNorm2d(3, affine=True), [(2, 3, 4, 3)]),
    "RMSNorm": (lambda nn: nn.RMSNorm(4), [(5, 4)]),
    "MultiheadAttention": (lambda nn: nn.MultiheadAttention(8, 2, batch_first=True), ATTENTION),
    "MultiheadAttention, no weights": (lambda nn: nn.MultiheadAttention(8, 2, batch_first=True), ATTENTION),
    "TransformerEncoderLayer": (
        lambda nn: nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0, activation="gelu", batch_first=True),
        [(2, 4, 8)],
    ),
    "LSTM": (lambda nn: nn.LSTM(3, 4, 2, bidirectional=True), [(4, 2, 3)]),
    "LSTM, projected": (lambda nn: nn.LSTM(3, 5, proj_size=2, batch_first=True), [(2, 4, 3)]),
    "GRUCell": (lambda nn: nn.GRUCell(3, 4), [(2, 3), (2, 4)]),
}


def second_order(lib, layer, arrays, draw, **options):
    """The output, its gradients along random directions, and the gradients of those."""
    leaves = [lib.from_numpy(a.copy()).requires_grad_() for a in arrays]
    out = layer(*leaves, **options)
    out = out[0] if isinstance(out, tuple) else out
    leaves += layer.parameters()
    along = lib.from_numpy(draw.normal(size=tuple(out.shape)))
    first = lib.autograd.grad(out, leaves, along, create_graph=True)
    weights = [lib.from_numpy(draw.normal(size=tuple(g.shape))) for g in first]
    traced = [(g, w) for g, w in zip(first, weights, strict=True) if g.requires_grad]
    second = lib.autograd.grad([g for g, _ in traced], leaves, [w for _, w in traced], allow_unused=True)
    return [out, *first, *second]


@pytest.mark.parametrize("name", LAYERS)
def test_as_in_pytorch(name):
    build, shapes = LAYERS[name]
    torch.manual_seed(0)
    theirs, ours = build(torch.nn).double(), build(tg.nn).double()
    ours.load_state_dict(theirs.state_dict())
    arrays = [np.random.default_rng(1).normal(size=shape) for shape in shapes]
    options = {"need_weights": False} if name.endswith("no weights") else {}
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):  # the fused one has no second order
        expected = second_order(torch, theirs, arrays, np.random.default_rng(2), **options)
    found = second_order(tg, ours, arrays, np.random.default_rng(2), **options)
    for mine, other in zip(found, expected, strict=True):
        if mine is None or other is None:  # one engine says nothing where the other says 0
            rest = other if mine is None else mine
            assert rest is None or not rest.detach().numpy().any()
        else:
            np.testing.assert_allclose(mine.detach().numpy(), other.detach().numpy(), rtol=1e-8, atol=1e-8)
