"""The decorator that draws inputs, and what a failure says."""

import sys

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st

from tinygrad_cn import autograd, nn
from tinygrad_cn.errors import MissingExtraError
from tinygrad_cn.testing import GradcheckError, check_gradients, strategies

QUICK = {"settings": settings(max_examples=5, deadline=None, derandomize=True, database=None)}


class WrongForLarge(autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 2 * x.clamp(-2, 2)


@check_gradients(
    QUICK | {"second": True},
    x=strategies.arrays((2, 3), -1, 1),
    w=strategies.arrays((2, 3), -1, 1, bits=5),
    bias=st.one_of(st.none(), strategies.arrays((2,), -1, 1, bits=6)),
)
def test_a_linear_layer(x, w, bias):
    return nn.functional.linear(x, w, bias).tanh()


@check_gradients(QUICK, case=strategies.convolutions(1).filter(lambda c: c.bias is None))
def test_other_values_are_handed_on(case):
    assert isinstance(case.input, np.ndarray)


@pytest.fixture(scope="module")
def power():
    return 2


@check_gradients(QUICK, x=strategies.arrays((3,)), rows=st.just(np.array([0, 2, 0])))
def test_fixtures_and_integers(x, rows, power):
    assert not rows.requires_grad
    return x[rows] ** power


def test_a_failure_is_shrunk_and_shows_the_report_and_the_inputs():
    options = {"settings": settings(max_examples=10, deadline=None, derandomize=True, database=None)}

    @check_gradients(options, x=strategies.arrays(strategies.shapes(1, 1, 2, empty=False)))
    def square(x):
        return WrongForLarge.apply(x)

    with pytest.raises(GradcheckError) as caught:
        square()
    message = str(caught.value)
    assert "gradcheck of square: FAILED" in message
    assert "drawn:\n    x = array([2.0625])" in message or "drawn:\n    x = array([-2.0625])" in message
    assert caught.value.report.faults


def test_a_strategy_for_an_argument_that_is_not_there():
    @check_gradients(y=strategies.arrays((2,)))
    def double(x):
        return 2 * x

    with pytest.raises(Exception, match="y"):
        double()


def test_without_hypothesis_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'tinygrad_cn\[testing\]'"):
        check_gradients(x=None)
