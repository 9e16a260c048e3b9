"""The cases of all ops: the table that the tests in this folder run over."""

import importlib
import importlib.util
import pkgutil

import tinygrad_cn.ops
from tinygrad_cn.testing.op_cases import (
    activation,
    arithmetic,
    comparison,
    images,
    indexing,
    linear_algebra,
    matrices,
    normalization,
    recurrent,
    reductions,
    sequences,
    shaping,
    special,
    spreading,
    transcendental,
    windows,
)
from tinygrad_cn.testing.op_cases.case import Case, Sample

for module in pkgutil.iter_modules(tinygrad_cn.ops.__path__):  # also families that `import tinygrad_cn` leaves out
    importlib.import_module(f"tinygrad_cn.ops.{module.name}")

__all__ = ["ALL", "CASES", "Case", "Sample"]

ALL: list[Case] = [
    case
    for family in (
        activation,
        arithmetic,
        comparison,
        images,
        indexing,
        linear_algebra,
        matrices,
        normalization,
        recurrent,
        reductions,
        sequences,
        shaping,
        special,
        spreading,
        transcendental,
        windows,
    )
    for case in family.CASES
]

#: Those that can run here.
CASES = [case for case in ALL if not case.needs or importlib.util.find_spec(case.needs)]
