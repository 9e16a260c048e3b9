"""Gradients to third order against PyTorch's, on random compositions of the ops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_cn as tg
from tinygrad_cn import nn

torch = pytest.importorskip("torch")

#: Functions of one (3, 3) tensor to another, bounded so that compositions stay tame. ``lib`` is either library.
UNARY = {
    "sin": lambda lib, x: lib.sin(x),
    "tanh": lambda lib, x: lib.tanh(x),
    "sigmoid": lambda lib, x: lib.sigmoid(x),
    "softplus": lambda lib, x: lib.nn.functional.softplus(x),
    "exp of minus square": lambda lib, x: lib.exp(-x * x),
    "log": lambda lib, x: lib.log(x * x + 1),
    "sqrt": lambda lib, x: lib.sqrt(x * x + 0.5),
    "atan": lambda lib, x: lib.atan(x),
    "reciprocal": lambda lib, x: 1 / (x * x + 2),
    "power": lambda lib, x: (x * x + 1) ** 0.7,
    "cube": lambda lib, x: x**3 / 8,
    "gelu": lambda lib, x: lib.nn.functional.gelu(x),
    "silu": lambda lib, x: lib.nn.functional.silu(x),
    "softmax": lambda lib, x: lib.softmax(x, 1),
    "log_softmax": lambda lib, x: lib.log_softmax(x, 0),
    "logsumexp": lambda lib, x: x - lib.logsumexp(x, 1, keepdim=True),
    "norm": lambda lib, x: x / (lib.norm(x) + 1),
    "mean": lambda lib, x: x - x.mean(0),
    "std": lambda lib, x: x / (x.std(1, keepdim=True) + 1),
    "var": lambda lib, x: x * x.var(),
    "prod": lambda lib, x: lib.tanh(x) * lib.prod(x / 2, 0),
    "cumsum": lambda lib, x: lib.cumsum(x, 1) / 2,
    "cumprod": lambda lib, x: lib.cumprod(x / 2, 0),
    "transpose": lambda lib, x: x.t() * 1.5,
    "flip": lambda lib, x: lib.flip(x, [0]),
    "roll": lambda lib, x: lib.roll(x, 1, 1),
    "index": lambda lib, x: x[[2, 0, 0]],
    "slice": lambda lib, x: lib.cat([x[1:], x[:1] * 2]),
    "mask": lambda lib, x: x.masked_fill(x.detach() > 10, 0.0),
    "tril": lambda lib, x: lib.tril(x),
    "gather": lambda lib, x: lib.gather(x, 1, lib.tensor([[0, 0, 2], [1, 2, 0], [2, 2, 2]])),
    "scatter_add": lambda lib, x: x.scatter_add(0, lib.tensor([[0, 1, 2], [0, 0, 0], [1, 1, 2]]), x * x),
    "expand": lambda lib, x: x[:, :1].expand(3, 3) * x,
    "reshape": lambda lib, x: x.reshape(9).view(3, 3).unsqueeze(0).squeeze(0),
    "stack": lambda lib, x: lib.stack([x[0], x[2], x[1] * x[0]]),
    "pad": lambda lib, x: lib.nn.functional.pad(x, (1, -1)),
    "in place": lambda lib, x: (x * 1).mul_(x).add_(1),
    "write": lambda lib, x: written(x),
    "layer_norm": lambda lib, x: layer_norm(lib, x),
    "conv": lambda lib, x: lib.nn.functional.conv2d(x[None, None], x[None, None, :2, :2] / 2, padding=1)[0, 0, :3, :3],
    "avg_pool": lambda lib, x: lib.nn.functional.avg_pool2d(x[None, None], 3, 1, 1)[0, 0],
    "max_pool": lambda lib, x: lib.nn.functional.max_pool2d(x[None, None] * 1, 3, 1, 1)[0, 0] * x,
    "batch_norm": lambda lib, x: batch_norm(lib, x),
    "cross_entropy": lambda lib, x: x * lib.nn.functional.cross_entropy(x, lib.tensor([0, 2, 1])),
}
BINARY = {
    "add": lambda lib, x, y: x + y,
    "multiply": lambda lib, x, y: x * y,
    "divide": lambda lib, x, y: x / (y * y + 1),
    "matmul": lambda lib, x, y: x @ y / 2,
    "atan2": lambda lib, x, y: lib.atan2(x, y * y + 1),
    "hypot": lambda lib, x, y: lib.hypot(x, y * y + 1),
    "logaddexp": lambda lib, x, y: lib.logaddexp(x, y),
    "pow": lambda lib, x, y: (x * x + 1) ** lib.tanh(y),
    "where": lambda lib, x, y: lib.where(lib.eye(3) > 0, x * x, y),
    "einsum": lambda lib, x, y: lib.einsum("ij,kj->ik", x, y) / 2,
    "broadcast": lambda lib, x, y: x * y[0] + y[:, 1:2],
    "lerp": lambda lib, x, y: lib.lerp(x, y, 0.25),
    "linear": lambda lib, x, y: lib.nn.functional.linear(x, y, y[0]) / 2,
    "mse": lambda lib, x, y: x * lib.nn.functional.mse_loss(x, y),
}


def standardized(x, dims):
    d = x - x.mean(dims, keepdim=True)
    return d / ((d * d).mean(dims, keepdim=True) + 0.5).sqrt()


# PyTorch 2.13 takes the statistics that its fused normalisations saved for constants at third order, which is wrong:
# its gradients differ from those of its own spelled-out formula. So PyTorch runs the formula, and we the fused op.


def layer_norm(lib, x):
    return standardized(x, 1) if lib is torch else nn.functional.layer_norm(x, (3,), eps=0.5)


def batch_norm(lib, x):
    if lib is torch:
        return standardized(x, (0, *range(2, x.ndim)))
    return nn.functional.batch_norm(x, None, None, training=True, eps=0.5)


def written(x):
    buffer = x * 0
    buffer[1:] = x[:2] * x[1:]
    buffer[0, 0] = x[2, 2] ** 2
    return buffer + x


def run(lib, first, second, program):
    """The gradients of first, second and third order of one number, each contracted with a fixed direction."""
    x, y = (lib.tensor(a, requires_grad=True) for a in (first, second))
    values = [x, y]
    for name, i, j in program:
        if name in UNARY:
            values.append(UNARY[name](lib, values[i % len(values)]))
        else:
            values.append(BINARY[name](lib, values[i % len(values)], values[j % len(values)]))
    direction = lib.tensor(np.arange(9.0).reshape(3, 3) / 8 - 0.4)
    out = (values[-1] * direction).sum() + (values[-1] * values[-1]).mean()
    found = []
    for _ in range(3):
        gradients = lib.autograd.grad(out, [x, y], create_graph=True, materialize_grads=True)
        found.append([g.detach().numpy() for g in gradients])
        out = sum(((g * direction).sum() for g in gradients), start=(x * 0).sum())
    return found


VALUES = st.lists(st.integers(-12, 12), min_size=9, max_size=9, unique=True)


def assert_agree(first, second, program):
    with np.errstate(all="ignore"):
        ours, theirs = run(tg, first, second, program), run(torch, first, second, program)
    for order, (mine, yours) in enumerate(zip(ours, theirs, strict=True), start=1):
        scale = max(1.0, *(np.abs(g).max() for g in yours))
        for a, b in zip(mine, yours, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10 * scale, err_msg=f"order {order}")


@settings(max_examples=settings.default.max_examples * 2)
@given(
    VALUES,
    VALUES,
    st.lists(
        st.tuples(st.sampled_from([*UNARY, *BINARY]), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=4
    ),
)
def test_compositions(first, second, program):
    x, y = ((np.array(v).reshape(3, 3) + 1 / 3) / 8 for v in (first, second))
    assert_agree(x, y, program)


POINT = (np.arange(9.0).reshape(3, 3) * 5 % 9 - 4 + 1 / 3) / 6
OTHER = (np.arange(9.0).reshape(3, 3) * 7 % 9 - 4 + 1 / 5) / 6


@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_each_alone_and_after_sin(name):
    assert_agree(POINT, OTHER, [(name, 0, 1)])
    assert_agree(POINT, OTHER, [("sin", 0, 0), (name, 2, 1)])


def test_a_network():
    """A small convolutional network with batch normalisation and cross-entropy."""

    def loss(lib, images, weights):
        f = lib.nn.functional
        h = f.conv2d(images, weights["conv"], weights["bias"], padding=1)
        h = batch_norm(lib, h) * weights["gamma"][:, None, None] + weights["beta"][:, None, None]
        h = f.avg_pool2d(lib.tanh(h), 2).flatten(1)
        return f.cross_entropy(f.linear(h, weights["linear"]), lib.tensor([0, 2]))

    rng = np.random.default_rng(0)
    shapes = {"conv": (2, 1, 3, 3), "bias": (2,), "gamma": (2,), "beta": (2,), "linear": (3, 8)}
    arrays = {key: rng.normal(size=shape) for key, shape in shapes.items()}
    images = rng.normal(size=(2, 1, 4, 4))
    results = []
    for lib in (tg, torch):
        weights = {key: lib.tensor(a, requires_grad=True) for key, a in arrays.items()}
        out = loss(lib, lib.tensor(images), weights)
        found = []
        for _ in range(3):
            gradients = lib.autograd.grad(out, list(weights.values()), create_graph=True)
            found += [g.detach().numpy() for g in gradients]
            out = sum((g * g).sum() for g in gradients)
        results.append(found)
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10 * max(1.0, np.abs(b).max()))
