"""The checker's parts: error bars that hold, complex steps that are not trusted blindly, and large inputs."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_cn as tg
from tinygrad_cn.testing import FaultKind, FunctionTarget, Target, check_target, gradcheck
from tinygrad_cn.testing.complex_steps import complex_steps_work
from tinygrad_cn.testing.differences import central, sample
from tinygrad_cn.testing.evaluation import Evaluation
from tinygrad_cn.testing.examination import examine
from tinygrad_cn.testing.patterns import constant_factor, describe_elements

FUNCTIONS = {
    "sine": (np.sin, np.cos),
    "exponential": (np.exp, np.exp),
    "root": (np.sqrt, lambda x: 0.5 / np.sqrt(x)),
    "fast": (lambda x: np.sin(300 * x), lambda x: 300 * np.cos(300 * x)),
    "pole nearby": (lambda x: 1 / (x - 0.001), lambda x: -1 / (x - 0.001) ** 2),
    "noisy": (lambda x: (x + 1e6) - 1e6 + x * x, lambda x: 1 + 2 * x),
}


def evaluation(function, *arrays):
    names = [str(i) for i in range(len(arrays))]
    return Evaluation(FunctionTarget(function, lambda xs, gs: None, names), arrays, seed=0)


class TestErrorBars:
    @pytest.mark.parametrize("name", FUNCTIONS)
    @settings(max_examples=10)
    @given(x=st.floats(0.01, 3))
    def test_the_derivative_lies_within(self, name, x):
        function, derivative = FUNCTIONS[name]
        e = evaluation(function, np.array([x]))
        found = examine(e, e.element(0, (0,)))
        if found.kinds[0] is None:
            true = derivative(x)
            rounding = 1e-13 * (abs(true) + abs(x * true))
            bars = [abs(e.value[0] - true) - rounding <= 4 * e.error[0] for e in (found.both, found.coarse)]
            assert any(bars)

    def test_three_steps_are_good_to_ten_digits(self):
        e = evaluation(np.exp, np.array([1.0]))
        found = central(sample(e, e.element(0, (0,)), 0.125, 3))
        assert abs(found.value[0] / np.e - 1) < 1e-10
        assert found.error[0] < 1e-5

    def test_an_output_that_is_out_of_reach_has_no_narrow_bar(self):
        e = evaluation(lambda x: x + 1e20, np.array([1.0]))
        assert examine(e, e.element(0, (0,))).both.error[0] > 1


class TestComplexSteps:
    def test_analytic_functions(self):
        assert complex_steps_work(evaluation(lambda x, y: np.exp(x) @ y, np.ones((2, 3)), np.ones((3, 2))))

    @pytest.mark.parametrize(
        "function",
        [
            np.abs,
            lambda x: x.real * x,
            lambda x: np.abs(x) * x,
            lambda x: x * np.conj(x),
            lambda x: np.where(x.real > 5, x, x.real * x),
            lambda x: x.astype(np.float64) * x,
            lambda x: np.floor(x) * x,
            lambda x: np.maximum(x, 0.5) + x,  # a kink at the point
        ],
    )
    def test_functions_that_lose_the_imaginary_part(self, function):
        assert not complex_steps_work(evaluation(function, np.array([0.5, -1.25])))

    def test_they_never_decide_alone(self):
        """A gradient that makes the same mistake as a complex step."""
        wrong = FunctionTarget(lambda x: x * np.abs(x), lambda xs, gs: (gs[0] * np.abs(xs[0]),), ["x"])
        assert check_target(wrong, [np.array([0.5, -1.25])]).kinds == (FaultKind.FACTOR,)


class TestLargeInputs:
    def target(self, size, at):
        def gradient(xs, gs):
            g = gs[0] * np.cos(xs[0])
            g.flat[at] *= 1 + size
            return (g,)

        return FunctionTarget(np.sin, gradient, ["x"])

    def test_one_of_five_thousand_is_found(self):
        x = np.random.default_rng(0).normal(size=(70, 70))
        report = check_target(self.target(1e-6, 1234), [x], samples=8)
        assert [e.index for e in report.faults[0].evidence] == [(17, 44)]
        assert check_target(self.target(0, 0), [x], samples=8)

    def test_by_real_differences(self):
        x = np.random.default_rng(0).normal(size=1500)
        report = check_target(self.target(1e-4, 700), [x], samples=8, method="richardson")
        assert [e.index for e in report.faults[0].evidence] == [(700,)]

    def test_all_when_asked(self):
        x = np.random.default_rng(0).normal(size=300)
        report = check_target(self.target(1e-6, 77), [x], samples="all", method="richardson")
        assert (report.inputs[0].checked, report.inputs[0].projections) == (300, 0)
        assert [e.index for e in report.faults[0].evidence] == [(77,)]

    def test_fast_mode_looks_at_few(self):
        x = tg.rand(50, 50, dtype=tg.float64, requires_grad=True)
        (entry,) = gradcheck(lambda x: (x @ x).tanh(), x, fast_mode=True, report=True).inputs
        assert entry.checked <= 16
        assert entry.projections


class TestTargets:
    def test_a_target_of_ones_own(self):
        class Product(Target):
            name, input_names = "product", ("a", "b")

            def value(self, arrays):
                return (arrays[0] @ arrays[1],)

            def pullback(self, arrays, cotangents):
                return cotangents[0] @ arrays[1].T, arrays[0].T @ cotangents[0]

            has_pushforward = True

            def pushforward(self, arrays, tangents):
                return (tangents[0] @ arrays[1] + arrays[0] @ tangents[1],)

        report = check_target(Product(), [np.arange(6.0).reshape(2, 3), np.ones((3, 2))])
        assert report.passed
        assert "forward mode" in report.checks
        Product.pushforward = lambda self, arrays, tangents: (tangents[0] @ arrays[1],)
        assert check_target(Product(), [np.arange(6.0).reshape(2, 3), np.ones((3, 2))]).kinds == (FaultKind.FORWARD,)

    def test_one_triangle(self):
        lower = np.tril(np.ones((3, 3)))
        target = FunctionTarget(lambda x: (lower * x).sum(), lambda xs, gs: (gs[0] * (lower + lower.T) / 2,), ["x"])
        report = check_target(target, [np.ones((3, 3))])
        assert "symmetric" in report.faults[0].message


class TestPatterns:
    def test_a_factor_explains_every_element_or_none(self):
        numeric = np.array([1.0, -2.0, 0.0, 1e-8])
        assert constant_factor(3 * numeric, numeric, np.full(4, 1e-12)) == pytest.approx(3)
        assert constant_factor(3 * numeric + np.array([0, 0, 1e-3, 0]), numeric, np.full(4, 1e-12)) is None

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ([[0, 0, 0], [0, 1, 0], [0, 0, 0]], r"at \[1, 1\]"),
            ([[1, 1, 1], [0, 0, 0], [0, 0, 0]], r"where the input is below 2.5"),
            ([[0, 0, 1], [0, 0, 1], [0, 0, 1]], r"at \[2\] along axis 1"),
            ([[1, 1, 1], [1, 0, 1], [1, 1, 1]], "at the edges"),
        ],
    )
    def test_what_sets_elements_apart(self, wrong, words):
        wrong = np.array(wrong, dtype=bool)
        description, sure = describe_elements(wrong, np.ones((3, 3), dtype=bool), np.arange(9.0).reshape(3, 3))
        assert sure
        assert re.search(words, description)
