"""Forms of calls that published training scripts use, beside those of PyTorch's documentation."""

import importlib

import numpy as np
import pytest

import tinygrad_cn as tg


def test_randint_takes_its_size_by_name():
    torch = pytest.importorskip("torch")
    for arguments in (
        {"args": (5,), "size": (3,)},
        {"args": (), "high": 5, "size": [3]},
        {"args": (2,), "high": 9, "size": (2, 2)},
        {"args": (5, (3,))},
    ):
        arguments = dict(arguments)
        args = arguments.pop("args")
        torch.manual_seed(0)
        tg.manual_seed(0)
        assert tg.randint(*args, **arguments).tolist() == torch.randint(*args, **arguments).tolist()


@pytest.mark.parametrize(
    ("args", "options", "what"),
    [
        ((5,), {}, "the size is missing; write randint"),
        ((), {"high": 5}, "the size is missing; write randint"),
        ((), {"size": (3,)}, "the bound high is missing; write randint"),
        ((), {}, "the bound high and the size are missing; write randint"),
        ((2, 5), {}, "the size must be a tuple of ints, got 5"),
    ],
)
def test_randint_says_what_is_missing(args, options, what):
    with pytest.raises(TypeError, match=rf"randint\(\): {what}"):
        tg.randint(*args, **options)


def test_onnx_is_imported_and_refuses_to_export():
    onnx = importlib.import_module("tinygrad_cn.onnx")
    assert tg.onnx is onnx and not onnx.is_in_onnx_export()
    with pytest.raises(RuntimeError, match="state_dict"):
        onnx.export(tg.nn.Linear(2, 1), tg.ones(1, 2), "model.onnx")


@pytest.mark.parametrize("layer", ["InstanceNorm2d(4)", "GroupNorm(2, 4, affine=False)", "GroupNorm(2, 4)"])
def test_an_activation_writes_over_a_normalised_result(layer):
    """As in generators of images: InstanceNorm2d, then LeakyReLU in place."""
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).normal(size=(2, 4, 3, 3))
    found = []
    for t in (tg, torch):
        leaf = t.tensor(x, requires_grad=True)
        model = t.nn.Sequential(eval(f"t.nn.{layer}"), t.nn.LeakyReLU(0.2, inplace=True)).double()
        model(leaf).pow(3).sum().backward()
        found.append(leaf.grad.numpy())
    np.testing.assert_allclose(*found, rtol=1e-9, atol=1e-12)


def test_a_gradient_penalty_asks_for_only_inputs():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    (g,) = tg.autograd.grad(x**3, x, tg.ones(2), create_graph=True, retain_graph=True, only_inputs=True)
    ((g.norm() - 1) ** 2).backward()
    assert x.grad is not None and x.grad.abs().min() > 0


def test_a_quotient_may_be_written_over():
    found = []
    for write in (lambda y: y.add_(1), lambda y: y + 1):
        a, b = (tg.tensor(v, requires_grad=True) for v in ([1.0, 2.0], [4.0, 5.0]))
        write(a / b).pow(2).sum().backward()
        found.append((a.grad.tolist(), b.grad.tolist()))
    assert found[0] == found[1]


SELECTIONS = {
    "x[:, p]": lambda t, x, p: x[:, p],
    "x[..., p]": lambda t, x, p: x[..., p],
    "x[:, p, p]": lambda t, x, p: x[:, p, p],
    "x[:, mask]": lambda t, x, p: x[:, t.tensor([True, False, True, True])],
    "index_select": lambda t, x, p: x.index_select(1, p),
    "topk": lambda t, x, p: x.topk(2, 1)[0],
    "topk, which": lambda t, x, p: x.topk(2, 1)[1],
}


@pytest.mark.parametrize("select", SELECTIONS.values(), ids=SELECTIONS)
def test_what_an_index_selects_is_contiguous(select):
    """As where channels are permuted and then flattened with view()."""
    torch = pytest.importorskip("torch")
    x = np.arange(4 * 4 * 4, dtype=np.float32).reshape(4, 4, 4) % 13
    ours, theirs = (select(t, t.tensor(x), t.tensor([2, 0, 1])) for t in (tg, torch))
    assert ours.is_contiguous() and ours.stride() == theirs.stride()
    assert ours.view(-1).tolist() == theirs.view(-1).tolist()


def test_a_distribution_of_another_program_expands_itself():
    from tinygrad_cn.distributions import Distribution, Independent, Normal
    from tinygrad_cn.distributions.utils import _standard_normal, broadcast_all

    class Shifted(Distribution):
        def __init__(self, loc, validate_args=None):
            (self.loc,) = broadcast_all(loc)
            super().__init__(self.loc.size(), validate_args=validate_args)

        def expand(self, batch_shape, _instance=None):
            new = self._get_checked_instance(Shifted, _instance)
            new.loc = self.loc.expand(batch_shape)
            super(Shifted, new).__init__(batch_shape, validate_args=False)
            return new

        def sample(self, sample_shape=()):
            return self.loc + _standard_normal(self._extended_shape(sample_shape), self.loc.dtype, self.loc.device)

    class Further(Shifted):
        def __init__(self, loc):
            super().__init__(loc + 1)

    assert Shifted(tg.zeros(2)).expand((3, 2)).sample((4,)).shape == (4, 3, 2)

    class Diagonal(Independent):
        def __init__(self, loc):
            super().__init__(Normal(loc, 1.0), 1)

        def expand(self, batch_shape, _instance=None):
            return super().expand(batch_shape, self._get_checked_instance(Diagonal, _instance))

    assert Diagonal(tg.zeros(2)).expand((3,)).sample().shape == (3, 2)
    with pytest.raises(NotImplementedError, match="expand"):
        Further(tg.zeros(2)).expand((3, 2))
