"""Probability distributions: draws, log-probabilities, entropies, divergences, maps of draws."""

from tinygrad_cn.alias_modules import lay_alias
from tinygrad_cn.distributions import constraints, transforms, utils

from .counting import Binomial, Geometric, Multinomial, OneHotCategorical, OneHotCategoricalStraightThrough, Poisson
from .discrete import Bernoulli, Categorical
from .distribution import Distribution
from .gamma import Beta, Chi2, Dirichlet, Exponential, Gamma
from .kl import kl_divergence, register_kl
from .location_scale import Cauchy, Gumbel, Laplace, StudentT
from .mixture import MixtureSameFamily
from .multivariate import Independent, MultivariateNormal
from .normal import Normal
from .relaxed import ExpRelaxedCategorical, LogitRelaxedBernoulli
from .transformed import (
    HalfCauchy,
    HalfNormal,
    LogNormal,
    Pareto,
    RelaxedBernoulli,
    RelaxedOneHotCategorical,
    TransformedDistribution,
    Weibull,
)
from .transforms import (
    AbsTransform,
    AffineTransform,
    ComposeTransform,
    ExpTransform,
    IndependentTransform,
    PowerTransform,
    SigmoidTransform,
    SoftmaxTransform,
    SoftplusTransform,
    TanhTransform,
    Transform,
    identity_transform,
)
from .uniform import Uniform

__all__ = [
    "AbsTransform",
    "AffineTransform",
    "Bernoulli",
    "Beta",
    "Binomial",
    "Categorical",
    "Cauchy",
    "Chi2",
    "ComposeTransform",
    "Dirichlet",
    "Distribution",
    "ExpRelaxedCategorical",
    "ExpTransform",
    "Exponential",
    "Gamma",
    "Geometric",
    "Gumbel",
    "HalfCauchy",
    "HalfNormal",
    "Independent",
    "IndependentTransform",
    "Laplace",
    "LogNormal",
    "LogitRelaxedBernoulli",
    "MixtureSameFamily",
    "Multinomial",
    "MultivariateNormal",
    "Normal",
    "OneHotCategorical",
    "OneHotCategoricalStraightThrough",
    "Pareto",
    "Poisson",
    "PowerTransform",
    "RelaxedBernoulli",
    "RelaxedOneHotCategorical",
    "SigmoidTransform",
    "SoftmaxTransform",
    "SoftplusTransform",
    "StudentT",
    "TanhTransform",
    "Transform",
    "TransformedDistribution",
    "Uniform",
    "Weibull",
    "constraints",
    "identity_transform",
    "kl_divergence",
    "register_kl",
    "transforms",
    "utils",
]

#: Classes by the names of PyTorch's files, for programs that import them from there.
_FILES = {
    "bernoulli": Bernoulli,
    "beta": Beta,
    "binomial": Binomial,
    "categorical": Categorical,
    "cauchy": Cauchy,
    "chi2": Chi2,
    "dirichlet": Dirichlet,
    "exponential": Exponential,
    "geometric": Geometric,
    "gumbel": Gumbel,
    "half_cauchy": HalfCauchy,
    "half_normal": HalfNormal,
    "independent": Independent,
    "laplace": Laplace,
    "log_normal": LogNormal,
    "mixture_same_family": MixtureSameFamily,
    "multinomial": Multinomial,
    "multivariate_normal": MultivariateNormal,
    "one_hot_categorical": OneHotCategorical,
    "pareto": Pareto,
    "poisson": Poisson,
    "relaxed_bernoulli": RelaxedBernoulli,
    "relaxed_categorical": RelaxedOneHotCategorical,
    "studentT": StudentT,
    "transformed_distribution": TransformedDistribution,
    "weibull": Weibull,
}
for _name, _kind in _FILES.items():
    lay_alias(__name__, _name, {_kind.__name__: _kind})
