"""Hooks around forward and backward passes."""

import pytest

import tinygrad_cn as tg
from tinygrad_cn import nn


class Twice(nn.Module):
    def forward(self, x, plus=0.0):
        return 2 * x + plus


def test_forward_hooks_see_and_replace():
    module = Twice()
    seen = []
    first = module.register_forward_hook(lambda m, args, out: seen.append((m is module, args[0].item(), out.item())))
    second = module.register_forward_hook(lambda m, args, out: out + 1)
    assert module(tg.tensor(3.0)).item() == 7.0
    assert seen == [(True, 3.0, 6.0)]
    first.remove()
    assert module(tg.tensor(3.0)).item() == 7.0
    assert len(seen) == 1
    second.remove()
    second.remove()
    assert module(tg.tensor(3.0)).item() == 6.0


def test_pre_hooks_replace_arguments():
    module = Twice()
    with module.register_forward_pre_hook(lambda m, args: args[0] + 1):
        assert module(tg.tensor(3.0)).item() == 8.0
    with module.register_forward_pre_hook(
        lambda m, args, kwargs: (args, {"plus": kwargs["plus"] * 10}), with_kwargs=True
    ):
        assert module(tg.tensor(3.0), plus=1.0).item() == 16.0
    with (
        module.register_forward_pre_hook(lambda m, args, kwargs: args, with_kwargs=True),
        pytest.raises(RuntimeError, match="tuple"),
    ):
        module(tg.tensor(3.0))


def test_order_prepend_and_kwargs():
    module = Twice()
    order = []
    module.register_forward_hook(lambda m, args, out: order.append("first"))
    module.register_forward_hook(lambda m, args, kwargs, out: order.append(kwargs), with_kwargs=True)
    module.register_forward_hook(lambda m, args, out: order.append("front"), prepend=True)
    module(tg.tensor(1.0), plus=2.0)
    assert order == ["front", "first", {"plus": 2.0}]


def test_always_called_hooks_run_after_an_error():
    module = Twice()
    calls = []
    module.register_forward_hook(lambda m, args, out: calls.append("skipped"))
    module.register_forward_hook(lambda m, args, out: calls.append(out), always_call=True)
    with pytest.raises(TypeError):
        module("text", plus=object())
    assert calls == [None]


@pytest.mark.parametrize("needs", [True, False])
def test_full_backward_hooks(needs):
    layer = nn.Linear(2, 3)
    seen = []
    layer.register_full_backward_hook(lambda m, grad_in, grad_out: seen.append((grad_in, grad_out)))
    x = tg.ones(1, 2, requires_grad=needs)
    layer(x).sum().backward()
    ((grad_in, grad_out),) = seen
    assert grad_out[0].tolist() == [[1.0, 1.0, 1.0]]
    if needs:
        assert grad_in[0].tolist() == x.grad.tolist() == layer.weight.sum(0, keepdim=True).tolist()
    else:
        assert grad_in == (None,)


def test_backward_hooks_replace():
    layer = nn.Linear(2, 3)
    layer.register_full_backward_pre_hook(lambda m, grad_out: (grad_out[0] * 3,))
    layer.register_full_backward_hook(lambda m, grad_in, grad_out: (grad_in[0] * 2,))
    x = tg.ones(1, 2, requires_grad=True)
    layer(x).sum().backward()
    assert tg.allclose(x.grad, layer.weight.sum(0, keepdim=True) * 6)
    assert layer.bias.grad.tolist() == [3.0, 3.0, 3.0]
    with (
        layer.register_full_backward_hook(lambda m, grad_in, grad_out: (None, None)),
        pytest.raises(RuntimeError, match="returned 2 gradients, expected 1"),
    ):
        layer(x).sum().backward()


def test_backward_hooks_with_several_inputs_and_outputs():
    class Mix(nn.Module):
        def forward(self, a, b, c):
            return a * b, b + c

    module = Mix()
    seen = []
    module.register_full_backward_hook(lambda m, grad_in, grad_out: seen.append((grad_in, grad_out)))
    a, b = tg.tensor(2.0, requires_grad=True), tg.tensor(3.0, requires_grad=True)
    p, q = module(a, b, 1.0)
    (p + 10 * q).backward()
    ((grad_in, grad_out),) = seen
    assert [None if g is None else g.item() for g in grad_in] == [3.0, 12.0, None]
    assert [g.item() for g in grad_out] == [1.0, 10.0]
    assert (a.grad.item(), b.grad.item()) == (3.0, 12.0)


def test_hooks_are_kept_by_number_as_pytorch_keeps_them():
    """Programs look for a hook in the dictionary, take it out, or clear it."""
    layer = nn.Linear(2, 2)
    calls = []
    handle = layer.register_forward_hook(lambda module, args, output: calls.append("second"))
    first = layer.register_forward_hook(lambda module, args, output: calls.append("first"), prepend=True)
    assert list(layer._forward_hooks) == [first.id, handle.id]
    layer(tg.ones(1, 2))
    assert calls == ["first", "second"]
    del layer._forward_hooks[first.id]
    first.remove()  # is gone already
    layer(tg.ones(1, 2))
    assert calls == ["first", "second", "second"]
    layer._forward_hooks.clear()
    layer(tg.ones(1, 2))
    assert calls == ["first", "second", "second"]


def test_a_hook_that_removes_the_next():
    layer = nn.Linear(2, 2)
    calls = []
    layer.register_forward_hook(lambda module, args, output: later.remove())
    later = layer.register_forward_hook(lambda module, args, output: calls.append("later"))
    layer(tg.ones(1, 2))
    assert calls == []
