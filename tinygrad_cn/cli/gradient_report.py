"""`tinygrad-cn train --check-gradients`: the trained network's gradients beside numeric derivatives, as a table."""

from __future__ import annotations

import math

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from tinygrad_cn import from_numpy, nn
from tinygrad_cn.cli.gradients import Comparison, check_gradients
from tinygrad_cn.utils.data import TensorDataset

__all__ = ["report_gradients"]


def report_gradients(
    model: nn.Module, held_out: TensorDataset, scores: np.ndarray, seed: int, console: Console
) -> bool:
    """Prints the comparison with numeric derivatives, parameter by parameter; whether all agree.

    Args:
        model (Module): the trained network.
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
        console.print(f"Gradients and numeric derivatives do not agree: {', '.join(failures)}", style="red")
    else:
        console.print("The gradients of every parameter agree with numeric derivatives.", style="green")
    return not failures


def _table(results: list[Comparison]) -> Table:
    table = Table(
        title="Gradients beside numeric derivatives (float64)",
        caption="Entries drawn at random, left out at a kink; the rest along random directions. Relative to the "
        "parameter's largest gradient; as much is allowed as the numeric derivatives may be off.",
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
