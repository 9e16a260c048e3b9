"""What a wrong gradient looks like: each kind of mistake is tried on the numeric derivatives until one explains it.

An explanation counts when it predicts every element within the error bars, the right ones included.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinygrad_cn.testing.comparison import BARS, ROUNDING, Comparison, Verdict
from tinygrad_cn.testing.evaluation import Evaluation
from tinygrad_cn.testing.patterns import (
    constant_factor,
    describe_elements,
    kept_contributions,
    rearranged,
    rearranged_jacobian,
)
from tinygrad_cn.testing.report import Evidence, Fault, FaultKind

__all__ = ["diagnose"]

Named = tuple[FaultKind, str] | None


def diagnose(
    evaluation: Evaluation, comparisons: list[Comparison], which: int, pull: Callable[[np.ndarray], np.ndarray | None]
) -> Fault:
    """Name the mistake in the gradient by input ``which``.

    Args:
        comparisons (list): of all inputs.
        pull (callable): the gradient by this input, for a row of weights.
    """
    return _Diagnosis(evaluation, comparisons, which, pull).fault()


class _Diagnosis:
    def __init__(
        self,
        evaluation: Evaluation,
        comparisons: list[Comparison],
        which: int,
        pull: Callable[[np.ndarray], np.ndarray | None],
    ) -> None:
        self.evaluation, self.comparisons, self.which, self.pull = evaluation, comparisons, which, pull
        self.c = c = next(c for c in comparisons if c.which == which)
        self.shape = evaluation.arrays[which].shape
        self.known = ((c.verdict == Verdict.RIGHT) | (c.verdict == Verdict.WRONG)) & np.isfinite(c.error)
        self.wrong = c.wrong
        self.numeric = np.where(self.known, c.numeric, 0.0)
        with np.errstate(all="ignore"):
            self.allowed = np.where(self.known, 2 * BARS * c.error + 4 * ROUNDING * np.abs(c.numeric), np.inf)
        self.whole = len(c.elements) == evaluation.arrays[which].size
        self.factor: float | None = None

    def fault(self) -> Fault:
        name = self.evaluation.target.input_names[self.which]
        wrong = int(self.wrong.any(axis=0).sum())
        with np.errstate(all="ignore"):
            kind, message = self.named()
        return Fault(kind, name, message, self.factor, wrong, evidence(self.evaluation, self.c))

    def named(self) -> tuple[FaultKind, str]:
        c = self.c
        if not np.isfinite(c.analytic[self.wrong]).all():
            return FaultKind.NOT_FINITE, "it is not finite where the derivative is"
        if (c.verdict == Verdict.OUTSIDE).any() and not (c.verdict == Verdict.WRONG).any():
            return FaultKind.SUBGRADIENT, "at a kink, it lies outside of the derivatives from both sides"
        found = (
            self.proportional()
            or self.swapped()
            or self.transposed()
            or self.one_triangle()
            or self.unsummed()
            or self.masked()
        )
        if found is not None:
            return found
        return FaultKind.MISSING_TERM, "part of it is missing, or too much" + self.remainder()

    def explains(self, predicted: np.ndarray, allowed: np.ndarray | None = None) -> bool:
        """Whether ``predicted`` is the gradient under test."""
        bars = self.allowed if allowed is None else np.maximum(allowed, self.allowed)
        bars = bars + 4 * ROUNDING * (np.abs(predicted) + np.abs(self.c.analytic))
        return bool(np.all(np.abs(self.c.analytic - predicted) <= bars))

    # ---------------------------------------------------------------------------- kinds of mistakes

    def proportional(self) -> Named:
        """Zero, minus, twice, or another constant times what it should be."""
        c = self.c
        if not np.any(c.analytic[self.known]):
            return FaultKind.MISSING, "it is zero, or there is none"
        factor = constant_factor(c.analytic[self.known], c.numeric[self.known], self.allowed[self.known])
        if factor is None:
            return None
        self.factor = factor
        if abs(factor + 1) < 1e-9:
            return FaultKind.SIGN, "it has the wrong sign"
        if abs(factor - 2) < 1e-9:
            return FaultKind.DOUBLED, "it is twice what it should be: accumulated twice"
        return FaultKind.FACTOR, f"it is {_number(factor)} times what it should be"

    def swapped(self) -> Named:
        """The gradient by another input of this shape."""
        for other in self.comparisons:
            same = other.which != self.which and self.evaluation.arrays[other.which].shape == self.shape
            if same and np.array_equal(other.elements, self.c.elements) and np.isfinite(other.numeric).all():
                bars = 2 * BARS * other.error
                if self.explains(other.numeric, np.where(np.isfinite(bars), bars, 0.0)):
                    name = self.evaluation.target.input_names[other.which]
                    return FaultKind.SWAPPED, f"it is the gradient by input {name}"
        return None

    def transposed(self) -> Named:
        """Right up to an exchange of axes, of the input or of its Jacobian."""
        if not self.whole or not self.known.all() or self.numeric.size < 2:
            return None
        rows = len(self.numeric)
        for message, moved in rearranged(self.numeric.reshape(rows, *self.shape)):
            if self.explains(moved.reshape(self.numeric.shape), self.moved_bars()):
                return FaultKind.TRANSPOSED, message
        if self.evaluation.full and len(self.evaluation.shapes) == 1 and self.evaluation.finite.all():
            output = self.evaluation.shapes[0]
            jacobian = self.numeric.reshape(*output, *self.shape)
            for message, moved in rearranged_jacobian(jacobian, len(output)):
                if self.explains(moved.reshape(self.numeric.shape), self.moved_bars()):
                    return FaultKind.TRANSPOSED, message
        return None

    def one_triangle(self) -> Named:
        """Right for symmetric matrices, of which the function reads one triangle, as a Cholesky decomposition does."""
        if not self.whole or not self.known.all() or len(self.shape) < 2 or self.shape[-1] != self.shape[-2]:
            return None
        numeric = self.numeric.reshape(len(self.numeric), *self.shape)
        halves = (numeric + np.swapaxes(numeric, -1, -2)) / 2
        if not self.explains(halves.reshape(self.numeric.shape), self.moved_bars()):
            return None
        message = (
            "it is that of a symmetric matrix, and the function reads one triangle of it only: check the function of "
            "(x + x.mT) / 2"
        )
        return FaultKind.OTHER, message

    def moved_bars(self) -> np.ndarray:
        return np.full(self.allowed.shape, np.max(self.allowed))

    def unsummed(self) -> Named:
        """Some of the contributions only, of outputs that the input feeds alike."""
        c, evaluation = self.c, self.evaluation
        for axis, size in self.broadcast_axes():
            output = evaluation.shapes[0]
            for index in (0, size - 1):
                mask = np.zeros(output)
                mask[(slice(None),) * axis + (index,)] = 1.0
                part = self.pull(evaluation.rows[0] * mask.reshape(-1)) if not evaluation.full else None
                if part is not None and np.array_equal(part.reshape(-1)[c.elements], c.analytic[0]):
                    message = (
                        f"not summed over output axis {axis}, along which the input is broadcast: index {index} only"
                    )
                    return FaultKind.NOT_SUMMED, message
        if evaluation.full:
            if kept_contributions(c.analytic, self.numeric, self.wrong):
                return FaultKind.NOT_SUMMED, "the contributions of several outputs are not summed: some are left out"
            if self.confined():
                return FaultKind.NOT_SUMMED, "it is not summed over an axis along which the input is broadcast"
        return None

    def broadcast_axes(self) -> list[tuple[int, int]]:
        """Axes of the single output along which the input is broadcast, with their sizes."""
        if len(self.evaluation.shapes) != 1:
            return []
        output = self.evaluation.shapes[0]
        missing = len(output) - len(self.shape)
        if missing < 0 or any(s not in (1, o) for s, o in zip(self.shape, output[missing:], strict=True)):
            return []
        return [
            (i, size) for i, size in enumerate(output) if size > 1 and (i < missing or self.shape[i - missing] == 1)
        ]

    def confined(self) -> bool:
        """Whether the Jacobian is right at one index of a broadcast axis, and zero at the others."""
        output = self.evaluation.shapes[0]
        for axis, size in self.broadcast_axes():
            analytic = np.moveaxis(self.c.analytic.reshape(*output, -1), axis, 0)
            wrong = np.moveaxis(self.wrong.reshape(*output, -1), axis, 0)
            for index in range(size):
                others = np.delete(analytic, index, axis=0)
                if not np.any(others) and not wrong[index].any():
                    return True
        return False

    def masked(self) -> Named:
        """Wrong at some elements that something sets apart."""
        c = self.c
        values = self.evaluation.arrays[self.which]
        something = ((self.numeric != 0) | (c.analytic != 0)) & self.known
        wrong = np.zeros(values.size, dtype=bool)
        counted = np.zeros(values.size, dtype=bool)
        wrong[c.elements] = self.wrong.any(axis=0)
        counted[c.elements] = something.any(axis=0)
        shaped = [a.reshape(self.shape) for a in (wrong, counted)]
        described = describe_elements(shaped[0], shaped[1], values)
        if described is not None:
            message, sure = described
            if sure:
                return FaultKind.MASKED, f"it is wrong only at {message}{self.there()}"
        share = wrong.sum() / max(1, counted.sum())
        if share <= 0.34:
            return (
                FaultKind.MASKED,
                f"it is wrong only at {int(wrong.sum())} of {int(counted.sum())} elements{self.there()}",
            )
        return self.masked_outputs()

    def masked_outputs(self) -> Named:
        """The same, told by the outputs."""
        if not self.evaluation.full:
            return None
        bad = np.asarray(self.wrong.any(axis=1))
        seen = np.asarray(((self.numeric != 0) & self.known).any(axis=1))
        values = self.evaluation.center[self.evaluation.places]
        described = describe_elements(bad, seen | bad, values)
        if described is None or not described[1]:
            return None
        return FaultKind.MASKED, f"it is wrong only for some outputs: {described[0]}".replace("the input", "the output")

    def there(self) -> str:
        """The constant factor at the wrong elements, if there is one."""
        wrong = self.wrong & self.known
        if not wrong.any():
            return ""
        factor = constant_factor(self.c.analytic[wrong], self.c.numeric[wrong], self.allowed[wrong])
        if factor is None:
            return ""
        return f", and there {_number(factor)} times what it should be"

    def remainder(self) -> str:
        """What the part that is missing looks like."""
        if not self.whole or not self.known.all() or not self.shape:
            return ""
        rest = (self.numeric - self.c.analytic).reshape(len(self.numeric), *self.shape)
        scale = np.max(np.abs(rest))
        for axis, size in enumerate(self.shape, start=1):
            if size > 1 and np.max(np.ptp(rest, axis=axis)) <= 1e-6 * scale:
                return f"; the missing part is constant along axis {axis - 1}"
        return ""


def evidence(evaluation: Evaluation, c: Comparison, most: int = 6) -> tuple[Evidence, ...]:
    """The worst elements, one for each place."""
    with np.errstate(all="ignore"):
        far = np.where(c.wrong, np.abs(c.analytic - c.numeric), -1.0)
        far = np.where(c.wrong & ~np.isfinite(far), np.inf, far)
    rows = np.argmax(far, axis=0)
    places = [k for k in np.argsort(-far.max(axis=0, initial=-1), kind="stable") if c.wrong[:, k].any()]
    shape = evaluation.arrays[c.which].shape
    return tuple(
        Evidence(
            tuple(int(i) for i in np.unravel_index(c.elements[k], shape)), evaluation.place(int(rows[k])),
            float(c.analytic[rows[k], k]), float(c.numeric[rows[k], k]), float(c.error[rows[k], k]),
        )
        for k in places[:most]
    )  # fmt: skip


def _number(x: float) -> str:
    """A factor as people write it: 1/3 for 0.333333333333."""
    for denominator in range(1, 13):
        numerator = round(x * denominator)
        if numerator and abs(x - numerator / denominator) < 1e-10 * abs(x):
            return f"{numerator}" if denominator == 1 else f"{numerator}/{denominator}"
    return f"{x:.10g}"
