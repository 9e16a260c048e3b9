"""``python -m tests.conformance.modules``: PyTorch's module database, run on this engine's modules and compared."""

from __future__ import annotations

import argparse
import dataclasses
import random
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.testing._internal.common_modules import ModuleErrorEnum, module_db

import tinygrad_cn as tg

from . import VERSION
from .compare import difference, leaves, structure, within
from .convert import Missing, Unconvertible, find, to_ours, to_torch

__all__ = ["Report", "entries", "judge"]

#: What is counted for each module: passed and tried.
ASPECTS = {
    "initial": "initial values for a seed",
    "repr": "repr",
    "train": "output in training",
    "eval": "output in evaluation",
    "inputs": "gradients of inputs",
    "parameters": "gradients of parameters",
    "second": "second order",
    "state": "state both ways",
    "errors": "error inputs",
}

_TABLE = Path(__file__).parents[2] / "docs" / "conformance_modules.md"
_SEED = 20240601


@dataclass
class Report:
    """The counts (passed, tried) of each aspect, and the first failures in words."""

    name: str
    counts: dict[str, list[int]] = field(default_factory=lambda: {aspect: [0, 0] for aspect in ASPECTS})
    failures: list[str] = field(default_factory=list)
    missing: bool = False

    def add(self, aspect: str, problem: str | None, sample: str) -> None:
        """Count one sample: passed unless there is a problem."""
        self.counts[aspect][1] += 1
        if problem is None:
            self.counts[aspect][0] += 1
        else:
            self.failures.append(f"{aspect}: {sample}: {problem}")

    @property
    def good(self) -> bool:
        """Whether the module exists and nothing failed; error inputs are counted apart."""
        return not self.missing and all(p == t for a, (p, t) in self.counts.items() if a != "errors")


def entries() -> list[Any]:
    """The modules of the database, each once."""
    return [info for info in module_db if info.name.startswith("nn.")]


def judge(info: Any) -> Report:
    """Judge every aspect of one module."""
    report = Report(info.name)
    try:
        cls = find(info.name)
    except Missing:
        report.missing = True
        return report
    for training in (True, False):
        for i, sample in enumerate(_samples(info, training)):
            if sample.forward_input is not None:
                label = f"{'train' if training else 'eval'} {i} {sample.desc or _words(sample.constructor_input)}"
                _Judge(report, info, cls, sample, training, label).run()
    if info.module_error_inputs_func is not None:
        _errors(report, info, cls)
    return report


def _seeded(make: Callable[[], Any]) -> Any:
    """What ``make`` gives after all generators have been set to one state."""
    torch.manual_seed(_SEED)
    tg.manual_seed(_SEED)
    random.seed(_SEED)
    np.random.seed(_SEED)  # noqa: NPY002 - PyTorch's samples may draw from NumPy's global generator
    return make()


def _samples(info: Any, training: bool) -> list[Any]:
    given = {"device": "cpu", "dtype": torch.float64, "requires_grad": True, "training": training}
    return _seeded(lambda: list(info.module_inputs_func(info, **given)))


def _words(given: Any) -> str:
    return ", ".join([*map(str, given.args), *(f"{k}={v}" for k, v in given.kwargs.items())])[:100]


def _failed(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0][:240] if str(error) else ''}"


def _ours(value: Any) -> Any:
    """One argument of a constructor, converted."""
    if isinstance(value, torch.nn.LinearCrossEntropyOptions):
        return tg.nn.LinearCrossEntropyOptions(**to_ours(dataclasses.asdict(value), {}))
    if isinstance(value, torch.nn.TransformerEncoderLayer):
        attention = value.self_attn
        layer = tg.nn.TransformerEncoderLayer(
            attention.embed_dim,
            attention.num_heads,
            value.linear1.out_features,
            value.dropout.p,
            to_ours(value.activation, {}),
            value.norm1.eps,
            attention.batch_first,
            value.norm_first,
            value.linear1.bias is not None,
            dtype=to_ours(value.linear1.weight.dtype, {}),
        )
        layer.load_state_dict({name: tensor.numpy() for name, tensor in value.state_dict().items()})
        return layer
    return to_ours(value, {})


class _Judge:
    """One sample: a way to build a module, and its input."""

    def __init__(self, report: Report, info: Any, cls: Any, sample: Any, training: bool, label: str) -> None:
        self.report, self.info, self.sample, self.training, self.label = report, info, sample, training, label
        self.cls = cls

    def add(self, aspect: str, problem: str | None) -> None:
        self.report.add(aspect, problem, self.label)

    def run(self) -> None:
        mode = "train" if self.training else "eval"
        built = self.sample.constructor_input
        theirs = _seeded(lambda: self.info.module_cls(*built.args, **built.kwargs))
        try:
            given = [_ours(a) for a in built.args]
            named = {name: _ours(a) for name, a in built.kwargs.items()}
            ours = _seeded(lambda: self.cls(*given, **named))
        except Exception as error:
            self.add(mode, _failed(error))
            return
        if self.info.is_lazy:
            theirs, ours = theirs.double(), ours.double()
        self.add("repr", None if repr(ours) == repr(theirs) else f"{ours!r} instead of {theirs!r}")
        theirs.train(self.training)
        ours.train(self.training)
        try:
            if self.info.is_lazy:  # the first call draws the parameters
                for module in (theirs, ours):
                    self.call(module)
            self.add("initial", _same_state(ours, theirs, 1e-6))
            theirs, ours = theirs.double(), ours.double()
            self.add("state", self.round_trip(ours, theirs))
        except Exception as error:
            self.add("state", _failed(error))
            return
        self.outputs(mode, ours, theirs)

    def round_trip(self, ours: Any, theirs: Any) -> str | None:
        ours.load_state_dict({name: value.numpy() for name, value in theirs.state_dict().items()})
        problem = _same_state(ours, theirs, 0.0)
        theirs.load_state_dict({name: to_torch(value) for name, value in ours.state_dict().items()})
        return problem

    def arguments(self) -> tuple[list[Any], dict[str, Any], list[torch.Tensor]]:
        """The input made anew, and the leaves in it that want gradients."""
        wanted: list[torch.Tensor] = []

        def fresh(value: Any) -> Any:
            if isinstance(value, torch.Tensor):
                copy = value.detach().clone()
                if value.requires_grad:
                    wanted.append(copy.requires_grad_())
                return copy
            return type(value)(map(fresh, value)) if isinstance(value, tuple | list) else value

        given = self.sample.forward_input
        return [fresh(a) for a in given.args], {k: fresh(v) for k, v in given.kwargs.items()}, wanted

    def call(self, module: Any) -> Any:
        args, kwargs, _ = self.arguments()
        if not isinstance(module, torch.nn.Module):
            args, kwargs = to_ours(args, {}), to_ours(kwargs, {})
        return _seeded(lambda: module(*args, **kwargs))

    def outputs(self, mode: str, ours: Any, theirs: Any) -> None:
        args, kwargs, wanted = self.arguments()
        memo: dict[int, Any] = {}
        our_args, our_kwargs = to_ours(args, memo), to_ours(kwargs, memo)
        their_out = _seeded(lambda: theirs(*args, **kwargs))
        try:
            our_out = _seeded(lambda: ours(*our_args, **our_kwargs))
        except Exception as error:
            self.add(mode, _failed(error))
            return
        problem = structure(our_out, their_out) or _first(
            difference(o, t, 1e-9) for o, t in zip(leaves(our_out), leaves(their_out), strict=True)
        )
        self.add(mode, problem or _same_state(ours, theirs, 1e-9))
        if problem:
            return
        results = [
            (o, t)
            for o, t in zip(leaves(our_out), leaves(their_out), strict=True)
            if isinstance(t, torch.Tensor) and t.requires_grad
        ]
        weights = [p for p in theirs.parameters() if p.requires_grad]
        our_weights = [p for p in ours.parameters() if p.requires_grad]
        targets, our_targets = wanted + weights, [memo[id(t)] for t in wanted] + our_weights
        if not results or not targets:
            return
        try:
            self.gradients(results, targets, our_targets, len(wanted))
        except Exception as error:
            self.add("inputs", _failed(error))

    def gradients(self, results: list[Any], targets: list[Any], our_targets: list[Any], inputs: int) -> None:
        draw = torch.Generator().manual_seed(_SEED)
        mine, other = zip(*results, strict=True)
        weights = [torch.randn(t.shape, generator=draw, dtype=t.dtype) for t in other]
        our_weights = [tg.from_numpy(w.numpy()) for w in weights]
        second = self.info.supports_gradgrad
        theirs = torch.autograd.grad(other, targets, weights, create_graph=second, allow_unused=True)
        plain = tg.autograd.grad(mine, our_targets, our_weights, retain_graph=True, allow_unused=True)
        if inputs:
            self.add("inputs", _same_gradients(plain[:inputs], theirs[:inputs], 1e-9))
        if len(targets) > inputs:
            self.add("parameters", _same_gradients(plain[inputs:], theirs[inputs:], 1e-9))
        if not second:
            return
        again = [(i, t) for i, t in enumerate(theirs) if t is not None and t.requires_grad]
        if not again:
            return
        weights = [torch.randn(t.shape, generator=draw, dtype=t.dtype) for _, t in again]
        try:
            theirs = torch.autograd.grad([t for _, t in again], targets, weights, allow_unused=True)
        except RuntimeError:  # PyTorch has none
            return
        recorded = tg.autograd.grad(mine, our_targets, our_weights, create_graph=True, allow_unused=True)
        kept = [
            (recorded[i], tg.from_numpy(w.numpy()))
            for (i, _), w in zip(again, weights, strict=True)
            if recorded[i] is not None and recorded[i].requires_grad
        ]
        ours = [None] * len(our_targets)
        if kept:
            outs, cotangents = map(list, zip(*kept, strict=True))
            ours = tg.autograd.grad(outs, our_targets, cotangents, allow_unused=True)
        self.add("second", _same_gradients(ours, theirs, 1e-8))


def _first(problems: Iterator[str | None]) -> str | None:
    return next((p for p in problems if p), None)


def _same_state(ours: Any, theirs: Any, tolerance: float) -> str | None:
    mine, other = ours.state_dict(), theirs.state_dict()
    if list(mine) != list(other):
        return f"keys {list(mine)} instead of {list(other)}"
    return _first(f"{n}: {d}" if (d := difference(mine[n], other[n], tolerance)) else None for n in other)


def _same_gradients(ours: Any, theirs: Any, tolerance: float) -> str | None:
    """Compare gradients; none at all is the same as zeros."""
    for i, (o, t) in enumerate(zip(ours, theirs, strict=True)):
        if o is None or t is None:
            other = to_torch(o) if t is None and o is not None else t
            if other is not None and bool((other != 0).any()):
                return f"gradient {i} is {'missing' if o is None else 'not None'}"
        elif tuple(o.shape) != tuple(t.shape):
            return f"gradient {i}: shape {list(o.shape)} instead of {list(t.shape)}"
        elif not within(to_torch(o.detach()), t.detach(), tolerance, mend_nan=True):
            return f"gradient {i}: {difference(o.detach(), t.detach(), 0.0)}"
    return None


def _errors(report: Report, info: Any, cls: Any) -> None:
    given = {"device": "cpu", "dtype": torch.float64, "requires_grad": False, "training": True}
    for i, wrong in enumerate(_seeded(lambda: list(info.module_error_inputs_func(info, **given)))):
        sample = wrong.module_error_input
        label = f"error {i} {_words(sample.constructor_input)}"
        problem: str | None = "not refused"
        try:
            module = cls(
                *to_ours(list(sample.constructor_input.args), {}), **to_ours(sample.constructor_input.kwargs, {})
            )
            if wrong.error_on == ModuleErrorEnum.FORWARD_ERROR:
                if list(module.parameters()):
                    module = module.double()
                module(*to_ours(list(sample.forward_input.args), {}), **to_ours(sample.forward_input.kwargs, {}))
        except (ValueError, TypeError, RuntimeError, IndexError, AssertionError):
            problem = None
        except Unconvertible:  # a complex number
            continue
        report.add("errors", problem, label)


# ------------------------------------------------------------------------------------------ output


def line_of(report: Report, failures: int) -> str:
    """One module in a line, with its first failures below."""
    parts = [f"{'ok  ' if report.good else 'FAIL'} {report.name}"]
    if report.missing:
        parts.append("missing")
    parts += [f"{aspect} {passed}/{tried}" for aspect, (passed, tried) in report.counts.items() if passed != tried]
    return " | ".join(parts) + "".join(f"\n    {message}" for message in report.failures[:failures])


def write_table(path: Path, reports: list[Report]) -> None:
    """Write the table of all modules."""
    refused, wrong = (sum(r.counts["errors"][i] for r in reports) for i in (0, 1))
    lines = [
        "# Conformance: modules",
        "",
        f"Generated by `make conformance`: the samples of PyTorch {VERSION}'s own module database, run on this engine",
        "and compared in float64. Do not edit. A cell: the number of samples, or *passed / tried*; empty where there",
        "is nothing to try. Outputs and first gradients agree to 1e-9, second ones to 1e-8, initial values to 1e-6",
        "(float32). The output of a sample includes the state after it, as running statistics. State both ways: a",
        "`state_dict` of PyTorch's module loads here and one of ours loads there.",
        "",
        f"{sum(r.good for r in reports)} of {len(reports)} modules pass everything; {refused} of {wrong} error inputs "
        "are refused.",
        "",
        "| module | " + " | ".join(ASPECTS.values()) + " |",
        "|" + "---|" * (len(ASPECTS) + 1),
    ]
    for report in sorted(reports, key=lambda r: r.name):
        cells = ["" if not t else str(t) if p == t else f"**{p} / {t}**" for p, t in report.counts.values()]
        lines.append(f"| `{report.name}`{' (missing)' if report.missing else ''} | " + " | ".join(cells) + " |")
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([*lines, ""]))


def main() -> int:
    """Run; the exit status tells whether anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.modules", description=__doc__)
    parser.add_argument("--modules", help="only these: names separated by commas (nn.Linear,nn.LSTM)")
    parser.add_argument("-v", "--verbose", action="store_true", help="also print what passes")
    parser.add_argument("--failures", type=int, default=1, help="how many failures of each module to show")
    parser.add_argument("--write", action="store_true", help="write docs/conformance_modules.md (needs a run over all)")
    options = parser.parse_args()
    names = set(options.modules.split(",")) if options.modules else None
    torch.set_num_threads(1)
    started = time.perf_counter()
    reports = []
    for info in entries():
        if names is None or info.name in names:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                reports.append(judge(info))
            if options.verbose or not reports[-1].good:
                print(line_of(reports[-1], options.failures), flush=True)
    print(
        f"{sum(r.good for r in reports)} of {len(reports)} modules pass "
        f"({sum(r.missing for r in reports)} missing); {time.perf_counter() - started:.0f} s"
    )
    if options.write:
        write_table(_TABLE, reports)
    return 0 if all(r.good for r in reports) else 1


if __name__ == "__main__":
    sys.exit(main())
