"""Seeded random numbers whose streams are PyTorch's: the same seed gives the same numbers as ``torch`` on a CPU.

The engine is MT19937 (Matsumoto and Nishimura, 1998), seeded by the low 32 bits of the seed. What is equal to
PyTorch 2.13 on x86-64 with AVX2 or AVX-512:

* bit for bit: uniform, integers, permutation, bernoulli, multinomial with replacement, and the state itself;
* to the last bit or two, since the logarithms and cosines of two libraries differ there: normal, log_normal,
  exponential, cauchy, geometric (which may then differ by one). How many words are drawn is always equal.
* multinomial without replacement: equal, except for the order of classes whose scores tie: those of probability zero,
  and in float32 a pair now and then among thousands.

Where PyTorch is built with MKL and meets an Intel processor, it fills ``bernoulli_(float)``, hence dropout, and
``exponential_`` from a generator of MKL's instead; here they follow the portable path that it takes on every other
processor, so that a seed means the same everywhere.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_cn import sampling
from tinygrad_cn.mersenne import MersenneStream

__all__ = ["Generator"]

Shape = int | tuple[int, ...]

_WIDE_SPAN = 1 << 28  # from here on an integer takes two words
_BLOCK = 16  # normals are made in blocks of this many


class Generator(MersenneStream):
    """A stream of random numbers, equal to that of ``torch.Generator`` on a CPU with the same seed.

    The drawing methods return NumPy arrays, C-contiguous and new.

    Args:
        device (str): only ``'cpu'``.
    Raises:
        ValueError: another device.

    >>> Generator().manual_seed(0).uniform(2)
    array([0.4962566, 0.7682218], dtype=float32)
    """

    # -------------------------------------------------------------------------- continuous numbers

    def uniform(
        self, shape: Shape = (), low: float = 0.0, high: float = 1.0, dtype: DTypeLike = np.float32
    ) -> np.ndarray:
        """Uniform numbers in [low, high): ``torch.rand`` and ``uniform_``.

        Args:
            shape (int or tuple): of the result.
            low, high (float): the bounds.
            dtype: a floating dtype.
        Raises:
            TypeError: ``dtype`` is not floating.
            ValueError: ``low > high``, or the interval is wider than the dtype's range.
        """
        out = _empty("uniform_", shape, dtype)
        if not low <= high:
            raise ValueError(f"uniform_: the interval [{low}, {high}) is empty; low must not be above high")
        if not high - low <= float(np.finfo(out.dtype).max):
            raise ValueError(f"uniform_: the interval [{low}, {high}) is wider than {out.dtype} can hold")
        source, words_each = _uniforms(out.dtype)
        with self._lock:
            return self._fill(
                out, words_each, lambda words: sampling.uniform_between(source(words), low, high, out.dtype)
            )

    def normal(
        self,
        shape: Shape = (),
        mean: float = 0.0,
        std: float = 1.0,
        dtype: DTypeLike = np.float32,
        *,
        contiguous: bool = True,
    ) -> np.ndarray:
        """Normal numbers: ``torch.randn`` and ``normal_``.

        Sixteen and more are made in blocks of sixteen; fewer, or a tensor that is not contiguous in memory, one by
        one in double precision, where the second number of a pair waits for the next call.

        Args:
            shape (int or tuple): of the result.
            mean, std (float): of the distribution.
            dtype: a floating dtype.
            contiguous: False for the stream that fills a non-contiguous tensor.
        Raises:
            TypeError: ``dtype`` is not floating.
            ValueError: ``std < 0``.
        """
        out = _empty("normal_", shape, dtype)
        if not std >= 0:
            raise ValueError(f"normal_: the standard deviation must not be negative, got {std}")
        with self._lock:
            if out.size >= _BLOCK and contiguous:
                self._normal_blocks(out.reshape(-1), mean, std)
            else:
                out.reshape(-1)[:] = _moved(self._normals_one_by_one(out.size), mean, std)
        return out

    def _normal_blocks(self, out: np.ndarray, mean: float, std: float) -> None:
        source, words_each = _uniforms(out.dtype)

        def transform(words: np.ndarray) -> np.ndarray:
            return _moved(sampling.box_muller_blocks(source(words)), mean, std)

        rest = out.size % _BLOCK
        self._fill(out[: out.size - rest], words_each, transform)
        if rest:  # the last sixteen are drawn afresh, over some that were there
            if out.dtype.itemsize > 2:
                self._words(rest * words_each)
            self._fill(out[-_BLOCK:], words_each, transform)

    def _normals_one_by_one(self, n: int) -> np.ndarray:
        waiting = [] if self._cached_normal is None or n == 0 else [self._cached_normal]
        pairs = (n - len(waiting) + 1) // 2
        normals = np.concatenate([waiting, sampling.box_muller(sampling.uniform53(self._words(4 * pairs)))])
        if n:
            self._cached_normal = float(normals[n]) if normals.size > n else None
        return normals[:n]

    def log_normal(
        self, shape: Shape = (), mean: float = 1.0, std: float = 2.0, dtype: DTypeLike = np.float32
    ) -> np.ndarray:
        """Numbers whose logarithm is normal with this mean and deviation: ``log_normal_``."""
        out = _empty("log_normal_", shape, dtype)
        if not std > 0:
            raise ValueError(f"log_normal_: the standard deviation must be positive, got {std}")
        with self._lock:
            out.reshape(-1)[:] = np.exp(_moved(self._normals_one_by_one(out.size), mean, std))
        return out

    def exponential(self, shape: Shape = (), rate: float = 1.0, dtype: DTypeLike = np.float32) -> np.ndarray:
        """Exponential numbers with this rate (their mean is ``1 / rate``): ``exponential_``.

        Raises:
            ValueError: ``rate <= 0``.
        """
        if not rate > 0:
            raise ValueError(f"exponential_: the rate must be positive, got {rate}")
        scale = -1.0 / rate
        return self._from_doubles("exponential_", shape, dtype, lambda u: scale * np.log1p(-u))

    def cauchy(
        self, shape: Shape = (), median: float = 0.0, sigma: float = 1.0, dtype: DTypeLike = np.float32
    ) -> np.ndarray:
        """Cauchy numbers: ``cauchy_``.

        Raises:
            ValueError: ``sigma <= 0``.
        """
        if not sigma > 0:
            raise ValueError(f"cauchy_: sigma must be positive, got {sigma}")
        return self._from_doubles("cauchy_", shape, dtype, lambda u: median + sigma * np.tan(math.pi * (u - 0.5)))

    def _from_doubles(
        self, name: str, shape: Shape, dtype: DTypeLike, inverse: Callable[[np.ndarray], np.ndarray]
    ) -> np.ndarray:
        out = _empty(name, shape, dtype)
        with self._lock:
            return self._fill(out, 2, lambda words: inverse(sampling.uniform53(words)))

    # --------------------------------------------------------------------------------- whole numbers

    def integers(self, low: int, high: int | None, shape: Shape = (), dtype: DTypeLike = np.int64) -> np.ndarray:
        """Integers in [low, high): ``torch.randint`` and ``random_(low, high)``.

        Args:
            low, high (int): the bounds; ``high=None`` means up to the largest number of the dtype, itself included.
            shape (int or tuple): of the result.
            dtype: any real dtype that holds ``low`` and ``high - 1``.
        Raises:
            ValueError: the interval is empty, or the dtype does not hold it.
        """
        kind = np.dtype(dtype)
        least, most = _integer_range(kind)
        low = operator.index(low)
        end = most + 1 if high is None else operator.index(high)
        if low >= end:
            raise ValueError(f"random_: [{low}, {end}) holds no integer; low must be below high")
        if low < least or end - 1 > most:
            raise ValueError(f"random_: {kind} does not hold the integers of [{low}, {end}); use a wider dtype")
        return self._integers(end - low, low, shape, kind)

    def full_range(self, shape: Shape = (), dtype: DTypeLike = np.int64) -> np.ndarray:
        """Integers from 0 to the largest of the dtype (2**24, 2**53, 2**11 for floats): ``random_()``."""
        kind = np.dtype(dtype)
        out = np.empty(shape, kind)
        span = _integer_range(kind)[1] + 1
        wide = kind.itemsize == 8
        with self._lock:
            return self._fill(out, 1 + wide, lambda words: sampling.integers_below(_chosen(words, wide), span))

    def _integers(self, span: int, low: int, shape: Shape, kind: np.dtype) -> np.ndarray:
        wide = span >= _WIDE_SPAN
        shift = np.uint64(low % 2**64 if span < 2**64 else 0)  # all 64 bits: the word is the number

        def transform(words: np.ndarray) -> np.ndarray:
            below = sampling.integers_below(_chosen(words, wide), span)
            below += shift  # wraps: two's complement makes a negative ``low`` right
            return below if kind == np.uint64 else below.view(np.int64)

        out = np.empty(shape, kind)
        with self._lock:
            return self._fill(out, 1 + wide, transform)

    def draw_seed(self) -> int:
        """One number from 0 to 2**63 - 1, the seed that data loaders and samplers draw: ``random_()`` of an int64."""
        return int(self.full_range())

    def permutation(self, n: int) -> np.ndarray:
        """The numbers 0 to n - 1 in random order, int64: ``torch.randperm`` (for n below 2 * 10**8).

        Raises:
            ValueError: ``n < 0``.
        """
        n = operator.index(n)
        if n < 0:
            raise ValueError(f"randperm: n must not be negative, got {n}")
        steps = np.arange(n)
        with self._lock:
            words = self._words(max(n - 1, 0)).astype(np.int64)
        steps[: words.size] += words % (n - steps[: words.size])
        return sampling.fisher_yates(steps)

    def bernoulli(
        self, p: float | np.ndarray, shape: Shape | None = None, dtype: DTypeLike | None = None
    ) -> np.ndarray:
        """Ones with probability ``p``, else zeros: ``bernoulli``, ``bernoulli_``, the masks of dropout.

        Args:
            p (float or ndarray): the probability, or one for each element. A number and an array draw differently,
                as in PyTorch: an array in the precision of its dtype.
            shape (int or tuple): of the result; the shape of ``p`` unless given.
            dtype: of the result; float32, or the dtype of an array ``p``, unless given.
        Raises:
            ValueError: a probability outside [0, 1].
        """
        wrong = not 0.0 <= p <= 1.0 if not isinstance(p, np.ndarray) else bool(np.any(~((p >= 0) & (p <= 1))))
        if wrong:
            raise ValueError(f"bernoulli: probabilities must lie in [0, 1], got {p}")
        if isinstance(p, np.ndarray):
            if p.dtype.kind != "f":
                p = p.astype(np.float32)
            out = np.empty(p.shape if shape is None else shape, p.dtype if dtype is None else dtype)
            source, words_each = _uniforms(p.dtype)
            uniforms = np.empty(out.shape, np.float32 if words_each == 1 else np.float64)
            with self._lock:
                self._fill(uniforms, words_each, source)
            np.less(uniforms, p, out=out, casting="unsafe")
            return out
        out = np.empty(() if shape is None else shape, np.float32 if dtype is None else dtype)
        with self._lock:
            return self._fill(out, 2, lambda words: sampling.less_than(words, p))

    def geometric(self, p: float, shape: Shape = (), dtype: DTypeLike = np.float32) -> np.ndarray:
        """How many trials up to the first success of probability ``p``: ``geometric_``.

        Raises:
            ValueError: ``p`` is not inside (0, 1).
        """
        if not 0.0 < p < 1.0:
            raise ValueError(f"geometric_: p must lie inside (0, 1), got {p}")
        scale = math.log1p(-p)
        out = np.empty(shape, dtype)
        with self._lock:
            return self._fill(out, 2, lambda words: np.ceil(np.log(sampling.uniform53(words)) / scale))

    def multinomial(self, weights: np.ndarray, num_samples: int, replacement: bool = False) -> np.ndarray:
        """Indices of classes drawn with probabilities in proportion to ``weights``: ``torch.multinomial``.

        Without replacement the smallest of independent exponential clocks win (Efraimidis and Spirakis 2006).

        Args:
            weights: floating array, one distribution in each row.
            num_samples (int): how many to draw for each row.
            replacement (bool): whether a class may be drawn again.
        Shape:
            ``(C,) -> (num_samples,)`` or ``(N, C) -> (N, num_samples)``, int64
        Raises:
            TypeError: ``weights`` are not floating.
            ValueError: a negative, infinite or NaN weight, a row of zeros, or more draws than classes.
        """
        _check_weights(weights, num_samples, replacement)
        if replacement and num_samples > 1:
            return self._multinomial_with_replacement(weights, num_samples)
        clocks = self.exponential(weights.shape, dtype=weights.dtype)
        with np.errstate(divide="ignore", over="ignore"):
            scores = weights / clocks
        if num_samples == 1:
            winner: np.ndarray = np.argmax(scores, axis=-1, keepdims=True)
            return winner
        ranking: np.ndarray = np.argsort(-scores, axis=-1, kind="stable")
        return ranking[..., :num_samples]

    def _multinomial_with_replacement(self, weights: np.ndarray, num_samples: int) -> np.ndarray:
        rows = weights.reshape(-1, weights.shape[-1])
        cumulative = np.cumsum(rows, axis=1, dtype=np.float32 if rows.dtype.itemsize == 2 else rows.dtype)
        cumulative /= cumulative[:, -1:].copy()
        cumulative[:, -1] = 1.0
        draws = self.uniform((rows.shape[0], num_samples), dtype=np.float64)
        chosen = [np.searchsorted(row, u, side="left") for row, u in zip(cumulative, draws, strict=True)]
        return np.array(chosen, np.int64).reshape(*weights.shape[:-1], num_samples)


def _empty(name: str, shape: Shape, dtype: DTypeLike) -> np.ndarray:
    out = np.empty(shape, dtype)
    if out.dtype.kind != "f":
        raise TypeError(f"{name}: needs a floating dtype, got {out.dtype}; use float32 or float64")
    return out


def _uniforms(dtype: np.dtype) -> tuple[Callable[[np.ndarray], np.ndarray], int]:
    """How uniforms for ``dtype`` are made of words, and of how many: half precision is rounded from single."""
    return (sampling.uniform53, 2) if dtype.itemsize == 8 else (sampling.uniform24, 1)


def _moved(normals: np.ndarray, mean: float, std: float) -> np.ndarray:
    if mean == 0 and std == 1:
        return normals
    kind = normals.dtype.type
    return sampling.fused_multiply_add(normals, kind(std), kind(mean))


def _chosen(words: np.ndarray, wide: bool) -> np.ndarray:
    return sampling.words64(words) if wide else words


def _integer_range(dtype: np.dtype) -> tuple[int, int]:
    """The integers that ``dtype`` holds without gaps."""
    if dtype.kind == "b":
        return 0, 1
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return int(info.min), int(info.max)
    if dtype.kind == "f":
        most = 2 ** (np.finfo(dtype).nmant + 1)
        return -most, most
    raise TypeError(f"random_: {dtype} holds no ordered integers; use an integer or floating dtype")


def _check_weights(weights: np.ndarray, num_samples: int, replacement: bool) -> None:
    if weights.dtype.kind != "f":
        raise TypeError(f"multinomial: weights must be floating, got {weights.dtype}; convert them with .float()")
    if weights.ndim not in (1, 2) or weights.shape[-1] == 0:
        raise ValueError(f"multinomial: weights must have shape (C,) or (N, C) with C > 0, got {weights.shape}")
    if num_samples <= 0:
        raise ValueError(f"multinomial: num_samples must be positive, got {num_samples}")
    if not replacement and num_samples > weights.shape[-1]:
        raise ValueError(
            f"multinomial: {num_samples} different classes cannot be drawn from {weights.shape[-1]}; "
            "ask for fewer or pass replacement=True"
        )
    if not np.all((weights >= 0) & (weights < np.inf)):
        raise ValueError("multinomial: a weight is negative, infinite or NaN")
    if not np.all(weights.sum(axis=-1) > 0):
        raise ValueError("multinomial: the weights of a row are all zero")
