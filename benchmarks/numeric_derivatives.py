"""How good numeric derivatives are: the error of each method by its step, and of those that choose steps themselves.

    python -m benchmarks.numeric_derivatives docs/images/numeric_derivatives.svg

The function is exp(sin 3x) / (1 + x^2), at 40 points between -2 and 2; errors are relative to its derivative.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tinygrad_cn.testing import FunctionTarget, check_target, complex_step, four_point

POINTS = np.linspace(-2, 2, 40)
STEPS = 10.0 ** np.arange(-16, 0.01, 0.25)


def function(x: np.ndarray) -> np.ndarray:
    return np.exp(np.sin(3 * x)) / (1 + x * x)


def derivative(x: np.ndarray) -> np.ndarray:
    return function(x) * (3 * np.cos(3 * x) - 2 * x / (1 + x * x))


def forward(h: float) -> np.ndarray:
    return (function(POINTS + h) - function(POINTS)) / h


def central(h: float) -> np.ndarray:
    return (function(POINTS + h) - function(POINTS - h)) / (2 * h)


def of_four_points(h: float) -> np.ndarray:
    return four_point(function, [POINTS], np.ones_like(POINTS), 0, step=h)


def of_complex_step(h: float) -> np.ndarray:
    return complex_step(function, [POINTS], np.ones_like(POINTS), 0, step=h)


BY_STEP: dict[str, Callable[[float], np.ndarray]] = {
    "two points, one side": forward,
    "two points, central (PyTorch, JAX, autograd)": central,
    "four points": of_four_points,
    "complex step": of_complex_step,
}


def relative(found: np.ndarray) -> float:
    """The median error."""
    exact = derivative(POINTS)
    return float(np.median(np.abs(found - exact) / np.abs(exact)))


def chosen_by_the_checker() -> tuple[float, float]:
    """Of Richardson's extrapolation with the checker's own steps: the median error and the median error bar."""
    errors, bars = [], []
    for x in POINTS:
        target = FunctionTarget(function, lambda xs, gs: (gs[0] * derivative(xs[0]),), ["x"], takes_complex=False)
        report = check_target(target, [np.array([x])], method="richardson", behaviour=False)
        assert report.passed, str(report)
        errors.append(report.inputs[0].difference)
        bars.append(report.inputs[0].error)
    return float(np.median(errors)), float(np.median(bars))


def draw(curves: dict[str, list[float]], richardson: tuple[float, float], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "numeric derivatives"  # the same file from the same numbers
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7.5, 5.5), layout="constrained")
    for name, errors in curves.items():
        axes.loglog(STEPS, np.maximum(errors, 1e-17), label=name, linestyle="--" if name == "complex step" else "-")
    axes.axhline(richardson[0], color="black", label="Richardson, steps chosen for each element")
    axes.axhline(richardson[1], color="black", linestyle=":", label="the error bar that it claims")
    axes.axhline(5e-4, color="grey", linestyle="--", linewidth=0.8)
    axes.text(1e-7, 6e-4, "a gradient that is 0.05 % wrong", color="grey", va="bottom")
    axes.set(xlabel="step", ylabel="relative error (median)", ylim=(1e-17, 10))
    figure.legend(fontsize="small", loc="outside lower center", ncols=2)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Print the best of each method; draw the figure if a path is given."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", nargs="?", type=Path, help="where the figure goes (.svg or .png)")
    options = parser.parse_args()
    with np.errstate(all="ignore"):
        curves = {name: [relative(method(h)) for h in STEPS] for name, method in BY_STEP.items()}
    for name, errors in curves.items():
        best = int(np.nanargmin(errors))
        print(f"{name}: at best {errors[best]:.0e}, with a step of {STEPS[best]:.0e}; {errors[40]:.0e} at 1e-06")
    error, bar = chosen_by_the_checker()
    print(f"Richardson, steps chosen for each element: {error:.0e}, with an error bar of {bar:.0e}")
    if options.path is not None:
        draw(curves, (error, bar), options.path)


if __name__ == "__main__":
    main()
