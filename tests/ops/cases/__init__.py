"""The cases of all ops: the table that the tests in this folder run over."""

import importlib
import pkgutil

from ops.cases import (
    activation,
    arithmetic,
    comparison,
    indexing,
    linear_algebra,
    matrices,
    normalization,
    reductions,
    shaping,
    spreading,
    transcendental,
    windows,
)
from ops.cases.case import Case, Sample

import tinygrad_cn.ops

for module in pkgutil.iter_modules(tinygrad_cn.ops.__path__):  # also families that `import tinygrad_cn` leaves out
    importlib.import_module(f"tinygrad_cn.ops.{module.name}")

__all__ = ["CASES", "Case", "Sample"]

CASES: list[Case] = [
    case
    for family in (
        activation,
        arithmetic,
        comparison,
        indexing,
        linear_algebra,
        matrices,
        normalization,
        reductions,
        shaping,
        spreading,
        transcendental,
        windows,
    )
    for case in family.CASES
]
