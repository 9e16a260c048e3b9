"""PyTorch's optimizer database in short: each optimizer's first options, its states and its errors."""

import pytest

pytest.importorskip("torch")
pytest.importorskip("expecttest")

import torch
from conformance.databases import Report
from conformance.optimizers import Trial, check_errors, entries, inputs

torch.set_num_threads(1)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("info", entries(), ids=lambda info: info.name)
def test_first_options(info):
    label, options = next(inputs(info))
    for aspect, check in Trial(info, options).checks():
        assert check() is None, (label, aspect)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("info", entries(), ids=lambda info: info.name)
def test_errors(info):
    report = Report(info.name, ["errors"])
    check_errors(report, info)
    assert not report.failures
