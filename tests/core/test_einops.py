"""einops finds Tensors through its own extension point."""

import numpy as np
import pytest

import tinygrad_cn as tg

einops = pytest.importorskip("einops")


@pytest.fixture(autouse=True)
def backend():
    """Importing the module is what a user does."""
    import tinygrad_cn.utils.einops  # noqa: F401


@pytest.fixture
def x():
    values = np.random.default_rng(0).standard_normal((2, 6, 4))
    return tg.tensor(values, requires_grad=True)


def test_rearranging_is_differentiable(x):
    turned = einops.rearrange(x, "b (h w) c -> b c h w", h=2)
    assert turned.shape == (2, 4, 2, 3)
    turned.sum().backward()
    assert x.grad.tolist() == np.ones((2, 6, 4)).tolist()


@pytest.mark.parametrize("operation", ["mean", "max", "min", "sum", "prod"])
def test_reducing_is_numpys(x, operation):
    found = einops.reduce(x, "b (h w) c -> b h", operation, h=2)
    expected = einops.reduce(x.detach().numpy(), "b (h w) c -> b h", operation, h=2)
    assert np.allclose(found.detach().numpy(), expected, rtol=1e-14)


def test_repeating_packing_and_products(x):
    plain = x.detach().numpy()
    repeated = einops.repeat(x, "b n c -> (b k) n c", k=3)
    assert np.array_equal(repeated.detach().numpy(), einops.repeat(plain, "b n c -> (b k) n c", k=3))
    packed, shapes = einops.pack([x, x[:, 0]], "b * c")
    assert [part.shape for part in einops.unpack(packed, shapes, "b * c")] == [(2, 6, 4), (2, 4)]
    product = einops.einsum(x, x, "b n c, b m c -> b n m")
    assert np.allclose(product.detach().numpy(), np.einsum("bnc,bmc->bnm", plain, plain), rtol=1e-12)


def test_whichever_is_imported_first():
    import subprocess
    import sys

    use = "assert einops.rearrange(tg.arange(6), '(a b) -> b a', a=2).shape == (3, 2)"
    for order in ("import einops, tinygrad_cn as tg", "import tinygrad_cn as tg, einops"):
        subprocess.run([sys.executable, "-c", f"{order}; {use}"], check=True)


def test_layers_are_modules():
    from einops.layers.tinygrad_cn import EinMix, Rearrange, Reduce

    model = tg.nn.Sequential(
        Rearrange("b (c d) -> b c d", c=2),
        Reduce("b c d -> b c", "mean"),
        EinMix("b c -> b o", weight_shape="c o", bias_shape="o", c=2, o=3),
    )
    x = tg.randn(4, 6)
    weight, bias = model[2].weight, model[2].bias
    assert tg.allclose(model(x), x.reshape(4, 2, 3).mean(-1) @ weight + bias)
    assert list(model.state_dict()) == ["2.weight", "2.bias"]
