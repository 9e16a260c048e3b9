"""``python -m tests.conformance.optimizers``: PyTorch's optimizer database, run on this engine's and compared."""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.testing._internal.common_optimizers import OptimizerErrorEnum, optim_db

import tinygrad_cn as tg

from . import VERSION

__all__ = ["Report", "Trial", "check_errors", "entries", "inputs", "judge"]

#: What is counted for each optimizer: passed and tried.
ASPECTS = {
    "steps": "ten steps",
    "state": "state",
    "groups": "groups",
    "closure": "closure",
    "travel": "state both ways",
    "repr": "repr",
    "float32": "float32",
    "complex": "complex",
    "gradients": "through a step",
    "errors": "error inputs",
}

_TABLE = Path(__file__).parents[2] / "docs" / "conformance_optimizers.md"
_STEPS = 10
#: Of parameters; Muon takes matrices only.
_SHAPES = [(3, 4), (5,), (), (2, 3, 4), (20, 31)]
_MATRICES = [(3, 4), (6, 2), (5, 5), (8, 20)]


@dataclass
class Report:
    """The counts (passed, tried) of each aspect, and the failures in words."""

    name: str
    counts: dict[str, list[int]] = field(default_factory=lambda: {aspect: [0, 0] for aspect in ASPECTS})
    failures: list[str] = field(default_factory=list)
    missing: bool = False

    def add(self, aspect: str, problem: str | None, label: str) -> None:
        """Count one trial: passed unless there is a problem."""
        self.counts[aspect][1] += 1
        self.counts[aspect][0] += problem is None
        if problem is not None:
            self.failures.append(f"{aspect}: {label}: {problem}")

    @property
    def good(self) -> bool:
        """Whether the optimizer exists and nothing failed."""
        return not self.missing and all(passed == tried for passed, tried in self.counts.values())


def entries() -> list[Any]:
    """The optimizers of the database."""
    return list(optim_db)


def judge(info: Any) -> Report:
    """Judge every aspect of one optimizer."""
    report = Report(info.name)
    if not hasattr(tg.optim, info.name):
        report.missing = True
        return report
    for label, options in inputs(info):
        trial = Trial(info, options)
        for aspect, check in trial.checks():
            try:
                problem = check()
            except Exception as error:
                problem = f"{type(error).__name__}: {str(error)[:300]}"
            report.add(aspect, problem, label)
    check_errors(report, info)
    return report


def inputs(info: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The options that the database tries, with each flag of an implementation; capturable ones too."""
    inputs = info.optim_inputs_func("cpu")
    inputs += [entry for entry in info.optim_inputs_func("cuda") if entry.desc not in {e.desc for e in inputs}]
    for entry in inputs:
        yield entry.desc, entry.kwargs
        for flag in info.supported_impls:
            if flag in ("foreach", "fused") and "lr" in entry.kwargs and torch.is_tensor(entry.kwargs["lr"]):
                continue  # PyTorch asks for capturable there, which a CPU has not
            if flag == "foreach" or (flag == "fused" and "cpu" in info.supports_fused_on):
                yield f"{entry.desc}, {flag}", {**entry.kwargs, flag: True}


def _given(lib: Any, options: dict[str, Any]) -> dict[str, Any]:
    """The options for one library; capturable, which PyTorch has on a GPU only, for ours alone."""

    def fresh(value: Any) -> Any:
        if torch.is_tensor(value):  # in float64, as everything that is compared
            return lib.tensor(value.double().numpy())
        return tuple(map(fresh, value)) if isinstance(value, tuple) else value

    return {name: fresh(value) for name, value in options.items() if lib is tg or name != "capturable"}


class Trial:
    """One choice of options, in both libraries."""

    def __init__(self, info: Any, options: dict[str, Any]) -> None:
        self.info, self.options = info, options
        self.name: str = info.name
        #: Sums in another order make other last bits: Muon rounds to eight of them, LBFGS divides by differences.
        self.tolerance = {"Muon": 1e-5, "LBFGS": 1e-8}.get(info.name, 1e-10)
        self.flagged = bool(options.get("foreach") or options.get("fused"))
        self.shapes = _MATRICES if self.name == "Muon" else _SHAPES

    def checks(self) -> Iterator[tuple[str, Callable[[], str | None]]]:
        """The aspects that there are to judge; each check gives the problem in words, or ``None``."""
        if self.info.step_requires_closure:
            yield "closure", self.closure
            yield "travel", self.travel
            yield "repr", self.repr
            return
        yield "steps", self.steps
        yield "state", self.state
        yield "float32", self.float32
        if self.flagged:
            return
        yield "repr", self.repr
        yield "groups", self.groups
        if not self.info.only_supports_sparse_grads:
            yield "closure", self.closure
        yield "travel", self.travel
        if self.info.supports_complex and not self.info.only_supports_sparse_grads:
            yield "complex", self.complex
        if "differentiable" in self.info.supported_impls:
            yield "gradients", self.gradients

    # -- building ------------------------------------------------------------------------------

    def parameters(self, lib: Any, dtype: str = "float64") -> list[Any]:
        draw = np.random.default_rng(0)
        values = [_random(draw, shape, dtype) for shape in self.shapes]
        return [lib.tensor(value, requires_grad=True) for value in values]

    def optimizer(self, lib: Any, params: Any) -> Any:
        return getattr(lib.optim, self.name)(params, **_given(lib, self.options))

    def run(self, lib: Any, optimizer: Any, params: list[Any], first: int = 0, last: int = _STEPS) -> None:
        """Steps with gradients that depend on the number of the step alone; the third parameter has some only."""
        for step in range(first, last):
            draw = np.random.default_rng(100 + step)
            if self.info.step_requires_closure:
                optimizer.step(_problem(lib, optimizer, params))
                continue
            for i, param in enumerate(params):
                value = _random(draw, tuple(param.shape), str(param.dtype).removeprefix("torch."))
                param.grad = None if i == 2 and step % 3 else self.gradient(lib, value)
            optimizer.step()

    def gradient(self, lib: Any, value: np.ndarray) -> Any:
        if not self.info.only_supports_sparse_grads:
            return lib.tensor(value)
        if value.ndim and len(value) > 1:
            value[:: 2 + len(value) % 2] = 0
        dense = lib.tensor(value)
        return dense.to_sparse(1) if lib is torch and value.ndim else dense.to_sparse() if lib is torch else dense

    def both(self, dtype: str = "float64") -> list[tuple[list[Any], Any]]:
        result = []
        for lib in (tg, torch):
            params = self.parameters(lib, dtype)
            optimizer = self.optimizer(lib, params)
            self.run(lib, optimizer, params)
            result.append((params, optimizer))
        return result

    # -- aspects -------------------------------------------------------------------------------

    def steps(self) -> str | None:
        (ours, _), (theirs, _) = self.both()
        problem = _differ(ours, theirs, self.tolerance)
        return self.plain().steps() if problem and self.flagged else problem

    def state(self) -> str | None:
        (_, ours), (_, theirs) = self.both()
        problem = _states_differ(ours.state_dict(), theirs.state_dict(), self.tolerance)
        return self.plain().state() if problem and self.flagged else problem

    def plain(self) -> Trial:
        """Without the flags: some of PyTorch's implementations differ from one another by more than is asked here."""
        return Trial(self.info, {k: v for k, v in self.options.items() if k not in ("foreach", "fused")})

    def float32(self) -> str | None:
        (ours, optimizer), (theirs, reference) = self.both("float32")
        problem = _states_differ(optimizer.state_dict(), reference.state_dict(), 2e-4)
        return problem or _differ(ours, theirs, 2e-4)

    def complex(self) -> str | None:
        (ours, optimizer), (theirs, reference) = self.both("complex128")
        return self.differ(ours, theirs, optimizer, reference)

    def differ(self, ours: list[Any], theirs: list[Any], optimizer: Any, reference: Any) -> str | None:
        problem = _differ(ours, theirs, self.tolerance)
        return problem or _states_differ(optimizer.state_dict(), reference.state_dict(), self.tolerance)

    def repr(self) -> str | None:
        printed = []
        for lib in (tg, torch):
            options = {name: value for name, value in _given(lib, self.options).items() if name != "capturable"}
            printed.append(repr(getattr(lib.optim, self.name)(self.parameters(lib), **options)))
        printed[1] = printed[1].replace("torch.", "")
        return None if printed[0] == printed[1] else f"{printed[0]} instead of {printed[1]}"

    def groups(self) -> str | None:
        result = []
        for lib in (tg, torch):
            params = self.parameters(lib)
            optimizer = self.optimizer(lib, [{"params": params[:2]}, {"params": params[2:3], "lr": 0.03}])
            self.run(lib, optimizer, params[:3], 0, 4)
            optimizer.add_param_group({"params": params[3:], "lr": 0.2})
            for group in optimizer.param_groups:
                group["lr"] = group["lr"] * 0.5
            self.run(lib, optimizer, params, 4)
            result.append((params, optimizer))
        (ours, optimizer), (theirs, reference) = result
        return self.differ(ours, theirs, optimizer, reference)

    def closure(self) -> str | None:
        result = []
        for lib in (tg, torch):
            params = self.parameters(lib)
            optimizer = self.optimizer(lib, params)
            losses = [float(optimizer.step(_problem(lib, optimizer, params))) for _ in range(_STEPS)]
            result.append((losses, params, optimizer))
        (our_losses, ours, optimizer), (their_losses, theirs, reference) = result
        if not np.allclose(our_losses, their_losses, rtol=self.tolerance, atol=self.tolerance):
            return f"losses {our_losses} instead of {their_losses}"
        return self.differ(ours, theirs, optimizer, reference)

    def travel(self) -> str | None:
        """Five steps, the state across, five steps there: as ten steps at home."""
        (ours, _), (theirs, _) = self.both()
        for source, target, whole in ((torch, tg, theirs), (tg, torch, ours)):
            params = self.parameters(source)
            optimizer = self.optimizer(source, params)
            self.run(source, optimizer, params, 0, 5)
            moved = [target.tensor(_array(param), requires_grad=True) for param in params]
            continued = self.optimizer(target, moved)
            saved = optimizer.state_dict()
            continued.load_state_dict(saved if target is tg else _for_torch(saved))
            self.run(target, continued, moved, 5)
            if problem := _differ(moved, whole, max(self.tolerance, 1e-9)):
                return f"from {source.__name__}: {problem}"
        return None

    def gradients(self) -> str | None:
        """The gradients of a function of the parameters after three steps: of where they began and of each gradient.

        Central differences have the last word, where PyTorch cuts gradients off, as of the first momentum of SGD, or
        cannot give any.
        """
        zeros = [np.zeros(shape) for shape in self.shapes[:4] * 4]
        _, ours = self.through(tg, zeros)
        with contextlib.suppress(RuntimeError):  # PyTorch's writes in place keep some options from being differentiated
            if _differ(ours, self.through(torch, zeros)[1], 1e-6) is None:
                return None
        draw = np.random.default_rng(300)
        directions = [draw.standard_normal(zero.shape) for zero in zeros]
        above, below = (self.through(tg, [h * d for d in directions])[0] for h in (1e-5, -1e-5))
        slope = sum(float((_array(g) * d).sum()) for g, d in zip(ours, directions, strict=True))
        difference = (above - below) / 2e-5
        same = abs(slope - difference) <= 1e-6 * max(1.0, abs(slope))
        return None if same else f"the slope is {slope}, differences give {difference}"

    def through(self, lib: Any, shifts: list[np.ndarray]) -> tuple[float, list[Any]]:
        """A function of the parameters after three steps, and its gradients, where all leaves are shifted."""
        moved = iter(shifts)

        def leaf(value: np.ndarray) -> Any:
            leaves.append(lib.tensor(value + next(moved), requires_grad=True))
            return leaves[-1]

        leaves: list[Any] = []
        moving = [leaf(_array(param)).clone() for param in self.parameters(lib)[:4]]
        options = {**_given(lib, self.options), "differentiable": True}
        optimizer = getattr(lib.optim, self.name)(moving, **options)
        for step in range(3):
            draw = np.random.default_rng(200 + step)
            for param in moving:
                param.grad = leaf(_random(draw, tuple(param.shape), "float64")) * 1.0
            optimizer.step()
        total = sum((param * lib.tensor(_random(draw, tuple(param.shape), "float64"))).sum() for param in moving)
        total.backward()
        return float(total), [lib.zeros_like(each) if each.grad is None else each.grad for each in leaves]


def _random(draw: np.random.Generator, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    value = draw.standard_normal(shape)
    if dtype.startswith("complex"):
        value = value + 1j * draw.standard_normal(shape)
    return np.asarray(value, dtype)


def _problem(lib: Any, optimizer: Any, params: list[Any]) -> Callable[[], Any]:
    """A closure of a problem with a minimum that is no point."""

    def closure() -> Any:
        optimizer.zero_grad()
        loss = sum(((param - 0.5) ** 2).mean() + 0.1 * (param.sin() * param).mean() for param in params)
        loss.backward()
        return loss

    return closure


def _array(value: Any) -> np.ndarray:
    return np.array(value.detach().numpy())


def _for_torch(saved: Any) -> Any:
    """A state of ours with PyTorch's tensors."""
    if isinstance(saved, tg.Tensor):
        return torch.from_numpy(_array(saved))
    if isinstance(saved, dict):
        return {key: False if key == "capturable" else _for_torch(value) for key, value in saved.items()}
    return type(saved)(map(_for_torch, saved)) if isinstance(saved, list | tuple) else saved


def _differ(ours: list[Any], theirs: list[Any], tolerance: float) -> str | None:
    for i, (o, t) in enumerate(zip(ours, theirs, strict=True)):
        a, b = _array(o), _array(t)
        if a.shape != b.shape or a.dtype != b.dtype:
            return f"number {i}: {a.shape} {a.dtype} instead of {b.shape} {b.dtype}"
        if not np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True):
            return f"number {i} of shape {a.shape} differs by up to {np.abs(a - b).max():.1e}"
    return None


def _states_differ(ours: Any, theirs: Any, tolerance: float, path: str = "") -> str | None:
    """How two ``state_dict()`` differ: keys, kinds, dtypes, values."""
    if torch.is_tensor(theirs) and path.endswith("['t']"):  # LBFGS's step, with a rate that is a tensor
        theirs = theirs.item()
    if torch.is_tensor(theirs):
        if not isinstance(ours, tg.Tensor):
            return f"{path} is a {type(ours).__name__} instead of a tensor"
        return f"{path}: {problem}" if (problem := _differ([ours], [theirs], tolerance)) else None
    if isinstance(theirs, dict):
        hidden = {"capturable"}
        if ours.keys() - hidden != theirs.keys() - hidden:
            return f"{path} has {sorted(map(str, ours))} instead of {sorted(map(str, theirs))}"
        pairs = [(f"{path}[{key!r}]", ours[key], theirs[key]) for key in theirs if key not in hidden]
    elif isinstance(theirs, list | tuple):
        if type(ours) is not type(theirs) or len(ours) != len(theirs):
            return f"{path} is {str(ours)[:60]} instead of {str(theirs)[:60]}"
        pairs = [(f"{path}[{i}]", o, t) for i, (o, t) in enumerate(zip(ours, theirs, strict=True))]
    elif isinstance(theirs, float | int) and not isinstance(theirs, bool):
        same = isinstance(ours, float | int) and np.isclose(ours, theirs, rtol=tolerance, atol=tolerance)
        return None if same else f"{path} is {ours!r} instead of {theirs!r}"
    else:
        return None if type(ours) is type(theirs) and ours == theirs else f"{path} is {ours!r} instead of {theirs!r}"
    return next((problem for where, o, t in pairs if (problem := _states_differ(o, t, tolerance, where))), None)


def check_errors(report: Report, info: Any) -> None:
    """Wrong input is refused by an error of the class, and with the words, that the database asks for."""
    for wrong in info.optim_error_inputs_func("cpu", torch.float64):
        entry = wrong.optimizer_error_input
        memo: dict[int, Any] = {}
        try:
            given = _converted(entry.params, memo)
        except TypeError:  # sparse parameters, which there are not
            continue
        if given is None:
            given = [tg.ones(2, 2, requires_grad=True)]
        options = _given(tg, entry.kwargs)
        problem: str | None = "not refused"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error" if wrong.error_type is UserWarning else "ignore")
                optimizer = getattr(tg.optim, info.name)(given, **options)
                if wrong.error_on == OptimizerErrorEnum.STEP_ERROR:
                    optimizer.step()
        except Exception as error:
            problem = None
            if not isinstance(error, wrong.error_type) or not re.search(wrong.error_regex, str(error)):
                problem = f"{type(error).__name__}: {error} instead of {wrong.error_type.__name__}: {wrong.error_regex}"
        report.add("errors", problem, entry.desc)


def _converted(value: Any, memo: dict[int, Any]) -> Any:
    """Parameters, groups and names in our tensors; one tensor met twice stays one."""
    if torch.is_tensor(value):
        if value.layout != torch.strided:
            raise TypeError("sparse")
        if id(value) not in memo:
            memo[id(value)] = tg.tensor(_array(value), requires_grad=value.requires_grad)
            if value.grad is not None:
                memo[id(value)].grad = tg.tensor(_array(value.grad))
        return memo[id(value)]
    if isinstance(value, dict):
        return {key: _converted(item, memo) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_converted(item, memo) for item in value)
    return value


# ------------------------------------------------------------------------------------------ output


def write_table(path: Path, reports: list[Report]) -> None:
    """Write the table of all optimizers."""
    lines = [
        "# Conformance: optimizers",
        "",
        f"Generated by `make conformance`: the options of PyTorch {VERSION}'s own optimizer database, each also with",
        "the flags `foreach` and `fused` where PyTorch has them, run on this engine and compared in float64. Do not",
        "edit. A cell: the number of trials, or *passed / tried*; empty where there is nothing to try.",
        "",
        "Parameters and `state_dict()` (keys, kinds, dtypes, values) agree to 1e-10 after ten steps with the same",
        "gradients: in one group, in groups with rates of their own that change, and with a closure; to 1e-9 when the",
        "second half of the steps is made by the other library from the `state_dict` of the first. Where PyTorch's",
        "`foreach` is further from its plain implementation, as in ASGD, the plain one counts. LBFGS, which divides by",
        "differences, agrees to 1e-8; Muon, which rounds to eight bits, to 1e-5; all in float32 to 2e-4. Through a",
        "step: gradients through three steps with `differentiable=True`, to 1e-6; where PyTorch cuts them off or",
        "fails, they agree with central differences. Error inputs: the class of the error and PyTorch's words.",
        "SparseAdam gets PyTorch's sparse gradients as dense ones.",
        "",
        f"{sum(r.good for r in reports)} of {len(reports)} optimizers pass everything.",
        "",
        "| optimizer | " + " | ".join(ASPECTS.values()) + " |",
        "|" + "---|" * (len(ASPECTS) + 1),
    ]
    for report in sorted(reports, key=lambda r: r.name):
        cells = ["" if not t else str(t) if p == t else f"**{p} / {t}**" for p, t in report.counts.values()]
        lines.append(f"| `{report.name}`{' (missing)' if report.missing else ''} | " + " | ".join(cells) + " |")
    path.write_text("\n".join([*lines, ""]))


def main() -> int:
    """Run; the exit status tells whether anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.optimizers", description=__doc__)
    parser.add_argument("--optimizers", help="only these: names separated by commas (SGD,Adam)")
    parser.add_argument("-v", "--verbose", action="store_true", help="also print what passes")
    parser.add_argument("--failures", type=int, default=3, help="how many failures of each optimizer to show")
    parser.add_argument("--write", action="store_true", help="write docs/conformance_optimizers.md (needs all)")
    options = parser.parse_args()
    names = set(options.optimizers.split(",")) if options.optimizers else None
    torch.set_num_threads(1)
    started = time.perf_counter()
    reports = []
    for info in entries():
        if names is None or info.name in names:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                reports.append(judge(info))
            report = reports[-1]
            if options.verbose or not report.good:
                counts = " | ".join(f"{a} {p}/{t}" for a, (p, t) in report.counts.items() if p != t)
                print(f"{'ok  ' if report.good else 'FAIL'} {report.name} {counts}", flush=True)
                for message in report.failures[: options.failures]:
                    print(f"    {message}")
    passed = sum(r.good for r in reports)
    print(f"{passed} of {len(reports)} optimizers pass; {time.perf_counter() - started:.0f} s")
    if options.write:
        write_table(_TABLE, reports)
    return 0 if passed == len(reports) else 1


if __name__ == "__main__":
    sys.exit(main())
