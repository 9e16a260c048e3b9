"""A target at one point: its outputs as one vector, lines through the point, and cotangents as rows of weights."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_cn.testing.target import Arrays, Target

__all__ = ["Evaluation", "Line"]

Index = tuple[int, ...]

#: With so many outputs at most, each gets a backward pass of its own: the whole Jacobian is seen.
FULL_OUTPUTS = 128
FULL_ENTRIES = 200_000
FULL_SECONDS = 2.0
ROWS = 2  # else: random cotangents

#: How far magnitudes of outputs may lie apart before cotangents make up for it.
SPREAD = 2.0**20


@dataclass(frozen=True)
class Line:
    """A function along a line through the point.

    Attributes:
        at (callable): the distance to all outputs there, as one float64 vector.
        exact (callable): the distance that is really gone, for it is rounded with the coordinate it is added to.
        scale (float): a distance over which the function may be expected to change notably.
        octaves (int): how many powers of two finer than that the coordinate itself is.
    """

    at: Callable[[float], np.ndarray]
    exact: Callable[[float], float]
    scale: float
    octaves: int = 0


class Evaluation:
    """A target and a point; what is evaluated more than once is kept.

    Attributes:
        arrays (tuple of float64 arrays): the point.
        center (float64 array of shape (outputs,)): all outputs there, one after the other.
        shapes (list of shapes): of the outputs.
        rows (float64 array of shape (rows, outputs)): the cotangents that gradients are taken with: unit vectors, or
            random ones.
        full (bool): the rows are unit vectors.
        count (int), seconds (float): evaluations so far, and the time they took.
    """

    def __init__(self, target: Target, arrays: Sequence[Any], seed: int) -> None:
        self.target = target
        self.arrays: Arrays = tuple(np.array(a, dtype=np.float64, order="C") for a in arrays)
        self.random = np.random.default_rng(seed)
        self.count, self.seconds = 0, 0.0
        self._scales: dict[int, np.ndarray] = {}
        self._sizes: np.ndarray | None = None
        outputs = self.outputs(self.arrays)
        self.shapes = [o.shape for o in outputs]
        self.dtypes = [o.dtype for o in outputs]
        self.center = flat(outputs)
        self.finite = np.isfinite(self.center)
        self.typical = [_typical(a) for a in self.arrays]
        size = self.center.size
        entries = size * sum(a.size for a in self.arrays)
        cheap = 4 * size * self.seconds <= FULL_SECONDS
        self.full = size <= FULL_OUTPUTS and entries <= FULL_ENTRIES and cheap
        self.places = np.flatnonzero(self.finite)  # with unit vectors: the output that each row stands for
        self.rows = np.eye(size)[self.places] if self.full else np.stack([self.dense() for _ in range(ROWS)])

    # ------------------------------------------------------------------------------------ cotangents

    def dense(self) -> np.ndarray:
        """A cotangent without zeros, except where the function is not finite."""
        size = self.center.size
        weights = self.random.uniform(0.5, 1.5, size) * self.random.choice([-1.0, 1.0], size)
        magnitudes = np.abs(self.center[self.finite])
        magnitudes = magnitudes[magnitudes > 0]
        if magnitudes.size and magnitudes.max() > SPREAD * magnitudes.min():
            scale = np.where(self.center == 0, np.median(magnitudes), np.abs(self.center))
            weights = weights * np.exp2(-np.clip(np.round(np.log2(np.where(self.finite, scale, 1.0))), -500, 500))
        return np.where(self.finite, weights, 0.0)

    def shaped(self, weights: np.ndarray) -> Arrays:
        """A row as cotangents of the outputs."""
        found, start = [], 0
        for shape, dtype in zip(self.shapes, self.dtypes, strict=True):
            size = int(np.prod(shape))
            found.append(weights[start : start + size].reshape(shape).astype(dtype))
            start += size
        return tuple(found)

    def place(self, row: int) -> Index | None:
        """The output that a row stands for, as (number, *index); None if it weighs them all."""
        if not self.full:
            return None
        flat_index = int(self.places[row])
        for i, shape in enumerate(self.shapes):
            size = int(np.prod(shape))
            if flat_index < size:
                return (i, *(int(k) for k in np.unravel_index(flat_index, shape)))
            flat_index -= size
        raise AssertionError("a row stands for no output")

    def natural(self, weights: np.ndarray) -> Arrays:
        """What size a gradient may be expected to have, by how much the outputs change nearby: its rounding's unit."""
        if self._sizes is None:
            near = self.vector([a + self.random_direction(i) / 64 for i, a in enumerate(self.arrays)])
            with np.errstate(all="ignore"):
                sizes = np.fmax(np.abs(self.center), 64 * np.abs(near - self.center))
            self._sizes = np.where(np.isfinite(sizes), sizes, 0.0)
        total = float(np.abs(weights) @ self._sizes)
        with np.errstate(all="ignore"):
            return tuple(total / self.scales(i) for i in range(len(self.arrays)))

    def project(self, differences: np.ndarray) -> np.ndarray:
        """What the rows weigh, from differences of all outputs: array of shape (rows,)."""
        if self.full:
            return differences[self.places]
        return self.rows @ np.where(self.finite, differences, 0.0)

    def project_sizes(self, sizes: np.ndarray) -> np.ndarray:
        """The same with the sizes of weights: what error bars of the outputs add up to."""
        if self.full:
            return sizes[self.places]
        return np.abs(self.rows) @ np.where(self.finite, sizes, 0.0)

    # ------------------------------------------------------------------------------------ evaluation

    def outputs(self, arrays: Sequence[np.ndarray]) -> Arrays:
        """The target's outputs; warnings of NumPy about what happens there are nobody's concern."""
        self.count += 1
        start = time.perf_counter()
        with np.errstate(all="ignore"):
            found = self.target.value(arrays)
        self.seconds += time.perf_counter() - start
        return found

    def vector(self, arrays: Sequence[np.ndarray]) -> np.ndarray:
        """All outputs as one vector, of NaN where the function raises or its outputs change their shapes."""
        try:
            outputs = self.outputs(arrays)
        except Exception:  # outside of its domain
            return np.full(self.center.shape, np.nan)
        if [o.shape for o in outputs] != self.shapes:
            return np.full(self.center.shape, np.nan)
        return flat(outputs)

    def complex_vector(self, arrays: Sequence[np.ndarray]) -> np.ndarray | None:
        """All outputs at complex arrays, or None where the function takes none or loses the imaginary part."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                outputs = self.outputs(arrays)
        except Exception:  # it takes no complex arrays
            return None
        if [o.shape for o in outputs] != self.shapes or any(o.dtype.kind != "c" for o in outputs):
            return None
        return np.concatenate([o.ravel() for o in outputs]) if outputs else np.zeros(0, complex)

    # ----------------------------------------------------------------------------------------- lines

    def scale(self, which: int, index: Index) -> float:
        """A distance over which an element of an input may be expected to matter: its own size, if that is any."""
        return float(self.scales(which)[index])

    def element(self, which: int, index: Index) -> Line:
        """The function along one element of an input; a distance of 1 is 1."""
        x = float(self.arrays[which][index])
        moved = list(self.arrays)
        work = moved[which] = self.arrays[which].copy()

        def at(t: float) -> np.ndarray:
            work[index] = x + t
            found = self.vector(moved)
            np.copyto(work, self.arrays[which])  # also what a function may have written there
            return found

        scale = self.scale(which, index)
        finest = min(scale, abs(x) or 1.0)
        octaves = int(np.frexp(scale)[1] - np.frexp(finest)[1])
        return Line(at, lambda t: (x + t) - x, scale, octaves)

    def direction(self, directions: Sequence[np.ndarray | None]) -> Line:
        """The function along a direction in all inputs; a distance of 1 is the whole direction."""

        def at(t: float) -> np.ndarray:
            return self.vector(
                [a.copy() if d is None else a + t * d for a, d in zip(self.arrays, directions, strict=True)]
            )

        return Line(at, lambda t: t, 1.0)

    def scales(self, which: int) -> np.ndarray:
        """`scale` of all elements of an input."""
        if which not in self._scales:
            array, typical = self.arrays[which], self.typical[which]
            own = np.where(np.isfinite(array), np.abs(array), 1.0)
            sizes = np.where(own >= typical * 2.0**-10, own, np.where(own == 0, typical, typical * 2.0**-10))
            self._scales[which] = np.ldexp(0.5, np.frexp(sizes)[1])
        return self._scales[which]

    def random_direction(self, which: int, mask: np.ndarray | None = None) -> np.ndarray:
        """Every element up or down by its own scale, a power of two."""
        found = self.scales(which) * self.random.choice([-1.0, 1.0], self.arrays[which].shape)
        return found if mask is None else np.where(mask, found, 0.0)


def flat(outputs: Sequence[np.ndarray]) -> np.ndarray:
    """All outputs, one after the other."""
    if not outputs:
        return np.zeros(0)
    return np.concatenate([np.asarray(o, dtype=np.float64).ravel() for o in outputs])


def _typical(array: np.ndarray) -> float:
    """A middling size of an array's elements; 1 where all are zero."""
    sizes = np.abs(array[np.isfinite(array)])
    sizes = sizes[sizes > 0]
    return float(np.median(sizes)) if sizes.size else 1.0
