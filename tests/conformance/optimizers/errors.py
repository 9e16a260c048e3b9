"""The error inputs of the database."""

from __future__ import annotations

import re
import warnings
from typing import Any

import torch
from torch.testing._internal.common_optimizers import OptimizerErrorEnum

import tinygrad_cn as tg

from ..databases import Report
from .building import options_for
from .differences import array

__all__ = ["check_errors"]


def check_errors(report: Report, info: Any) -> None:
    """Wrong input is refused by an error of the class, and with the words, that the database asks for."""
    for wrong in info.optim_error_inputs_func("cpu", torch.float64):
        entry = wrong.optimizer_error_input
        memo: dict[int, Any] = {}
        try:
            given = _converted(entry.params, memo)
        except TypeError:  # sparse parameters, which there are not
            continue
        if given is None:
            given = [tg.ones(2, 2, requires_grad=True)]
        options = options_for(tg, entry.kwargs)
        problem: str | None = "not refused"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error" if wrong.error_type is UserWarning else "ignore")
                optimizer = getattr(tg.optim, info.name)(given, **options)
                if wrong.error_on == OptimizerErrorEnum.STEP_ERROR:
                    optimizer.step()
        except Exception as error:
            problem = None
            if not isinstance(error, wrong.error_type) or not re.search(wrong.error_regex, str(error)):
                problem = f"{type(error).__name__}: {error} instead of {wrong.error_type.__name__}: {wrong.error_regex}"
        report.add("errors", problem, entry.desc)


def _converted(value: Any, memo: dict[int, Any]) -> Any:
    """Parameters, groups and names in our tensors; one tensor met twice stays one."""
    if torch.is_tensor(value):
        if value.layout != torch.strided:
            raise TypeError("sparse")
        if id(value) not in memo:
            memo[id(value)] = tg.tensor(array(value), requires_grad=value.requires_grad)
            if value.grad is not None:
                memo[id(value)].grad = tg.tensor(array(value.grad))
        return memo[id(value)]
    if isinstance(value, dict):
        return {key: _converted(item, memo) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_converted(item, memo) for item in value)
    return value
