"""How a gradient is computed, whatever its values: whether it is deterministic, linear, and leaves its arguments be."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tinygrad_cn.testing.evaluation import Evaluation
from tinygrad_cn.testing.examination import examine
from tinygrad_cn.testing.report import Evidence, Fault, FaultKind
from tinygrad_cn.testing.settings import Settings
from tinygrad_cn.testing.target import Arrays

__all__ = ["Behaviour"]

Gradients = tuple[np.ndarray | None, ...]


class Behaviour:
    """The checks of a target at a point, each of which returns the faults that it finds.

    Args:
        weights (array of shape (outputs,)): the cotangent to pull back.
        gradients (tuple of arrays or None): what was pulled back already.
        jitter (callable): how far those move when the inputs move by their rounding; called only in doubt.
    """

    def __init__(
        self,
        evaluation: Evaluation,
        settings: Settings,
        weights: np.ndarray,
        gradients: Gradients,
        jitter: Callable[[], Sequence[np.ndarray]],
    ) -> None:
        self.evaluation, self.settings, self.jitter = evaluation, settings, jitter
        self.weights = weights
        self.cotangents = evaluation.shaped(weights)
        self.gradients = tuple(None if g is None else g.copy() for g in gradients)
        self.checks: list[str] = []

    def run(self) -> list[Fault]:
        """All of them, in order; the first ones that make others meaningless end it."""
        faults: list[Fault] = []
        for check in (
            self.overwriting,
            self.determinism,
            self.linearity,
            self.layouts,
            self.undefined,
        ):
            try:
                faults += check()
            except Exception as error:  # a backward pass that ran once fails now
                faults.append(Fault(FaultKind.ERROR, None, f"{check.__name__}: {type(error).__name__}: {error}"))
            if faults:
                break
        return faults

    # -------------------------------------------------------------------------------------- helpers

    def pull(self, arrays: Sequence[np.ndarray], cotangents: Sequence[np.ndarray | None]) -> Gradients:
        with np.errstate(all="ignore"):
            return self.evaluation.target.pullback(arrays, cotangents)

    def fresh(self) -> Arrays:
        return tuple(a.copy() for a in self.evaluation.arrays)

    def differing(
        self,
        expected: Gradients,
        found: Gradients,
        kind: FaultKind,
        message: str,
        tolerance: float | None = None,
        factor: float = 1.0,
    ) -> list[Fault]:
        """A fault for the first input whose gradients differ.

        Args:
            tolerance (float, optional): by default what rounding explains.
            factor (float): how much larger than the checker's own the cotangents are.
        """
        natural = self.evaluation.natural(self.weights)
        for i, (name, a, b) in enumerate(zip(self.evaluation.target.input_names, expected, found, strict=True)):
            shape = self.evaluation.arrays[i].shape
            left = np.zeros(shape) if a is None else np.asarray(a, dtype=np.float64)
            right = np.zeros(shape) if b is None else np.asarray(b, dtype=np.float64)
            if left.shape != right.shape:
                return [Fault(kind, name, f"{message}: the shapes are {list(left.shape)} and {list(right.shape)}")]
            with np.errstate(all="ignore"):
                distance = np.abs(left - right)
                if tolerance is None:
                    finite = np.abs(left[np.isfinite(left)])
                    allowed = 1e-11 * np.max(finite, initial=0.0) + 1e-9 * np.abs(left) + 1e-13 * factor * natural[i]
                    wrong = ~((distance <= allowed) | ~np.isfinite(left))
                    if wrong.any():
                        wrong &= ~(distance <= 64 * factor * np.max(self.jitter()[i], axis=0).reshape(shape))
                    if wrong.any():
                        wrong &= ~(distance * self.evaluation.scales(i) <= 8 * factor * self.noise())
                else:
                    wrong = ~((distance <= tolerance) | (left == right) | (np.isnan(left) & np.isnan(right)))
            if wrong.any():
                places = np.argwhere(wrong)[:4]
                rows = tuple(
                    Evidence(tuple(map(int, p)), None, float(right[tuple(p)]), float(left[tuple(p)]), 0.0)
                    for p in places
                )
                return [Fault(kind, name, message, None, int(wrong.sum()), rows)]
        return []

    def noise(self) -> float:
        """How far a derivative along all inputs may be off by the rounding of the function itself."""
        directions = [self.evaluation.random_direction(i) for i in range(len(self.evaluation.arrays))]
        look = examine(self.evaluation, self.evaluation.direction(directions), top=0.25)
        smooth = np.array([kind is None for kind in look.kinds], dtype=bool) & np.isfinite(look.both.error)
        return float(np.max(look.both.error, where=smooth, initial=0.0))

    # --------------------------------------------------------------------------------------- checks

    def overwriting(self) -> list[Fault]:
        """Inputs, cotangents and earlier results are as they were, after forward and backward."""
        self.checks.append("nothing is overwritten")
        inputs = self.fresh()
        self.evaluation.vector(inputs)
        faults = self.changed(inputs, "the function")
        inputs, cotangents = self.fresh(), self.evaluation.shaped(self.weights)
        first = self.pull(inputs, cotangents)
        faults = faults or self.changed(inputs, "the gradient")
        for i, (given, array) in enumerate(zip(cotangents, self.cotangents, strict=True)):
            if not faults and not np.array_equal(given, array):
                message = f"computing the gradient changed the cotangent of output {i}"
                faults = [Fault(FaultKind.COTANGENT_OVERWRITTEN, None, message)]
        kept = tuple(None if g is None else g.copy() for g in first)
        self.pull(self.fresh(), self.evaluation.shaped(-3 * self.weights))
        message = "a later backward pass changed the gradient that an earlier one returned"
        return faults or self.differing(kept, first, FaultKind.RESULT_OVERWRITTEN, message, 0.0)

    def changed(self, inputs: Arrays, what: str) -> list[Fault]:
        """A fault if the inputs that were given are no longer what they were."""
        for name, given, array in zip(self.evaluation.target.input_names, inputs, self.evaluation.arrays, strict=True):
            if not np.array_equal(given, array, equal_nan=True):
                return [Fault(FaultKind.INPUT_OVERWRITTEN, name, f"computing {what} changed it")]
        return []

    def determinism(self) -> list[Fault]:
        """Equal arguments give equal values and gradients."""
        self.checks.append("determinism")
        tolerance = self.settings.nondet_tol
        for _ in range(2):
            again = self.evaluation.vector(self.fresh())
            with np.errstate(all="ignore"):
                same = (np.abs(again - self.evaluation.center) <= tolerance) | ~self.evaluation.finite
            if not same.all():
                return [Fault(FaultKind.NONDETERMINISTIC, None, "two calls with equal inputs give different outputs")]
        message = "two backward passes with equal arguments give different gradients"
        for _ in range(4):
            found = self.pull(self.fresh(), self.evaluation.shaped(self.weights))
            faults = self.differing(self.gradients, found, FaultKind.NONDETERMINISTIC, message, tolerance)
            if faults:
                return faults
        return []

    def linearity(self) -> list[Fault]:
        """A gradient is linear in the cotangent: zero for zero, a multiple for a multiple, a sum for a sum."""
        self.checks.append("linearity in the cotangent")
        evaluation = self.evaluation
        zero = self.pull(self.fresh(), evaluation.shaped(0 * self.weights))
        expected = tuple(None if g is None else np.where(np.isfinite(g), 0.0, np.nan) for g in self.gradients)
        message = "a zero cotangent gives a gradient that is not zero"
        faults = self.differing(expected, zero, FaultKind.NONLINEAR, message, None)
        if faults:
            return faults
        times = self.pull(self.fresh(), evaluation.shaped(-1024 * self.weights))
        expected = tuple(None if g is None else -1024 * g for g in self.gradients)
        message = "-1024 times the cotangent does not give -1024 times the gradient"
        faults = self.differing(expected, times, FaultKind.NONLINEAR, message, factor=1024)
        if faults:
            return faults
        other = evaluation.dense()
        second = self.pull(self.fresh(), evaluation.shaped(other))
        both = self.pull(self.fresh(), evaluation.shaped(self.weights + 2 * other))
        with np.errstate(all="ignore"):
            expected = tuple(_plus_twice(a, b) for a, b in zip(self.gradients, second, strict=True))
        message = "the gradient for a sum of cotangents is not the sum of their gradients"
        return self.differing(expected, both, FaultKind.NONLINEAR, message, factor=4)

    def layouts(self) -> list[Fault]:
        """Neither the memory layout of the inputs and cotangents nor that they share memory matters."""
        self.checks.append("memory layouts")
        for layout in (_strided, _reversed, _column_major):
            found = self.pull([layout(a) for a in self.evaluation.arrays], [layout(g) for g in self.cotangents])
            name = layout.__name__.strip("_").replace("_", " ")
            message = f"with {name} inputs and cotangents it is another (right: the contiguous one)"
            faults = self.differing(self.gradients, found, FaultKind.LAYOUT, message, None)
            if faults:
                return faults
        return self.expanded() or self.shared()

    def expanded(self) -> list[Fault]:
        """A cotangent of one value for all elements, as that of a sum is: of strides 0, and not to be written."""
        values = [g.reshape(-1)[0] if g.size else 0.0 for g in self.cotangents]
        finite = np.split(self.evaluation.finite, np.cumsum([g.size for g in self.cotangents])[:-1])
        if not all(part.all() for part in finite):
            return []
        full = [np.full(g.shape, v, g.dtype) for g, v in zip(self.cotangents, values, strict=True)]
        expected = self.pull(self.fresh(), full)
        wide = [np.broadcast_to(np.asarray(v, g.dtype), g.shape) for g, v in zip(self.cotangents, values, strict=True)]
        try:
            found = self.pull(self.fresh(), wide)
        except ValueError as error:
            if "read-only" not in str(error):
                raise
            return [Fault(FaultKind.COTANGENT_OVERWRITTEN, None, f"a cotangent that may not be written: {error}")]
        message = "with an expanded cotangent, of strides 0, it is another"
        return self.differing(expected, found, FaultKind.LAYOUT, message, None)

    def shared(self) -> list[Fault]:
        """Two inputs may be the same memory."""
        arrays = self.evaluation.arrays
        for i, a in enumerate(arrays):
            for j, b in enumerate(arrays[:i]):
                if a.shape == b.shape and a.size:
                    apart, together = list(self.fresh()), list(self.fresh())
                    apart[i] = apart[j].copy()
                    together[i] = together[j]
                    names = self.evaluation.target.input_names
                    message = f"with {names[i]} and {names[j]} in the same memory it is another"
                    expected = self.pull(apart, self.cotangents)
                    return self.differing(
                        expected, self.pull(together, self.cotangents), FaultKind.LAYOUT, message, None
                    )
        return []

    def undefined(self) -> list[Fault]:
        """A cotangent of None counts as zero."""
        if not self.settings.check_undefined_grad or not self.evaluation.target.takes_undefined:
            return []
        if len(self.cotangents) < 2:
            return []
        self.checks.append("undefined cotangents")
        for i in range(len(self.cotangents)):
            zeros = tuple(g * 0 if k == i else g for k, g in enumerate(self.cotangents))
            expected = self.pull(self.fresh(), zeros)
            nones = tuple(None if k == i else g for k, g in enumerate(self.cotangents))
            message = f"None as the cotangent of output {i} does not count as zero"
            faults = self.differing(expected, self.pull(self.fresh(), nones), FaultKind.UNDEFINED, message, None)
            if faults:
                return faults
        return []


def _plus_twice(a: np.ndarray | None, b: np.ndarray | None) -> np.ndarray | None:
    """a + 2 b, None counting as zero."""
    if a is None or b is None:
        return a if b is None else 2 * b
    return a + 2 * b


def _strided(array: np.ndarray) -> np.ndarray:
    """The same values, with gaps between them."""
    if not array.ndim:
        return array.copy()
    wide = np.full((*array.shape[:-1], 2 * array.shape[-1]), 7.0, dtype=array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


def _reversed(array: np.ndarray) -> np.ndarray:
    """The same values, from the end of their memory to its beginning."""
    return np.asarray(np.flip(np.flip(array).copy()))  # of a 0-d array NumPy makes a number


def _column_major(array: np.ndarray) -> np.ndarray:
    """The same values, the first axis fastest."""
    return np.asfortranarray(array).reshape(array.shape, order="F")
