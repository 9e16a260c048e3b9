"""Modules that PyTorch's module database leaves out, and corners of others, beside PyTorch's."""

import numpy as np
import pytest

import tinygrad_cn as tg

torch = pytest.importorskip("torch")

FLOATS = np.random.default_rng(0)


def floats(*shape):
    return FLOATS.normal(size=shape)


def integers(high, *shape):
    return FLOATS.integers(0, high, shape)


# How to build a module, and the arrays that it is called with.
MODULES = {
    "pixel shuffle": (lambda nn: nn.PixelShuffle(2), [floats(2, 8, 3, 2)]),
    "pixel unshuffle": (lambda nn: nn.PixelUnshuffle(2), [floats(2, 2, 4, 6)]),
    "channel shuffle": (lambda nn: nn.ChannelShuffle(3), [floats(2, 6, 3, 2)]),
    "unfold": (lambda nn: nn.Unfold((2, 3), dilation=1, padding=1, stride=2), [floats(2, 3, 5, 6)]),
    "fold": (lambda nn: nn.Fold((4, 5), (2, 2), padding=0, stride=1), [floats(2, 12, 12)]),
    "upsample": (lambda nn: nn.Upsample(scale_factor=(2, 1.5), mode="bilinear"), [floats(2, 3, 4, 4)]),
    "upsample to a size": (lambda nn: nn.Upsample(7), [floats(2, 3, 4)]),
    "upsampling nearest": (lambda nn: nn.UpsamplingNearest2d(scale_factor=2), [floats(2, 3, 4, 4)]),
    "upsampling bilinear": (lambda nn: nn.UpsamplingBilinear2d(size=(5, 6)), [floats(2, 3, 4, 4)]),
    "cosine similarity": (lambda nn: nn.CosineSimilarity(dim=-1), [floats(3, 4), floats(3, 4)]),
    "pairwise distance": (lambda nn: nn.PairwiseDistance(keepdim=True), [floats(3, 4), floats(3, 4)]),
    "triplet": (lambda nn: nn.TripletMarginLoss(swap=True), [floats(4, 3), floats(4, 3), floats(4, 3)]),
    "triplet with distance": (
        lambda nn: nn.TripletMarginWithDistanceLoss(reduction="sum"),
        [floats(4, 3), floats(4, 3), floats(4, 3)],
    ),
    "sync batch norm": (lambda nn: nn.SyncBatchNorm(3), [floats(4, 3, 2)]),
    "embedding bag": (lambda nn: nn.EmbeddingBag(10, 3, padding_idx=1), [integers(10, 2, 4)]),
    "embedding bag with offsets": (
        lambda nn: nn.EmbeddingBag(10, 3, mode="sum"),
        [integers(10, 6), np.array([0, 2, 2])],
    ),
    "embedding": (lambda nn: nn.Embedding(10, 3, padding_idx=-2), [np.array([[1, 8], [8, 9]])]),
    "adaptive softmax": (
        lambda nn: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10], div_value=2.0, head_bias=True),
        [floats(6, 8), np.array([0, 5, 19, 3, 9, 12])],
    ),
    "lazy linear": (lambda nn: nn.LazyLinear(3), [floats(2, 4)]),
    "lazy batch norm": (lambda nn: nn.LazyBatchNorm1d(), [floats(4, 3, 5)]),
    "lazy instance norm": (lambda nn: nn.LazyInstanceNorm2d(), [floats(4, 3, 5, 2)]),
    "instance norm that tracks": (
        lambda nn: nn.InstanceNorm1d(3, affine=True, track_running_stats=True),
        [floats(4, 3, 5)],
    ),
    "transposed convolution": (
        lambda nn: nn.ConvTranspose2d(4, 6, (3, 2), stride=2, padding=1, output_padding=(1, 0), groups=2),
        [floats(2, 4, 5, 4)],
    ),
    "rnn": (lambda nn: nn.RNN(3, 4, 2, "relu", bidirectional=True), [floats(5, 2, 3)]),
    "lstm": (lambda nn: nn.LSTM(3, 4, 2, bidirectional=True, proj_size=2), [floats(5, 2, 3)]),
    "lstm, batch first": (lambda nn: nn.LSTM(3, 4, bias=False, batch_first=True), [floats(2, 5, 3)]),
    "lstm, unbatched": (lambda nn: nn.LSTM(3, 4, batch_first=True), [floats(5, 3)]),
    "gru": (lambda nn: nn.GRU(3, 4, 2, bidirectional=True, batch_first=True), [floats(2, 5, 3)]),
    "gru without biases": (lambda nn: nn.GRU(3, 4, bias=False), [floats(5, 2, 3)]),
    "lstm cell": (lambda nn: nn.LSTMCell(3, 4, bias=False), [floats(2, 3)]),
    "gru cell": (lambda nn: nn.GRUCell(3, 4), [floats(3), floats(4)]),
    "rnn cell": (lambda nn: nn.RNNCell(3, 4, nonlinearity="relu"), [floats(2, 3)]),
    "attention": (lambda nn: nn.MultiheadAttention(8, 2, add_bias_kv=True), [floats(3, 2, 8)] * 3),
    "attention of other sizes": (
        lambda nn: nn.MultiheadAttention(8, 2, kdim=3, vdim=5, batch_first=True, add_zero_attn=True),
        [floats(2, 4, 8), floats(2, 6, 3), floats(2, 6, 5)],
    ),
    "decoder": (
        lambda nn: nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16, dropout=0.0), 2, nn.LayerNorm(8)),
        [floats(3, 2, 8), floats(4, 2, 8)],
    ),
    "transformer": (
        lambda nn: nn.Transformer(8, 2, 1, 1, 16, 0.0, "gelu", batch_first=True, norm_first=True, bias=False),
        [floats(2, 3, 8), floats(2, 4, 8)],
    ),
    "weight norm": (lambda nn: nn.utils.parametrizations.weight_norm(nn.Conv1d(3, 2, 2), dim=1), [floats(2, 3, 4)]),
    "spectral norm": (lambda nn: nn.utils.parametrizations.spectral_norm(nn.Linear(5, 3)), [floats(2, 5)]),
    "orthogonal": (lambda nn: nn.utils.parametrizations.orthogonal(nn.Linear(5, 5)), [floats(2, 5)]),
    "orthogonal by reflections": (
        lambda nn: nn.utils.parametrizations.orthogonal(nn.Linear(5, 3), use_trivialization=False),
        [floats(2, 5)],
    ),
    "orthogonal by Cayley's map": (
        lambda nn: nn.utils.parametrizations.orthogonal(nn.Linear(3, 5), orthogonal_map="cayley"),
        [floats(2, 3)],
    ),
}


def flat(result):
    if isinstance(result, tuple | list):
        return [leaf for item in result for leaf in flat(item)]
    return [] if result is None else [result]


def close(ours, theirs, tolerance, what=""):
    np.testing.assert_allclose(
        ours.detach().numpy(), theirs.detach().numpy(), rtol=tolerance, atol=tolerance, err_msg=what
    )


def seeded(build, lib):
    tg.manual_seed(3)
    torch.manual_seed(3)
    return build(lib.nn)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@pytest.mark.parametrize(("build", "arrays"), MODULES.values(), ids=MODULES)
def test_as_in_pytorch(build, arrays):
    ours, theirs = seeded(build, tg), seeded(build, torch)
    assert repr(ours) == repr(theirs)
    inputs = [tg.from_numpy(a.copy()) for a in arrays], [torch.from_numpy(a.copy()) for a in arrays]
    if "Lazy" in repr(ours):  # the first call draws
        seeded(lambda _: (ours.double()(*inputs[0]), theirs.double()(*inputs[1])), tg)
        assert repr(ours) == repr(theirs)
    mine, other = ours.state_dict(), theirs.state_dict()
    assert list(mine) == list(other)
    for key in other:
        close(mine[key], other[key], 1e-5, key)
    ours.double(), theirs.double()
    ours.load_state_dict(theirs.state_dict())
    if len(arrays) == 1 or arrays[0] is not arrays[-1]:
        wanted = [[t.requires_grad_() for t in kind if t.is_floating_point()] for kind in inputs]
    else:  # attention of a sequence to itself
        inputs = tuple([kind[0]] * len(kind) for kind in inputs)
        wanted = [[kind[0].requires_grad_()] for kind in inputs]
    results = [flat(module(*kind)) for module, kind in zip((ours, theirs), inputs, strict=True)]
    for o, t in zip(*results, strict=True):
        close(o, t, 1e-9)
    for leaves, parts in zip((wanted[0], wanted[1]), results, strict=True):
        (sum((p * p).sum() for p in parts) if leaves is not None else parts).backward()
    for o, t in zip(*wanted, strict=True):
        close(o.grad, t.grad, 1e-8)
    for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        if q.grad is not None:
            close(p.grad, q.grad, 1e-8, name)
    for key, value in theirs.state_dict().items():
        close(ours.state_dict()[key], value, 1e-9, key)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_packed_sequences(kind, bidirectional):
    build = lambda nn: getattr(nn, kind)(3, 4, 2, bidirectional=bidirectional)
    ours, theirs = seeded(build, tg).double(), seeded(build, torch).double()
    ours.load_state_dict(theirs.state_dict())
    sequences = [floats(n, 3) for n in (2, 5, 1, 3)]
    results = []
    for lib, module in ((tg, ours), (torch, theirs)):
        rnn = lib.nn.utils.rnn
        items = [lib.from_numpy(s.copy()).requires_grad_() for s in sequences]
        packed = rnn.pack_sequence(items, enforce_sorted=False)
        out, states = module(packed)
        padded, lengths = rnn.pad_packed_sequence(out, batch_first=True, padding_value=-1.0, total_length=6)
        (padded * padded).sum().backward()
        results.append([packed.data, packed.batch_sizes, padded, lengths, *flat(states), *(i.grad for i in items)])
    for o, t in zip(*results, strict=True):
        close(o, t, 1e-9)


def test_dropout_between_layers_draws_the_same():
    build = lambda nn: nn.LSTM(3, 4, 3, dropout=0.5)
    ours, theirs = seeded(build, tg), seeded(build, torch)
    x = floats(5, 2, 3).astype(np.float32)
    probe = seeded(lambda nn: nn.Dropout(0.5)(tg.ones(64) if nn is tg.nn else torch.ones(64)), tg).tolist()
    if probe != seeded(lambda nn: nn.Dropout(0.5)(torch.ones(64)), torch).tolist():
        pytest.skip("this PyTorch draws masks from a stream of its own")
    out = [seeded(lambda _, m=m, l=l: m(l.from_numpy(x))[0], tg) for m, l in ((ours, tg), (theirs, torch))]  # noqa: E741
    close(*out, 1e-5)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_second_order_of_recurrent_layers(kind):
    build = lambda nn: getattr(nn, kind)(3, 4)
    ours, theirs = seeded(build, tg).double(), seeded(build, torch).double()
    ours.load_state_dict(theirs.state_dict())
    x = floats(3, 2, 3)
    found = []
    for lib, module in ((tg, ours), (torch, theirs)):
        leaf = lib.from_numpy(x.copy()).requires_grad_()
        out, _ = module(leaf)
        (first,) = lib.autograd.grad((out * out).sum(), [leaf], create_graph=True)
        found.append(lib.autograd.grad((first * first).sum(), [leaf, *module.parameters()]))
    for o, t in zip(*found, strict=True):
        close(o, t, 1e-8)


@pytest.mark.parametrize("boolean", [True, False])
def test_masks_of_attention(boolean):
    build = lambda nn: nn.MultiheadAttention(8, 2, batch_first=True)
    ours, theirs = seeded(build, tg).double(), seeded(build, torch).double()
    ours.load_state_dict(theirs.state_dict())
    x = floats(2, 4, 8)
    mask, padding = np.triu(np.ones((4, 4), bool), 1), np.array([[0, 0, 0, 0], [0, 0, 1, 1]], bool)
    if not boolean:
        mask, padding = (np.where(m, -np.inf, 0.0) for m in (mask, padding))
    results = []
    for lib, module in ((tg, ours), (torch, theirs)):
        t = lib.from_numpy(x)
        given = {"attn_mask": lib.from_numpy(mask), "key_padding_mask": lib.from_numpy(padding)}
        each = module(t, t, t, average_attn_weights=False, **given)
        plain = module(t, t, t, need_weights=False, **given)
        causal = module(t, t, t, need_weights=False, is_causal=True, attn_mask=given["attn_mask"])
        results.append(flat([each, plain, causal]))
    for o, t in zip(*results, strict=True):
        close(o, t, 1e-9)
