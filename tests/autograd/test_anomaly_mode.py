"""Anomaly detection names the line whose operation has the first NaN in its gradient."""

import threading

import pytest

import tinygrad_cn as tg
from tinygrad_cn import autograd, observing


def test_the_line_is_named():
    x = tg.tensor([-1.0, 4.0], requires_grad=True)
    with autograd.detect_anomaly():
        root = x.sqrt()  # the line
        loss = (root * 2).sum()
        with pytest.raises(RuntimeError) as caught:
            loss.backward()
    text = str(caught.value)
    assert "'SqrtBackward0' returned nan values in its 0th output" in text
    assert "1 of the 2 elements" in text
    assert "root = x.sqrt()  # the line" in text
    assert "test_anomaly_mode.py" in text
    assert "tinygrad_cn/functions" not in text


def test_of_a_gradient_of_a_gradient_the_forward_line_is_named():
    x = tg.tensor([2.0], requires_grad=True)
    with autograd.detect_anomaly():
        y = x**3  # the cube
        (g,) = autograd.grad(y, x, tg.tensor([1.0]), create_graph=True)
        with pytest.raises(RuntimeError, match="# the cube"):
            autograd.grad(g, x, tg.tensor([float("nan")]))


def test_what_was_computed_before_is_said_to_be_unknown():
    x = tg.tensor([-1.0], requires_grad=True)
    y = x.sqrt()
    with autograd.detect_anomaly(), pytest.raises(RuntimeError, match="before anomaly detection was switched on"):
        y.backward()


def test_nan_may_be_let_through():
    x = tg.tensor([-1.0], requires_grad=True)
    with autograd.detect_anomaly(check_nan=False):
        x.sqrt().backward()
    assert x.grad.isnan().all()


def test_it_ends_with_its_block_and_stays_in_its_thread():
    with autograd.set_detect_anomaly(True):
        with autograd.set_detect_anomaly(False):
            tg.tensor([-1.0], requires_grad=True).sqrt().backward()
        errors = []

        def elsewhere():
            try:
                tg.tensor([-1.0], requires_grad=True).sqrt().backward()
            except RuntimeError as error:
                errors.append(error)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        assert not errors
        with pytest.raises(RuntimeError):
            tg.tensor([-1.0], requires_grad=True).sqrt().backward()
    autograd.set_detect_anomaly(True)
    autograd.set_detect_anomaly(False)
    assert observing.made is None
    assert observing.pulling is None


def test_a_function_of_ones_own_is_named():
    class Bad(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * float("nan")

    with autograd.detect_anomaly():
        y = Bad.apply(tg.ones(2, requires_grad=True))  # bad
        with pytest.raises(RuntimeError, match=r"(?s)BadBackward.*# bad"):
            y.sum().backward()
