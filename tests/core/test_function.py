"""`autograd.Function`: gradients of one's own."""

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import autograd
from tinygrad_cn.autograd.function import once_differentiable


class Square(autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * x * g


class Split(autograd.Function):
    """Two outputs, with ``forward`` free of ctx."""

    @staticmethod
    def forward(x, factor):
        return x * factor, x + factor

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.factor = inputs[1]

    @staticmethod
    def backward(ctx, first, second):
        return first * ctx.factor + second, None


@pytest.fixture
def x():
    return tg.tensor([1.0, 2.0, 3.0], dtype=tg.float64, requires_grad=True)


def test_gradient(x):
    y = Square.apply(x)
    assert y.grad_fn.name() == "SquareBackward"
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 4.0, 6.0]


def test_gradients_of_gradients(x):
    (g,) = autograd.grad(Square.apply(x).sum(), x, create_graph=True)
    (h,) = autograd.grad(g.sum(), x)
    assert h.tolist() == [2.0, 2.0, 2.0]


def test_a_saved_output_is_tied_to_its_node(x):
    class Exp(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            out = x.exp()
            ctx.save_for_backward(out)
            return out

        @staticmethod
        def backward(ctx, g):
            (out,) = ctx.saved_tensors
            return g * out

    y = Exp.apply(x)
    for _ in range(3):
        (g,) = autograd.grad(y.sum(), x, create_graph=True)
        np.testing.assert_allclose(g.numpy(force=True), np.exp([1.0, 2.0, 3.0]))
        y = g


def test_several_outputs_and_setup_context(x):
    a, b = Split.apply(x, 3.0)
    (a * 2 + b).sum().backward()
    assert x.grad.tolist() == [7.0] * 3


def test_outputs_that_no_gradient_reaches_count_as_zero(x):
    a, _ = Split.apply(x, 3.0)
    a.sum().backward()
    assert x.grad.tolist() == [3.0] * 3


def test_set_materialize_grads(x):
    seen = []

    class Pair(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, first, second):
            seen.append((first, second))
            return second * 3

    _, b = Pair.apply(x)
    b.sum().backward()
    assert seen[0][0] is None
    assert x.grad.tolist() == [3.0] * 3


def test_none_for_arguments_without_gradient(x):
    class Scale(autograd.Function):
        @staticmethod
        def forward(ctx, x, y, name):
            ctx.save_for_backward(x, y)
            assert ctx.needs_input_grad == (True, False, False)
            return x * y

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[1], None, None

    Scale.apply(x, tg.tensor([2.0, 2.0, 2.0], dtype=tg.float64), "name").sum().backward()
    assert x.grad.tolist() == [2.0] * 3


def test_nothing_is_recorded_inside_forward(x):
    modes = []

    class Watch(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            modes.append(tg.is_grad_enabled())
            return x * 1

        @staticmethod
        def backward(ctx, g):
            modes.append(tg.is_grad_enabled())
            return g

    y = Watch.apply(x)
    assert y.grad_fn.next_functions[0][0].name() == "AccumulateGrad"
    y.sum().backward()
    assert modes == [False, False]


def test_an_input_returned_as_it_is(x):
    class Identity(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 10

    y = Identity.apply(x)
    assert y is not x
    y.sum().backward()
    assert x.grad.tolist() == [10.0] * 3


def test_outputs_marked_non_differentiable(x):
    class Sort(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            values, order = x * 1, x * 0
            ctx.mark_non_differentiable(order)
            return values, order

        @staticmethod
        def backward(ctx, g, unused):
            return g

    values, order = Sort.apply(x)
    assert values.requires_grad
    assert not order.requires_grad


def test_under_no_grad(x):
    with tg.no_grad():
        assert not Square.apply(x).requires_grad
    assert not Square.apply(tg.ones(2)).requires_grad


def test_gradients_are_summed_down_and_cast(x):
    """As in PyTorch; a gradient that would have to be expanded is refused."""

    class Wide(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.sum()

        @staticmethod
        def backward(ctx, g):
            return tg.ones(2, 3)

    Wide.apply(x).backward()
    assert x.grad.tolist() == [2.0] * 3
    assert x.grad.dtype is tg.float64


def returning(result):
    class Wrong(autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x * y

        @staticmethod
        def backward(ctx, g):
            return result(g)

    return Wrong


@pytest.mark.parametrize(
    ("result", "error", "message"),
    [
        (lambda g: g, RuntimeError, "WrongBackward: backward returned 1 gradients, but forward took 2 arguments"),
        (lambda g: (g, 1.0), TypeError, "WrongBackward: backward must return Tensors or None, not float"),
        (lambda g: (g, g.sum()), ValueError, r"shape \[\] for argument 1 of shape \[3\]"),
        (lambda g: (g[:2], g), ValueError, r"shape \[2\] for argument 0 of shape \[3\]"),
    ],
)
def test_wrong_results_of_backward(x, result, error, message):
    y = tg.ones(3, dtype=tg.float64, requires_grad=True)
    with pytest.raises(error, match=message):
        returning(result).apply(x, y).sum().backward()


def test_only_tensors_are_saved(x):
    class Wrong(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x, 3)
            return x

    with pytest.raises(TypeError, match="save_for_backward keeps Tensors and None, not int"):
        Wrong.apply(x)


def test_missing_methods(x):
    class NoBackward(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

    with pytest.raises(NotImplementedError, match="static backward"):
        NoBackward.apply(x).sum().backward()
    with pytest.raises(NotImplementedError, match="static forward"):
        autograd.Function.apply(x)


def test_a_second_pass(x):
    y = Square.apply(x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_a_saved_tensor_that_was_written_in_place(x):
    a = x * 1
    y = Square.apply(a)
    a.add_(1)
    with pytest.raises(RuntimeError, match=r"SquareBackward.*changed in place by add_"):
        y.sum().backward()


def test_a_leaf_written_under_no_grad_after_it_was_saved(x):
    y = Square.apply(x)
    with tg.no_grad():
        x.mul_(2)
    with pytest.raises(RuntimeError, match="changed in place by mul_"):
        y.sum().backward()


def test_written_in_place_inside_forward(x):
    class Double(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 2

    a = x * 1
    b = Double.apply(a)
    assert b is a
    (b * b).sum().backward()  # (2x)^2
    assert x.grad.tolist() == [8.0, 16.0, 24.0]


def test_a_gradient_of_a_once_differentiable_gradient_is_refused():
    class Cube(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        @once_differentiable
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * tg.from_numpy(3 * x.detach().numpy() ** 2)

    x = tg.tensor([2.0], requires_grad=True)
    scale = tg.tensor([1.0], requires_grad=True)
    (g,) = autograd.grad((Cube.apply(x) * scale).sum(), x, create_graph=True)
    assert g.tolist() == [12.0]
    with pytest.raises(RuntimeError, match="twice a function that was marked with @once_differentiable"):
        g.sum().backward()
