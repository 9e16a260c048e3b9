"""The optimizers one by one under pytest: ``pytest tests/conformance -m conformance`` (the command is faster)."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="the conformance suite needs torch: run `make conformance`")

from conformance.optimizers import entries, judge

pytestmark = [pytest.mark.conformance, pytest.mark.filterwarnings("ignore")]


@pytest.mark.parametrize("info", entries(), ids=lambda info: info.name)
def test_optimizer(info) -> None:
    report = judge(info)
    assert not report.missing
    assert report.good, report.failures
