"""Views of the families of shapes: they share memory, writes reach the base, and gradients follow."""

import numpy as np
import pytest

import tinygrad_cn as tg


@pytest.fixture
def x():
    return tg.arange(12, dtype=tg.float64).reshape(3, 4)


VIEWS = {
    "diagonal": lambda t: t.diagonal(),
    "offset diagonal": lambda t: t.diagonal(1),
    "trailing diagonal": lambda t: t.unsqueeze(0).diagonal(-1, 1, 2),
    "apart windows": lambda t: t.unfold(1, 2, 2),
    "select": lambda t: t.select(1, 2),
    "narrow": lambda t: t.narrow(1, 1, 2),
    "tensor_split": lambda t: t.tensor_split(2, dim=1)[1],
    "hsplit": lambda t: t.hsplit(2)[0],
    "vsplit": lambda t: t.vsplit(3)[1],
    "mT": lambda t: t.mT,
    "H": lambda t: t.H,
    "adjoint": lambda t: t.adjoint(),
    "movedim": lambda t: t.movedim(0, 1),
    "view_as": lambda t: t.view_as(tg.zeros(4, 3)),
    "atleast_3d": lambda t: tg.atleast_3d(t),
    "unflatten": lambda t: t.unflatten(1, (2, 2)),
    "ravel": lambda t: t.ravel(),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_a_write_through_a_view_is_seen_by_the_base(view, x):
    part = view(x)
    places = set(part.ravel().tolist())
    assert np.shares_memory(part.numpy(), x.numpy())
    part.fill_(-1.0)
    assert x.tolist() == [[-1.0 if n in places else n for n in range(4 * i, 4 * i + 4)] for i in range(3)]


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_gradients_of_writes_through_views(view, x):
    """y = 2 x, then the view's part v becomes 3 v: what is in the view has slope 6, the rest 2."""
    leaf = x.clone().requires_grad_()
    y = leaf * 2
    part = view(y)
    before = tg.zeros(3, 4, dtype=tg.float64)
    view(before).fill_(1.0)
    part *= 3
    y.sum().backward()
    assert leaf.grad.tolist() == (2 + 4 * before).tolist()


def test_overlapping_windows_are_read_only():
    x = tg.arange(5.0)
    with pytest.raises(RuntimeError, match="share memory"):
        x.unfold(0, 3, 1).mul_(2)


def test_overlapping_windows_see_later_writes():
    x = tg.arange(4.0, requires_grad=True)
    y = x * 1
    windows = y.unfold(0, 2, 1)
    y[0] = x[3] * 5
    windows.sum().backward()
    assert x.grad.tolist() == [0.0, 2.0, 2.0, 6.0]


def test_expanded_grids_are_not_written():
    grid, _ = tg.meshgrid(tg.arange(2), tg.arange(3), indexing="ij")
    with pytest.raises(RuntimeError, match="expanded"):
        grid.add_(1)


def test_repeated_positions_add_up_or_are_written_once():
    x = tg.zeros(3, requires_grad=True)
    source = tg.tensor([1.0, 2.0, 4.0], requires_grad=True)
    out = x.index_add(0, tg.tensor([1, 1, 2]), source, alpha=2)
    assert out.tolist() == [0.0, 6.0, 8.0]
    out.backward(tg.tensor([1.0, 10.0, 100.0]))
    assert source.grad.tolist() == [20.0, 20.0, 200.0]
    value = tg.tensor(5.0, requires_grad=True)
    x.index_fill(0, tg.tensor([1, 1, 0]), value).sum().backward()
    assert value.grad.item() == 2.0


def test_products_of_scattered_zeros_have_exact_gradients():
    src = tg.tensor([0.0, 3.0, 0.0, 2.0], dtype=tg.float64, requires_grad=True)
    x = tg.ones(2, dtype=tg.float64)
    x.scatter_reduce(0, tg.tensor([0, 0, 1, 1]), src, "prod").sum().backward()
    assert src.grad.tolist() == [3.0, 0.0, 2.0, 0.0]


def test_ties_of_scattered_extremes_share():
    x = tg.tensor([2.0], requires_grad=True)
    src = tg.tensor([2.0, 2.0, 1.0], requires_grad=True)
    x.scatter_reduce(0, tg.tensor([0, 0, 0]), src, "amax").sum().backward()
    assert x.grad.tolist() == pytest.approx([1 / 3])
    assert src.grad.tolist() == pytest.approx([1 / 3, 1 / 3, 0])


@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3, float("inf")])
def test_distances_at_zero_have_gradient_zero(p):
    x = tg.tensor([[1.0, 2.0]], dtype=tg.float64, requires_grad=True)
    tg.cdist(x, x.detach(), p).sum().backward()
    assert x.grad.tolist() == [[0.0, 0.0]]


def test_many_rows_take_the_matrix_product_and_agree():
    rng = np.random.default_rng(0)
    a, b = (tg.tensor(rng.standard_normal((30, 5)), requires_grad=True) for _ in "ab")
    fast = tg.cdist(a, b)
    exact = tg.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")
    assert np.allclose(fast.detach().numpy(), exact.detach().numpy(), rtol=1e-12)


def test_legacy_constructors():
    assert tg.LongTensor([1, 2]).dtype == tg.int64
    assert tg.FloatTensor(2, 3).shape == (2, 3)
    assert isinstance(tg.zeros(1, dtype=tg.float64), tg.DoubleTensor)
    assert not isinstance(tg.zeros(1), tg.DoubleTensor)
    assert tg.ones(2).type(tg.LongTensor).dtype == tg.int64
    with pytest.raises(TypeError, match="convert it"):
        tg.LongTensor(tg.ones(2))


def test_what_programs_ask_about_devices():
    assert not tg.cuda.is_available()
    assert not tg.accelerator.is_available()
    assert not tg.backends.mps.is_available()
    tg.backends.cudnn.benchmark = True
    tg.cuda.manual_seed_all(0)
    assert tg.get_num_threads() >= 1
    with pytest.raises(RuntimeError, match="CPU"):
        tg.cuda.set_device(0)


def test_compilers_give_back_what_they_are_given():
    def f(x):
        return x

    assert tg.compile(f) is f
    assert tg.compile(mode="max-autotune")(f) is f
    assert tg.jit.script(f) is f
    assert tg.jit.trace(f, tg.ones(1)) is f


def test_memory_read_with_strides():
    x = tg.arange(6.0, dtype=tg.float64, requires_grad=True)
    y = x * 1
    columns = y.as_strided((2, 3), (1, 2))
    assert columns.tolist() == [[0.0, 2.0, 4.0], [1.0, 3.0, 5.0]]
    columns.mul_(2)
    y.sum().backward()
    assert x.grad.tolist() == [2.0] * 6
    with pytest.raises(RuntimeError, match="share memory"):
        x.detach().as_strided((2, 2), (1, 1)).add_(1)
    with pytest.raises(RuntimeError, match="leave the 6 elements"):
        x.as_strided((2, 3), (4, 1))
    with pytest.raises(RuntimeError, match="not contiguous"):
        x.reshape(2, 3).mT.as_strided((2,), (1,))
    part = x.detach()[2:]
    assert part.as_strided((2,), (2,)).tolist() == [2.0, 4.0]
    assert part.as_strided((2,), (1,), 3).tolist() == [3.0, 4.0]


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (7, 3), (2, 2, 2)])
def test_diagonals_are_filled_as_numpy_fills_them(shape, wrap):
    x = tg.zeros(shape)
    expected = np.zeros(shape)
    np.fill_diagonal(expected, 5.0, wrap=wrap)
    assert x.fill_diagonal_(5.0, wrap).tolist() == expected.tolist()


def test_questions_about_dtypes():
    assert tg.is_floating_point(tg.ones(1))
    assert not tg.is_complex(tg.ones(1))
    assert tg.can_cast(tg.int64, tg.uint8)
    assert not tg.can_cast(tg.int64, tg.bool)
    assert tg.result_type(tg.ones(1), tg.tensor(1.0, dtype=tg.float64)) == tg.float32
    assert tg.is_nonzero(tg.tensor([2]))
    with pytest.raises(RuntimeError, match="one element"):
        tg.is_nonzero(tg.ones(2))


def test_triangles_by_their_indices():
    rows, columns = tg.tril_indices(3, 4, 1)
    assert [rows.tolist(), columns.tolist()] == [i.tolist() for i in np.tril_indices(3, 1, 4)]
    rows, columns = tg.triu_indices(3, 4, -1)
    assert [rows.tolist(), columns.tolist()] == [i.tolist() for i in np.triu_indices(3, -1, 4)]


def test_of_several_values_for_one_place_the_last_gets_the_gradient():
    values = tg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    x = tg.zeros(2).index_put((tg.tensor([0, 1, 0]),), values)
    assert x.tolist() == [3.0, 2.0]
    x.backward(tg.tensor([10.0, 20.0]))
    assert values.grad.tolist() == [0.0, 20.0, 10.0]
    columns = tg.ones(2, 2, requires_grad=True)
    y = tg.zeros(2, 3)
    y[:, [1, 1]] = columns
    (y * 2).sum().backward()
    assert columns.grad.tolist() == [[0.0, 2.0], [0.0, 2.0]]
