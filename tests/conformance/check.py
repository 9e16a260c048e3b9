"""One operator of the database, judged: each sample run in PyTorch and here, and the results compared."""

from __future__ import annotations

import functools
import random
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

import tinygrad_cn as tg

from .classify import CHOOSING, INEXACT, READ_A_TRIANGLE, UP_TO_SIGN, key, sample_reason
from .compare import difference, leaves, structure, within
from .convert import Missing, Unconvertible, find, method, rebound, to_ours, to_torch

__all__ = ["ASPECTS", "Report", "judge"]

#: What is counted for each operator: passed and tried.
ASPECTS = ("values", "views", "first", "second", "float32", "dtypes", "method", "inplace", "errors")

_SEED = 20240601
_INTEGERS = (torch.int64, torch.int32, torch.uint8, torch.bool)


@dataclass
class Report:
    """The counts (passed, tried) of each aspect, and the first failures in words."""

    key: str
    counts: dict[str, list[int]] = field(default_factory=lambda: {aspect: [0, 0] for aspect in ASPECTS})
    missing: list[str] = field(default_factory=list)
    excluded: dict[str, int] = field(default_factory=dict)
    failures: dict[str, list[str]] = field(default_factory=dict)
    wanted: int = 3

    def add(self, aspect: str, problem: str | None, sample: Any) -> None:
        """Count one sample: passed unless there is a problem."""
        self.counts[aspect][1] += 1
        if problem is None:
            self.counts[aspect][0] += 1
        elif len(self.failures.setdefault(aspect, [])) < self.wanted:
            self.failures[aspect].append(f"{_described(sample)}: {problem}")

    def exclude(self, reason: str) -> None:
        """Count one sample that does not count, by its reason."""
        self.excluded[reason] = self.excluded.get(reason, 0) + 1

    def lacks(self, name: str) -> None:
        """Note a name that does not exist here."""
        if name not in self.missing:
            self.missing.append(name)

    @property
    def good(self) -> bool:
        """Whether nothing failed and nothing is missing; error inputs are counted apart."""
        counted = (self.counts[a] for a in ASPECTS if a != "errors")
        return not self.missing and all(passed == tried for passed, tried in counted)


def _described(sample: Any) -> str:
    """A sample as a call in words: shapes for tensors."""

    def word(value: Any) -> str:
        if isinstance(value, torch.Tensor):
            text = f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}"
            if value.numel() and not value.is_contiguous():
                text += f" strides {value.stride()}"
            if value.numel() == 1 or (value.dtype == torch.int64 and value.numel() < 13):
                text += f" {value.tolist()}"
            return text
        if isinstance(value, tuple | list):
            return "(" + ", ".join(map(word, value)) + ")"
        return repr(value)

    parts = [word(sample.input), *map(word, sample.args)]
    parts += [f"{name}={word(value)}" for name, value in sample.kwargs.items()]
    return "(" + ", ".join(parts) + ")"


class _Call:
    """A sample's arguments for PyTorch and for us, made anew from its values so that runs do not meet."""

    def __init__(self, sample: Any, differentiate: bool) -> None:
        memo: dict[int, torch.Tensor] = {}
        self.leaves: list[torch.Tensor] = []

        def fresh(value: Any) -> Any:
            if isinstance(value, torch.Tensor):
                if id(value) not in memo:
                    copy = value.detach().clone()
                    if differentiate and value.requires_grad:
                        self.leaves.append(copy.requires_grad_())
                    memo[id(value)] = copy
                return memo[id(value)]
            if (isinstance(value, tuple) and hasattr(value, "_fields")) or isinstance(value, torch.Size):
                return value
            if isinstance(value, tuple | list):
                return type(value)(fresh(v) for v in value)
            if isinstance(value, dict):
                return {k: fresh(v) for k, v in value.items()}
            return value

        self.args = [fresh(sample.input), *(fresh(a) for a in sample.args)]
        self.kwargs = fresh(dict(sample.kwargs))
        ours: dict[int, Any] = {}
        self.our_args = to_ours(self.args, ours)
        self.our_kwargs = to_ours(self.kwargs, ours)
        self.our_leaves = [ours[id(leaf)] for leaf in self.leaves if id(leaf) in ours]


def _samples(op: Any, dtype: torch.dtype, requires_grad: bool) -> Iterator[Any]:
    torch.manual_seed(_SEED)
    random.seed(_SEED)
    np.random.seed(_SEED)  # noqa: NPY002 - PyTorch's samples draw from NumPy's global generator
    yield from op.sample_inputs("cpu", dtype, requires_grad=requires_grad)


def _failed(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0][:240] if str(error) else ''}"


def _compared(ours: Any, theirs: Any, tolerance: float) -> str | None:
    problem = structure(ours, theirs)
    if problem:
        return problem
    return next(
        (f"result {i}: {d}" for i, (o, t) in enumerate(_pairs(ours, theirs)) if (d := difference(o, t, tolerance))),
        None,
    )


def _pairs(ours: Any, theirs: Any) -> list[tuple[Any, Any]]:
    return list(zip(leaves(ours), leaves(theirs), strict=True))


def _sharing(call: _Call, ours: Any, theirs: Any) -> str | None:
    """How results differ in sharing memory with the first argument: views write through, copies do not."""
    source, our_source = call.args[0], call.our_args[0]
    if not isinstance(source, torch.Tensor) or "memory_format" in call.kwargs:  # which has no meaning here
        return None
    for i, (o, t) in enumerate(_pairs(ours, theirs)):
        if isinstance(t, torch.Tensor) and t.numel():
            shared = t.untyped_storage().data_ptr() == source.untyped_storage().data_ptr()
            if shared != np.may_share_memory(o._array, our_source._array):
                return (
                    f"result {i} is {'a copy' if shared else 'a view'}, PyTorch's is {'a view' if shared else 'a copy'}"
                )
    return None


def _cotangents(outs: list[torch.Tensor]) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(_SEED)
    return [torch.randn(o.shape, generator=generator, dtype=torch.float64).to(o.dtype) for o in outs]


def _differentiable(ours: Any, theirs: Any) -> tuple[list[Any], list[torch.Tensor], str | None]:
    """The results that carry gradients, pairwise, and what is wrong with their requires_grad."""
    mine, other = [], []
    for i, (o, t) in enumerate(_pairs(ours, theirs)):
        if not isinstance(t, torch.Tensor):
            continue
        if t.requires_grad:
            if not o.requires_grad:
                return [], [], f"result {i} does not require grad"
            mine.append(o)
            other.append(t)
        elif o.requires_grad:
            return [], [], f"result {i} requires grad, PyTorch's does not"
    return mine, other, None


def _same_gradients(ours: Any, theirs: Any, tolerance: float) -> str | None:
    """Compare gradients; none at all is the same as zeros. A float32 input among float64 ones coarsens them all."""
    if any(t is not None and t.dtype == torch.float32 for t in theirs):
        tolerance = max(tolerance, 1e-4)
    for i, (o, t) in enumerate(zip(ours, theirs, strict=True)):
        if o is None and t is None:
            continue
        if t is None:
            t = torch.zeros(tuple(o.shape), dtype=getattr(torch, str(o.dtype)))
        t = t.detach()
        if o is None:
            if bool((t != 0).any()):
                return f"gradient {i} is missing"
            continue
        if tuple(o.shape) != tuple(t.shape) or f"torch.{o.dtype}" != str(t.dtype):
            return f"gradient {i}: {list(o.shape)} {o.dtype} instead of {list(t.shape)} {t.dtype}"
        if not within(to_torch(o), t, tolerance, mend_nan=True):
            return f"gradient {i}: {difference(o, t, 0.0)}"
    return None


class Judge:
    """One operator under judgement."""

    def __init__(self, op: Any, wanted: int = 3) -> None:
        self.op = op
        self.report = Report(key(op), wanted=wanted)
        self.function = self._found(op.op, op.name)

    def _found(self, function: Any, name: str | None) -> Callable[..., Any] | None:
        try:
            module = getattr(function, "__module__", None) or ""
            member = getattr(torch.Tensor, getattr(function, "__name__", ""), None) is function
            if name is None or member or module.startswith("torch.testing"):
                return rebound(function)
            return find(name)
        except Missing as missing:
            self.report.lacks(str(missing))
            return None

    # ------------------------------------------------------------------------------------ samples

    def run(self) -> Report:
        """Judge every aspect."""
        op = self.op
        self.aliases()
        if self.function is None:
            return self.report
        supported = op.supported_dtypes("cpu")
        if torch.float64 in supported:
            self.all_samples(torch.float64, "values", 1e-9)
        if torch.float32 in supported:
            self.all_samples(torch.float32, "float32", 1e-4)
        for dtype in _INTEGERS:
            if dtype in supported:
                self.all_samples(dtype, "dtypes", 1e-4)
        if op.error_inputs_func is not None:
            self.error_inputs()
        return self.report

    def aliases(self) -> None:
        """Other names must exist."""
        given = [(a.name.removeprefix("torch."), a.op) for a in self.op.aliases]
        names = [f"Tensor.{name}" if op is None else name for name, op in given]
        for name in names:
            try:
                find(name)
            except Missing:
                self.report.lacks(name)

    def all_samples(self, dtype: torch.dtype, aspect: str, tolerance: float) -> None:
        floating = dtype.is_floating_point and self.op.supports_autograd
        for sample in _samples(self.op, dtype, floating):
            reason = sample_reason(sample)
            if reason is not None:
                self.report.exclude(reason)
                continue
            try:
                self.one_sample(sample, aspect, tolerance)
            except Unconvertible as reason:
                self.report.exclude(str(reason))
            except Missing as missing:
                self.report.add(aspect, f"{missing} does not exist", sample)
                self.report.lacks(str(missing))

    def one_sample(self, sample: Any, aspect: str, tolerance: float) -> None:
        call = _Call(sample, True)
        try:
            theirs = self.op(*call.args, **call.kwargs)
        except (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError):
            self.report.exclude("PyTorch itself refuses it")
            return
        if any(isinstance(t, torch.Tensor) and (t.is_complex() or t.layout != torch.strided) for t in leaves(theirs)):
            self.report.exclude("complex or sparse result")
            return
        try:
            ours = self.function(*call.our_args, **call.our_kwargs)  # type: ignore[misc]
        except (Missing, Unconvertible):
            raise
        except Exception as error:
            self.report.add(aspect, _failed(error), sample)
            return
        problem = self.values(sample, ours, theirs, INEXACT.get((self.op.name, aspect), tolerance))
        if aspect != "values":
            if problem and aspect == "float32" and self.no_worse(sample, ours, theirs):
                problem = None
            if problem is None and aspect == "float32" and call.leaves:
                call, ours, theirs = self.completed(sample, call, ours, theirs)
                tolerance = INEXACT.get((self.op.name, "float32 gradients"), 1e-3)
                problem = self.first_order(sample, call, ours, theirs, tolerance)
            self.report.add(aspect, problem, sample)
            return
        self.report.add(aspect, problem, sample)
        if problem is None:
            self.report.add("views", _sharing(call, ours, theirs), sample)
        if call.leaves and problem is None:
            self.gradients(sample, *self.completed(sample, call, ours, theirs))
        self.variants(sample, theirs)

    def completed(self, sample: Any, call: _Call, ours: Any, theirs: Any) -> tuple[_Call, Any, Any]:
        """The call whose gradients are compared: with matrices made symmetric or triangular, where that is needed."""
        if self.report.key not in READ_A_TRIANGLE:
            return call, ours, theirs
        call, wrapper = _Call(sample, True), self.op.gradcheck_wrapper
        theirs = wrapper(self.op, *call.args, **call.kwargs)
        return call, rebound(wrapper)(self.function, *call.our_args, **call.our_kwargs), theirs

    def values(self, sample: Any, ours: Any, theirs: Any, tolerance: float) -> str | None:
        problem = _compared(ours, theirs, tolerance)
        if problem and "values" in problem and self.op.name in UP_TO_SIGN:
            process = sample.output_process_fn_grad
            return _compared(rebound(process)(ours), process(theirs), tolerance)
        if problem and "values" in problem and self.op.name in CHOOSING:
            return _compared(*self.chosen(sample, ours, theirs), tolerance)
        return problem

    def chosen(self, sample: Any, ours: Any, theirs: Any) -> tuple[list[Any], list[Any]]:
        """Both results with positions replaced by the elements that stand there."""
        given = dict(zip(CHOOSING[self.op.name], sample.args, strict=False)) | sample.kwargs
        dim = given.get("dim", -1)
        x = sample.input.detach()

        def elements(index: torch.Tensor) -> torch.Tensor:
            if index.dim() < x.dim():
                return x.gather(dim, index.unsqueeze(dim)).squeeze(dim)
            return x.gather(dim, index) if x.dim() else x

        mine, other = leaves(ours), leaves(theirs)  # positions come last
        at_ours, at_theirs = elements(to_torch(mine[-1])), elements(other[-1])
        return [*mine[:-1], to_ours(at_ours, {})], [*other[:-1], at_theirs]

    def no_worse(self, sample: Any, ours: Any, theirs: Any) -> bool:
        """Whether our float32 result is about as near to the float64 one as PyTorch's float32 result is."""
        call = _Call(sample, False)

        def widened(value: Any) -> Any:
            if isinstance(value, torch.Tensor):
                return value.double() if value.dtype == torch.float32 else value
            if isinstance(value, tuple | list) and not isinstance(value, torch.Size):
                return type(value)(map(widened, value))
            return value

        try:
            exact = self.op(*map(widened, call.args), **{k: widened(v) for k, v in call.kwargs.items()})
        except (RuntimeError, TypeError, ValueError):
            return False
        for o, t, e in zip(leaves(ours), leaves(theirs), leaves(exact), strict=True):
            if difference(o, t, 1e-4) is None:
                continue
            if str(t.dtype) != f"torch.{o.dtype}" or tuple(o.shape) != tuple(t.shape) or e.shape != t.shape:
                return False
            mine, other = ((x.double() - e).abs() for x in (to_torch(o), t.detach()))
            if not bool((mine.max() <= 10 * other.max() + 1e-6 * e.abs().max()).all()):
                return False
        return True

    # ---------------------------------------------------------------------------------- gradients

    def _outputs(self, sample: Any, ours: Any, theirs: Any) -> tuple[Any, Any]:
        if self.op.name in UP_TO_SIGN:
            process = sample.output_process_fn_grad
            return rebound(process)(ours), process(theirs)
        return ours, theirs

    def first_order(self, sample: Any, call: _Call, ours: Any, theirs: Any, tolerance: float) -> str | None:
        try:
            mine, other, problem = _differentiable(*self._outputs(sample, ours, theirs))
            if problem or not other:
                return problem
            cotangents = _cotangents(other)
            try:
                expected = torch.autograd.grad(other, call.leaves, cotangents, allow_unused=True)
            except (RuntimeError, NotImplementedError):
                return None  # PyTorch has no gradient of this form
            found = tg.autograd.grad(mine, call.our_leaves, [to_ours(c, {}) for c in cotangents], allow_unused=True)
        except Exception as error:
            return _failed(error)
        return _same_gradients(found, expected, tolerance)

    def gradients(self, sample: Any, call: _Call, ours: Any, theirs: Any) -> None:
        """First order by the fast sweep and by the recorded one, then second order."""
        ours, theirs = self._outputs(sample, ours, theirs)
        mine, other, problem = _differentiable(ours, theirs)
        if problem:
            self.report.add("first", problem, sample)
            return
        if not other:
            return
        second = self.op.supports_gradgrad
        cotangents = _cotangents(other)
        weights = [c.clone().requires_grad_() for c in cotangents]
        our_weights = [to_ours(w, {}) for w in weights]
        try:
            expected = torch.autograd.grad(other, call.leaves, weights, allow_unused=True, create_graph=second)
        except RuntimeError:
            self.report.exclude("PyTorch has no gradient")
            return
        try:
            plain = tg.autograd.grad(
                mine, call.our_leaves, [w.detach() for w in our_weights], allow_unused=True, retain_graph=True
            )
            problem = _same_gradients(plain, expected, 1e-8)
            if problem is None and second:
                traced = tg.autograd.grad(mine, call.our_leaves, our_weights, allow_unused=True, create_graph=True)
                problem = _same_gradients(traced, expected, 1e-8)
                problem = f"recorded sweep: {problem}" if problem else None
        except Exception as error:
            problem = _failed(error)
        self.report.add("first", problem, sample)
        if second and problem is None:
            self.second_order(sample, [*call.leaves, *weights], [*call.our_leaves, *our_weights], expected, traced)

    def second_order(self, sample: Any, inputs: Any, our_inputs: Any, expected: Any, traced: Any) -> None:
        roots = [(t, o) for t, o in zip(expected, traced, strict=True) if t is not None and t.requires_grad]
        if not roots:
            return
        cotangents = _cotangents([t for t, _ in roots])
        try:
            theirs = torch.autograd.grad([t for t, _ in roots], inputs, cotangents, allow_unused=True)
        except RuntimeError:
            self.report.exclude("PyTorch has no second gradient")
            return
        live = [(o, c) for (_, o), c in zip(roots, cotangents, strict=True) if o is not None and o.requires_grad]
        try:
            if live:
                ours = tg.autograd.grad(
                    [o for o, _ in live], our_inputs, [to_ours(c, {}) for _, c in live], allow_unused=True
                )
            else:
                ours = (None,) * len(theirs)
            problem = _same_gradients(ours, theirs, 1e-7)
        except Exception as error:
            problem = _failed(error)
        self.report.add("second", problem, sample)

    # ----------------------------------------------------------------------------------- variants

    def variants(self, sample: Any, theirs: Any) -> None:
        """The method and the in-place form, where PyTorch has them."""
        op = self.op
        if op.method_variant is not None and isinstance(sample.input, torch.Tensor):
            form = self._form(op.method_variant)
            if form is not None:
                call = _Call(sample, True)
                try:
                    expected = op.method_variant(*call.args, **call.kwargs)
                except Exception:
                    expected = None
                if expected is not None:
                    try:
                        problem = self.values(sample, form(*call.our_args, **call.our_kwargs), expected, 1e-9)
                    except Exception as error:
                        problem = _failed(error)
                    self.report.add("method", problem, sample)
        if op.inplace_variant is not None and isinstance(sample.input, torch.Tensor):
            form = self._form(op.inplace_variant)
            if form is not None and not sample.broadcasts_input:
                self.in_place(sample, form)

    def _form(self, variant: Any) -> Callable[..., Any] | None:
        try:
            name = getattr(variant, "__name__", "")
            if isinstance(variant, functools.partial):
                return rebound(variant)
            if not (getattr(variant, "__module__", None) or "").startswith("torch.testing"):
                return method(name)
            return rebound(variant)
        except Missing as missing:
            self.report.lacks(str(missing))
            return None

    def in_place(self, sample: Any, form: Callable[..., Any]) -> None:
        call = _Call(sample, True)
        target = call.args[0].clone()
        try:
            expected = self.op.inplace_variant(target, *call.args[1:], **call.kwargs)
        except (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError):
            return
        ours = call.our_args[0].clone()
        try:
            result = form(ours, *call.our_args[1:], **call.our_kwargs)
            problem = None if result is ours else "the result is not the tensor that was written"
            problem = problem or _compared(ours, expected, 1e-9)
            if problem is None and call.leaves and expected.requires_grad:
                problem = self.first_order(sample, call, ours, expected, 1e-8)
        except Exception as error:
            problem = _failed(error)
        self.report.add("inplace", problem, sample)

    # ------------------------------------------------------------------------------- error inputs

    def error_inputs(self) -> None:
        """What PyTorch refuses must be refused here."""
        for wrong in self.op.error_inputs("cpu"):
            sample = wrong.sample_input
            try:
                self.op(sample.input, *sample.args, **sample.kwargs)
                continue  # PyTorch takes it after all
            except Exception as error:
                theirs = error
            try:
                memo: dict[int, Any] = {}
                args = to_ours([sample.input, *sample.args], memo)
                kwargs = to_ours(dict(sample.kwargs), memo)
            except (Unconvertible, Missing):
                continue
            try:
                self.function(*args, **kwargs)  # type: ignore[misc]
                message = re.sub(r"\s+", " ", str(theirs))[:200]
                self.report.add("errors", f"taken, but PyTorch says: {type(theirs).__name__}: {message}", sample)
            except (Missing, Unconvertible):
                continue
            except (RuntimeError, TypeError, ValueError, IndexError):
                self.report.add("errors", None, sample)
            except Exception as error:
                self.report.add("errors", f"refused by accident: {_failed(error)}", sample)


def judge(op: Any, wanted: int = 3) -> Report:
    """The report on one operator, ``wanted`` failures of each aspect in words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Judge(op, wanted).run()
