"""Distributions beside PyTorch's: the same draws for a seed, the same numbers."""

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import distributions

torch = pytest.importorskip("torch")
P = np.array([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]])
MAKERS = {
    "Normal": lambda d, t: (d.Normal(t([0.1, -2.0]), t([0.5, 3.0])), d.Normal(t([1.0]), t([2.0]))),
    "Uniform": lambda d, t: (d.Uniform(t([0.0, 1.0]), t([2.0, 4.0])), d.Uniform(t([-1.0]), t([3.0]))),
    "Bernoulli": lambda d, t: (d.Bernoulli(t([0.2, 0.9])), d.Bernoulli(logits=t([0.3, -1.0]))),
    "Categorical": lambda d, t: (d.Categorical(t(P)), d.Categorical(logits=t(P * 3))),
}


@pytest.mark.parametrize("name", MAKERS)
def test_beside_pytorch(name):
    found = []
    for lib, d in ((tg, distributions), (torch, torch.distributions)):
        lib.manual_seed(3)
        p, q = MAKERS[name](d, lambda v, lib=lib: lib.tensor(v, dtype=lib.float64))
        draws = p.sample((5,))
        values = [draws, p.sample(), p.log_prob(draws), p.entropy(), d.kl_divergence(p, q)]
        found.append([np.asarray(v.detach()) for v in values])
    for ours, theirs in zip(*found, strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-12)


def test_bad_parameters():
    with pytest.raises(ValueError, match="scale"):
        distributions.Normal(0.0, -1.0)
    with pytest.raises(ValueError, match="either probs or logits"):
        distributions.Categorical()
    with pytest.raises(NotImplementedError, match="Normal against Uniform"):
        distributions.kl_divergence(distributions.Normal(0.0, 1.0), distributions.Uniform(0.0, 1.0))
