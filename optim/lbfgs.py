"""L-BFGS: Newton's method with the curvature that the last gradients showed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tinygrad_cn import storage
from tinygrad_cn.creation import from_numpy
from tinygrad_cn.grad_mode import enable_grad
from tinygrad_cn.tensor import Tensor

from .line_search import Point, strong_wolfe
from .optimizer import Optimizer

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """The limited-memory method of Broyden, Fletcher, Goldfarb and Shanno.

    The direction is minus the gradient times an estimate of the inverse Hessian matrix, built from the last
    ``history_size`` pairs ``s`` (change of the weights) and ``y`` (change of the gradient)::

        q <- -g;     for each pair, newest first:  a_i <- s_i.q / y_i.s_i;    q <- q - a_i y_i
        d <- (y.s / y.y) q;     oldest first:      d <- d + (a_i - y_i.d / y_i.s_i) s_i
        w <- w + t d

    One call of `step` makes up to ``max_iter`` such iterations and evaluates the closure several times. There is one
    group of parameters only.

    Source: Nocedal and Wright, "Numerical Optimization", 2nd edition, algorithm 7.4.

    Args:
        params: tensors.
        lr: the step ``t``, or the first one that a line search tries.
        max_iter: iterations of a call.
        max_eval: evaluations of a call; ``max_iter * 5 // 4`` unless given.
        tolerance_grad: stop when no component of the gradient is larger.
        tolerance_change: stop when the loss and the weights change by less.
        history_size: how many pairs to keep.
        line_search_fn: ``"strong_wolfe"`` or ``None``.

    Raises:
        ValueError: a negative ``lr``, or several groups.

    Example:
        >>> import tinygrad_cn as tg
        >>> w = tg.tensor([3.0, -2.0], requires_grad=True)
        >>> optimizer = tg.optim.LBFGS([w], line_search_fn="strong_wolfe")
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = (w * w).sum()
        ...     loss.backward()
        ...     return loss
        >>> optimizer.step(closure).item()
        13.0
        >>> bool((w.abs() < 1e-6).all())
        True
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError(f"Tensor lr must be 1-element, got shape {tuple(lr.shape)}")
        if not lr >= 0:
            raise ValueError(f"Invalid learning rate: {lr}; it must not be negative")
        options = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, options)
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Minimize for up to ``max_iter`` iterations.

        Args:
            closure: clears the gradients, computes the loss and its gradients, and returns it.

        Returns:
            The loss before the first iteration.

        Raises:
            TypeError: no closure.
            RuntimeError: an unknown ``line_search_fn``.
        """
        if closure is None:
            raise TypeError("LBFGS.step needs a closure: it computes the loss several times in a step")
        group = self.param_groups[0]
        search, small = group["line_search_fn"], group["tolerance_change"]
        if search not in (None, "strong_wolfe"):
            raise RuntimeError(f"only 'strong_wolfe' is supported as line_search_fn, got {search!r}")
        with enable_grad():
            first_loss = closure()
        loss, gradient = float(first_loss), self._gradient()
        state = self.state[group["params"][0]]  # the method has one state for all parameters, as in PyTorch
        state["func_evals"] = state.get("func_evals", 0) + 1
        state.setdefault("n_iter", 0)
        if _largest(gradient) <= group["tolerance_grad"]:
            return first_loss
        evaluations = 1
        for i in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            direction = self._direction(state, gradient, group["history_size"])
            previous_loss, slope = loss, float(gradient @ direction)
            step = float(group["lr"])
            if state["n_iter"] == 1:
                step *= min(1.0, 1.0 / float(np.abs(gradient).sum()))
            state.update(d=from_numpy(direction), t=step, prev_flat_grad=from_numpy(gradient), prev_loss=loss)
            if slope > -small:
                break
            count = 0
            if search is not None:
                evaluate = self._on_line(closure, direction)
                start = Point(0.0, loss, gradient, slope)
                most = group["max_eval"] - evaluations
                best, count = strong_wolfe(evaluate, start, step, _largest(direction), most=most)
                step, loss, gradient = best.step, best.loss, best.gradient
                state["t"] = step
                self._move(step, direction)
            else:
                self._move(step, direction)
                if i != group["max_iter"]:  # the next call evaluates it, perhaps on other data
                    with enable_grad():
                        loss = float(closure())
                    gradient, count = self._gradient(), 1
            evaluations += count
            state["func_evals"] += count
            if evaluations >= group["max_eval"] or _largest(gradient) <= group["tolerance_grad"]:
                break
            if _largest(direction * step) <= small or abs(loss - previous_loss) < small:
                break
        return first_loss

    def _direction(self, state: dict[str, Any], gradient: np.ndarray, history_size: int) -> np.ndarray:
        """Minus the gradient times the estimate of the inverse Hessian matrix."""
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
            return -gradient
        y = gradient - state["prev_flat_grad"]._array
        s = state["d"]._array * np.asarray(float(state["t"]), gradient.dtype)
        product = float(y @ s)
        if product > 1e-10:
            if len(state["ro"]) == history_size:
                for name in ("old_dirs", "old_stps", "ro"):
                    state[name].pop(0)
            state["old_dirs"].append(from_numpy(y))
            state["old_stps"].append(from_numpy(s))
            state["ro"].append(_number(1.0 / product, y))
            state["H_diag"] = _number(product / float(y @ y), y)
        pairs = [
            (s._array, y._array, float(ro))
            for s, y, ro in zip(state["old_stps"], state["old_dirs"], state["ro"], strict=True)
        ]
        q = -gradient
        shares = state.setdefault("al", [None] * history_size)  # kept as PyTorch keeps them
        for i, (s, y, ro) in reversed(list(enumerate(pairs))):
            shares[i] = _number(float(s @ q) * ro, q)
            q -= y * shares[i]._array
        q *= q.dtype.type(float(state["H_diag"]))
        for i, (s, y, ro) in enumerate(pairs):
            q += s * q.dtype.type(float(shares[i]._array) - float(y @ q) * ro)
        return q

    def _on_line(self, closure: Callable[[], Any], direction: np.ndarray) -> Callable[[float], Point]:
        """The function that gives the point of a step along ``direction``; the weights are as before afterwards."""
        params = self.param_groups[0]["params"]
        kept = [param._array.copy() for param in params]

        def evaluate(step: float) -> Point:
            self._move(step, direction)
            with enable_grad():
                loss = float(closure())
            gradient = self._gradient()
            for param, values in zip(params, kept, strict=True):
                np.copyto(param._array, values)
                storage.stamp(param._array, "LBFGS")
            return Point(step, loss, gradient, float(gradient @ direction))

        return evaluate

    def _gradient(self) -> np.ndarray:
        """The gradients of all parameters in one new row; zeros where there are none."""
        parts = []
        for param in self.param_groups[0]["params"]:
            array = np.zeros_like(param._array) if param.grad is None else param.grad._array
            parts.append(_real(np.ascontiguousarray(array)).reshape(-1))
        return np.concatenate(parts)

    def _move(self, step: float, direction: np.ndarray) -> None:
        """Add ``step * direction`` to the parameters."""
        start = 0
        for param in self.param_groups[0]["params"]:
            weight = param._array
            size = weight.size * (2 if weight.dtype.kind == "c" else 1)
            part = direction[start : start + size] * direction.dtype.type(step)
            weight += part.view(weight.dtype).reshape(weight.shape)
            storage.stamp(weight, "LBFGS")
            start += size


def _real(array: np.ndarray) -> np.ndarray:
    """A complex array as its real and imaginary parts in turn."""
    return array.reshape(-1).view(array.real.dtype) if array.dtype.kind == "c" else array


def _number(value: float, like: np.ndarray) -> Tensor:
    """A number of the state, which PyTorch has as tensors."""
    return from_numpy(np.asarray(value, like.dtype))


def _largest(array: np.ndarray) -> float:
    return float(np.abs(array).max())
