"""One choice of options, tried in both libraries."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

import tinygrad_cn as tg

from .building import closure_of, numbers, options_for
from .differences import array, differ, states_differ

__all__ = ["Trial"]

_STEPS = 10
#: Of parameters; Muon takes matrices only.
_SHAPES = [(3, 4), (5,), (), (2, 3, 4), (20, 31)]
_MATRICES = [(3, 4), (6, 2), (5, 5), (8, 20)]


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
        """Leaves with the same numbers in either library."""
        draw = np.random.default_rng(0)
        values = [numbers(draw, shape, dtype) for shape in self.shapes]
        return [lib.tensor(value, requires_grad=True) for value in values]

    def optimizer(self, lib: Any, params: Any) -> Any:
        return getattr(lib.optim, self.name)(params, **options_for(lib, self.options))

    def run(self, lib: Any, optimizer: Any, params: list[Any], first: int = 0, last: int = _STEPS) -> None:
        """Steps with gradients that depend on the number of the step alone; the third parameter has some only."""
        for step in range(first, last):
            draw = np.random.default_rng(100 + step)
            if self.info.step_requires_closure:
                optimizer.step(closure_of(optimizer, params))
                continue
            for i, param in enumerate(params):
                value = numbers(draw, tuple(param.shape), str(param.dtype).removeprefix("torch."))
                param.grad = None if i == 2 and step % 3 else self.gradient(lib, value)
            optimizer.step()

    def gradient(self, lib: Any, value: np.ndarray) -> Any:
        """A gradient: as it is, or sparse where the optimizer takes no other."""
        if not self.info.only_supports_sparse_grads:
            return lib.tensor(value)
        if value.ndim and len(value) > 1:
            value[:: 2 + len(value) % 2] = 0
        dense = lib.tensor(value)
        return dense.to_sparse(1) if lib is torch and value.ndim else dense.to_sparse() if lib is torch else dense

    def both(self, dtype: str) -> list[tuple[list[Any], Any]]:
        """The parameters and the optimizer after all steps, here and in PyTorch."""
        result = []
        for lib in (tg, torch):
            params = self.parameters(lib, dtype)
            optimizer = self.optimizer(lib, params)
            self.run(lib, optimizer, params)
            result.append((params, optimizer))
        return result

    @functools.cached_property
    def finished(self) -> list[tuple[list[Any], Any]]:
        """Both in float64, which several aspects compare."""
        return self.both("float64")

    # -- aspects -------------------------------------------------------------------------------

    def steps(self) -> str | None:
        """The parameters after all steps."""
        (ours, _), (theirs, _) = self.finished
        problem = differ(ours, theirs, self.tolerance)
        return self.plain().steps() if problem and self.flagged else problem

    def state(self) -> str | None:
        """The state after all steps."""
        (_, ours), (_, theirs) = self.finished
        problem = states_differ(ours.state_dict(), theirs.state_dict(), self.tolerance)
        return self.plain().state() if problem and self.flagged else problem

    def plain(self) -> Trial:
        """Without the flags: some of PyTorch's implementations differ from one another by more than is asked here."""
        return Trial(self.info, {k: v for k, v in self.options.items() if k not in ("foreach", "fused")})

    def float32(self) -> str | None:
        (ours, optimizer), (theirs, reference) = self.both("float32")
        problem = states_differ(optimizer.state_dict(), reference.state_dict(), 2e-4)
        return problem or differ(ours, theirs, 2e-4)

    def complex(self) -> str | None:
        (ours, optimizer), (theirs, reference) = self.both("complex128")
        return self.disagreement(ours, theirs, optimizer, reference)

    def disagreement(self, ours: list[Any], theirs: list[Any], optimizer: Any, reference: Any) -> str | None:
        problem = differ(ours, theirs, self.tolerance)
        return problem or states_differ(optimizer.state_dict(), reference.state_dict(), self.tolerance)

    def repr(self) -> str | None:
        printed = []
        for lib in (tg, torch):
            options = {name: value for name, value in options_for(lib, self.options).items() if name != "capturable"}
            printed.append(repr(getattr(lib.optim, self.name)(self.parameters(lib), **options)))
        printed[1] = printed[1].replace("torch.", "")
        return None if printed[0] == printed[1] else f"{printed[0]} instead of {printed[1]}"

    def groups(self) -> str | None:
        """Groups with rates of their own, one of them added between two steps."""
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
        return self.disagreement(ours, theirs, optimizer, reference)

    def closure(self) -> str | None:
        """Steps with a closure, and the losses that they return."""
        result = []
        for lib in (tg, torch):
            params = self.parameters(lib)
            optimizer = self.optimizer(lib, params)
            losses = [float(optimizer.step(closure_of(optimizer, params))) for _ in range(_STEPS)]
            result.append((losses, params, optimizer))
        (our_losses, ours, optimizer), (their_losses, theirs, reference) = result
        if not np.allclose(our_losses, their_losses, rtol=self.tolerance, atol=self.tolerance):
            return f"losses {our_losses} instead of {their_losses}"
        return self.disagreement(ours, theirs, optimizer, reference)

    def travel(self) -> str | None:
        """Five steps, the state across, five steps there: as ten steps at home."""
        (ours, _), (theirs, _) = self.finished
        for source, target, whole in ((torch, tg, theirs), (tg, torch, ours)):
            params = self.parameters(source)
            optimizer = self.optimizer(source, params)
            self.run(source, optimizer, params, 0, 5)
            moved = [target.tensor(array(param), requires_grad=True) for param in params]
            continued = self.optimizer(target, moved)
            saved = optimizer.state_dict()
            continued.load_state_dict(saved if target is tg else _for_torch(saved))
            self.run(target, continued, moved, 5)
            if problem := differ(moved, whole, max(self.tolerance, 1e-9)):
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
            if differ(ours, self.through(torch, zeros)[1], 1e-6) is None:
                return None
        draw = np.random.default_rng(300)
        directions = [draw.standard_normal(zero.shape) for zero in zeros]
        above, below = (self.through(tg, [h * d for d in directions])[0] for h in (1e-5, -1e-5))
        slope = sum(float((array(g) * d).sum()) for g, d in zip(ours, directions, strict=True))
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
        moving = [leaf(array(param)).clone() for param in self.parameters(lib)[:4]]
        options = {**options_for(lib, self.options), "differentiable": True}
        optimizer = getattr(lib.optim, self.name)(moving, **options)
        for step in range(3):
            draw = np.random.default_rng(200 + step)
            for param in moving:
                param.grad = leaf(numbers(draw, tuple(param.shape), "float64")) * 1.0
            optimizer.step()
        total = sum((param * lib.tensor(numbers(draw, tuple(param.shape), "float64"))).sum() for param in moving)
        total.backward()
        return float(total), [lib.zeros_like(each) if each.grad is None else each.grad for each in leaves]


def _for_torch(saved: Any) -> Any:
    """A state of ours with PyTorch's tensors."""
    if isinstance(saved, tg.Tensor):
        return torch.from_numpy(array(saved))
    if isinstance(saved, dict):
        return {key: False if key == "capturable" else _for_torch(value) for key, value in saved.items()}
    return type(saved)(map(_for_torch, saved)) if isinstance(saved, list | tuple) else saved
