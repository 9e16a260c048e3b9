"""GELU and SiLU in blocks: float32 against float64, arrays of several blocks, and numbers that are not finite."""

import math

import numpy as np
import pytest

from tinygrad_cn.kernels import gates, threads

KERNELS = (gates.gelu, gates.gelu_tanh, gates.silu)
LARGE = 3 * gates._BLOCK + 5


def _exact(name: str, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Value and slope number by number, in Python's floats."""
    found = []
    for v in x.astype(np.float64).tolist():
        if name == "gelu":
            gate, density = 0.5 * math.erfc(-v / math.sqrt(2)), math.exp(-v * v / 2) / math.sqrt(2 * math.pi)
            found.append((v * gate, gate + v * density))
            continue
        u, du = (v, 1.0)
        if name == "gelu_tanh":
            c = 2 * math.sqrt(2 / math.pi)
            u, du = c * (v + 0.044715 * v**3), c * (1 + 3 * 0.044715 * v * v)
        gate = 1 / (1 + math.exp(-u)) if u > -700 else 0.0
        found.append((v * gate, gate + v * gate * (1 - gate) * du))
    return np.array([a for a, _ in found]), np.array([b for _, b in found])


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.__name__)
@pytest.mark.parametrize(("dtype", "off"), [(np.float64, 1e-14), (np.float32, 3e-6), (np.float16, 5e-3)])
def test_against_python(kernel, dtype, off):
    x = np.linspace(-9, 9, 2001).astype(dtype)
    value, slope = kernel(x)
    assert value.dtype == slope.dtype == dtype
    exact_value, exact_slope = _exact(kernel.__name__, x)
    np.testing.assert_allclose(value, exact_value, rtol=off, atol=off)
    np.testing.assert_allclose(slope, exact_slope, rtol=off, atol=off)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.__name__)
def test_blocks_and_threads_change_nothing(kernel):
    x = np.random.default_rng(0).standard_normal(LARGE).astype(np.float32)
    before = threads.get_num_threads()
    try:
        results = []
        for count in (1, 2):
            threads.set_num_threads(count)
            results.append(kernel(x))
    finally:
        threads.set_num_threads(before)
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one, two)
    part = slice(gates._BLOCK - 3, gates._BLOCK + 3)
    np.testing.assert_allclose(results[0][0][part], kernel(x[part].copy())[0], rtol=1e-6)


def test_layouts():
    x = np.random.default_rng(0).standard_normal((6, 4))[::-2, ::2]
    value, slope = gates.silu(x)
    np.testing.assert_array_equal(value, gates.silu(x.copy())[0])
    assert value.shape == slope.shape == x.shape
    assert gates.gelu(np.zeros((0, 3)))[0].shape == (0, 3)
    assert gates.gelu(np.array(0.0, dtype=np.float32))[1].shape == ()


def test_gelu_of_what_is_not_finite():
    value, slope = gates.gelu(np.array([math.inf, -math.inf, math.nan, -0.0, 200.0, -200.0], dtype=np.float32))
    np.testing.assert_array_equal(value, [math.inf, 0, math.nan, 0, 200, 0])
    np.testing.assert_array_equal(slope, [1, 0, math.nan, 0.5, 1, 0])
