"""The streams of random numbers: PyTorch's own, bit for bit where nothing but arithmetic is involved."""

from __future__ import annotations

import copy
import pickle
import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tinygrad_cn import random as rng
from tinygrad_cn import sampling
from tinygrad_cn.random import Generator

# ---------------------------------------------------- numbers that PyTorch 2.13 printed for seed 0


def test_uniform_literals() -> None:
    g = Generator()
    assert_array_equal(
        g.manual_seed(0).uniform(4), np.array([0.4962566, 0.7682218, 0.08847743, 0.13203049], np.float32)
    )
    assert_array_equal(
        g.manual_seed(0).uniform(3, dtype="float64"), [0.9700530018065531, 0.707819864399788, 0.45938294312745087]
    )
    assert_array_equal(
        g.manual_seed(0).uniform(3, -0.1, 0.3), np.array([0.098502636, 0.20728873, -0.06460903], np.float32)
    )
    assert_array_equal(
        g.manual_seed(0).uniform(3, -0.1, 0.3, "float64"),
        [0.2880212007226212, 0.1831279457599152, 0.08375317725098036],
    )
    assert_array_equal(g.manual_seed(-1).uniform(2), np.array([0.9937994, 0.57130635], np.float32))


def test_normal_literals() -> None:
    g = Generator().manual_seed(0)
    np.testing.assert_allclose(g.normal(3), [1.5409961, -0.2934289, -2.1787894], atol=1e-6)
    np.testing.assert_allclose(g.normal(2), [0.56843126, -1.0845224], atol=1e-6)  # the first one had been waiting
    blocks = g.manual_seed(0).normal(17)
    np.testing.assert_allclose(blocks[:3], [-1.1258398, -1.6959312, 0.5666506], atol=1e-6)
    np.testing.assert_allclose(blocks[-3:], [0.94629836, -0.84367675, 0.9318266], atol=1e-6)
    blocks = g.manual_seed(0).normal(17, dtype="float64")
    np.testing.assert_allclose(blocks[:2], [-2.310411800234176, -0.6332746088675096], rtol=1e-14)
    np.testing.assert_allclose(blocks[-2:], [-0.8910030351707375, 0.6748575435940039], rtol=1e-14)


def test_integer_literals_drawn_one_after_another() -> None:
    g = Generator().manual_seed(0)
    assert g.integers(0, 10, 8).tolist() == [4, 9, 3, 0, 3, 9, 7, 3]
    assert g.integers(-5, 2**40, 2).tolist() == [41297352602, 91791038552]
    assert g.full_range(2).tolist() == [8072059273656089175, 7226936298635050456]
    assert g.permutation(10).tolist() == [6, 1, 4, 5, 0, 9, 3, 2, 8, 7]
    assert g.bernoulli(0.3, 12, int).tolist() == [0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0]
    assert g.bernoulli(np.full(12, 0.3, np.float32)).tolist() == [0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 1, 0]
    np.testing.assert_allclose(g.exponential(3), [0.9381325, 0.23373519, 0.6834559], rtol=1e-6)
    weights = np.array([0.1, 0.2, 0.3, 0.4], np.float32)
    assert g.multinomial(weights, 3).tolist() == [3, 2, 1]
    assert g.multinomial(weights, 8, replacement=True).tolist() == [2, 2, 2, 2, 0, 2, 1, 3]


# --------------------------------------------------------------------------------- seeds and states


def test_negative_seed_is_taken_modulo_two_to_the_64() -> None:
    assert Generator().manual_seed(-3).initial_seed() == 2**64 - 3
    assert Generator().initial_seed() == 67280421310721


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1])
def test_seed_out_of_range(value: int) -> None:
    with pytest.raises(ValueError, match="64 bits"):
        Generator().manual_seed(value)


def test_seed_from_the_system_changes_the_stream() -> None:
    g = Generator()
    first = g.seed()
    assert g.initial_seed() == first
    assert g.seed() != first


@pytest.mark.parametrize("used", [0, 1, 623, 624, 625, 2000])
def test_state_restores_the_stream_and_the_waiting_normal(used: int) -> None:
    g = Generator().manual_seed(9)
    g.uniform(used)
    g.normal(3)
    state = g.get_state()
    assert state.dtype == np.uint8
    assert state.shape == (5056,)
    after = g.normal(4), g.uniform(700)
    other = Generator().set_state(state)
    assert_array_equal(other.normal(4), after[0])
    assert_array_equal(other.uniform(700), after[1])


def test_copies_go_on_alike_and_apart() -> None:
    g = Generator().manual_seed(9)
    g.normal(3)
    copies = [copy.deepcopy(g), pickle.loads(pickle.dumps(g))]
    expected = g.normal(5)
    for other in copies:
        assert_array_equal(other.normal(5), expected)


def test_bad_states() -> None:
    with pytest.raises(TypeError, match="uint8"):
        Generator().set_state(np.zeros(5056))
    with pytest.raises(ValueError, match="5056 bytes, got 3"):
        Generator().set_state(np.zeros(3, np.uint8))
    with pytest.raises(ValueError, match="not the state"):
        Generator().set_state(np.zeros(5056, np.uint8))


def test_default_generator() -> None:
    with rng.fork_rng():
        before = rng.get_rng_state()
        assert rng.manual_seed(5) is rng.default_generator
        assert rng.initial_seed() == 5
        first = rng.default_generator.uniform(3)
        rng.set_rng_state(before)
    assert_array_equal(rng.get_rng_state(), before)
    assert_array_equal(Generator().manual_seed(5).uniform(3), first)


def test_fork_rng_restores_after_an_error() -> None:
    before = rng.get_rng_state()
    with pytest.raises(KeyError), rng.fork_rng():
        rng.seed()
        raise KeyError
    assert_array_equal(rng.get_rng_state(), before)


# ------------------------------------------------------------------------------------------ the arithmetic


@pytest.mark.parametrize("n", [0, 1, 2, 3, 10, 1000])
def test_permutation_is_the_loop_of_swaps(n: int) -> None:
    words = Generator().manual_seed(4).full_range(max(n - 1, 0), np.int32).astype(np.int64)
    targets = np.arange(n)
    targets[:-1] += words % (n - targets[:-1])
    expected = list(range(n))
    for i, j in enumerate(targets.tolist()):
        expected[i], expected[j] = expected[j], expected[i]
    assert sampling.fisher_yates(targets).tolist() == expected


def test_fused_multiply_add_rounds_once() -> None:
    draw = random.Random(0)
    x = np.array([draw.uniform(-1, 1) * 2.0 ** draw.randint(-60, 60) for _ in range(300)])
    for factor, addend in [(1 / 3, 0.1), (-1e10, 1.0), (2.0**-60, -1.0), (1.0 + 2.0**-52, 2.0**-40), (0.2, -0.1)]:
        exact = [float(Fraction(v) * Fraction(factor) + Fraction(addend)) for v in x.tolist()]
        assert sampling.fused_multiply_add(x, factor, addend).tolist() == exact
    # ties and near ties, where two roundings go wrong
    y = 1.0 + 2.0**-52 * np.arange(1, 200)
    exact = [float(Fraction(v) * Fraction(1.0 + 2.0**-52) + Fraction(2.0**60)) for v in y.tolist()]
    assert sampling.fused_multiply_add(y, 1.0 + 2.0**-52, 2.0**60).tolist() == exact


@pytest.mark.parametrize("p", [0.0, 1.0, 0.5, 0.3, 1e-9, 2.0**-53, 1 - 2.0**-53])
def test_less_than_is_the_comparison_of_uniforms(p: float) -> None:
    words = Generator().manual_seed(1)._words(20_000)
    words[:6] = [0, 0, 2**32 - 1, 2**32 - 1, 2**20, 0]
    assert_array_equal(sampling.less_than(words, p), sampling.uniform53(words) < p)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_uniform_stays_below_its_upper_bound(dtype: Any) -> None:
    low, high = 1000.0, float(np.nextafter(dtype(1000), dtype(1100)))
    assert np.all(Generator().manual_seed(0).uniform(1000, low, high, dtype) == low)


def test_moments() -> None:
    g = Generator().manual_seed(0)
    for values, mean, std in [
        (g.uniform(200_000), 0.5, 12**-0.5),
        (g.normal(200_000, 3.0, 2.0), 3.0, 2.0),
        (g.exponential(200_000, 4.0), 0.25, 0.25),
        (g.bernoulli(0.2, 200_000), 0.2, 0.4),
        (g.geometric(0.25, 200_000), 4.0, 12**0.5),
    ]:
        assert abs(values.mean(dtype=np.float64) - mean) < 5 * std / 200_000**0.5
        assert abs(values.std(dtype=np.float64) / std - 1) < 0.02
    assert abs(np.median(g.cauchy(200_000, 1.0, 2.0)) - 1.0) < 0.03
    assert abs(np.median(g.log_normal(200_000, 1.0, 0.5)) - np.e) < 0.02


@pytest.mark.parametrize(
    ("draw", "kind", "words"),
    [
        (lambda g: g.uniform(2, 1.0, 0.0), ValueError, "low must not be above high"),
        (lambda g: g.uniform(2, -3e38, 3e38), ValueError, "wider than float32"),
        (lambda g: g.uniform(2, dtype=int), TypeError, "needs a floating dtype"),
        (lambda g: g.normal(2, 0.0, -1.0), ValueError, "must not be negative"),
        (lambda g: g.integers(3, 3), ValueError, "holds no integer"),
        (lambda g: g.integers(0, 300, dtype=np.uint8), ValueError, "uint8 does not hold"),
        (lambda g: g.bernoulli(1.5), ValueError, r"\[0, 1\]"),
        (lambda g: g.bernoulli(np.array([0.5, np.nan])), ValueError, r"\[0, 1\]"),
        (lambda g: g.exponential(2, 0.0), ValueError, "must be positive"),
        (lambda g: g.permutation(-1), ValueError, "must not be negative"),
        (lambda g: g.multinomial(np.array([1, 2]), 1), TypeError, "must be floating"),
        (lambda g: g.multinomial(np.zeros(2), 1), ValueError, "all zero"),
        (lambda g: g.multinomial(np.array([1.0, -1.0]), 1), ValueError, "negative"),
        (lambda g: g.multinomial(np.ones(2), 3), ValueError, "replacement=True"),
        (lambda g: Generator("cuda"), ValueError, "'cuda' does not exist"),
    ],
)
def test_errors_name_the_remedy(draw: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        draw(Generator())


# --------------------------------------------------------------------------------- against PyTorch itself

SIZES = [0, 1, 2, 5, 15, 16, 17, 31, 33, 623, 624, 2048, 5001, 32769]


class Pair:
    """Our generator and PyTorch's, drawn from in step."""

    def __init__(self, seed: int) -> None:
        self.torch = pytest.importorskip("torch")
        self.ours, self.theirs = Generator().manual_seed(seed), self.torch.Generator().manual_seed(seed)
        self.pick = random.Random(seed)

    def filled(self, method: str, n: int, dtype: str, *args: Any) -> np.ndarray:
        empty = self.torch.empty(n, dtype=getattr(self.torch, dtype))
        return getattr(empty, method)(*args, generator=self.theirs).numpy()


def _uniform(pair: Pair, n: int, dtype: str) -> tuple[np.ndarray, np.ndarray, float]:
    low, high = pair.pick.choice([(0, 1), (-0.1, 0.1), (0.3, 11.7), (1000, 1000.1), (1, 2), (-1e-3, 7e5), (2, 2)])
    return pair.ours.uniform(n, low, high, dtype), pair.filled("uniform_", n, dtype, low, high), 0


def _normal(pair: Pair, n: int, dtype: str) -> tuple[np.ndarray, np.ndarray, float]:
    mean, std = pair.pick.choice([(0, 1), (0.3, 0.7), (0, 0.01), (5, 0)])
    tolerance = 1e-6 if dtype == "float32" else 3e-15
    return pair.ours.normal(n, mean, std, dtype), pair.filled("normal_", n, dtype, mean, std), tolerance


def _strided_normal(pair: Pair, n: int, dtype: str) -> tuple[np.ndarray, np.ndarray, float]:
    strided = pair.torch.empty(2 * n, dtype=getattr(pair.torch, dtype))[::2].normal_(generator=pair.theirs).numpy()
    return pair.ours.normal(n, dtype=dtype, contiguous=False), strided, 1e-6


def _integers(pair: Pair, n: int, dtype: str) -> tuple[np.ndarray, np.ndarray, float]:
    low, high, kind = pair.pick.choice(
        [
            (0, 10, "int64"),
            (0, 10, dtype),
            (-128, 128, "int8"),
            (0, 256, "uint8"),
            (-7, 2**28 - 8, "int32"),
            (-7, 2**28 - 7, "int64"),
            (-(2**31), None, "int32"),
            (-(2**60), 2**63 - 1, "int64"),
            (-(2**63), None, "int64"),
        ]
    )
    return pair.ours.integers(low, high, n, kind), pair.filled("random_", n, kind, low, high), 0


def _full_range(pair: Pair, n: int, dtype: str) -> tuple[np.ndarray, np.ndarray, float]:
    kind = pair.pick.choice(["int64", "int32", "int16", "int8", "uint8", "bool", "float16", "float32", "float64"])
    return pair.ours.full_range(n, kind), pair.filled("random_", n, kind), 0


def _permutation(pair: Pair, n: int, dtype: str) -> tuple[np.ndarray, np.ndarray, float]:
    return pair.ours.permutation(n), pair.torch.randperm(n, generator=pair.theirs).numpy(), 0


def _bernoulli_each(pair: Pair, n: int, dtype: str) -> tuple[np.ndarray, np.ndarray, float]:
    p = np.linspace(0, 1, n).astype(dtype)
    return pair.ours.bernoulli(p), pair.torch.bernoulli(pair.torch.from_numpy(p), generator=pair.theirs).numpy(), 0


def _multinomial(pair: Pair, n: int, dtype: str) -> tuple[np.ndarray, np.ndarray, float]:
    classes, rows = pair.pick.choice([1, 2, 7, 1000]), pair.pick.choice([(), (1,), (5,)])
    weights = np.random.default_rng(n).uniform(1e-3, 1, (*rows, classes)).astype(dtype)
    arguments = pair.pick.choice([1, 20]), True
    theirs = pair.torch.multinomial(pair.torch.from_numpy(weights), *arguments, generator=pair.theirs).numpy()
    return pair.ours.multinomial(weights, *arguments), theirs, 0


def _bernoulli(pair: Pair, n: int, dtype: str) -> tuple[np.ndarray, np.ndarray, float]:
    p = pair.pick.choice([0.0, 1.0, 0.5, 0.3, 0.9, 1e-9])
    return pair.ours.bernoulli(p, n, dtype), pair.filled("bernoulli_", n, dtype, p), 0


def _exponential(pair: Pair, n: int, dtype: str) -> tuple[np.ndarray, np.ndarray, float]:
    rate = pair.pick.choice([1.0, 0.3, 7.0])
    return pair.ours.exponential(n, rate, dtype), pair.filled("exponential_", n, dtype, rate), 1e-5


def _log_normal(pair: Pair, n: int, dtype: str) -> tuple[np.ndarray, np.ndarray, float]:
    return pair.ours.log_normal(n, 0.1, 0.5, dtype), pair.filled("log_normal_", n, dtype, 0.1, 0.5), 1e-5


def _distinct(pair: Pair, n: int, dtype: str) -> tuple[np.ndarray, np.ndarray, float]:
    weights = np.random.default_rng(n).uniform(1e-3, 1, (3, 50)).astype(dtype)
    theirs = pair.torch.multinomial(pair.torch.from_numpy(weights), 20, generator=pair.theirs).numpy()
    return pair.ours.multinomial(weights, 20), theirs, 0


PORTABLE = [
    _uniform,
    _normal,
    _strided_normal,
    _integers,
    _full_range,
    _permutation,
    _bernoulli_each,
    _log_normal,
]
WITHOUT_MKL = [_bernoulli, _exponential, _multinomial, _distinct]


def _interleave(pair: Pair, kinds: list[Any], rounds: int) -> None:
    """Draw in random order; the words used up must agree after each draw, not only the numbers."""
    for _ in range(rounds):
        kind, n, dtype = pair.pick.choice(kinds), pair.pick.choice(SIZES), pair.pick.choice(["float32", "float64"])
        ours, theirs, tolerance = kind(pair, n, dtype)
        label = f"{kind.__name__} n={n} {dtype}"
        assert ours.dtype == theirs.dtype, label
        assert ours.shape == theirs.shape, label
        if tolerance:
            np.testing.assert_allclose(ours, theirs, atol=tolerance, rtol=tolerance, err_msg=label)
        else:
            assert_array_equal(ours, theirs, err_msg=label)
        ours_state, theirs_state = pair.ours.get_state(), pair.theirs.get_state().numpy()
        waiting = slice(5024, 5032)  # the waiting normal, equal to the last bit or two
        ours_state[waiting] = theirs_state[waiting]
        assert_array_equal(ours_state, theirs_state, err_msg=f"state after {label}")


@pytest.mark.parametrize("seed", [0, 1, 2**40 + 3, -8])
def test_streams_are_those_of_torch(seed: int) -> None:
    _interleave(Pair(seed), PORTABLE, rounds=120)


@pytest.mark.parametrize("seed", [0, 1])
def test_streams_that_torch_takes_from_mkl_on_intel(seed: int) -> None:
    pair = Pair(seed)
    probe = pair.torch.Generator().manual_seed(0)
    pair.torch.empty(8).bernoulli_(0.5, generator=probe)
    if probe.get_state().numpy()[16] == 1:  # one word for eight numbers: it only seeded MKL's generator
        pytest.skip("this PyTorch draws from MKL's generator on this processor")
    _interleave(pair, PORTABLE + WITHOUT_MKL, rounds=120)


def test_states_pass_between_torch_and_us() -> None:
    pair = Pair(3)
    pair.theirs.manual_seed(11)
    pair.torch.randn(5, generator=pair.theirs)
    pair.ours.set_state(pair.theirs.get_state().numpy())
    np.testing.assert_allclose(
        pair.ours.normal(5, dtype="float64"),
        pair.torch.randn(5, dtype=pair.torch.float64, generator=pair.theirs).numpy(),
        rtol=1e-14,
    )
    pair.theirs.set_state(pair.torch.from_numpy(pair.ours.get_state()))
    assert_array_equal(pair.ours.uniform(1000), pair.torch.rand(1000, generator=pair.theirs).numpy())


def test_an_epoch_of_shuffled_batches_is_that_of_torch() -> None:
    torch = Pair(0).torch
    data = torch.utils.data
    loader = data.DataLoader(data.TensorDataset(torch.arange(23)), 5, shuffle=True)
    state = torch.get_rng_state()
    g = Generator().set_state(state.numpy())
    for _ in range(2):
        seen = torch.cat([batch for (batch,) in loader])
        g.draw_seed()  # the loader's own
        assert_array_equal(Generator().manual_seed(g.draw_seed()).permutation(23), seen.numpy())
    torch.set_rng_state(state)
