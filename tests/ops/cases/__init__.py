"""The cases of all ops: the table that the tests in this folder run over."""

from ops.cases import (
    activation,
    arithmetic,
    comparison,
    indexing,
    linear_algebra,
    reductions,
    shaping,
    transcendental,
)
from ops.cases.case import Case, Sample

__all__ = ["CASES", "Case", "Sample"]

CASES: list[Case] = [
    case
    for family in (
        activation,
        arithmetic,
        comparison,
        indexing,
        linear_algebra,
        reductions,
        shaping,
        transcendental,
    )
    for case in family.CASES
]
