"""Functions of functions, against PyTorch's."""

import pytest

import tinygrad_cn as tg
from tinygrad_cn import func, nn


def test_derivatives_nest():
    cube = func.grad(func.grad(lambda x: x**3))
    assert cube(tg.tensor(2.0)).item() == 12.0
    assert not cube(tg.tensor(2.0)).requires_grad


def test_a_result_stays_differentiable_in_what_the_function_closes_over():
    weight = tg.tensor(3.0, requires_grad=True)
    derivative = func.grad(lambda x: weight * x**2)(tg.tensor(2.0))
    derivative.backward()
    assert weight.grad.item() == 4.0


def test_gradients_of_structures_and_of_several_arguments():
    def loss(parameters, x):
        return (parameters["w"] * x).sum() + parameters["b"], x

    parameters = {"w": tg.ones(2), "b": tg.tensor(1.0)}
    (gradients, dx), (value, aux) = func.grad_and_value(loss, argnums=(0, 1), has_aux=True)(parameters, tg.ones(2) * 2)
    assert gradients["w"].tolist() == [2.0, 2.0] and gradients["b"].item() == 1.0
    assert dx.tolist() == [1.0, 1.0] and value.item() == 5.0 and aux.tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: func.grad(lambda x: x)(tg.ones(2)), "single element"),
        (lambda: func.grad(lambda x: x.sum(), argnums=1)(tg.ones(2)), "argnums"),
        (lambda: func.grad(lambda x: x)(2.0), "Tensors"),
        (lambda: func.vmap(tg.dot)(tg.ones(2, 3), tg.ones(3, 3)), "one size"),
        (lambda: func.vmap(tg.dot, in_dims=None)(tg.ones(2), tg.ones(2)), "no argument is mapped"),
        (lambda: func.vmap(lambda x: 1)(tg.ones(2)), "must return Tensors"),
        (lambda: func.vjp(lambda x: x, tg.ones(2))[1](tg.ones(2), tg.ones(2)), "cotangents"),
        (lambda: func.functional_call(nn.Linear(1, 1), {"wight": tg.ones(1)}, tg.ones(1)), "wight"),
    ],
)
def test_bad_calls(call, message):
    with pytest.raises((RuntimeError, TypeError, ValueError, KeyError), match=message):
        call()


def test_functional_call_leaves_the_module_as_it_was():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    given = {name: tg.zeros_like(p).requires_grad_() for name, p in model.named_parameters()}
    buffers = {name: b.clone() for name, b in model.named_buffers()}
    out = func.functional_call(model, (given, buffers), (tg.randn(3, 2),))
    out.sum().backward()
    assert given["1.bias"].grad.tolist() == [3.0, 3.0]
    assert all(p.grad is None for p in model.parameters())
    assert all(v.equal(before[k]) for k, v in model.state_dict().items())


def both(run):
    """What ``run`` gives here and there, as nested lists."""
    torch = pytest.importorskip("torch")
    results = []
    for library in (tg, torch):
        library.manual_seed(0)
        found = run(library, library.func)
        results.append([t.detach().double().numpy().tolist() for t in found])
    return results


@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")
@pytest.mark.parametrize(
    "run",
    [
        lambda t, f: [f.vmap(f.grad(lambda w, x: (w * x).sin().sum()), in_dims=(None, 0))(t.randn(3), t.randn(4, 3))],
        lambda t, f: [f.vmap(t.matmul, in_dims=(2, 1), out_dims=1)(t.randn(3, 4, 2), t.randn(4, 2))],
        lambda t, f: list(f.jacrev(lambda x, y: x.exp() * y, argnums=(0, 1))(t.randn(3), t.randn(2, 3))),
        lambda t, f: [
            f.jacfwd(lambda x: x.outer(x))(t.randn(3)),
            f.hessian(lambda x: (x.sin() ** 2).sum())(t.randn(3)),
        ],
        lambda t, f: list(f.jvp(lambda x, y: (x * y).tanh(), (t.randn(3), t.randn(3)), (t.randn(3), t.randn(3)))),
        lambda t, f: [*f.vjp(lambda x: x**3, t.randn(3))[1](t.randn(3))],
        lambda t, f: [f.grad(lambda x: f.jvp(lambda y: y.sin().sum(), (x,), (x,))[1])(t.randn(3))],
    ],
)
def test_the_numbers_are_pytorchs(run):
    ours, theirs = both(run)
    for a, b in zip(ours, theirs, strict=True):
        assert tg.allclose(tg.tensor(a, dtype=tg.float64), tg.tensor(b, dtype=tg.float64), rtol=1e-5, atol=1e-6)


def test_an_ensemble_of_stacked_modules():
    models = [nn.Linear(3, 2) for _ in range(4)]
    parameters, buffers = func.stack_module_state(models)
    x = tg.randn(5, 3)
    outputs = func.vmap(lambda p, b: func.functional_call(models[0], (p, b), (x,)))(parameters, buffers)
    assert outputs.shape == (4, 5, 2)
    for model, out in zip(models, outputs, strict=True):
        assert tg.allclose(model(x), out)
