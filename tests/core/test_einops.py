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
