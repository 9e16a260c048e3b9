"""The checks of the registry that the command runs; all ops are checked by it, a few of them here."""

import pytest

from tinygrad_cn.testing.op_checks import check_case, differentiable_cases

SOME = ["relu", "frexp", "write", "batch_norm", "matmul", "concatenate", "linear"]


@pytest.mark.parametrize("case", differentiable_cases(SOME), ids=str)
def test_cases_pass(case):
    """Also at 0-d arrays, and for ops that write or are told what to do."""
    for report in check_case(case, samples=2):
        assert report.passed, str(report)


def test_unknown_ops_are_named():
    with pytest.raises(ValueError, match="tanhh"):
        differentiable_cases(["tanh", "tanhh"])
