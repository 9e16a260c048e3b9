"""Linear algebra beyond values and gradients: what is refused, gauges, singular matrices, older names."""

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import linalg

RNG = np.random.default_rng(0)


def leaf(*shape):
    return tg.tensor(RNG.standard_normal(shape), requires_grad=True)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: linalg.inv(x),
        lambda x: linalg.solve(x, x),
        lambda x: linalg.cholesky(x),
        lambda x: linalg.lu_factor(x),
        lambda x: linalg.ldl_factor(x),
        lambda x: linalg.inv_ex(x, check_errors=True),
        lambda x: linalg.solve_ex(x, x, check_errors=True),
        lambda x: linalg.cholesky_ex(x, check_errors=True),
        lambda x: linalg.matrix_power(x, -2),
        lambda x: linalg.tensorinv(x, 1),
    ],
)
def test_singular_matrices(call):
    with pytest.raises(linalg.LinAlgError):
        call(tg.zeros(2, 2))
    call(tg.eye(2))


def test_forms_that_report_give_nan_for_the_singular_matrices_alone():
    x = tg.stack([tg.eye(2), tg.zeros(2, 2)]).requires_grad_()
    inverse, info = linalg.inv_ex(x)
    assert info.tolist() == [0, 1]
    assert inverse[0].tolist() == [[1, 0], [0, 1]]
    assert inverse[1].isnan().all()
    inverse[0].sum().backward()
    assert x.grad.tolist() == [[[-1, -1], [-1, -1]], [[0, 0], [0, 0]]]
    assert linalg.cholesky_ex(tg.tensor([[1.0, 2.0], [2.0, 1.0]])).info.item() == 2
    assert linalg.solve_ex(x, tg.ones(2, 2)).result[1].isnan().all()


@pytest.mark.parametrize("function", [linalg.eigh, linalg.eigvalsh, linalg.svd, linalg.svdvals, linalg.pinv])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_spectra_of_what_is_not_finite_are_refused(function, bad):
    with pytest.raises(linalg.LinAlgError, match="NaN or infinity"):
        function(tg.tensor([[1.0, bad], [bad, 1.0]]))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: linalg.inv(tg.ones(2, 2, dtype=tg.int64)), TypeError, "float32 or float64, got int64"),
        (lambda: linalg.inv(tg.ones(2, 3)), ValueError, r"square matrices, got shape \[2, 3\]"),
        (lambda: linalg.det(tg.ones(2)), ValueError, "at least 2 dimensions"),
        (lambda: linalg.solve(tg.eye(2), tg.ones(3)), ValueError, "do not fit in A X = B"),
        (lambda: linalg.solve(tg.eye(2), tg.ones(2, dtype=tg.float64)), TypeError, "dtypes float32 and float64"),
        (lambda: linalg.solve(tg.ones(3, 2, 2), tg.ones(4, 2, 1)), ValueError, "cannot be broadcast"),
        (lambda: linalg.qr(tg.eye(2), "raw"), RuntimeError, "mode must be"),
        (lambda: linalg.eigh(tg.eye(2), "X"), RuntimeError, "UPLO"),
        (lambda: linalg.matrix_norm(tg.eye(2), 3), RuntimeError, "ord must be"),
        (lambda: linalg.vector_norm(tg.ones(0), np.inf), RuntimeError, "no elements"),
        (lambda: linalg.multi_dot([tg.eye(2)]), RuntimeError, "at least 2"),
        (lambda: linalg.multi_dot([tg.eye(2), tg.ones(3, 3)]), ValueError, "cannot be multiplied in a row"),
        (lambda: linalg.lstsq(tg.eye(2), tg.ones(3, 1)), ValueError, "as many rows"),
        (lambda: linalg.lstsq(tg.eye(2), tg.ones(2, 1), driver="best"), ValueError, "driver"),
        (lambda: linalg.lu(tg.eye(2), pivot=False), RuntimeError, "pivot=False"),
        (lambda: linalg.tensorinv(tg.ones(2, 3)), ValueError, "the first 2 sizes"),
        (lambda: linalg.householder_product(tg.ones(2, 3), tg.ones(2)), ValueError, "as many rows"),
        (lambda: tg.geqrf(leaf(2, 2)), RuntimeError, "has no gradient"),
        (lambda: linalg.inv([[1.0]]), TypeError, "must be a Tensor, not list"),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message) as caught:
        call()
    assert isinstance(caught.value, RuntimeError | TypeError | ValueError)


def test_the_columns_that_complete_a_basis():
    """Functions of their span have a gradient, which is that of the projector; of the columns alone it is refused."""
    x = leaf(4, 2)
    weights = tg.tensor(RNG.standard_normal((4, 4)))
    projector = tg.eye(4, dtype=tg.float64) - x @ linalg.inv(x.mT @ x) @ x.mT
    (expected,) = tg.autograd.grad((projector * weights).sum(), x)
    for q in (linalg.svd(x).U, linalg.qr(x, "complete").Q, linalg.svd(x.mT).Vh.mT):
        rest = q[:, 2:]
        (found,) = tg.autograd.grad((rest @ rest.mT * weights).sum(), x, retain_graph=True)
        np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-9, atol=1e-10)
        with pytest.raises(RuntimeError, match="choice of the columns that complete the basis"):
            tg.autograd.grad(q[0, 3], x)


def test_values_of_a_repeated_spectrum_have_gradients_and_vectors_have_none():
    x = tg.eye(3, dtype=tg.float64).requires_grad_()
    for values in (linalg.svdvals(x), linalg.eigvalsh(x), linalg.svd(x).S, linalg.eigh(x)[0]):
        (g,) = tg.autograd.grad(values.sum(), x)
        np.testing.assert_allclose(g.numpy(), np.eye(3), atol=1e-14)
    (g,) = tg.autograd.grad(linalg.eigh(x).eigenvectors[0, 1], x)
    assert not g.isfinite().all()


def test_determinants_of_singular_matrices():
    x = tg.tensor([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]], dtype=tg.float64, requires_grad=True)
    (g,) = tg.autograd.grad(linalg.det(x), x, create_graph=True)
    np.testing.assert_allclose(g.detach().numpy(), [[4, 4, -4], [-2, -2, 2], [0, 0, 0]], atol=1e-13)
    (second,) = tg.autograd.grad(g[0, 0], x)  # x11 x22 - x12 x21
    np.testing.assert_allclose(second.numpy(), [[0, 0, 0], [0, 1, -0.0], [0, -6, 4]], atol=1e-12)
    assert linalg.slogdet(x.detach() * 0).logabsdet.item() == -np.inf
    with pytest.raises(linalg.LinAlgError):
        tg.autograd.grad(linalg.slogdet(x * 0).logabsdet, x)


def test_what_gauss_and_householder_leave_behind():
    for shape in ((4, 4), (2, 5, 3), (3, 5)):
        x = RNG.standard_normal(shape)
        p, low, up = linalg.lu(tg.tensor(x))
        np.testing.assert_allclose((p @ low @ up).numpy(), x, atol=1e-14)
        a, tau = tg.geqrf(tg.tensor(x))
        k = min(shape[-2:])
        q = tg.orgqr(a[..., :k], tau)
        np.testing.assert_allclose((q @ a[..., :k, :].triu()).numpy(), x, atol=1e-14)
    x = RNG.standard_normal((6, 6))
    x = x + x.T
    factor = linalg.ldl_factor(tg.tensor(x))
    b = RNG.standard_normal((6, 2))
    np.testing.assert_allclose(linalg.ldl_solve(*factor, tg.tensor(b)).numpy(), np.linalg.solve(x, b), rtol=1e-9)


def test_a_triangle_with_zeros_on_its_diagonal_gives_infinities():
    found = linalg.solve_triangular(tg.tensor([[1.0, 0.0], [1.0, 0.0]]), tg.ones(2, 1) * 2, upper=False)
    assert found[0].tolist() == [2.0]
    assert not found[1].isfinite().any()


def test_norms_at_zero():
    for p in (0.5, 1, 1.5, 2, 3, np.inf, -np.inf, 0):
        x = tg.zeros(3, requires_grad=True)
        (g,) = tg.autograd.grad(linalg.vector_norm(x, p), x, create_graph=True, allow_unused=True)
        if g is not None:
            assert g.tolist() == [0.0, 0.0, 0.0]
            if g.requires_grad:
                assert tg.autograd.grad(g.sum(), x, materialize_grads=True)[0].isfinite().all()
