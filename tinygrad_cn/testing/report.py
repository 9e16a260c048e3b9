"""What a gradient check found: the kinds of faults, their evidence, the kinks, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = [
    "Evidence", "Fault", "FaultKind", "GradcheckError", "GradcheckReport", "InputReport", "Kink", "KinkKind",
]  # fmt: skip

Index = tuple[int, ...]


class GradcheckError(RuntimeError):
    """A gradient check failed; the message is the report, which also stands in ``report``."""

    def __init__(self, message: str, report: GradcheckReport | None = None) -> None:
        super().__init__(message)
        self.report = report


class FaultKind(StrEnum):
    """What kind of mistake a wrong gradient looks like.

    ==========================  ====================================================================================
    ``SIGN``                    it is minus what it should be
    ``FACTOR``                  it is a constant times what it should be
    ``DOUBLED``                 it is twice what it should be: accumulated once too often
    ``TRANSPOSED``              it is right up to the order of its elements: axes exchanged, or reversed
    ``NOT_SUMMED``              contributions are left out of a sum, over a broadcast axis or a repeated index
    ``MISSING_TERM``            part of the derivative is missing (or too much)
    ``SWAPPED``                 it is the gradient of another input
    ``MASKED``                  it is wrong only at some elements: where a mask holds, at an edge, at one place
    ``MISSING``                 there is none, or it is zero
    ``NOT_FINITE``              it is NaN or infinite where the derivative is not
    ``NONDETERMINISTIC``        equal arguments give unequal values or gradients
    ``NONLINEAR``               it is not linear in the cotangent, or not zero for a zero cotangent
    ``UNDEFINED``               a cotangent of None does not count as zero
    ``LAYOUT``                  it depends on the memory layout of an input or cotangent
    ``DTYPE``                   it has another dtype than its input
    ``SHAPE``                   it has another shape than its input
    ``INPUT_OVERWRITTEN``       computing it changed an input
    ``COTANGENT_OVERWRITTEN``   computing it changed the cotangent
    ``RESULT_OVERWRITTEN``      computing it anew changed the one returned before
    ``SINGLE_PRECISION``        in float32 it is another than in float64
    ``FORWARD``                 forward and reverse mode disagree
    ``BATCHED``                 gradients of several cotangents at once are not those of each
    ``SUBGRADIENT``             at a kink, it lies outside of what the derivatives from both sides allow
    ``KINK``                    the function has a kink there, and kinks were asked to fail
    ``ERROR``                   computing it raised an exception
    ``OTHER``                   none of these
    ==========================  ====================================================================================
    """

    SIGN = "sign"
    FACTOR = "factor"
    DOUBLED = "accumulated twice"
    TRANSPOSED = "transposed"
    NOT_SUMMED = "not summed"
    MISSING_TERM = "missing term"
    SWAPPED = "swapped"
    MASKED = "masked"
    MISSING = "missing"
    NOT_FINITE = "not finite"
    NONDETERMINISTIC = "not deterministic"
    NONLINEAR = "not linear"
    UNDEFINED = "undefined cotangent"
    LAYOUT = "memory layout"
    DTYPE = "dtype"
    SHAPE = "shape"
    INPUT_OVERWRITTEN = "input overwritten"
    COTANGENT_OVERWRITTEN = "cotangent overwritten"
    RESULT_OVERWRITTEN = "result overwritten"
    SINGLE_PRECISION = "single precision"
    FORWARD = "forward mode"
    BATCHED = "batched"
    SUBGRADIENT = "subgradient"
    KINK = "kink"
    ERROR = "error"
    OTHER = "other"


class KinkKind(StrEnum):
    """How a function fails to be smooth at a point."""

    KINK = "kink"  # the derivatives from the two sides differ
    JUMP = "jump"  # the function is discontinuous
    EDGE = "edge"  # it is defined on one side only
    CUSP = "cusp"  # a derivative is infinite


@dataclass(frozen=True)
class Evidence:
    """One element of a gradient beside its numeric value.

    Attributes:
        index: of the element of the input.
        output: of the element of the output, as (number of the output, *index), or None: the gradient is of all
            outputs, weighed by a random cotangent.
        analytic: what the gradient under test says.
        numeric: what the function's values say.
        error: how far ``numeric`` may be off.
    """

    index: Index
    output: Index | None
    analytic: float
    numeric: float
    error: float

    @property
    def ratio(self) -> float:
        """``analytic / numeric``; infinite or NaN where ``numeric`` is 0."""
        if self.numeric == 0:
            return float("nan") if self.analytic == 0 else float("inf")
        return self.analytic / self.numeric


@dataclass(frozen=True)
class Fault:
    """One mistake.

    Attributes:
        kind: what it looks like.
        input: the name of the input whose gradient is wrong, or None: it concerns no single one.
        message: one sentence.
        factor: for a constant factor, its size.
        wrong: how many elements are wrong, as far as they were looked at.
        evidence: some of them, the worst first.
    """

    kind: FaultKind
    input: str | None
    message: str
    factor: float | None = None
    wrong: int = 0
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Kink:
    """A point where the function is not smooth along one element of an input.

    Attributes:
        input: the name of the input.
        index: of the element.
        output: as in `Evidence`.
        kind: what is there.
        left, right: the derivatives from below and from above; NaN where there is none.
        analytic: what the gradient says.
        between: whether that lies between the two.
    """

    input: str
    index: Index
    output: Index | None
    kind: KinkKind
    left: float
    right: float
    analytic: float
    between: bool


@dataclass(frozen=True)
class InputReport:
    """How the gradient by one input fared.

    Attributes:
        name: of the input.
        shape: of the input.
        method: what its numeric derivatives are: "complex step", "richardson", "four-point".
        checked: how many elements were looked at one by one.
        size: how many there are.
        projections: along how many random directions it was looked at as a whole.
        difference: the largest |analytic - numeric|, relative to the largest entry of the gradient.
        error: the largest error bar of a numeric derivative, relative likewise.
        undecided: elements whose numeric derivative is too rough to say anything.
        kinks: elements at a kink.
        passed: no fault was found.
        largest: the largest entry of the gradient, of those that were looked at.
    """

    name: str
    shape: Index
    method: str
    checked: int
    size: int
    projections: int = 0
    difference: float = 0.0
    error: float = 0.0
    undecided: int = 0
    kinks: int = 0
    passed: bool = True
    largest: float = 0.0


@dataclass(frozen=True)
class GradcheckReport:
    """The result of a check; true when it passed, and its text is what a failing check raises.

    Attributes:
        name: of the function.
        faults: what is wrong, empty when nothing is.
        kinks: where the function is not smooth.
        inputs: how each input fared.
        checks: the names of the other checks that were made.
        notes: what else is worth knowing, such as what was left out.
        evaluations: how often the function was called.
    """

    name: str
    faults: tuple[Fault, ...] = ()
    kinks: tuple[Kink, ...] = ()
    inputs: tuple[InputReport, ...] = ()
    checks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    evaluations: int = 0
    seed: int = 0
    kinds: tuple[FaultKind, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", tuple(fault.kind for fault in self.faults))

    @property
    def passed(self) -> bool:
        """No fault was found."""
        return not self.faults

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        return _text(self)


# ----------------------------------------------------------------------------------------- as text


def _text(report: GradcheckReport) -> str:
    lines = [f"gradcheck of {report.name}: {'passed' if report.passed else 'FAILED'}"]
    for fault in report.faults:
        lines += _fault_lines(fault)
    for entry in report.inputs:
        lines.append("  " + _input_line(entry))
    lines += _kink_lines(report.kinks)
    if report.checks:
        lines.append(f"  also checked: {', '.join(report.checks)}")
    lines += [f"  note: {note}" for note in report.notes]
    lines.append(f"  {report.evaluations} evaluations, seed {report.seed}")
    return "\n".join(lines)


def _fault_lines(fault: Fault) -> list[str]:
    where = "" if fault.input is None else f"{fault.input}: "
    lines = [f"  [{fault.kind}] {where}{fault.message}"]
    if fault.evidence:
        rows = [("element", "output", "analytic", "numeric", "error bar", "ratio")]
        for e in fault.evidence:
            rows.append(
                (
                    str(list(e.index)),
                    "weighed" if e.output is None else str(list(e.output)),
                    f"{e.analytic:.12g}",
                    f"{e.numeric:.12g}",
                    f"{e.error:.1g}",
                    f"{e.ratio:.9g}",
                )
            )
        lines += ["      " + line for line in _table(rows)]
    return lines


def _input_line(entry: InputReport) -> str:
    looked = f"{entry.checked} of {entry.size} elements" if entry.size else "no elements"
    if entry.projections:
        looked += f" and {entry.projections} random directions"
    text = f"{entry.name} {list(entry.shape)}: {looked} by {entry.method}"
    if entry.checked or entry.projections:
        verdict = "agrees to" if entry.passed else "off by up to"
        text += f"; {verdict} {entry.difference:.1g}, the numeric derivative is good to {entry.error:.1g}"
    if entry.undecided:
        text += f"; {entry.undecided} undecided"
    if entry.kinks:
        text += f"; {entry.kinks} at a kink"
    return text


def _kink_lines(kinks: Sequence[Kink], most: int = 8) -> list[str]:
    if not kinks:
        return []
    rows = [("kink at", "kind", "from the left", "from the right", "gradient", "between")]
    for k in kinks[:most]:
        between = "yes" if k.between else "no"
        rows.append((f"{k.input} {list(k.index)}", str(k.kind), f"{k.left:.9g}", f"{k.right:.9g}", f"{k.analytic:.9g}",
                     between))  # fmt: skip
    lines = ["  " + line for line in _table(rows)]
    if len(kinks) > most:
        lines.append(f"  ... and {len(kinks) - most} more")
    return lines


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
