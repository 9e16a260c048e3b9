"""One operator of the database, judged: each sample run in PyTorch and here, and the results compared."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Callable
from typing import Any

import torch

import tinygrad_cn as tg

from .classify import CHOOSING, INEXACT, READ_A_TRIANGLE, UP_TO_SIGN, key, sample_reason
from .compare import compared, difference, differentiable, leaves, same_gradients, sharing
from .convert import Missing, Unconvertible, find, method, rebound, to_ours, to_torch
from .report import ASPECTS, Report, failed
from .samples import Call, cotangents, samples

__all__ = ["ASPECTS", "Report", "judge"]

_INTEGERS = (torch.int64, torch.int32, torch.uint8, torch.bool)


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
        for sample in samples(self.op, dtype, floating):
            reason = sample_reason(self.op.name, sample)
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
        call = Call(sample, True)
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
            self.report.add(aspect, failed(error), sample)
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
            self.report.add("views", sharing(call, ours, theirs), sample)
        if call.leaves and problem is None:
            self.gradients(sample, *self.completed(sample, call, ours, theirs))
        self.variants(sample, theirs)

    def completed(self, sample: Any, call: Call, ours: Any, theirs: Any) -> tuple[Call, Any, Any]:
        """The call whose gradients are compared: with matrices made symmetric or triangular, where that is needed."""
        if self.report.key not in READ_A_TRIANGLE:
            return call, ours, theirs
        call, wrapper = Call(sample, True), self.op.gradcheck_wrapper
        theirs = wrapper(self.op, *call.args, **call.kwargs)
        return call, rebound(wrapper)(self.function, *call.our_args, **call.our_kwargs), theirs

    def values(self, sample: Any, ours: Any, theirs: Any, tolerance: float) -> str | None:
        problem = compared(ours, theirs, tolerance)
        if problem and "values" in problem and self.op.name in UP_TO_SIGN:
            process = sample.output_process_fn_grad
            return compared(rebound(process)(ours), process(theirs), tolerance)
        if problem and "values" in problem and self.op.name in CHOOSING:
            return compared(*self.chosen(sample, ours, theirs), tolerance)
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
        call = Call(sample, False)

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

    def first_order(self, sample: Any, call: Call, ours: Any, theirs: Any, tolerance: float) -> str | None:
        try:
            mine, other, problem = differentiable(*self._outputs(sample, ours, theirs))
            if problem or not other:
                return problem
            seeds = cotangents(other)
            try:
                expected = torch.autograd.grad(other, call.leaves, seeds, allow_unused=True)
            except (RuntimeError, NotImplementedError):
                return None  # PyTorch has no gradient of this form
            found = tg.autograd.grad(mine, call.our_leaves, [to_ours(c, {}) for c in seeds], allow_unused=True)
        except Exception as error:
            return failed(error)
        return same_gradients(found, expected, tolerance)

    def gradients(self, sample: Any, call: Call, ours: Any, theirs: Any) -> None:
        """First order by the fast sweep and by the recorded one, then second order."""
        ours, theirs = self._outputs(sample, ours, theirs)
        mine, other, problem = differentiable(ours, theirs)
        if problem:
            self.report.add("first", problem, sample)
            return
        if not other:
            return
        second = self.op.supports_gradgrad
        seeds = cotangents(other)
        weights = [c.clone().requires_grad_() for c in seeds]
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
            problem = same_gradients(plain, expected, 1e-8)
            if problem is None and second:
                traced = tg.autograd.grad(mine, call.our_leaves, our_weights, allow_unused=True, create_graph=True)
                problem = same_gradients(traced, expected, 1e-8)
                problem = f"recorded sweep: {problem}" if problem else None
        except Exception as error:
            problem = failed(error)
        self.report.add("first", problem, sample)
        if second and problem is None:
            self.second_order(sample, [*call.leaves, *weights], [*call.our_leaves, *our_weights], expected, traced)

    def second_order(self, sample: Any, inputs: Any, our_inputs: Any, expected: Any, traced: Any) -> None:
        roots = [(t, o) for t, o in zip(expected, traced, strict=True) if t is not None and t.requires_grad]
        if not roots:
            return
        seeds = cotangents([t for t, _ in roots])
        try:
            theirs = torch.autograd.grad([t for t, _ in roots], inputs, seeds, allow_unused=True)
        except RuntimeError:
            self.report.exclude("PyTorch has no second gradient")
            return
        live = [(o, c) for (_, o), c in zip(roots, seeds, strict=True) if o is not None and o.requires_grad]
        try:
            if live:
                ours = tg.autograd.grad(
                    [o for o, _ in live], our_inputs, [to_ours(c, {}) for _, c in live], allow_unused=True
                )
            else:
                ours = (None,) * len(theirs)
            problem = same_gradients(ours, theirs, 1e-7)
        except Exception as error:
            problem = failed(error)
        self.report.add("second", problem, sample)

    # ----------------------------------------------------------------------------------- variants

    def variants(self, sample: Any, theirs: Any) -> None:
        """The method and the in-place form, where PyTorch has them."""
        op = self.op
        if op.method_variant is not None and isinstance(sample.input, torch.Tensor):
            form = self._form(op.method_variant)
            if form is not None:
                call = Call(sample, True)
                try:
                    expected = op.method_variant(*call.args, **call.kwargs)
                except Exception:
                    expected = None
                if expected is not None:
                    try:
                        problem = self.values(sample, form(*call.our_args, **call.our_kwargs), expected, 1e-9)
                    except Exception as error:
                        problem = failed(error)
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
        call = Call(sample, True)
        target = call.args[0].clone()
        try:
            expected = self.op.inplace_variant(target, *call.args[1:], **call.kwargs)
        except (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError):
            return
        ours = call.our_args[0].clone()
        try:
            result = form(ours, *call.our_args[1:], **call.our_kwargs)
            problem = None if result is ours else "the result is not the tensor that was written"
            problem = problem or compared(ours, expected, 1e-9)
            if problem is None and call.leaves and expected.requires_grad:
                problem = self.first_order(sample, call, ours, expected, 1e-8)
        except Exception as error:
            problem = failed(error)
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
                self.report.add("errors", f"refused by accident: {failed(error)}", sample)


def judge(op: Any, wanted: int = 3) -> Report:
    """The report on one operator, ``wanted`` failures of each aspect in words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Judge(op, wanted).run()
