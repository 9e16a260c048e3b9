"""The judge is judged: each mutant of a function must fail in the aspect that is wrong, and in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("torch", reason="the conformance suite needs torch: run `make conformance`")

import tinygrad_cn as tg
from conformance.check import ASPECTS, judge
from conformance.classify import key, operators

pytestmark = pytest.mark.conformance

_OPERATORS = {key(op): op for op in operators()}
_sin, _reshape, _max, _clamp = tg.sin, tg.reshape, tg.max, tg.clamp


def _failed(name: str) -> set[str]:
    report = judge(_OPERATORS[name])
    return {aspect for aspect in ASPECTS if report.counts[aspect][0] != report.counts[aspect][1]}


_MUTANTS: list[tuple[str, str, str, Callable[..., Any]]] = [
    ("sin", "sin", "values", lambda x: _sin(x) * (1 + 1e-7)),
    ("sin", "sin", "values", lambda x: _sin(x).reshape(-1)),
    ("sin", "sin", "first", lambda x: _sin(x).detach()),
    ("sin", "sin", "first", lambda x: _sin(x) + (x - x.detach()) * 1e-4),
    ("sin", "sin", "second", lambda x: _sin(x) + (x - x.detach()) ** 2 * 1e-4),
    ("sin", "sin", "float32", lambda x: _sin(x.double())),
    ("sin", "sin", "float32", lambda x: _sin(x.half()).to(x.dtype) if x.dtype == tg.float32 else _sin(x)),
    ("sin", "sin", "dtypes", lambda x: _sin(x if x.is_floating_point() else x.double())),
    ("reshape", "reshape", "views", lambda x, *shape: _reshape(x, *shape).clone()),
    ("max", "max.reduction_with_dim", "values", lambda x, *args, **kwargs: tuple(_max(x, *args, **kwargs))),
]


@pytest.mark.parametrize(("function", "name", "aspect", "mutant"), _MUTANTS)
def test_a_mutant_is_caught(function, name, aspect, mutant, monkeypatch) -> None:
    assert not _failed(name)
    monkeypatch.setattr(tg, function, mutant)
    assert aspect in _failed(name)


def test_a_mutant_method_and_in_place_form_are_caught(monkeypatch) -> None:
    monkeypatch.setattr(tg.Tensor, "sin", lambda x: _sin(x) + 1e-6)
    monkeypatch.setattr(tg.Tensor, "sin_", lambda x: _sin(x))
    assert _failed("sin") == {"method", "inplace"}


def test_a_missing_name_is_reported(monkeypatch) -> None:
    monkeypatch.delattr(tg, "sin")
    assert judge(_OPERATORS["sin"]).missing == ["sin"]


def test_taking_what_must_be_refused_is_counted(monkeypatch) -> None:
    linspace = tg.linspace
    monkeypatch.setattr(tg, "linspace", lambda a, b, n, **kwargs: linspace(a, b, abs(int(n)), **kwargs))
    assert "errors" in _failed("linspace")
