"""numpy.linalg on Tensors: NumPy's results, and gradients."""

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn.matrix_protocols import MATRIX_FUNCTIONS
from tinygrad_cn.testing import four_point

A = np.array([[2.0, -1.0, 0.5], [0.25, 3.0, 1.0], [-0.5, 0.75, 4.0]])
S = (A + A.T) / 2 + np.eye(3)
B = np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.25]])
linalg = np.linalg

CALLS = {
    "cond": lambda t: linalg.cond(t) + linalg.cond(t, 1),
    "cross": lambda t: linalg.cross(t, A[::-1], axis=0),
    "det": lambda t: linalg.det(t),
    "diagonal": lambda t: linalg.diagonal(t, offset=1),
    "eigh": lambda t: linalg.eigh((t + t.T) / 2).eigenvalues,
    "eigvalsh": lambda t: linalg.eigvalsh((t + t.T) / 2),
    "cholesky": lambda t: linalg.cholesky((t + t.T) / 2) + linalg.cholesky((t + t.T) / 2, upper=True),
    "inv": lambda t: linalg.inv(t),
    "lstsq": lambda t: linalg.lstsq(t[:, :2], B)[0] + linalg.lstsq(t[:, :2], B[:, 0])[0],
    "matmul": lambda t: linalg.matmul(t, B),
    "matrix_norm": lambda t: linalg.matrix_norm(t) + linalg.matrix_norm(t, ord="nuc"),
    "matrix_power": lambda t: linalg.matrix_power(t, 3) + linalg.matrix_power(t, -1),
    "matrix_rank": lambda t: t * linalg.matrix_rank(t),
    "matrix_transpose": lambda t: linalg.matrix_transpose(t),
    "multi_dot": lambda t: linalg.multi_dot([t, t, t]),
    "norm": lambda t: linalg.norm(t) + linalg.norm(t, "nuc") + linalg.norm(t, 3, axis=0),
    "outer": lambda t: linalg.outer(t[0], B[:, 0]),
    "pinv": lambda t: linalg.pinv(t[:, :2]),
    "qr": lambda t: linalg.qr(t, mode="r") + linalg.qr(t).Q,
    "slogdet": lambda t: linalg.slogdet(t)[1],
    "solve": lambda t: linalg.solve(t, B[:, 0]) @ linalg.solve(t, B),
    "svd": lambda t: linalg.svd(t)[1] + linalg.svd(t, compute_uv=False),
    "svdvals": lambda t: linalg.svdvals(t),
    "tensorinv": lambda t: linalg.tensorinv(t, 1),
    "tensorsolve": lambda t: linalg.tensorsolve(t, B[:, 0]),
    "trace": lambda t: linalg.trace(t),
    "vecdot": lambda t: linalg.vecdot(t, A.T),
    "vector_norm": lambda t: linalg.vector_norm(t, axis=0, ord=3),
}


@pytest.mark.parametrize("name", CALLS)
def test_values_and_gradients(name):
    call = CALLS[name]
    x = tg.tensor(A, requires_grad=True)
    out = call(x)
    np.testing.assert_allclose(out.detach().numpy(), call(A), rtol=1e-12)
    g = np.random.default_rng(0).standard_normal(out.shape)
    out.backward(tg.tensor(g))
    np.testing.assert_allclose(x.grad.numpy(), four_point(call, [A], g, 0), rtol=1e-6, atol=1e-7)


def test_every_function_is_called():
    assert {f.__name__ for f in MATRIX_FUNCTIONS} == set(CALLS)


def test_singular_matrices_raise_the_error_of_numpy_and_of_pytorch():
    for error in (np.linalg.LinAlgError, tg.linalg.LinAlgError, RuntimeError):
        with pytest.raises(error, match=r"singular.*linalg\.pinv"):
            np.linalg.inv(tg.zeros(2, 2))
        with pytest.raises(error, match="matrix 1 of the batch"):
            tg.linalg.solve(tg.stack([tg.eye(2), tg.ones(2, 2)]), tg.ones(2, 2, 1))
        with pytest.raises(error, match="not positive definite"):
            np.linalg.cholesky(-tg.eye(2))
