"""The sweep: order, reuse, freeing, accumulation, and who owns a gradient's memory."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cn as tg
from tinygrad_cn import autograd


def leaf(*values):
    return tg.tensor(values, dtype=tg.float64, requires_grad=True)


def test_a_diamond_adds_both_paths():
    x = leaf(3.0)
    a = x * 2
    b, c = a * a, a + 1
    (b * c).backward()
    # d/dx (2x)^2 (2x + 1) = 8x (2x + 1) + 8x^2
    assert x.grad.item() == 8 * 3 * 7 + 8 * 9


def test_a_node_waits_for_all_its_consumers():
    """A consumer far down a long chain and one close by: the node is visited once, after both."""
    x = leaf(1.0)
    a = x * 3
    calls = []
    a.register_hook(lambda g: calls.append(g.item()))
    far = a
    for _ in range(50):
        far = far + 1
    (far + a * 10).backward()
    assert calls == [11.0]
    assert x.grad.item() == 33


@given(data=st.data())
def test_random_graphs_of_sums_and_products(data):
    """Against forward-mode dual numbers, spelled here in Python floats."""
    values = [1.5, -0.5, 0.75]
    leaves = [leaf(v) for v in values]
    seeds = data.draw(st.tuples(*(st.sampled_from([-1.0, 0.5, 2.0]) for _ in values)))
    tensors = list(leaves)
    duals = list(zip(values, seeds, strict=True))
    for _ in range(data.draw(st.integers(1, 12))):
        i, j = (data.draw(st.integers(0, len(tensors) - 1)) for _ in range(2))
        (a, da), (b, db) = duals[i], duals[j]
        if data.draw(st.booleans()):
            tensors.append(tensors[i] + tensors[j])
            duals.append((a + b, da + db))
        else:
            tensors.append((tensors[i] * tensors[j]).tanh())
            t = np.tanh(a * b)
            duals.append((t, (1 - t * t) * (da * b + a * db)))
    found = autograd.grad(tensors[-1], leaves, materialize_grads=True)
    total = sum(g.item() * seed for g, seed in zip(found, seeds, strict=True))
    np.testing.assert_allclose(total, duals[-1][1], rtol=1e-10, atol=1e-12)


def test_gradients_add_up_over_backward_passes():
    x = leaf(1.0, 2.0)
    for n in range(1, 4):
        (x * x).sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), n * np.array([2.0, 4.0]))


def test_accumulating_keeps_the_gradient_object_and_its_memory():
    x = leaf(1.0, 2.0)
    x.sum().backward()
    first, memory = x.grad, x.grad.data_ptr()
    x.sum().backward()
    assert x.grad is first
    assert x.grad.data_ptr() == memory
    assert x.grad.tolist() == [2.0, 2.0]


def test_no_two_leaves_share_a_gradient():
    x, y, z = leaf(1.0, 2.0), leaf(3.0, 4.0), leaf(5.0, 6.0)
    (x + y + z).backward(tg.ones(2, dtype=tg.float64))
    for a, b in itertools.combinations((x, y, z), 2):
        assert not np.shares_memory(a.grad.numpy(), b.grad.numpy())
    x.grad.zero_()
    assert y.grad.tolist() == z.grad.tolist() == [1.0, 1.0]


def test_a_given_cotangent_is_not_taken_over():
    x = leaf(1.0, 2.0)
    g = tg.ones(2, dtype=tg.float64)
    (x + 0).backward(g)
    x.backward(g)  # the leaf itself
    assert not np.shares_memory(x.grad.numpy(), g.numpy())
    assert g.tolist() == [1.0, 1.0]
    assert x.grad.tolist() == [2.0, 2.0]


def test_expanded_gradients_are_made_whole():
    """The gradient of a sum is one number seen many times; the leaf must own real memory."""
    x = leaf(1.0, 2.0, 3.0)
    x.sum().backward()
    x.grad[0] = 7.0
    assert x.grad.tolist() == [7.0, 1.0, 1.0]


def test_a_second_pass_over_a_freed_graph_says_what_to_do():
    x = leaf(2.0)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match=r"MulBackward.*second time.*freed.*retain_graph=True"):
        y.backward()


def test_a_graph_that_saved_nothing_can_be_swept_again():
    """As in PyTorch: only saved values are freed."""
    x = leaf(2.0)
    y = x + 1
    y.backward()
    y.backward()
    assert x.grad.item() == 2


def test_retain_graph():
    x = leaf(2.0)
    y = x**3
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 24
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_part_of_a_graph_that_another_result_needs_is_not_freed_by_it():
    x = leaf(2.0)
    a = x * x
    b, c = a * 3, leaf(1.0) * 4
    c.backward()
    b.backward()
    assert x.grad.item() == 12


def test_create_graph_retains():
    x = leaf(2.0)
    y = x**3
    (first,) = autograd.grad(y, x, create_graph=True)
    (second,) = autograd.grad(first, x, create_graph=True)
    (third,) = autograd.grad(second, x)
    assert [first.item(), second.item(), third.item()] == [12.0, 12.0, 6.0]


def test_backward_with_create_graph_accumulates_on_record():
    x = leaf(3.0)
    (x**3).backward(create_graph=True)
    assert x.grad.item() == 27
    assert x.grad.requires_grad
    (x.grad**2).backward()  # adds d/dx (3x^2)^2 = 36 x^3
    assert x.grad.item() == 27 + 36 * 27


def test_backward_of_a_leaf():
    x = leaf(2.0)
    x.backward()
    assert x.grad.item() == 1


def test_several_outputs_at_once():
    x = leaf(2.0)
    a = x * x
    autograd.backward([a, a * x], [None, tg.tensor([10.0])])
    assert x.grad.item() == 4 + 10 * 12


def test_the_same_output_twice():
    x = leaf(2.0)
    y = x * x
    autograd.backward([y, y])
    assert x.grad.item() == 8


def test_next_functions_lead_to_the_leaves():
    x, y = leaf(2.0), leaf(3.0)
    z = x * y + x
    names = [node.name() for node, _ in z.grad_fn.next_functions]
    assert names == ["MulBackward0", "AccumulateGrad"]
    assert z.grad_fn.name() == "AddBackward0"
    assert x.grad_fn is None


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("x * x", "MulBackward0"),
        ("x.sum()", "SumBackward0"),
        ("x.mean(1)", "MeanBackward1"),
        ("x @ x", "MmBackward0"),
        ("x @ x[0]", "MvBackward0"),
        ("x[0] @ x[0]", "DotBackward0"),
        ("x[0]", "SelectBackward0"),
        ("x[:, 1]", "SelectBackward0"),
        ("x[1:]", "SliceBackward0"),
        ("x[None]", "UnsqueezeBackward0"),
        ("x[[0, 1]]", "IndexBackward0"),
        ("x.clamp(min=0)", "ClampBackward1"),
        ("F.mse_loss(x, x.detach())", "MseLossBackward0"),
        ("F.cross_entropy(x, indices)", "NllLossBackward0"),
        ("F.nll_loss(x, indices)", "NllLossBackward0"),
        ("F.binary_cross_entropy_with_logits(x, x.detach())", "BinaryCrossEntropyWithLogitsBackward0"),
        ("F.l1_loss(x, x.detach() + 1)", "MeanBackward0"),
    ],
)
def test_a_node_is_called_what_pytorch_calls_it(expression, name):
    x = tg.ones(2, 2, requires_grad=True)
    y = eval(expression, {"x": x, "F": tg.nn.functional, "indices": tg.tensor([0, 1])})
    assert y.grad_fn.name() == name
    assert repr(y).endswith(f"grad_fn=<{name}>)")
    y.sum().backward()
    assert y.grad_fn.name().endswith(name[-1]), "and when its graph was freed"


def test_what_a_node_keeps_by_the_names_of_pytorch():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    product = x * y
    assert (product.grad_fn._saved_self.tolist(), product.grad_fn._saved_other.tolist()) == ([1.0, 2.0], [3.0, 4.0])
    assert product.grad_fn._saved_self.requires_grad
    power = x.exp()
    assert power.grad_fn._saved_result.equal(power)
    assert not hasattr(power.grad_fn, "_saved_self"), "the rule of exp asks for its result alone"
    power.sum().backward()
    with pytest.raises(RuntimeError, match="freed"):
        _ = power.grad_fn._saved_result
