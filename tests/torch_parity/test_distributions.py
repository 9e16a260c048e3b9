"""Distributions beside PyTorch's: the same draws for a seed, the same numbers."""

import contextlib

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import distributions

torch = pytest.importorskip("torch")
P = np.array([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]])
L = np.array([[1.0, 0.0, 0.0], [0.5, 2.0, 0.0], [-0.3, 0.2, 0.7]])
C = L @ L.T
PAIRS = {  # two of a kind, with a divergence
    "Normal": lambda d, t: (d.Normal(t([0.1, -2.0]), t([0.5, 3.0])), d.Normal(t([1.0]), t([2.0]))),
    "Uniform": lambda d, t: (d.Uniform(t([0.0, 1.0]), t([2.0, 4.0])), d.Uniform(t([-1.0]), t([5.0]))),
    "Bernoulli": lambda d, t: (d.Bernoulli(t([0.2, 0.9])), d.Bernoulli(logits=t([0.3, -1.0]))),
    "Categorical": lambda d, t: (d.Categorical(t(P)), d.Categorical(logits=t(P * 3))),
    "OneHotCategorical": lambda d, t: (d.OneHotCategorical(t(P)), d.OneHotCategorical(logits=t(P * 3))),
    "Laplace": lambda d, t: (d.Laplace(t([0.1, -2.0]), t([0.5, 3.0])), d.Laplace(t([1.0]), t([2.0]))),
    "Exponential": lambda d, t: (d.Exponential(t([0.5, 3.0])), d.Exponential(t([2.0]))),
    "Gamma": lambda d, t: (d.Gamma(t([0.5, 3.0]), t([1.0, 2.0])), d.Gamma(t([2.0]), t([0.3]))),
    "LogNormal": lambda d, t: (d.LogNormal(t([0.1, -2.0]), t([0.5, 1.0])), d.LogNormal(t([1.0]), t([2.0]))),
    "HalfNormal": lambda d, t: (d.HalfNormal(t([0.5, 1.0])), d.HalfNormal(t([2.0]))),
    "MultivariateNormal": lambda d, t: (
        d.MultivariateNormal(t([0.1, -2.0, 1.0]), scale_tril=t(L)),
        d.MultivariateNormal(t([[1.0, 0.0, 0.0], [0.0, 2.0, 1.0]]), t(C)),
    ),
    "MultivariateNormal by precision": lambda d, t: (
        d.MultivariateNormal(t([0.1, -2.0, 1.0]), precision_matrix=t(C)),
        d.MultivariateNormal(t([1.0, 0.0, 0.0]), t(C)),
    ),
    "Independent": lambda d, t: (
        d.Independent(d.Normal(t(P), t(1.0)), 1),
        d.Independent(d.Normal(t(P * 2), t(0.5)), 1),
    ),
    "Geometric": lambda d, t: (d.Geometric(t([0.2, 0.9])), d.Geometric(t([0.4, 0.5]))),
}
SINGLE = {  # without a formula for the divergence; the flag says whether the entropy is known
    "Cauchy": (lambda d, t: d.Cauchy(t([0.1, -2.0]), t([0.5, 3.0])), True),
    "Gumbel": (lambda d, t: d.Gumbel(t([0.1, -2.0]), t([0.5, 3.0])), True),
    "StudentT": (lambda d, t: d.StudentT(t([3.0, 0.7]), t([0.1, -2.0]), t([0.5, 3.0])), True),
    "Chi2": (lambda d, t: d.Chi2(t([3.0, 0.7])), True),
    "HalfCauchy": (lambda d, t: d.HalfCauchy(t([0.5, 1.0])), True),
    "Pareto": (lambda d, t: d.Pareto(t([0.5, 1.0]), t([3.0, 2.5])), True),
    "Weibull": (lambda d, t: d.Weibull(t([0.5, 1.0]), t([3.0, 2.5])), True),
    "Multinomial": (lambda d, t: d.Multinomial(5, t(P)), False),
    "Poisson": (lambda d, t: d.Poisson(t([0.5, 4.0, 30.0])), False),
    "RelaxedBernoulli": (lambda d, t: d.RelaxedBernoulli(t(0.7), t([0.2, 0.9])), False),
    "RelaxedOneHotCategorical": (lambda d, t: d.RelaxedOneHotCategorical(t(0.7), t(P)), False),
    "tanh of a normal": (
        lambda d, t: d.TransformedDistribution(d.Normal(t([0.1, 0.2]), t(0.5)), [d.TanhTransform(cache_size=1)]),
        False,
    ),
    "several maps": (
        lambda d, t: d.TransformedDistribution(
            d.Normal(t(P), t(0.5)),
            d.ComposeTransform([d.AffineTransform(t(0.5), t([2.0, -1.0, 1.0])), d.SigmoidTransform()]),
        ),
        False,
    ),
    "of an Independent": (
        lambda d, t: d.TransformedDistribution(d.Independent(d.Normal(t(P), t(0.5)), 1), [d.ExpTransform()]),
        False,
    ),
    "MixtureSameFamily": (
        lambda d, t: d.MixtureSameFamily(d.Categorical(t(P)), d.Normal(t(P * 3), t(0.5))),
        False,
    ),
    "a mixture of vectors": (
        lambda d, t: d.MixtureSameFamily(d.Categorical(t([0.4, 0.6])), d.MultivariateNormal(t(P), t(C))),
        False,
    ),
}
#: Moments, where both know them.
MOMENTS = ("mean", "variance", "stddev", "mode")


def both(make, ask):
    found = []
    for lib, d in ((tg, distributions), (torch, torch.distributions)):
        lib.manual_seed(3)
        made = make(d, lambda v, lib=lib: lib.tensor(v, dtype=lib.float64))
        found.append([np.asarray(v.detach()) for v in ask(made, d, lib)])
    for i, (ours, theirs) in enumerate(zip(*found, strict=True)):
        assert ours.shape == theirs.shape, i
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-10, err_msg=str(i))


@pytest.mark.parametrize("name", PAIRS)
def test_draws_densities_and_divergences(name):
    def ask(pair, d, lib):
        p, q = pair
        draws = p.sample((5,))
        return [draws, p.sample(), p.log_prob(draws), p.entropy(), d.kl_divergence(p, q), *moments(p)]

    both(PAIRS[name], ask)


@pytest.mark.parametrize("name", SINGLE)
def test_draws_and_densities(name):
    make, has_entropy = SINGLE[name]

    def ask(p, d, lib):
        draws = p.sample((5,))
        return [draws, p.log_prob(draws), *([p.entropy()] if has_entropy else []), *moments(p)]

    both(make, ask)


def moments(p):
    found = []
    for name in MOMENTS:
        with contextlib.suppress(NotImplementedError):
            found.append(getattr(p, name))
    return found[: 1 if type(p).__name__ in ("Pareto", "Weibull", "HalfCauchy") else None]


@pytest.mark.parametrize("name", ["Normal", "Uniform", "Laplace", "Exponential", "HalfNormal", "LogNormal"])
def test_distribution_functions_and_their_inverses(name):
    def ask(pair, d, lib):
        p, levels = pair[0], lib.tensor([[0.1], [0.5], [0.95]], dtype=lib.float64)
        return [p.icdf(levels), p.cdf(p.icdf(levels))]

    both(PAIRS[name], ask)


@pytest.mark.parametrize("name", ["Normal", "Laplace", "Exponential", "MultivariateNormal", "Independent", "LogNormal"])
def test_gradients_of_draws_and_densities(name):
    def ask(lib, d):
        lib.manual_seed(1)
        loc = lib.tensor([0.3, 1.2, 0.8], dtype=lib.float64, requires_grad=True)
        make = {
            "Normal": lambda: d.Normal(loc, loc**2),
            "Laplace": lambda: d.Laplace(loc, loc**2),
            "Exponential": lambda: d.Exponential(loc),
            "MultivariateNormal": lambda: d.MultivariateNormal(loc, lib.diag(loc) + 0.1),
            "Independent": lambda: d.Independent(d.Normal(loc, loc), 1),
            "LogNormal": lambda: d.LogNormal(loc, loc),
        }
        p = make[name]()
        draws = p.rsample((4,))
        (p.log_prob(draws.detach()).sum() + (draws**2).sum()).backward()
        return loc.grad.numpy()

    np.testing.assert_allclose(ask(tg, distributions), ask(torch, torch.distributions), rtol=1e-6)


def test_the_gradient_of_a_gamma_draw_is_pytorchs():
    alpha = np.array([0.05, 0.3, 1.0, 2.5, 9.0, 80.0, 900.0])
    found = []
    for lib, d in ((tg, distributions), (torch, torch.distributions)):
        lib.manual_seed(0)
        shape = lib.tensor(alpha, dtype=lib.float64, requires_grad=True)
        d.Gamma(shape, lib.ones(7, dtype=lib.float64)).rsample((20,)).sum(0).sum().backward()
        found.append(shape.grad.numpy())
    np.testing.assert_allclose(found[0], found[1], rtol=2e-3)  # PyTorch's is an approximation


@pytest.mark.parametrize(
    "make",
    [
        lambda d: d.Beta(tg.tensor([2.0, 0.5]), 3.0),
        lambda d: d.Dirichlet(tg.tensor([[0.5, 2.0, 3.0]])),
        lambda d: d.Binomial(10, tg.tensor([0.3, 0.9])),
        lambda d: d.Gamma(tg.tensor([0.5, 7.0]), 2.0),
    ],
)
def test_draws_have_the_moments_that_are_told(make):
    tg.manual_seed(0)
    p = make(distributions)
    draws = p.sample((4000,))
    assert tg.allclose(draws.mean(0), p.mean, rtol=0.1, atol=0.02)
    assert tg.allclose(draws.var(0), p.variance, rtol=0.15, atol=0.01)


@pytest.mark.parametrize("name", [*PAIRS, *SINGLE])
def test_expanded(name):
    def ask(made, d, lib):
        p = made[0] if isinstance(made, tuple) else made
        wide = p.expand((4, *p.batch_shape))
        draws = wide.sample()
        return [draws, wide.log_prob(draws)]

    both(PAIRS[name] if name in PAIRS else SINGLE[name][0], ask)


def test_classes_are_enumerated():
    for make in (PAIRS["Bernoulli"], PAIRS["Categorical"], PAIRS["OneHotCategorical"]):
        both(make, lambda pair, d, lib: [pair[0].enumerate_support(), pair[0].enumerate_support(expand=False)])


def test_a_straight_through_draw_has_the_gradient_of_the_probabilities():
    logits = tg.zeros(3, requires_grad=True)
    drawn = distributions.OneHotCategoricalStraightThrough(logits=logits).rsample()
    assert sorted(drawn.round().tolist()) == [0.0, 0.0, 1.0]
    (drawn * tg.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert tg.allclose(logits.grad, tg.tensor([-1.0, 0.0, 1.0]) / 3)


def test_a_divergence_of_ones_own():
    class Mine(distributions.Normal):
        pass

    assert distributions.kl_divergence(Mine(0.0, 1.0), Mine(0.0, 1.0)).item() == 0.0
    distributions.register_kl(Mine, distributions.Uniform)(lambda p, q: 7.0)
    assert distributions.kl_divergence(Mine(0.0, 1.0), distributions.Uniform(0.0, 1.0)) == 7.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: distributions.Normal(0.0, -1.0), "scale"),
        (lambda: distributions.Categorical(), "either probs or logits"),
        (lambda: distributions.Gamma(tg.tensor([1.0, 0.0]), 1.0), "concentration"),
        (lambda: distributions.Exponential(-1.0), "rate"),
        (lambda: distributions.MultivariateNormal(tg.zeros(2), -tg.eye(2)), "PositiveDefinite"),
        (lambda: distributions.MultivariateNormal(tg.zeros(2)), "exactly one"),
        (lambda: distributions.Exponential(1.0).log_prob(tg.tensor(-1.0)), "support"),
        (lambda: distributions.Categorical(tg.ones(3)).log_prob(tg.tensor(3)), "support"),
        (lambda: distributions.Dirichlet(tg.ones(3)).log_prob(tg.ones(3)), "Simplex"),
        (lambda: distributions.Normal(tg.zeros(2), 1.0).log_prob(tg.zeros(3)), "broadcast"),
        (lambda: distributions.MultivariateNormal(tg.zeros(2), tg.eye(2)).log_prob(tg.zeros(3)), "event shape"),
        (lambda: distributions.Normal(0.0, 1.0).log_prob(0.0), "must be a Tensor"),
        (lambda: distributions.Independent(distributions.Normal(0.0, 1.0), 1), "reinterpreted"),
    ],
)
def test_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_what_there_is_no_formula_for():
    with pytest.raises(NotImplementedError, match="Normal against Uniform"):
        distributions.kl_divergence(distributions.Normal(0.0, 1.0), distributions.Uniform(0.0, 1.0))
    with pytest.raises(NotImplementedError, match="second derivative"):
        alpha = tg.tensor([2.0], requires_grad=True)
        (first,) = tg.autograd.grad(distributions.Gamma(alpha, 1.0).rsample().sum(), alpha, create_graph=True)
        first.sum().backward()


def test_checks_may_be_left_out():
    assert distributions.Normal(0.0, -1.0, validate_args=False).scale.item() == -1.0
    assert distributions.Exponential(1.0, validate_args=False).log_prob(tg.tensor(-1.0)).item() == 1.0


def test_tools_for_distributions_in_programs():
    theirs, ours = torch.distributions.utils, tg.distributions.utils
    x = np.random.default_rng(0).uniform(0.1, 0.9, (2, 6))
    for call in (
        lambda u, t: u.probs_to_logits(t.tensor(x)),
        lambda u, t: u.probs_to_logits(t.tensor(x), is_binary=True),
        lambda u, t: u.logits_to_probs(t.tensor(x)),
        lambda u, t: u.logits_to_probs(t.tensor(x), is_binary=True),
        lambda u, t: u.clamp_probs(t.tensor(x).round()),
        lambda u, t: u.broadcast_all(t.tensor(x), 2)[1],
        lambda u, t: u._sum_rightmost(t.tensor(x), 2),
        lambda u, t: u.vec_to_tril_matrix(t.tensor(x)),
        lambda u, t: u.vec_to_tril_matrix(t.tensor(x), diag=-1),
        lambda u, t: u.tril_matrix_to_vec(t.tensor(x).reshape(3, 2, 2)),
        lambda u, t: u.tril_matrix_to_vec(t.tensor(x).reshape(3, 2, 2), diag=-1),
    ):
        np.testing.assert_allclose(call(ours, tg).numpy(), call(theirs, torch).numpy(), rtol=1e-12)
    assert ours.euler_constant == pytest.approx(theirs.euler_constant)


def test_a_lazy_property_is_computed_once():
    class Counted:
        calls = 0

        @tg.distributions.utils.lazy_property
        def value(self):
            """What is asked for."""
            self.calls += 1
            return tg.ones(2, requires_grad=True) * 2

    counted = Counted()
    with tg.no_grad():
        assert counted.value is counted.value and counted.calls == 1 and counted.value.requires_grad
    assert Counted.value.__doc__ == "What is asked for."
