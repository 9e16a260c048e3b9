"""Every op has a case, and every case an op."""

from tinygrad_cn.op import registry
from tinygrad_cn.testing.op_cases import ALL

OURS = set(registry)  # before other tests register ops of their own


def test_every_op_has_a_case():
    missing = sorted(OURS - {case.op for case in ALL})
    assert not missing, f"ops without a case in tinygrad_cn/testing/op_cases: {', '.join(missing)}"


def test_every_case_has_an_op():
    unknown = sorted({case.op for case in ALL} - OURS)
    assert not unknown, f"cases of ops that do not exist: {', '.join(unknown)}"


def test_cases_have_names_of_their_own():
    names = [str(case) for case in ALL]
    assert len(names) == len(set(names))


def test_gradients_are_tested_where_rules_exist():
    """A case of order 0 must not hide an op that has rules."""
    differentiable = {name for name in OURS if registry[name].rules or registry[name].joint}
    tested = {case.op for case in ALL if case.order}
    assert not sorted(differentiable - tested)
