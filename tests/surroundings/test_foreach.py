"""``_foreach_*``: beside PyTorch's, and in the programs that use them."""

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import foreach, nn

SHAPES = [(2, 3), (4,), ()]
BOTH = ["add", "sub", "mul", "div", "maximum", "minimum", "clamp_min", "clamp_max"]
UNARY = ["abs", "exp", "log", "neg", "reciprocal", "rsqrt", "sign", "sqrt"]
IN_PLACE_ONLY = ["copy", "zero"]
PAIRS = [*BOTH, *UNARY, "lerp", "addcmul", "addcdiv", "pow"]
NAMES = [f"_foreach_{n}{end}" for n in PAIRS for end in ("", "_")]
NAMES += ["_foreach_norm", *(f"_foreach_{name}_" for name in IN_PLACE_ONLY)]


def _arrays(seed, positive=True):
    values = [np.random.default_rng(seed + i).uniform(0.25, 2, shape) for i, shape in enumerate(SHAPES)]
    return [v if positive else v * (-1) ** i for i, v in enumerate(values)]


def _calls():
    """Name, positional arguments beside the list, options; ("tensors", seed) stands for a list of them."""
    for name in BOTH:
        for other in (("tensors", 7), 1.5, [0.5, 1.5, 2.5]):
            yield name, (other,), {}
    for name in UNARY:
        yield name, (), {}
    yield "add", (("tensors", 7),), {"alpha": -0.5}
    yield "sub", (("tensors", 7),), {"alpha": 2}
    for weight in (("tensors", 9), 0.25, [0.1, 0.2, 0.3]):
        yield "lerp", (("tensors", 7), weight), {}
    yield "lerp", (("tensors", 7),), {"weight": 0.25}
    for name in ("addcmul", "addcdiv"):
        yield name, (("tensors", 7), ("tensors", 9)), {}
        yield name, (("tensors", 7), ("tensors", 9)), {"value": -0.5}
        for value in (0.5, [0.5, 1.0, 2.0]):
            yield name, (("tensors", 7), ("tensors", 9), value), {}
    for power in (("tensors", 7), 2.5, [1, 2, 3]):
        yield "pow", (power,), {}


CALLS = list(_calls())


@pytest.mark.parametrize(("name", "args", "options"), CALLS, ids=[f"{c[0]}-{i}" for i, c in enumerate(CALLS)])
def test_beside_pytorch(name, args, options):
    torch = pytest.importorskip("torch")

    def results(package, end):
        def given(value):
            if isinstance(value, tuple):
                return [package.tensor(v) for v in _arrays(value[1])]
            return value

        tensors = given(("tensors", 0))
        found = getattr(package, f"_foreach_{name}{end}")(tensors, *map(given, args), **options)
        assert found is tensors if end else isinstance(found, tuple)
        return [np.asarray(x) for x in found]

    for end in ("", "_"):
        for ours, theirs in zip(results(tg, end), results(torch, end), strict=True):
            assert ours.dtype == theirs.dtype
            np.testing.assert_allclose(ours, theirs, rtol=1e-14)


@pytest.mark.parametrize("order", [2, 1, 1.5, float("inf"), 0])
def test_norms_beside_pytorch(order):
    torch = pytest.importorskip("torch")
    arrays = _arrays(0, positive=False)
    ours = tg._foreach_norm([tg.tensor(a, dtype=tg.float32) for a in arrays], order)
    theirs = torch._foreach_norm([torch.tensor(a, dtype=torch.float32) for a in arrays], order)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6)
    (wide,) = tg._foreach_norm([tg.ones(2)], 2, tg.float64)
    assert wide.dtype == tg.float64


def test_a_number_to_powers_and_a_tensor_of_one_number_for_all():
    x, y = tg.tensor([1.0, 2.0]), tg.tensor(3.0)
    assert [v.tolist() for v in tg._foreach_pow(2.0, [x, y])] == [[2.0, 4.0], 8.0]
    assert [v.tolist() for v in tg._foreach_mul([x, y], tg.tensor(2.0, dtype=tg.float64))] == [[2.0, 4.0], 6.0]
    assert tg._foreach_mul([x], tg.tensor(2.0, dtype=tg.float64))[0].dtype == tg.float32


def test_copy_and_zero():
    targets, sources = [tg.ones(2), tg.ones(2, 2)], [tg.arange(2), tg.tensor(5.0)]
    assert tg._foreach_copy_(targets, sources) is targets
    assert [t.tolist() for t in targets] == [[0.0, 1.0], [[5.0, 5.0], [5.0, 5.0]]]
    tg._foreach_zero_(targets)
    assert not any(t.any() for t in targets)


def test_an_average_of_weights():
    """As public programs write it."""
    model, average = nn.Linear(3, 2), nn.Linear(3, 2)
    expected = [0.9 * a + 0.1 * p for a, p in zip(average.parameters(), model.parameters(), strict=True)]
    with tg.no_grad():
        weights = list(average.parameters())
        tg._foreach_mul_(weights, 0.9)
        tg._foreach_add_(weights, list(model.parameters()), alpha=0.1)
    for a, b in zip(weights, expected, strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-6)


def test_gradients_are_clipped_by_the_norm_of_all():
    model = nn.Linear(3, 2)
    model(tg.ones(4, 3)).sum().backward()
    grads = [p.grad for p in model.parameters()]
    total = tg.linalg.vector_norm(tg.stack(tg._foreach_norm(grads)))
    tg._foreach_mul_(grads, (1.0 / (total + 1e-6)).clamp(max=1.0))
    np.testing.assert_allclose(float(nn.utils.get_total_norm(grads)), 1.0, rtol=1e-5)


def test_gradients_flow():
    x, y = tg.tensor([1.0, 2.0], requires_grad=True), tg.tensor(3.0, requires_grad=True)
    a, b = tg._foreach_mul(tg._foreach_sqrt([x, y]), [2.0, 4.0])
    (a.sum() + b).backward()
    np.testing.assert_allclose(x.grad.numpy(), 1 / np.sqrt([1.0, 2.0]), rtol=1e-6)
    np.testing.assert_allclose(y.grad.numpy(), 2 / np.sqrt(3.0), rtol=1e-6)


def test_every_name_is_found_and_documented():
    made = {name for name in vars(foreach) if name.startswith("_foreach_")}
    assert made == set(NAMES)
    for name in NAMES:
        function = getattr(tg, name)
        assert function is getattr(foreach, name) and function.__name__ == name and function.__doc__


def test_refusals():
    x = tg.ones(2)
    before = x.clone()
    with pytest.raises(RuntimeError, match=r"_foreach_add_\(\): lists must have the same number .* 2 tensors and 1"):
        tg._foreach_add_([x, x], [tg.ones(2)])
    with pytest.raises(RuntimeError, match="must have the same number"):
        tg._foreach_mul([x], [1.0, 2.0])
    with pytest.raises(RuntimeError, match="at least one tensor"):
        tg._foreach_sqrt([])
    with pytest.raises(TypeError, match=r"got Tensor; write \[tensor\]"):
        tg._foreach_mul_(x, 2.0)
    with pytest.raises(TypeError, match="item 1 of the list must be a Tensor, not float"):
        tg._foreach_mul_([x, 3.0], 2.0)
    with pytest.raises(RuntimeError, match=r"single number, got shape \[2\]"):
        tg._foreach_mul_([x], tg.ones(2))
    with pytest.raises(RuntimeError, match="leaf"):
        tg._foreach_mul_([tg.ones(2, requires_grad=True)], 2.0)
    np.testing.assert_array_equal(x.numpy(), before.numpy())
