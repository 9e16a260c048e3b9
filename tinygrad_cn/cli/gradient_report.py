"""`tinygrad-cn train --check-gradients`: the trained network's gradients beside finite differences, as a table."""

from __future__ import annotations

import math

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from tinygrad_cn import from_numpy, nn
from tinygrad_cn.cli.gradients import STEPS, TOLERANCE, Comparison, check_gradients
from tinygrad_cn.utils.data import TensorDataset

__all__ = ["report_gradients"]


def report_gradients(
    model: nn.Module, held_out: TensorDataset, scores: np.ndarray, seed: int, console: Console
) -> bool:
    """Prints the comparison with finite differences, parameter by parameter; whether all agree.

    Args:
        model (Module): the trained network; is turned to float64: give a copy.
        held_out (TensorDataset): images and labels.
        scores (ndarray): of these images, :math:`(N, 10)`.
        seed (int): of the entries that are compared.
        console (Console): where to print.
    """
    images, labels = (part.numpy() for part in held_out.tensors)
    # The images read least surely have the largest gradients, the most to compare.
    label_scores = np.take_along_axis(scores, labels[:, None], axis=1)  # (N, 10) -> (N, 1)
    hardest = np.argsort((label_scores - scores).min(axis=1), kind="stable")[:16]
    results = check_gradients(model, from_numpy(images[hardest]), from_numpy(labels[hardest]), seed=seed)
    console.print(_table(results), soft_wrap=False)
    failures = [result.name for result in results if not result.passed]
    if failures:
        console.print(f"Gradients and finite differences do not agree: {', '.join(failures)}", style="red")
    else:
        console.print("The gradients of every parameter agree with finite differences.", style="green")
    return not failures


def _table(results: list[Comparison]) -> Table:
    table = Table(
        title="Gradients beside finite differences (float64)",
        caption=f"Entries drawn at random; differences over steps of {STEPS[0]:g} to {STEPS[-1]:g}, "
        f"left out at a kink; relative to the parameter's largest gradient, where {TOLERANCE:g} is allowed.",
        box=box.SIMPLE_HEAD,
    )
    table.add_column("parameter", no_wrap=True)
    for name in ("checked", "kinks", "difference", "relative", "digits"):
        table.add_column(name, justify="right", no_wrap=True)
    for result in results:
        table.add_row(
            result.name,
            f"{result.checked} of {math.prod(result.shape):,}",
            str(result.at_kinks),
            f"{result.largest_difference:.1e}",
            f"{result.relative_difference:.1e}",
            f"{result.digits:.1f}",
            style=None if result.passed else "red",
        )
    return table
