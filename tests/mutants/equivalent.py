"""Mutants that are no faults: the changed rule computes the same, or what nothing reads."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["EQUIVALENT", "Equivalent"]


class Equivalent(NamedTuple):
    """A mutant by its op, place and text, and why it cannot be told from the rule."""

    op: str
    place: str
    text: str
    reason: str


_ROUNDING = "a term of the series that is changed by less than the last bit of the sum, where the series is used"
_EQUALITY = "the exchanged values enter symmetrically"

EQUIVALENT = [
    Equivalent("sinc", "x", "1 / 3991680 -> 1.0005 / 3991680", _ROUNDING),
    Equivalent("sinc", "x", "1 / 3991680 -> 1 / 3993675.84", _ROUNDING),
    Equivalent("spherical_bessel_j0", "x", "1 / 45360 -> 1.0005 / 45360", _ROUNDING),
    Equivalent("spherical_bessel_j0", "x", "1 / 45360 -> 1 / 45382.68", _ROUNDING),
    Equivalent("median", "x", "x and out exchanged", _EQUALITY),
    Equivalent("nanmedian", "x", "x and out exchanged", _EQUALITY),
    Equivalent(
        "copysign",
        "x",
        "x and out exchanged",
        "they differ in their sign at most: out / x and x / out are one",
    ),
    Equivalent(
        "qr",
        "without_complement",
        "raw - np.swapaxes(raw, -1, -2) -> np.swapaxes(raw, -1, -2) - raw",
        "only its absolute values are read",
    ),
    Equivalent(
        "write",
        "_lifted",
        "len(shape) - g.ndim -> len(shape)",
        "axes of size 1 in excess, which the sum over broadcast axes takes away again",
    ),
    Equivalent(
        "alignment",
        "composite",
        "np.sum(x, axis=(0, 2)) + np.where(paths.labels == 0, 0, math.inf) -> np.sum(x, axis=(0, 2))",
        "the value of a sequence without steps, where there is no element that could have a gradient",
    ),
]
