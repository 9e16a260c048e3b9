"""`gradcheck` and `gradgradcheck`: PyTorch's checks of gradients against numeric derivatives, with evidence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cn.graph import Handle
from tinygrad_cn.testing.checking import check_target
from tinygrad_cn.testing.report import GradcheckError, GradcheckReport
from tinygrad_cn.testing.settings import Settings
from tinygrad_cn.testing.tensor_target import GradientTarget, TensorTarget, tensors_in

__all__ = ["gradcheck", "gradgradcheck"]

#: Elements that fast_mode looks at one by one, of each input.
FAST_SAMPLES = 16


def gradcheck(
    fn: Callable[..., Any],
    inputs: Any,
    *,
    eps: float | None = None,
    atol: float | None = None,
    rtol: float | None = None,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
    method: str = "auto",
    kinks: str = "report",
    samples: int | str | None = None,
    seconds: float = 10.0,
    report: bool = False,
    seed: int = 0,
) -> Any:
    """Check the gradients of ``fn`` at ``inputs`` against numeric derivatives in float64.

    Called as PyTorch's. There is no tolerance to choose: every numeric derivative comes with an error bar, and
    a gradient is right when it lies within. Inputs, parameters and buffers in lower precision are checked by their
    float64 twins, and then the gradient in their own precision is held against the one in float64.

    Args:
        fn (callable, Module, or subclass of `autograd.Function`): takes ``inputs``, returns Tensors (nested in tuples,
            lists or dicts). A Module is checked by its inputs and by every parameter, and is left as it was.
        inputs (Tensor or sequence): the arguments; the gradients are those by the floating Tensors that require one.
        eps (float, optional): the largest step; by default chosen for each element from its size.
        atol, rtol (float, optional): differences up to atol + rtol * |numeric| pass in any case.
        raise_exception (bool): raise an error when the check fails.
        nondet_tol (float): how far the gradients of two equal calls may lie apart.
        check_undefined_grad (bool): check that no cotangent counts as a zero one, with several outputs.
        check_grad_dtypes (bool): accepted; dtypes are always checked.
        check_batched_grad (bool): check ``autograd.grad(..., is_grads_batched=True)`` too.
        check_batched_forward_grad (bool): accepted; there is no batched forward mode.
        check_forward_ad (bool): check ``autograd.functional.jvp`` too.
        check_backward_ad (bool): check gradients. Off, only forward mode is checked.
        fast_mode (bool): look at random directions and a few elements only.
        masked (bool, optional): accepted; it says something about sparse tensors only.
        method ("auto", "complex", "richardson" or "four-point"): what numeric derivatives are made with: complex
            steps, exact to rounding, where the function is analytic and takes complex arrays; Richardson's
            extrapolation of central differences; or the plain four-point difference. "auto" takes the strongest
            that works.
        kinks ("report", "fail" or "ignore"): at a kink, a gradient between the derivatives from both sides is right
            ("report"), no gradient is ("fail"), or every one is ("ignore").
        samples (int or "all", optional): how many elements of each input are looked at one by one; all of small ones
            by default, and as many of a large one as ``seconds`` allows. The rest is checked by random directions.
        seconds (float): see ``samples``.
        report (bool): return a `GradcheckReport`, whether it passed or not.
        seed (int): of the random cotangents, directions and samples.

    Returns:
        True, or False where the check fails and ``raise_exception`` is off; or the report.

    Raises:
        GradcheckError: the gradient is wrong; the message is the report. A RuntimeError, as in PyTorch.
        ValueError: no input requires a gradient.

    >>> import tinygrad_cn as tg
    >>> x = tg.rand(3, dtype=tg.float64, requires_grad=True)
    >>> tg.autograd.gradcheck(tg.sin, x)
    True
    """
    if not check_forward_ad and not check_backward_ad:
        raise ValueError("gradcheck: at least one of check_forward_ad and check_backward_ad must be on")
    if check_batched_grad and not check_backward_ad:
        raise ValueError("gradcheck: check_batched_grad needs check_backward_ad")
    settings = Settings(
        method=method, kinks=kinks, samples=FAST_SAMPLES if fast_mode and samples is None else samples,
        seconds=seconds, eps=eps, atol=atol, rtol=rtol, nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad, check_batched_grad=check_batched_grad,
        check_forward_ad=check_forward_ad, check_backward_ad=check_backward_ad, seed=seed,
    )  # fmt: skip
    target = TensorTarget(fn, inputs)
    return _answer(check_target(target, target.arrays, settings), raise_exception, report)


def gradgradcheck(
    fn: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    report: bool = False,
    seed: int = 0,
    eps: float | None = None,
    atol: float | None = None,
    rtol: float | None = None,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    fast_mode: bool = False,
    masked: bool | None = None,
    method: str = "auto",
    kinks: str = "report",
    samples: int | str | None = None,
    seconds: float = 10.0,
) -> Any:
    """Check the gradients of the gradients of ``fn``: `gradcheck` of the gradient, by the inputs and the cotangents.

    Args:
        fn, inputs: as for `gradcheck`.
        grad_outputs (Tensor or sequence, optional): the cotangents of the outputs, drawn at random by default.
        gen_non_contig_grad_outputs (bool): draw them with gaps in memory.
        check_fwd_over_rev (bool): check forward mode over the gradient too.
        check_rev_over_rev (bool): check gradients of the gradient.

    The others, what is returned and what is raised are as for `gradcheck`.

    >>> import tinygrad_cn as tg
    >>> x = tg.rand(3, dtype=tg.float64, requires_grad=True)
    >>> tg.autograd.gradgradcheck(lambda x: x ** 3, x)
    True
    """
    if not check_fwd_over_rev and not check_rev_over_rev:
        raise ValueError("gradgradcheck: at least one of check_fwd_over_rev and check_rev_over_rev must be on")
    first = TensorTarget(fn, inputs)
    cotangents = list(tensors_in(grad_outputs)) or _drawn(first, seed, gaps=gen_non_contig_grad_outputs)
    target = GradientTarget(first, cotangents)
    settings = Settings(
        method=method, kinks=kinks, samples=FAST_SAMPLES if fast_mode and samples is None else samples,
        seconds=seconds, eps=eps, atol=atol, rtol=rtol, nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad, check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev, check_backward_ad=check_rev_over_rev, seed=seed,
    )  # fmt: skip
    return _answer(check_target(target, target.arrays, settings), raise_exception, report)


def _drawn(first: TensorTarget, seed: int, gaps: bool) -> list[Any]:
    rng = np.random.default_rng(seed)
    found = []
    for output in first.value(first.arrays):
        array = rng.normal(size=output.shape).astype(output.dtype)
        if gaps and array.ndim:
            array = np.repeat(array, 2, axis=-1)[..., ::2]
        found.append(Handle._wrap(array))
    return found


def _answer(found: GradcheckReport, raise_exception: bool, report: bool) -> Any:
    if report:
        return found
    if not found.passed and raise_exception:
        raise GradcheckError(str(found), found)
    return found.passed
