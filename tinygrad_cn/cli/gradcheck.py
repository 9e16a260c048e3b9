"""`tinygrad-cn gradcheck`: the gradients of a model, or of all ops, beside numeric derivatives."""

from __future__ import annotations

import importlib
import time
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from tinygrad_cn import Tensor, float32, float64, from_numpy, manual_seed, nn, no_grad
from tinygrad_cn.cli.gradcheck_report import as_json, digits_table
from tinygrad_cn.cli.user_model import ModelError, find_model, parse_arguments
from tinygrad_cn.nn import functional as F
from tinygrad_cn.testing import GradcheckReport
from tinygrad_cn.testing import gradcheck as check_gradients

__all__ = ["gradcheck"]


class Precision(StrEnum):
    float64 = "float64"
    float32 = "float32"


class Loss(StrEnum):
    none = "none"
    cross_entropy = "cross_entropy"
    mse = "mse"
    sum = "sum"


def gradcheck(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE:NAME]", help="As in model.py:Net: a Module class, a function that makes one, or a Module."
        ),
    ] = None,
    shapes: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="SHAPE[:COUNT]",
            help="An argument of the model: 4,1,28,28 for normal numbers; 2,5:100 for integers below 100. "
            "May be repeated.",
        ),
    ] = None,
    model_arg: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="An argument for the model's constructor; repeatable.")
    ] = None,
    loss: Annotated[
        Loss, typer.Option(help="Of the output; none: each element of the output, weighed at random.")
    ] = Loss.none,
    dtype: Annotated[
        Precision, typer.Option(help="Of the model; what float32 adds is compared with the check in float64.")
    ] = Precision.float64,
    samples: Annotated[
        int | None, typer.Option(help="Elements of each parameter (else: all of a small one).", min=1)
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the weights, the inputs and the check.", min=0)] = 0,
    all_ops: Annotated[bool, typer.Option("--all-ops", help="Check every op of the engine, to second order.")] = False,
    ops: Annotated[str | None, typer.Option(metavar="LIST", help="Check these ops: add,matmul.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Compare gradients with numeric derivatives; the exit status is 1 if any is wrong."""
    console = Console(highlight=False, soft_wrap=True)
    if all_ops or ops is not None:
        if model is not None:
            raise typer.BadParameter("goes without a model", param_hint="--all-ops")
        passed = _check_ops(ops, samples or 2, seed, json, console)
    else:
        if model is None:
            raise typer.BadParameter("name a model, as in model.py:Net, or say --all-ops", param_hint="FILE:NAME")
        if not shapes:
            raise typer.BadParameter(f"give the shape of each argument of {model}", param_hint="--input")
        passed = _check_model(model, shapes, model_arg or [], loss, dtype, samples, seed, json, console)
    if not passed:
        raise typer.Exit(1)


# ------------------------------------------------------------------------------------------ models


class _WithLoss(nn.Module):
    """The model and the loss of its output, as one function."""

    def __init__(self, model: nn.Module, loss: Loss, seed: int) -> None:
        super().__init__()
        self.model, self.loss, self.seed = model, loss, seed

    def forward(self, *inputs: Tensor) -> Any:
        out = self.model(*inputs)
        if not isinstance(out, Tensor):
            raise ModelError(f"--loss {self.loss} needs a Tensor, but the model returns a {type(out).__name__}")
        if self.loss is Loss.sum:
            return out.sum()
        rng = np.random.default_rng(self.seed)
        if self.loss is Loss.mse:
            return F.mse_loss(out, from_numpy(rng.normal(size=tuple(out.shape))).to(out.dtype))
        if out.ndim < 2:
            raise ModelError(f"--loss cross_entropy needs scores (N, classes, ...), not {list(out.shape)}")
        labels = rng.integers(0, out.shape[1], size=(out.shape[0], *out.shape[2:]))
        return F.cross_entropy(out, from_numpy(labels))


def _inputs(shapes: list[str], precision: Precision, seed: int) -> list[Tensor]:
    rng = np.random.default_rng(seed)
    made = []
    for text in shapes:
        shape_text, colon, count = text.partition(":")
        try:
            shape = tuple(int(n) for n in shape_text.split(",") if n.strip())
            below = int(count) if colon else None
        except ValueError:
            raise typer.BadParameter(
                f"{text!r} is not of the form 4,1,28,28 or 2,5:100", param_hint="--input"
            ) from None
        if min(shape, default=0) < 0 or (below is not None and below < 1):
            raise typer.BadParameter(f"{text!r}: sizes cannot be negative, nor the count below 1", param_hint="--input")
        if below is not None:
            made.append(from_numpy(rng.integers(0, below, size=shape)))
        else:
            made.append(from_numpy(np.asarray(rng.normal(size=shape)).astype(precision.value)).requires_grad_())
    return made


def _check_model(
    place: str,
    shapes: list[str],
    model_arg: list[str],
    loss: Loss,
    dtype: Precision,
    samples: int | None,
    seed: int,
    json: bool,
    console: Console,
) -> bool:
    inputs = _inputs(shapes, dtype, seed)
    manual_seed(seed)
    try:
        model = find_model(place)(**parse_arguments(model_arg))
        model.to({Precision.float64: float64, Precision.float32: float32}[dtype])
        whole = model if loss is Loss.none else _WithLoss(model, loss, seed)
        try:
            with no_grad():  # lazy layers get their shapes here
                whole(*inputs)
        except ModelError:
            raise
        except Exception as error:
            raise ModelError(f"{place} fails on inputs of shapes {'; '.join(shapes)}: {error}") from error
    except ModelError as error:
        raise typer.BadParameter(str(error), param_hint="FILE:NAME") from error
    started = time.perf_counter()
    report = check_gradients(whole, inputs, report=True, samples=samples, seed=seed)
    report = replace(report, name=place)
    seconds = time.perf_counter() - started
    if json:
        console.print_json(as_json({"model": place, "seconds": round(seconds, 3)}, report))
        return bool(report)
    console.print(digits_table(report, f"Gradients of {place} beside numeric derivatives"), soft_wrap=False)
    _print_verdict(report, seconds, console)
    return bool(report)


def _print_verdict(report: GradcheckReport, seconds: float, console: Console) -> None:
    if report.passed:
        console.print(
            f"The gradients by all {len(report.inputs)} parameters and inputs agree with numeric derivatives "
            f"({report.evaluations:,} evaluations, {seconds:.1f} s).",
            style="green",
        )
        for note in report.notes:
            console.print(f"note: {note}", markup=False)
    else:
        console.print(str(report), style="red", markup=False)


# --------------------------------------------------------------------------------------------- ops


def _check_ops(ops: str | None, samples: int, seed: int, json: bool, console: Console) -> bool:
    checks = importlib.import_module("tinygrad_cn.testing.op_checks")  # here: only this needs Hypothesis
    try:
        cases = checks.differentiable_cases(None if ops is None else ops.split(","))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--ops") from error
    started = time.perf_counter()
    checked, wrong, rows = 0, [], []
    for case in cases:
        reports = list(checks.check_case(case, samples, seed))
        failed = [report for report in reports if not report.passed]
        checked += len(reports)
        if failed:
            wrong.append(str(case))
        rows.append({"case": str(case), "checks": len(reports), "passed": not failed})
        if not json:
            for report in failed[:1]:
                console.print(str(report), style="red", markup=False)
    seconds = time.perf_counter() - started
    if json:
        console.print_json(data={"passed": not wrong, "seconds": round(seconds, 3), "cases": rows})
    elif wrong:
        console.print(f"{len(wrong)} of {len(cases)} cases fail: {', '.join(wrong)}", style="red", markup=False)
    else:
        console.print(
            f"The gradients of {len({case.op for case in cases})} ops agree with numeric derivatives, first and second "
            f"({len(cases)} cases, {checked} checks, {seconds:.1f} s).",
            style="green",
        )
    return not wrong
