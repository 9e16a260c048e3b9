"""Functions of layers beside PyTorch's where the operator database says little: odd sizes, masks, lengths, grids."""

import itertools
import warnings

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn.kernels import attention

torch = pytest.importorskip("torch")
F, TF = tg.nn.functional, torch.nn.functional


def ours(x, grad=False):
    return tg.from_numpy(x.detach().numpy().copy()).requires_grad_(grad and x.dtype.is_floating_point)


def same(mine, other, tolerance=1e-9):
    np.testing.assert_allclose(mine.detach().numpy(), other.detach().numpy(), rtol=tolerance, atol=tolerance)


def normal(*shape):
    return torch.randn(*shape, dtype=torch.float64)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.uint8])
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
def test_nearest_rounds_as_pytorch_does(mode, dtype):
    for size, out in itertools.product(range(1, 34, 2), range(1, 100, 7)):
        x = torch.arange(size).to(dtype)[None, None]
        same(F.interpolate(ours(x), size=out, mode=mode), TF.interpolate(x, size=out, mode=mode))


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.uint8])
def test_interpolation_of_images(dtype, mode, align, antialias):
    x = (torch.rand(2, 3, 11, 9) * 255).to(dtype)
    options = {"mode": mode, "align_corners": align, "antialias": antialias}
    for size in ({"size": (5, 20)}, {"scale_factor": (0.45, 1.3)}):
        same(F.interpolate(ours(x), **size, **options), TF.interpolate(x, **size, **options))


@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_grids_far_outside(mode, padding, align):
    x, grid = normal(2, 3, 4, 5).requires_grad_(), (3 * normal(2, 6, 7, 2)).requires_grad_()
    out = TF.grid_sample(x, grid, mode, padding, align)
    g = torch.randn_like(out)
    mine = ours(x, True), ours(grid, True)
    result = F.grid_sample(*mine, mode, padding, align)
    same(result, out)
    found = tg.autograd.grad(result, mine, ours(g), allow_unused=True)
    for a, b in zip(found, torch.autograd.grad(out, (x, grid), g), strict=True):
        same(tg.zeros(*b.shape, dtype=tg.float64) if a is None else a, b)


@pytest.mark.parametrize("block", [1 << 18, 7])
@pytest.mark.parametrize("mask", [(4, 5), (2, 1, 4, 5), (3, 4, 5), (1, 1, 1, 5), (2, 3, 4, 1)])
@pytest.mark.parametrize("kind", ["bool", "added", "hides all", "causal"])
def test_attention_to_second_order(kind, mask, block, monkeypatch):
    monkeypatch.setattr(attention, "_BLOCK", block)
    inputs = [normal(2, 3, n, e).requires_grad_() for n, e in ((4, 6), (5, 6), (5, 3))]
    given = {"bool": torch.rand(mask) > 0.3, "added": normal(*mask).requires_grad_(),
             "hides all": torch.zeros(mask, dtype=torch.bool), "causal": None}[kind]  # fmt: skip
    leaves = [*inputs, given] if kind == "added" else inputs
    mine = [ours(t, True) for t in leaves]
    masked = mine[3] if kind == "added" else None if given is None else ours(given)
    out = TF.scaled_dot_product_attention(*inputs, given, is_causal=kind == "causal")
    result = F.scaled_dot_product_attention(*mine[:3], masked, is_causal=kind == "causal")
    same(result, out)
    g = torch.randn_like(out)
    first = torch.autograd.grad(out, leaves, g, create_graph=True)
    for a, b in zip(tg.autograd.grad(result, mine, ours(g), retain_graph=True), first, strict=True):
        same(a, b)
    traced = tg.autograd.grad(result, mine, ours(g), create_graph=True)
    weights = [torch.randn_like(t) for t in first]
    second = torch.autograd.grad(first, leaves, weights)
    for a, b in zip(tg.autograd.grad(traced, mine, [ours(w) for w in weights]), second, strict=True):
        same(a, b)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize(
    ("targets", "times", "lengths"),
    [
        ([[1, 2, 2], [3, 3, 3], [1, 0, 0], [4, 1, 2]], [6, 5, 3, 4], [3, 3, 0, 2]),
        ([1, 2, 3, 2, 2, 4], [6, 6, 6, 6], [2, 1, 0, 3]),
        ([[1, 2], [3, 3], [1, 0], [4, 1]], [6, 2, 0, 1], [2, 2, 0, 2]),
    ],
)
def test_ctc_of_all_lengths(targets, times, lengths, reduction):
    scores, targets = normal(6, 4, 5).requires_grad_(), torch.tensor(targets)
    options = {"reduction": reduction, "zero_infinity": True}
    out = TF.ctc_loss(scores.log_softmax(-1), targets, times, lengths, **options)
    mine = ours(scores, True)
    result = F.ctc_loss(F.log_softmax(mine, -1), ours(targets), times, lengths, **options)
    same(result, out)
    g = torch.randn_like(out)
    (expected,) = torch.autograd.grad(out, scores, g)
    for traced in (False, True):
        same(tg.autograd.grad(result, mine, ours(g), retain_graph=True, create_graph=traced)[0], expected)


@pytest.mark.parametrize("mask", ["none", "bool", "added", "of each head", "padding", "both"])
@pytest.mark.parametrize("extra", [False, True])
@pytest.mark.parametrize("need", [False, True])
@pytest.mark.filterwarnings("ignore")
def test_heads(need, extra, mask):
    length, keys, batch, width, heads = 3, 4, 2, 8, 2
    sequences = [normal(n, batch, width) for n in (length, keys, keys)]
    w, b, out_w, out_b = normal(24, 8), normal(24), normal(8, 8), normal(8)
    bias = [normal(1, 1, width), normal(1, 1, width)] if extra else [None, None]
    attn = {"bool": (torch.rand(length, keys) > 0.6).index_fill(1, torch.tensor([0]), False),
            "added": normal(length, keys), "both": torch.eye(length, keys).bool() & False,
            "of each head": normal(batch * heads, length, keys)}.get(mask)  # fmt: skip
    padding = torch.tensor([[False, True, False, True], [False, False, True, True]])
    padding = padding if mask in ("padding", "both") else None

    def call(lib, turn):
        return lib.multi_head_attention_forward(
            *map(turn, sequences), width, heads, turn(w), turn(b), *map(turn, bias), extra, 0.0, turn(out_w),
            turn(out_b), key_padding_mask=turn(padding), attn_mask=turn(attn), need_weights=need,
        )  # fmt: skip

    out, weights = call(TF, lambda t: t)
    result, found = call(F, lambda t: None if t is None else ours(t))
    same(result, out)
    assert (found is None) == (weights is None)
    if need:
        same(found, weights)


@pytest.mark.parametrize("axes", [2, 3])
def test_fractional_pooling_by_the_same_seed(axes):
    name = f"fractional_max_pool{axes}d"
    x = torch.randn(2, 3, *range(9, 9 + axes))
    torch.manual_seed(5)
    tg.manual_seed(5)
    values, places = getattr(TF, name)(x, 2, output_size=4, return_indices=True)
    mine, found = getattr(F, name)(ours(x), 2, output_size=4, return_indices=True)
    same(mine, values)
    same(found, places)


def test_unpooling_counts_an_element_once():
    """Overlapping windows name a maximum several times; PyTorch hands it the gradient of each."""
    x = tg.tensor([[[1.0, 3.0, 2.0]]], requires_grad=True)
    values, places = F.max_pool1d(x, 2, 1, return_indices=True)
    F.max_unpool1d(values, places, 2, 1).sum().backward()
    assert x.grad.tolist() == [[[0.0, 1.0, 0.0]]]


def test_power_pooling_of_zeros_has_no_nan():
    x = tg.zeros(1, 1, 4, requires_grad=True)
    F.lp_pool1d(x, 2, 2).sum().backward()
    assert x.grad.tolist() == [[[0.0] * 4]]


@pytest.mark.parametrize("axes", [1, 2])
def test_fold_adds_up_what_unfold_cuts(axes):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = normal(2, 3, 8, 7) if axes == 2 else normal(3, 8, 7)
        columns = TF.unfold(x, (2, 3), 2, 1, (1, 2))
        same(F.unfold(ours(x), (2, 3), 2, 1, (1, 2)), columns)
        same(F.fold(ours(columns), (8, 7), (2, 3), 2, 1, (1, 2)), TF.fold(columns, (8, 7), (2, 3), 2, 1, (1, 2)))


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("size", [7, 28, 50])
def test_the_grid_of_an_identity_is_that_of_pytorch_to_the_last_bit(size, align_corners):
    """Its points lie on the pixels, where the gradient of sampling jumps."""
    still = np.array([[[1, 0, 0], [0, 1, 0]]], dtype=np.float32)
    shape = (1, 1, size, size + 3)
    ours = tg.nn.functional.affine_grid(tg.tensor(still), shape, align_corners=align_corners)
    theirs = torch.nn.functional.affine_grid(torch.tensor(still), shape, align_corners=align_corners)
    assert np.array_equal(ours.numpy(), theirs.numpy())
