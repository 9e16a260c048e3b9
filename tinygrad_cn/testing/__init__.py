"""Checking gradients: `gradcheck` and its reports, derivatives by numbers alone, and Hypothesis strategies.

The strategies stand in `tinygrad_cn.testing.strategies`, which needs Hypothesis and is imported by its own name.
"""

from tinygrad_cn.testing.assertions import assert_close
from tinygrad_cn.testing.checking import check_target
from tinygrad_cn.testing.drawn import check_gradients
from tinygrad_cn.testing.gradcheck import gradcheck, gradgradcheck
from tinygrad_cn.testing.numeric import complex_step, four_point
from tinygrad_cn.testing.report import (
    Evidence,
    Fault,
    FaultKind,
    GradcheckError,
    GradcheckReport,
    InputReport,
    Kink,
    KinkKind,
)
from tinygrad_cn.testing.settings import Settings
from tinygrad_cn.testing.target import FunctionTarget, Target
from tinygrad_cn.testing.tensor_target import TensorTarget

__all__ = [
    "Evidence",
    "Fault",
    "FaultKind",
    "FunctionTarget",
    "GradcheckError",
    "GradcheckReport",
    "InputReport",
    "Kink",
    "KinkKind",
    "Settings",
    "Target",
    "TensorTarget",
    "assert_close",
    "check_gradients",
    "check_target",
    "complex_step",
    "four_point",
    "gradcheck",
    "gradgradcheck",
]
