"""`gradcheck` and `gradgradcheck`: PyTorch's checks of gradients against numeric derivatives, with evidence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cn.backward import grad
from tinygrad_cn.graph import Handle
from tinygrad_cn.testing.checking import check_target
from tinygrad_cn.testing.report import GradcheckError, GradcheckReport
from tinygrad_cn.testing.settings import Settings
from tinygrad_cn.testing.tensor_target import TensorTarget, tensors_in

__all__ = ["gradcheck", "gradgradcheck"]


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
    report: bool = False,
    seed: int = 0,
) -> Any:
    """Check the gradients of ``fn`` at ``inputs`` against numeric derivatives in float64.

    Args:
        fn (callable, Module, or subclass of `autograd.Function`): takes ``inputs``, returns Tensors (nested in tuples,
            lists or dicts). A Module is checked by its parameters too, and is left as it was.
        inputs (Tensor or sequence): the arguments; the gradients are those by the floating Tensors that require one.
        report (bool): return a `GradcheckReport`, whether it passed or not.

    Returns:
        True, or False where the check fails and ``raise_exception`` is off; or the report.

    Raises:
        GradcheckError: the gradient is wrong; the message is the report.
        ValueError: no input requires a gradient.

    >>> import tinygrad_cn as tg
    >>> x = tg.rand(3, dtype=tg.float64, requires_grad=True)
    >>> tg.autograd.gradcheck(tg.sin, x)
    True
    """
    settings = Settings(
        method=method, kinks=kinks, samples=64 if fast_mode and samples is None else samples, eps=eps, atol=atol,
        rtol=rtol, nondet_tol=nondet_tol, check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes, check_batched_grad=check_batched_grad, check_forward_ad=check_forward_ad,
        check_backward_ad=check_backward_ad, seed=seed,
    )  # fmt: skip
    target = TensorTarget(fn, inputs)
    return _answer(check_target(target, target.arrays, settings), raise_exception, report)


def _answer(found: GradcheckReport, raise_exception: bool, report: bool) -> Any:
    if report:
        return found
    if not found.passed and raise_exception:
        raise GradcheckError(str(found), found)
    return found.passed


def gradgradcheck(
    fn: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    gen_non_contig_grad_outputs: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    seed: int = 0,
    **options: Any,
) -> Any:
    """Check the gradients of the gradients of ``fn``: `gradcheck` of the gradient, by inputs and cotangents.

    Args:
        fn, inputs: as for `gradcheck`.
        grad_outputs (Tensor or sequence, optional): the cotangents, drawn at random by default.
        gen_non_contig_grad_outputs (bool): draw them with gaps in memory.
        options: the other arguments of `gradcheck`.

    >>> import tinygrad_cn as tg
    >>> x = tg.rand(3, dtype=tg.float64, requires_grad=True)
    >>> tg.autograd.gradgradcheck(lambda x: x ** 3, x)
    True
    """
    first = TensorTarget(fn, inputs)
    rng = np.random.default_rng(seed)
    given = list(tensors_in(grad_outputs))
    if grad_outputs is None:
        for output in first.value(first.arrays):
            array = rng.normal(size=output.shape).astype(output.dtype)
            if gen_non_contig_grad_outputs and array.ndim:
                array = np.repeat(array, 2, axis=-1)[..., ::2]
            given.append(Handle._wrap(array))
    cotangents = [g if g.requires_grad else g.detach().requires_grad_() for g in given]

    def gradients(*_: Any) -> tuple[Any, ...]:
        outputs = first._outputs()
        found = grad(outputs, first.checked, cotangents, create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    target = TensorTarget(gradients, (*first.args, *first.checked, *cotangents), name=f"the gradient of {first.name}")
    return _answer(check_target(target, target.arrays, Settings(seed=seed)), True, False)
