"""NumPy's functions on Tensors: differentiable, or refused by name; never a gradient lost without a word."""

import copy
import math
import re
from pathlib import Path

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import protocols
from tinygrad_cn.testing import four_point


@pytest.fixture
def x():
    return tg.tensor([[0.5, 1.5, 2.5], [0.75, 0.25, 1.25]], dtype=tg.float64, requires_grad=True)


A = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]])
M = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])

#: Functions with NumPy's own signature: on a Tensor they must give what they give on its array, with its gradient.
CALLS = [
    lambda t: np.exp(t),
    lambda t: np.sin(t) + np.cos(t) * np.tanh(t),
    lambda t: np.log1p(np.square(t)),
    lambda t: np.add(t, A),
    lambda t: np.subtract(A, t),
    lambda t: np.multiply(2.0, t),
    lambda t: np.divide(A, t),
    lambda t: np.power(t, 3),
    lambda t: np.maximum(t, 1.0),
    lambda t: np.arctan2(t, A),
    lambda t: np.hypot(A, t),
    lambda t: np.logaddexp(t, A),
    lambda t: np.matmul(t, M),
    lambda t: np.negative(t) + np.absolute(t) + np.sqrt(t) + np.reciprocal(t),
    lambda t: np.sum(t),
    lambda t: np.sum(t, axis=1),
    lambda t: np.sum(t, 0, keepdims=True),
    lambda t: np.add.reduce(t),
    lambda t: np.multiply.reduce(t, axis=1),
    lambda t: np.maximum.reduce(t, axis=0),
    lambda t: np.mean(t, axis=(0, 1)),
    lambda t: np.prod(t, axis=1),
    lambda t: np.var(t),
    lambda t: np.std(t, axis=1, ddof=1, keepdims=True),
    lambda t: np.max(t, axis=0),
    lambda t: np.amin(t),
    lambda t: np.cumsum(t, axis=1),
    lambda t: np.cumsum(t),
    lambda t: np.cumprod(t, axis=0),
    lambda t: np.reshape(t, (3, 2)),
    lambda t: np.ravel(t),
    lambda t: np.transpose(t),
    lambda t: np.transpose(t, (1, 0)),
    lambda t: np.swapaxes(t, 0, 1),
    lambda t: np.moveaxis(t, 0, -1),
    lambda t: np.squeeze(np.expand_dims(t, 1), 1),
    lambda t: np.broadcast_to(t, (2, 2, 3)),
    lambda t: np.flip(t),
    lambda t: np.flip(t, 1),
    lambda t: np.roll(t, 1, axis=1),
    lambda t: np.roll(t, 2),
    lambda t: np.tile(t, 2),
    lambda t: np.tile(t, (2, 1)),
    lambda t: np.tril(t),
    lambda t: np.triu(t, 1),
    lambda t: np.pad(t, 1),
    lambda t: np.pad(t, ((0, 1), (2, 0)), constant_values=3.0),
    lambda t: np.concatenate([t, A, t], axis=1),
    lambda t: np.stack([t, A]),
    lambda t: np.stack([A, t], axis=-1),
    lambda t: np.split(t, 3, axis=1)[1],
    lambda t: np.array_split(t, [1], axis=1)[1],
    lambda t: np.where(A > 0, t, 0),
    lambda t: np.where(A > 0, A, t * t),
    lambda t: np.clip(t, 0.6, 1.3),
    lambda t: np.sinc(t),
    lambda t: np.take_along_axis(t, np.array([[0, 2], [1, 1]]), axis=1),
    lambda t: np.dot(t, M),
    lambda t: np.einsum("ij,jk->ik", t, M),
    lambda t: np.einsum("ij,ij->", t, t),
    lambda t: np.copy(t),
    lambda t: np.round(t + 0.1) * t,
    lambda t: np.amax(t, axis=1),
    lambda t: np.angle(t) + t,
    lambda t: np.average(t, axis=0, weights=[1.0, 3.0]),
    lambda t: np.corrcoef(t),
    lambda t: np.cov(t),
    lambda t: np.diff(t, axis=1),
    lambda t: np.fft.fftshift(t),
    lambda t: np.fft.ifftshift(t, axes=1),
    lambda t: np.gradient(t, axis=1),
    lambda t: np.i0(t),
    lambda t: np.median(t, axis=1),
    lambda t: np.nan_to_num(t),
    lambda t: np.nanmean(t, axis=0),
    lambda t: np.nanmedian(t, axis=1),
    lambda t: np.nanpercentile(t, 30.0),
    lambda t: np.nanprod(t),
    lambda t: np.nanquantile(t, 0.3),
    lambda t: np.nansum(t, axis=1),
    lambda t: np.percentile(t, 40.0, axis=1),
    lambda t: np.ptp(t, axis=1),
    lambda t: np.quantile(t, 0.7),
    lambda t: np.sort(t, axis=1),
    lambda t: np.trapezoid(t, axis=1),
    lambda t: np.ones_like(t) * t + np.zeros_like(t) + np.full_like(t, 2.0),
    lambda t: np.atleast_1d(t) + np.atleast_2d(t) + np.atleast_3d(t)[:, :, 0],
    lambda t: np.atleast_3d(t[0]),
    lambda t: np.broadcast_arrays(t[0], A)[0],
    lambda t: np.column_stack([t[:, 0], t]),
    lambda t: np.hstack([t, A]),
    lambda t: np.vstack([t[0], A, t]),
    lambda t: np.dstack([A, t]),
    lambda t: np.hsplit(t, 3)[1] * np.hsplit(t, [1])[0],
    lambda t: np.vsplit(t, 2)[1],
    lambda t: np.dsplit(np.expand_dims(t, 0), [1, 2])[1],
    lambda t: np.unstack(t, axis=1)[2],
    lambda t: np.cross(t, A),
    lambda t: np.cross(np.transpose(A), np.transpose(t), axis=0),
    lambda t: np.diag(t) * np.diagonal(t, 1),
    lambda t: np.diag(t[0], -1),
    lambda t: np.diagflat(t),
    lambda t: np.trace(t, 1),
    lambda t: np.trace(np.stack([t, A, t]), axis1=1, axis2=2),
    lambda t: np.fft.fftshift(t) - np.fft.ifftshift(t, axes=(1,)),
    lambda t: np.fliplr(t) + np.flipud(t),
    lambda t: np.rot90(t, -1),
    lambda t: np.matrix_transpose(t) + np.real(np.transpose(t)),
    lambda t: np.meshgrid(t[0], A[1])[0],
    lambda t: np.meshgrid(A[1], t[0], indexing="ij")[1],
    lambda t: np.inner(t, A),
    lambda t: np.outer(A, t),
    lambda t: np.vdot(t, A),
    lambda t: np.kron(M, t),
    lambda t: np.tensordot(t, M, 1),
    lambda t: np.tensordot(A, t, ([0, 1], [0, 1])),
    lambda t: np.dot(t, np.stack([M, M])),
    lambda t: np.repeat(t, 2),
    lambda t: np.repeat(t, [2, 0, 1], axis=1),
    lambda t: np.take(t, [[0, 5], [1, 1]]),
    lambda t: np.take(t, [-1, 0], axis=1),
]


@pytest.mark.parametrize("call", CALLS, ids=range(len(CALLS)))
def test_numpys_functions_are_differentiable(call, x):
    array = x.numpy(force=True)
    out = call(x)
    assert isinstance(out, tg.Tensor)
    np.testing.assert_allclose(out.numpy(force=True), call(array), rtol=1e-13)
    cotangent = np.arange(1.0, out.numel() + 1).reshape(out.shape)
    out.backward(tg.tensor(cotangent))
    np.testing.assert_allclose(x.grad.numpy(), four_point(call, [array], cotangent, 0), rtol=1e-8, atol=1e-9)


def test_the_lists_are_covered():
    """Every function that is defined for Tensors is called in a file of this folder; a new one needs a line."""
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    called = set(re.findall(r"\b(?:np|linalg|fft)\.(\w+)", text))
    assert not sorted(f.__name__ for f in protocols.FUNCTIONS if f.__name__ not in called)


def test_questions(x):
    array = x.numpy(force=True)
    assert np.argmax(x).item() == 2
    assert np.argmin(x, axis=1).tolist() == [0, 1]
    assert np.argsort(x).tolist() == np.argsort(array).tolist()
    assert np.any(x > 2).item() is True
    assert np.all(x > 2).item() is False
    assert np.count_nonzero(x > 1).item() == 3
    assert np.argwhere(x > 2).tolist() == [[0, 2]]
    assert (np.shape(x), np.ndim(x), np.size(x), np.size(x, 1)) == ((2, 3), 2, 6, 3)
    assert np.array_equal(x, array)
    assert np.allclose(x, array + 1e-12)
    assert np.isclose(x, array).tolist() == np.isclose(array, array).tolist()
    assert np.may_share_memory(x, x[0])
    assert np.shares_memory(x, x.detach())
    assert np.result_type(x, np.float32) == np.float64
    assert not np.iscomplexobj(x)
    assert np.array_repr(x) == repr(x)
    assert np.array_str(x) == str(x)
    assert np.empty_like(x).shape == (2, 3)
    assert np.min(x).item() == 0.25
    numbers = tg.tensor([0, 2, 2, 5])
    for ask in (np.isposinf, np.isneginf, np.isreal, np.flatnonzero, np.unique):
        assert ask(x).tolist() == ask(array).tolist()
    assert np.isin(x, [0.5, 1.25]).tolist() == np.isin(array, [0.5, 1.25]).tolist()
    assert np.bincount(numbers).tolist() == np.bincount(numbers.numpy()).tolist()
    assert np.searchsorted(numbers, tg.tensor([1, 2])).tolist() == [1, 1]
    assert np.digitize(x, np.array([0.6, 1.4])).tolist() == np.digitize(array, [0.6, 1.4]).tolist()
    assert [i.tolist() for i in np.nonzero(x > 1)] == [i.tolist() for i in np.nonzero(array > 1)]
    assert (x > 1).dtype is tg.bool


def test_where_with_one_argument():
    rows, columns = np.where(tg.tensor([[True, False], [False, True]]))
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [0, 1])


@pytest.mark.parametrize(
    "call",
    [
        lambda a, t: a + t,
        lambda a, t: a - t,
        lambda a, t: a * t,
        lambda a, t: a / t,
        lambda a, t: a @ t.T,
        lambda a, t: t**a,
    ],
)
def test_arrays_on_either_side(call, x):
    a = np.abs(A)
    for left, right in ((a, x), (x, a)):
        out = call(left, right)
        assert isinstance(out, tg.Tensor)
        assert out.requires_grad
        plain = call(*(v.numpy(force=True) if isinstance(v, tg.Tensor) else v for v in (left, right)))
        np.testing.assert_allclose(out.numpy(force=True), plain)


def test_numpy_scalars_on_either_side(x):
    two = np.float64(2.0)
    for out in (two * x, x * two, two + x, two / x, two**x, x**two):
        assert isinstance(out, tg.Tensor)
        assert out.requires_grad
        assert out.dtype is tg.float64
    single = tg.ones(2) * np.float64(2.0)
    assert single.dtype is tg.float32


def test_comparisons_with_arrays(x):
    assert isinstance(x > A, tg.Tensor)
    assert (x > A).tolist() == (x.numpy(force=True) > A).tolist()
    assert (x == x.numpy(force=True)).all().item()


def test_unknown_ufuncs_are_refused_by_name(x):
    with pytest.raises(TypeError, match=r"np\.spacing has no gradient rule.*exp.*protocols\.UFUNCS"):
        np.spacing(x)
    with pytest.raises(TypeError, match=r"np\.add\.accumulate"):
        np.add.accumulate(x)
    with pytest.raises(TypeError, match=r"np\.multiply\.outer"):
        np.multiply.outer(x, x)
    with pytest.raises(TypeError, match=r"np\.exp with where"):
        np.exp(x, where=A > 0)
    frompyfunc = np.frompyfunc(math.sin, 1, 1)
    with pytest.raises(TypeError, match="has no gradient rule"):
        frompyfunc(x)


def test_unknown_functions_are_refused_by_name(x):
    with pytest.raises(TypeError, match=r"numpy\.linalg\.eig is not defined for Tensors.*protocols\.FUNCTIONS"):
        np.linalg.eig(x)
    with pytest.raises(TypeError, match=r"numpy\.partition is not defined"):
        np.partition(x, 1)
    with pytest.raises(TypeError, match=r"np\.sum on a Tensor does not take where"):
        np.sum(x, where=A > 0)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.ravel(x, order="F"),
        lambda x: np.reshape(x, (3, 2), order="F"),
        lambda x: np.cumsum(x, out=np.zeros(6)),
        lambda x: np.concatenate([x, x], dtype=np.float32),
        lambda x: np.concatenate([x, x], out=np.zeros((4, 3))),
    ],
)
def test_arguments_that_a_tensor_cannot_honour_are_refused(x, call):
    with pytest.raises(TypeError, match="on a Tensor"):
        call(x)


def test_arguments_that_change_the_result(x):
    assert np.cumsum(x, dtype=np.float32).dtype == tg.float32
    assert np.concatenate([x, x], axis=None).shape == (12,)


def test_plain_arrays_are_refused_when_a_gradient_would_be_lost(x):
    for action in (lambda: np.asarray(x), lambda: np.array(x * 2), x.numpy):
        with pytest.raises(RuntimeError, match=r"requires grad.*would lose it.*\.detach\(\)"):
            action()
    assert x.numpy(force=True).shape == (2, 3)


def test_plain_arrays_of_constants():
    t = tg.tensor([1.0, 2.0])
    assert np.shares_memory(np.asarray(t), t.numpy())
    assert not np.shares_memory(np.array(t), t.numpy())
    assert np.asarray(t, dtype=np.float64).dtype == np.float64
    assert np.array([t, t]).shape == (2, 2)
    assert t.numpy() is t.numpy()


def test_out(x):
    target = tg.zeros(2, 3, dtype=tg.float64)
    assert np.exp(x, out=target) is target
    target.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.exp(x.numpy(force=True)))
    array = np.zeros((2, 3))
    assert np.exp(x.detach(), out=array) is array
    with pytest.raises(TypeError, match=r"out= is a NumPy array.*gradient"):
        np.exp(x, out=array)
    with pytest.raises(TypeError, match="gradient"):
        array += x


def test_a_tensor_inside_numpys_in_place_operators():
    array = np.zeros(2)
    array += tg.ones(2, dtype=tg.float64)
    assert array.tolist() == [1.0, 1.0]


def test_dlpack():
    t = tg.tensor([1.0, 2.0, 3.0])
    array = np.from_dlpack(t)
    array[0] = 9.0
    assert t.tolist() == [9.0, 2.0, 3.0]
    assert t.__dlpack_device__() == (1, 0)
    back = tg.from_dlpack(array)
    back[1] = 8.0
    assert t.tolist() == [9.0, 8.0, 3.0]
    with pytest.raises(BufferError, match=r"detach\(\)"):
        np.from_dlpack(tg.ones(2, requires_grad=True))


def test_dlpack_with_pytorch():
    torch = pytest.importorskip("torch")
    t = tg.tensor([1.0, 2.0])
    theirs = torch.from_dlpack(t)
    theirs[0] = 7.0
    assert t.tolist() == [7.0, 2.0]
    ours = tg.from_dlpack(torch.arange(3.0))
    assert ours.tolist() == [0.0, 1.0, 2.0]


def test_from_numpy_shares_memory():
    array = np.zeros(2)
    t = tg.from_numpy(array)
    t[0] = 3.0
    assert array.tolist() == [3.0, 0.0]
    assert tg.tensor(array).data_ptr() != t.data_ptr()
    assert tg.as_tensor(array).data_ptr() == t.data_ptr()
    with pytest.raises(TypeError, match=r"numpy\.ndarray, got list"):
        tg.from_numpy([1.0])


def test_other_types_get_their_own_chance():
    class Unit:
        def __rmul__(self, other):
            return "mine"

    assert tg.ones(2) * Unit() == "mine"
    with pytest.raises(TypeError):
        tg.ones(2) + "text"
    assert copy.copy(tg.ones(2)).tolist() == [1.0, 1.0]


def test_out_may_be_an_input_that_the_op_saves():
    x = tg.tensor([1.0, 3.0], requires_grad=True)
    y = tg.tensor([2.0, 2.0], requires_grad=True)
    z = x * 1
    assert np.maximum(z, y, out=z) is z
    np.multiply(z, z, out=z)
    z.sum().backward()
    assert x.grad.tolist() == [0.0, 6.0]
    assert y.grad.tolist() == [4.0, 0.0]
