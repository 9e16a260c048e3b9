"""Errors name the op, every shape or dtype involved, and the remedy."""

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn.nn import functional as F

A, B = tg.ones(2, 3), tg.ones(4, 5)
LEAF = tg.ones(2, 3, requires_grad=True)
INTEGERS = tg.ones(2, 3, dtype=tg.int64)

#: what is done, the kinds of error that a user may expect, and what the message must say
CASES = [
    (lambda: A + B, (ValueError, RuntimeError), ["add", r"\(2, 3\)", r"\(4, 5\)", "[Uu]nsqueeze|[Rr]eshape"]),
    (lambda: A * tg.ones(2), (ValueError, RuntimeError), ["multiply", r"\(2, 3\)", r"\(2,\)", "equal or 1"]),
    (lambda: tg.where(A > 0, A, B), (ValueError, RuntimeError), ["where", r"\(2, 3\)", r"\(4, 5\)"]),
    (lambda: A @ B, (ValueError, RuntimeError), ["matmul", r"\[2, 3\]", r"\[4, 5\]", "3", "4"]),
    (lambda: tg.mm(A, tg.ones(3)), (ValueError, RuntimeError), ["mm", "2 dimensions", r"\[3\]"]),
    (lambda: tg.bmm(tg.ones(2, 1, 3), tg.ones(4, 3, 1)), (ValueError, RuntimeError), ["bmm", r"\[2, 1, 3\]", r"\[4"]),
    (lambda: A @ A.double().T, (TypeError, RuntimeError), ["matmul", "float32", "float64", r"\.to\("]),
    (lambda: tg.einsum("ij,jk", A, B), (ValueError, RuntimeError), ["einsum"]),
    (lambda: tg.einsum("ij", A, A), (ValueError, RuntimeError), ["einsum", "'ij'", "1", "2"]),
    (lambda: A.reshape(4, 2), (ValueError, RuntimeError), ["reshape", r"\[4, 2\]", "8 elements", r"\[2, 3\]", "6"]),
    (lambda: A.reshape(4, -1), (ValueError, RuntimeError), ["reshape", r"\[4, -1\]", "6 elements"]),
    (lambda: A.reshape(-1, -1), (ValueError, RuntimeError), ["reshape", "only one may be -1"]),
    (lambda: A.T.view(6), RuntimeError, ["view", r"\[6\]", "strides", r"\.reshape"]),
    (lambda: A.expand(2, 4), (ValueError, RuntimeError), ["expand", r"\[2, 3\]", r"\[2, 4\]", "size 1"]),
    (lambda: A.permute(0, 0), RuntimeError, ["permute", r"\(0, 0\)", "2 axes"]),
    (lambda: A.transpose(0, 2), IndexError, ["transpose", r"\[-2, 1\]", "got 2"]),
    (lambda: A.sum(5), IndexError, ["sum", r"\[-2, 1\]", "got 5"]),
    (lambda: A.sum((0, 0)), RuntimeError, ["sum", r"\(0, 0\)", "more than once"]),
    (lambda: A.sum("rows"), TypeError, ["sum", "int", "str"]),
    (lambda: tg.cat([A, B]), (ValueError, RuntimeError), ["cat", r"\[2, 3\]", r"\[4, 5\]", "dimension 0"]),
    (lambda: tg.cat([]), (ValueError, RuntimeError), ["cat", "non-empty"]),
    (lambda: tg.stack([A, B]), (ValueError, RuntimeError), ["stack", r"\[2, 3\]", r"\[4, 5\]"]),
    (lambda: A.split([1, 2]), RuntimeError, ["split_with_sizes", r"\[1, 2\]", "2"]),
    (lambda: A.chunk(0), RuntimeError, ["chunk", "at least 1"]),
    (lambda: A[5], IndexError, ["5", r"\[2, 3\]"]),
    (lambda: A[0, 0, 0], IndexError, ["indices|indexed", r"\[2, 3\]"]),
    (lambda: A[:, 0:1.5], TypeError, ["slice indices must be integers"]),
    (lambda: A[: tg.tensor(1.5)], TypeError, ["integer tensors"]),
    (lambda: A[A], IndexError, ["integers or bools", "float32"]),
    (lambda: A.gather(1, tg.tensor([[7], [0]])), IndexError, ["gather", "7", "size 3"]),
    (lambda: A.gather(1, A), (TypeError, RuntimeError), ["gather", "integers", "float32", r"\.long\(\)"]),
    (lambda: A.index_select(0, tg.tensor([-1])), IndexError, ["index_select", "-1", "size 2"]),
    (lambda: A.masked_fill(INTEGERS, 0), RuntimeError, ["masked_fill", "bool", "int64"]),
    (lambda: INTEGERS.mean(), RuntimeError, ["mean", "int64", r"\.float\(\)"]),
    (lambda: INTEGERS.std(), RuntimeError, ["std", "int64", r"\.float\(\)"]),
    (lambda: INTEGERS.requires_grad_(), RuntimeError, ["int64", r"\.float\(\)"]),
    (lambda: INTEGERS // 0, RuntimeError, ["floor_divide", "division by zero"]),
    (lambda: tg.zeros(0).max(), (IndexError, RuntimeError), ["no elements|have none|has none|none"]),
    (lambda: tg.zeros(0, 3).argmax(0), (IndexError, RuntimeError), ["argmax", "size 0"]),
    (lambda: A.topk(5), RuntimeError, ["topk", "5", "3"]),
    (lambda: A.clamp(), (RuntimeError, ValueError), ["clamp", "min", "max"]),
    (lambda: A.item(), RuntimeError, ["item", "6 elements", r"\[2, 3\]", "tolist"]),
    (lambda: bool(A), RuntimeError, ["6 elements", "ambiguous", r"\.any\(\)", r"\.all\(\)"]),
    (lambda: len(tg.tensor(1.0)), TypeError, ["0-d"]),
    (lambda: list(tg.tensor(1.0)), TypeError, ["0-d", r"\.item\(\)"]),
    (lambda: tg.exp([1.0]), TypeError, ["exp", "Tensor", "list", r"tensor\(\)"]),
    (lambda: tg.tensor("text"), TypeError, ["str"]),
    (lambda: tg.tensor([[1.0], [2.0, 3.0]]), ValueError, ["lengths"]),
    (lambda: tg.zeros(-1), RuntimeError, ["negative", "-1"]),
    (lambda: tg.arange(0, 1, -1), RuntimeError, ["arange", "-1"]),
    (lambda: tg.ones(2, dtype="text"), TypeError, ["text", "float32"]),
    (lambda: A.to("cuda"), RuntimeError, ["cuda", "CPU", r"device\('cpu'\)"]),
    (lambda: A.cuda(), RuntimeError, ["cuda", "CPU"]),
    (lambda: A.backward(), RuntimeError, ["element 0 of tensors does not require grad", "requires_grad", "no_grad"]),
    (lambda: (LEAF * 2).backward(), RuntimeError, ["scalar", r"\[2, 3\]", r"\.sum\(\)", "gradient="]),
    (lambda: tg.autograd.grad(LEAF.sum(), A), RuntimeError, ["input 0", r"\[2, 3\]", "not require grad"]),
    (lambda: (LEAF * 2).backward(B), RuntimeError, [r"\[2, 3\]", r"\[4, 5\]"]),
    (lambda: LEAF.add_(1), RuntimeError, ["add_", "leaf", r"no_grad\(\)", r"clone\(\)"]),
    (lambda: LEAF.numpy(), RuntimeError, ["requires grad", r"\.detach\(\)"]),
    (lambda: INTEGERS.clone().add_(0.5), (TypeError, RuntimeError), ["add_", "float32", "int64"]),
    (lambda: A.clone().add_(tg.ones(4, 2, 3)), (ValueError, RuntimeError), ["add_", r"\(4, 2, 3\)", r"\(2, 3\)"]),
    (lambda: A.no_such_method(), AttributeError, ["no_such_method"]),
    (lambda: F.cross_entropy(A, tg.tensor([7, 0])), (IndexError, ValueError), ["cross_entropy", "7", "3"]),
    (lambda: F.cross_entropy(A, tg.tensor([-1, 0])), (IndexError, ValueError), ["cross_entropy", "-1", "3"]),
    (lambda: F.cross_entropy(A, tg.tensor([0])), (ValueError, RuntimeError), ["cross_entropy", r"\[2, 3\]"]),
    (lambda: F.linear(A, B), (ValueError, RuntimeError), ["linear", r"\[2, 3\]", r"\[4, 5\]"]),
    (lambda: F.conv2d(A, B), (ValueError, RuntimeError), ["conv2d", "4 dimensions", r"\[4, 5\]"]),
    (lambda: tg.promote_types("float32", "text"), TypeError, ["text"]),
    (lambda: tg.set_default_dtype(tg.int64), TypeError, ["set_default_dtype", "floating", "int64"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("action", "kind", "words"), CASES, ids=[f"{i}-{words[0]}" for i, (_, _, words) in enumerate(CASES)]
)
def test_message(action, kind, words):
    with pytest.raises(kind) as caught:
        action()
    for word in words:
        caught.match(word)


def test_a_failed_op_leaves_no_trace():
    x = tg.ones(2, 3, requires_grad=True)
    for _ in range(3):
        with pytest.raises(ValueError, match="add"):
            x + B
    (x * 2).sum().backward()
    assert x.grad.tolist() == [[2.0] * 3] * 2
    assert tg.is_grad_enabled()


def test_an_error_inside_a_sweep_restores_the_mode():
    x = tg.ones(2, requires_grad=True)
    y = x * 2

    def hook(g):
        raise KeyError("from the hook")

    y.register_hook(hook)
    with pytest.raises(KeyError, match="from the hook"):
        y.sum().backward()
    assert tg.is_grad_enabled()
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        np.ones(1) / np.zeros(1)


def test_no_warning_from_the_floating_point_unit():
    """log(0), 1/0, sqrt(-1), overflow: values, never warnings, forward and backward."""
    x = tg.tensor([0.0, -1.0, 1000.0], requires_grad=True)
    y = x.log() + x.sqrt() + 1 / x + x.exp() + (x / 0) + x**0.5
    y.sum().backward()
    assert x.grad is not None
