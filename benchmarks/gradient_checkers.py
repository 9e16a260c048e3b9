"""How many seeded faults the checkers of several frameworks notice with their default settings.

    python -m benchmarks.gradient_checkers

Each fault of ``tests/testing/faults`` is a pair of NumPy functions, the function right and its gradient wrong; here it
becomes a function of each framework with that gradient. The same functions with their right gradients must pass.
"""

from __future__ import annotations

import importlib
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_cn.testing import FunctionTarget, check_target

Function = Callable[..., Any]
Gradient = Callable[[tuple[np.ndarray, ...], np.ndarray], list[Any]]
Checker = Callable[[Function, Gradient, Sequence[np.ndarray]], bool]


def ours(function: Function, gradient: Gradient, inputs: Sequence[np.ndarray]) -> bool:
    names = [f"input {i}" for i in range(len(inputs))]
    return check_target(FunctionTarget(function, lambda xs, gs: gradient(xs, gs[0]), names), inputs).passed


def torch_checker() -> Checker:
    """``torch.autograd.gradcheck`` of a ``torch.autograd.Function``, which shares its memory with NumPy."""
    torch = importlib.import_module("torch")

    def check(function: Function, gradient: Gradient, inputs: Sequence[np.ndarray]) -> bool:
        class Seeded(torch.autograd.Function):  # type: ignore[misc, name-defined]
            @staticmethod
            def forward(ctx: Any, *tensors: Any) -> Any:
                ctx.save_for_backward(*tensors)
                return torch.from_numpy(np.asarray(function(*(t.detach().numpy() for t in tensors))))

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                found = gradient(tuple(t.detach().numpy() for t in ctx.saved_tensors), g.numpy())
                return tuple(None if d is None else torch.from_numpy(np.array(d)) for d in found)

        leaves = [torch.from_numpy(a.copy()).requires_grad_() for a in inputs]
        return bool(torch.autograd.gradcheck(Seeded.apply, leaves, raise_exception=False))

    return check


def jax_checker() -> Checker:
    """``jax.test_util.check_grads`` in reverse mode of a function with ``custom_vjp``, in float64."""
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    check_grads = importlib.import_module("jax.test_util").check_grads

    def check(function: Function, gradient: Gradient, inputs: Sequence[np.ndarray]) -> bool:
        inputs = [np.asarray(a) for a in inputs]
        out = np.asarray(function(*(a.copy() for a in inputs)))
        shape = jax.ShapeDtypeStruct(out.shape, out.dtype)
        shapes = tuple(jax.ShapeDtypeStruct(a.shape, a.dtype) for a in inputs)

        def forward(*arrays: Any) -> np.ndarray:
            return np.asarray(function(*(np.array(a) for a in arrays)))

        def back(arrays: Any, g: Any) -> tuple[np.ndarray, ...]:
            found = gradient(tuple(np.array(a) for a in arrays), np.array(g))
            return tuple(np.zeros_like(a) if d is None else np.asarray(d) for a, d in zip(arrays, found, strict=True))

        @jax.custom_vjp
        def seeded(*arrays: Any) -> Any:
            return jax.pure_callback(forward, shape, *arrays)

        seeded.defvjp(
            lambda *arrays: (seeded(*arrays), arrays), lambda saved, g: jax.pure_callback(back, shapes, saved, g)
        )
        check_grads(seeded, tuple(inputs), order=1, modes=["rev"])
        return True

    return check


def hips_checker() -> Checker:
    """``autograd.test_util.check_grads`` in reverse mode of a primitive with ``defvjp``."""
    extend = importlib.import_module("autograd.extend")
    check_grads = importlib.import_module("autograd.test_util").check_grads

    def check(function: Function, gradient: Gradient, inputs: Sequence[np.ndarray]) -> bool:
        seeded = extend.primitive(function)

        def rule(which: int) -> Callable[..., Any]:
            return lambda out, *arrays: (
                lambda g: np.zeros_like(arrays[which]) if (d := gradient(arrays, g)[which]) is None else d
            )

        extend.defvjp(seeded, *(rule(i) for i in range(len(inputs))))
        for i, x in enumerate(inputs):  # by each input, the others fixed
            alone = lambda x, i=i: seeded(*(x if j == i else a for j, a in enumerate(inputs)))
            check_grads(alone, modes=["rev"], order=1)(x)
        return True

    return check


CHECKERS: dict[str, Callable[[], Checker]] = {
    "tinygrad_cn": lambda: ours,
    "PyTorch": torch_checker,
    "JAX": jax_checker,
    "autograd": hips_checker,
}


def passes(check: Checker, function: Function, gradient: Gradient, inputs: Sequence[np.ndarray]) -> bool:
    """Whether the checker is content; whatever it raises is a refusal."""
    np.random.seed(0)  # noqa: NPY002 -- autograd and JAX draw their directions from it
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return check(function, gradient, [a.copy() for a in inputs])
        except Exception:
            return False


def main() -> None:
    """Print the table in Markdown."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    seeds = importlib.import_module("testing.faults")
    checkers = {}
    for name, make in CHECKERS.items():
        try:
            checkers[name] = make()
        except ImportError as error:
            print(f"{name} is left out: {error}")
    caught: dict[str, list[bool]] = {}
    seconds = {}
    alarms = {}
    for name, check in checkers.items():
        started = time.perf_counter()
        caught[name] = [not passes(check, *fault.make(), fault.base.inputs) for fault in seeds.FAULTS]
        seconds[name] = (time.perf_counter() - started) / len(seeds.FAULTS)
        alarms[name] = [str(b) for b in seeds.BASES if not passes(check, b.function, b.gradient, b.inputs)]
    rows = [
        ("large", lambda f: f.size > 1e-3),
        ("1e-3 to 1e-5", lambda f: 1e-5 <= f.size <= 1e-3),
        ("below 1e-5", lambda f: f.size < 1e-5),
    ]
    families = list(dict.fromkeys(f.base.family for f in seeds.FAULTS))
    rows += [(family, lambda f, family=family: f.base.family == family) for family in families]
    rows += [("all", lambda f: True)]
    print(f"| faults | number | {' | '.join(checkers)} |")
    print(f"|---|---:|{'---:|' * len(checkers)}")
    for text, chosen in rows:
        which = [i for i, fault in enumerate(seeds.FAULTS) if chosen(fault)]
        print(f"| {text} | {len(which)} | {' | '.join(str(sum(caught[n][i] for i in which)) for n in checkers)} |")
    total = len(seeds.BASES)
    print(f"| right gradients refused | {total} | {' | '.join(str(len(alarms[n])) for n in checkers)} |")
    print(f"| ms a check | | {' | '.join(f'{1e3 * seconds[n]:.0f}' for n in checkers)} |")
    for name in checkers:
        print(f"\n{name}: refuses right gradients of: {', '.join(alarms[name]) or 'nothing'}")
        missed = [str(f) for f, noticed in zip(seeds.FAULTS, caught[name], strict=True) if not noticed]
        print(f"{name}: lets pass: {'; '.join(missed) or 'nothing'}")


if __name__ == "__main__":
    main()
