"""The operators one by one under pytest: ``pytest tests/conformance -m conformance`` (the command is faster)."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="the conformance suite needs torch: run `make conformance`")

from conformance.check import ASPECTS, judge
from conformance.classify import EXCLUDED, key, operators
from conformance.tiers import tier_of

pytestmark = pytest.mark.conformance

_TIER_1 = [op for op in operators() if tier_of[op.name] == 1 and key(op) not in EXCLUDED]


@pytest.mark.parametrize("op", _TIER_1, ids=key)
def test_operator_of_tier_1(op) -> None:
    report = judge(op)
    assert not report.missing
    failed = {aspect: report.failures[aspect] for aspect in ASPECTS if aspect in report.failures}
    failed.pop("errors", None)
    assert not failed
