"""Right gradients at awkward points pass, whatever the scale; kinks and jumps are told from mistakes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinygrad_cn as tg
from tinygrad_cn.autograd import gradcheck
from tinygrad_cn.nn import functional as F
from tinygrad_cn.testing import FaultKind, FunctionTarget, KinkKind, check_target


def leaf(values):
    return tg.tensor(values, dtype=tg.float64, requires_grad=True)


def pair(function, derivative):
    """A target of one input, elementwise."""
    return FunctionTarget(function, lambda xs, gs: (gs[0] * derivative(xs[0]),), ["x"])


AWKWARD = {
    "relu at 0": (F.relu, [0.0, 1.0, -1.0]),
    "abs at 0": (tg.abs, [0.0, 1e-300, -1e-30]),
    "clamp at its bounds": (lambda x: x.clamp(0, 1), [0.0, 1.0, 0.5, 2.0]),
    "ties of max": (lambda x: x.max(), [1.0, 3.0, 3.0]),
    "ties of max along an axis": (lambda x: x.max(-1)[0], [[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]),
    "ties of sort": (lambda x: tg.sort(x)[0], [2.0, 1.0, 2.0]),
    "norm at 0": (lambda x: x.norm(), [0.0, 0.0]),
    "standard deviation of a constant": (lambda x: x.std(), [2.0, 2.0, 2.0]),
    "product with zeros": (lambda x: x.prod(), [0.0, 2.0, 0.0]),
    "floor": (tg.floor, [0.0, 0.5, 1e10]),
    "sign": (tg.sign, [0.0, 1.0, -1e-30]),
    "root at 0": (tg.sqrt, [0.0, 1e-300, 1e30]),
    "logarithm": (tg.log, [1e-300, 1e-30, 1.0, 1e30]),
    "where over a root": (lambda x: tg.where(x > 0, tg.sqrt(x), x * 0), [0.0, 1.0, -1.0]),
    "exponential": (tg.exp, [700.0, -745.0, 1e-30]),
    "square": (lambda x: x * x, [1e150, 1e-150, 1e30, 0.0]),
    "large plus small": (lambda x: x + 1e20, [1.0, 2.0]),
    "tiny plus 1": (lambda x: x + 1, [1e-30, 1e-20]),
    "fast": (lambda x: tg.sin(1e6 * x), [0.3, -1.2]),
    "far": (tg.sin, [1e5, 1e8]),
    "saturated": (tg.tanh, [30.0, -8.0, 0.0]),
    "softmax, saturated": (lambda x: F.log_softmax(x, 0), [1000.0, 0.0, -1000.0]),
    "near the edge": (tg.atanh, [1 - 1e-12, 0.0]),
    "at the edge": (tg.acos, [1.0, -1.0, 0.0]),
    "cancelling": (lambda x: F.layer_norm(x, (3,)).sum(), [0.3, -0.5, 1.7]),
    "nearly singular": (tg.linalg.inv, [[1.0, 1.0], [1.0, 1.0 + 1e-9]]),
    "ill-conditioned": (tg.linalg.inv, [[1 / (i + j + 1) for j in range(5)] for i in range(5)]),
    "whole numbers": (lambda x: (x > 0).long(), [1.0, -1.0]),
    "constant": (lambda x: 0 * x + 3, [1.0, 2.0]),
    "no dimensions": (lambda x: x.sin(), 1.5),
    "no elements": (lambda x: x * 2, [[], []]),
    "infinite": (lambda x: x * 2, [float("inf"), 1.0]),
    "not defined": (tg.log, [0.0, 1.0]),
}


@pytest.mark.parametrize("name", AWKWARD)
def test_right_gradients_pass(name):
    function, values = AWKWARD[name]
    report = gradcheck(function, leaf(values), report=True)
    assert report.passed, str(report)


SMOOTH = {
    "exp": (np.exp, np.exp),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "square": (np.square, lambda x: 2 * x),
    "reciprocal": (np.reciprocal, lambda x: -1 / (x * x)),
    "log1p of the square": (lambda x: np.log1p(x * x), lambda x: 2 * x / (1 + x * x)),
    "abs": (np.abs, np.sign),
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0),
    "floor": (np.floor, np.zeros_like),
    "clip": (lambda x: np.clip(x, -1, 1), lambda x: (np.abs(x) <= 1) * 1.0),
}

points = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3),
    elements=st.one_of(
        st.floats(-4, 4, allow_subnormal=False),
        st.sampled_from([0.0, 1.0, -1.0, 0.5, 2.0, 1e-30, -1e30, 1e-300, 1e5]),
        st.floats(1e-30, 1e30),
    ),
)


def share(parts):
    """A part of the profile's examples: each is a whole check."""
    return settings(max_examples=max(settings.default.max_examples // parts, 5))


@pytest.mark.parametrize("name", SMOOTH)
@share(4)
@given(x=points)
def test_right_gradients_pass_anywhere(name, x):
    function, derivative = SMOOTH[name]
    with np.errstate(all="ignore"):
        report = check_target(pair(function, derivative), [x])
    assert report.passed, str(report)


@pytest.mark.parametrize("size", [1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("name", ["exp", "tanh", "square", "log1p of the square"])
@share(8)
@given(data=st.data())
def test_one_wrong_element_is_found(name, size, data):
    """Whichever it is, at sizes of inputs between 1e-3 and 1e3."""
    count = data.draw(st.integers(1, 6))
    exponents = data.draw(st.lists(st.floats(-3, 0.5), min_size=count, max_size=count))
    x = np.array([10.0**e for e in exponents])
    which = data.draw(st.integers(0, count - 1))
    function, derivative = SMOOTH[name]

    def wrong(x):
        found = np.array(derivative(x), dtype=float)
        found[which] *= 1 + size
        return found

    report = check_target(pair(function, wrong), [x])
    assert [e.index for e in report.faults[0].evidence] == [(which,)]


class TestKinks:
    def test_both_sides_are_told(self):
        report = gradcheck(tg.abs, leaf([-1.0, 0.0]), report=True)
        (kink,) = report.kinks
        assert (kink.kind, kink.index, kink.analytic, kink.between) == (KinkKind.KINK, (1,), 0.0, True)
        assert (kink.left, kink.right) == pytest.approx((-1, 1))
        assert "at a kink" in str(report)

    def test_they_can_be_refused(self):
        assert gradcheck(F.relu, leaf([0.0, 1.0]), report=True, kinks="fail").kinds == (FaultKind.KINK,)
        assert gradcheck(F.relu, leaf([1e-3, 1.0]), kinks="fail")

    @pytest.mark.parametrize(("value", "passes"), [(0.0, True), (1.0, True), (0.3, True), (-0.1, False), (2.0, False)])
    def test_a_gradient_lies_between_the_sides(self, value, passes):
        report = check_target(pair(lambda x: np.maximum(x, 0), lambda x: np.where(x == 0, value, x > 0)), [np.zeros(2)])
        assert report.passed is passes
        assert passes or report.kinds == (FaultKind.SUBGRADIENT,)
        assert check_target(pair(np.abs, lambda x: np.where(x == 0, 9.0, np.sign(x))), [np.zeros(2)], kinks="ignore")

    def test_steps_keep_clear_of_a_kink_nearby(self):
        for distance in (1e-2, 1e-4, 1e-6):
            x = np.array([1 + distance, 1 - distance])
            ramp = pair(lambda x: np.maximum(x, 1), lambda x: (x > 1) * 1.0)
            assert not check_target(ramp, [x]).kinks
            steep = pair(lambda x: np.maximum(x, 1), lambda x: (x > 1) * 1.001)
            assert check_target(steep, [x]).faults

    def test_jumps_edges_and_cusps(self):
        kinds = [
            gradcheck(function, leaf([at]), report=True).kinks[0].kind
            for function, at in ((tg.floor, 2.0), (lambda x: x**1.5, 0.0), (tg.sqrt, 0.0))
        ]
        assert kinds == [KinkKind.JUMP, KinkKind.EDGE, KinkKind.CUSP]
