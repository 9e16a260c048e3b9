"""Sets of values: what a parameter may be, and what a draw can be. Names are ``torch.distributions.constraints``'."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = [
    "Constraint",
    "boolean",
    "corr_cholesky",
    "dependent",
    "greater_than",
    "greater_than_eq",
    "half_open_interval",
    "independent",
    "integer_interval",
    "interval",
    "less_than",
    "lower_cholesky",
    "nonnegative",
    "nonnegative_integer",
    "one_hot",
    "positive",
    "positive_definite",
    "positive_integer",
    "real",
    "real_vector",
    "simplex",
    "unit_interval",
]


class Constraint:
    """A set of values.

    Args:
        name: how it is called in messages.
        test: takes an array, says of each value (of each event, if values have axes) whether it is inside.
        is_discrete: whether it holds single points only.
        event_dim: how many of the last axes make one value.
    """

    def __init__(self, name: str, test: Any, is_discrete: bool = False, event_dim: int = 0) -> None:
        self.name, self._test = name, test
        self.is_discrete, self.event_dim = is_discrete, event_dim

    def check(self, value: Any) -> Any:
        """A Tensor of bools: which values are inside."""
        return value._wrap(np.asarray(self._test(value._array)))

    def __repr__(self) -> str:
        return self.name


class _Dependent(Constraint):
    """A set that depends on parameters; it cannot be asked by itself."""

    def __init__(self) -> None:
        super().__init__("Dependent()", None)

    def check(self, value: Any) -> Any:
        raise ValueError("Cannot determine validity of dependent constraint")


def _bound(value: Any) -> Any:
    return getattr(value, "_array", value)


def greater_than(lower_bound: Any) -> Constraint:
    """Above a bound."""
    return Constraint(f"GreaterThan(lower_bound={lower_bound})", lambda x: x > _bound(lower_bound))


def greater_than_eq(lower_bound: Any) -> Constraint:
    """At or above a bound."""
    return Constraint(f"GreaterThanEq(lower_bound={lower_bound})", lambda x: x >= _bound(lower_bound))


def less_than(upper_bound: Any) -> Constraint:
    """Below a bound."""
    return Constraint(f"LessThan(upper_bound={upper_bound})", lambda x: x < _bound(upper_bound))


def interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """Between two bounds, themselves included."""
    return Constraint(
        f"Interval(lower_bound={lower_bound}, upper_bound={upper_bound})",
        lambda x: (x >= _bound(lower_bound)) & (x <= _bound(upper_bound)),
    )


def half_open_interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """Between two bounds, the upper one not included."""
    return Constraint(
        f"HalfOpenInterval(lower_bound={lower_bound}, upper_bound={upper_bound})",
        lambda x: (x >= _bound(lower_bound)) & (x < _bound(upper_bound)),
    )


def integer_interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """Whole numbers between two bounds, themselves included."""
    return Constraint(
        f"IntegerInterval(lower_bound={lower_bound}, upper_bound={upper_bound})",
        lambda x: (x % 1 == 0) & (x >= _bound(lower_bound)) & (x <= _bound(upper_bound)),
        is_discrete=True,
    )


def independent(base: Constraint, count: int) -> Constraint:
    """Values whose last ``count`` axes lie in ``base`` altogether."""
    axes = tuple(range(-count, 0))
    return Constraint(
        f"IndependentConstraint({base}, {count})",
        lambda x: base._test(x).all(axis=axes) if count else base._test(x),
        base.is_discrete,
        base.event_dim + count,
    )


def _is_lower_cholesky(x: np.ndarray) -> Any:
    lower = (np.tril(x) == x).all((-2, -1))
    return lower & (np.diagonal(x, axis1=-2, axis2=-1) > 0).all(-1)


def _is_positive_definite(x: np.ndarray) -> Any:
    symmetric = np.isclose(x, np.swapaxes(x, -2, -1), atol=1e-6).all((-2, -1))
    return symmetric & (np.linalg.eigvalsh(x) > 0).all(-1)


def _is_corr_cholesky(x: np.ndarray) -> Any:
    tolerance = np.finfo(x.dtype).eps * x.shape[-1] * 10
    return _is_lower_cholesky(x) & (np.abs(np.linalg.norm(x, axis=-1) - 1) < tolerance).all(-1)


dependent = _Dependent()
real = Constraint("Real()", lambda x: x == x)
positive = greater_than(0.0)
nonnegative = greater_than_eq(0.0)
unit_interval = interval(0.0, 1.0)
boolean = Constraint("Boolean()", lambda x: (x == 0) | (x == 1), is_discrete=True)
nonnegative_integer = Constraint("IntegerGreaterThan(lower_bound=0)", lambda x: (x % 1 == 0) & (x >= 0), True)
positive_integer = Constraint("IntegerGreaterThan(lower_bound=1)", lambda x: (x % 1 == 0) & (x >= 1), True)
real_vector = independent(real, 1)
simplex = Constraint("Simplex()", lambda x: (x >= 0).all(-1) & (np.abs(x.sum(-1) - 1) < 1e-6), event_dim=1)
one_hot = Constraint("OneHot()", lambda x: ((x == 0) | (x == 1)).all(-1) & (x.sum(-1) == 1), True, 1)
lower_cholesky = Constraint("LowerCholesky()", _is_lower_cholesky, event_dim=2)
corr_cholesky = Constraint("CorrCholesky()", _is_corr_cholesky, event_dim=2)
positive_definite = Constraint("PositiveDefinite()", _is_positive_definite, event_dim=2)
