"""``out=`` of the functions of the namespaces."""

import pickle

import pytest

import tinygrad_cn as tg


@pytest.mark.parametrize(
    ("call", "expected", "out"),
    [
        (lambda out: tg.add(tg.ones(2), tg.ones(2), out=out), [2.0, 2.0], tg.empty(2)),
        (lambda out: tg.exp(tg.zeros(2), out=out), [1.0, 1.0], tg.empty(2)),
        (lambda out: tg.mm(tg.ones(1, 2), tg.ones(2, 1), out=out), [[2.0]], tg.empty(1, 1)),
        (lambda out: tg.sum(tg.ones(2, 3), dim=0, out=out), [2.0, 2.0, 2.0], tg.empty(3)),
        (lambda out: tg.arange(3, out=out), [0, 1, 2], tg.empty(3, dtype=tg.int64)),
        (lambda out: tg.zeros(2, out=out), [0.0, 0.0], tg.ones(2, dtype=tg.float64)),
        (lambda out: tg.linalg.det(tg.eye(2), out=out), 1.0, tg.empty(())),
        (lambda out: tg.special.expit(tg.zeros(1), out=out), [0.5], tg.empty(1)),
        (lambda out: tg.add(tg.ones(2), tg.ones(2), out=out), [2.0, 2.0], tg.empty(0)),
        (lambda out: tg.add(tg.ones(2), tg.ones(2), out=out), [2.0, 2.0], tg.empty(4)[::2]),
    ],
)
def test_the_result_is_out_itself(call, expected, out):
    dtype = out.dtype
    assert call(out) is out
    assert out.tolist() == expected and out.dtype is dtype


def test_several_results():
    out = tg.empty(2), tg.empty(2, dtype=tg.int64)
    result = tg.max(tg.tensor([[1.0, 3.0], [5.0, 2.0]]), 1, out=out)
    assert result.values is out[0] and result.indices is out[1]
    assert out[0].tolist() == [3.0, 5.0] and out[1].tolist() == [1, 0]


def test_another_shape_is_taken_on_with_a_warning():
    out = tg.empty(3)
    with pytest.warns(UserWarning, match="resized"):
        tg.add(tg.ones(2), 1, out=out)
    assert out.tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tg.add(tg.ones(1, requires_grad=True), 1, out=tg.empty(1)), RuntimeError, "automatic differentiation"),
        (lambda: tg.add(tg.ones(1), 1, out=tg.empty(1, requires_grad=True)), RuntimeError, "automatic differentiation"),
        (lambda: tg.add(tg.ones(1), 1, out=tg.empty(1, dtype=tg.int64)), TypeError, "can't be cast"),
        (lambda: tg.add(tg.ones(1), 1, out=[1]), TypeError, "must be a Tensor"),
        (lambda: tg.max(tg.ones(1, 1), 0, out=tg.empty(1)), TypeError, "2 Tensors"),
        (lambda: tg.add(tg.ones(2), 1, out=tg.empty(1).expand(2)), RuntimeError, "clone"),
    ],
)
def test_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_without_recording_it_writes_also_where_gradients_are_required():
    x = tg.ones(2, requires_grad=True)
    out = tg.empty(2)
    with tg.no_grad():
        tg.mul(x, 3, out=out)
    assert out.tolist() == [3.0, 3.0] and not out.requires_grad


def test_what_was_saved_before_is_known_to_be_stale():
    x, out = tg.ones(2, requires_grad=True), tg.ones(2)
    y = x * out
    with tg.no_grad():
        tg.add(out, 1, out=out)
    with pytest.raises(RuntimeError, match="changed in place by add"):
        y.sum().backward()


def test_the_functions_keep_their_names():
    assert tg.add.__name__ == "add" and tg.add.__doc__
    assert pickle.loads(pickle.dumps(tg.add)) is tg.add
    assert pickle.loads(pickle.dumps(tg.linalg.det)) is tg.linalg.det
