"""What can be set about a gradient check."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Settings"]

METHODS = ("auto", "complex", "richardson", "four-point")
KINKS = ("report", "fail", "ignore")


@dataclass(frozen=True)
class Settings:
    """The settings of a check; the arguments of `gradcheck` of the same names.

    Attributes:
        method (str): "auto", "complex", "richardson" or "four-point".
        kinks (str): "report": a gradient between the derivatives from both sides is right; "fail": no kink is allowed;
            "ignore": whatever a gradient is at a kink.
        samples (int, "all" or None): elements of each input that are looked at one by one. None: all of a small
            input, and of a large one as many as ``seconds`` allow, 64 of the largest.
        seconds (float): what may be spent on the elements of large inputs.
        projections (int): random directions along which each large input is looked at as a whole.
        eps (float or None): the largest step; by default chosen for each element.
        atol, rtol (float or None): differences up to atol + rtol * |numeric| pass in any case. By default a difference
            passes only within the error bar of the numeric derivative and the rounding of the gradient.
        nondet_tol (float): how far two runs may lie apart.
        check_undefined_grad, check_batched_grad, check_forward_ad, check_backward_ad (bool): see `gradcheck`.
        behaviour (bool): check also determinism, linearity, memory layouts and that nothing is written over.
        seed (int): of the random cotangents, directions and samples.
    """

    method: str = "auto"
    kinks: str = "report"
    samples: int | str | None = None
    seconds: float = 10.0
    projections: int = 4
    eps: float | None = None
    atol: float | None = None
    rtol: float | None = None
    nondet_tol: float = 0.0
    check_undefined_grad: bool = True
    check_batched_grad: bool = False
    check_forward_ad: bool = False
    check_backward_ad: bool = True
    behaviour: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"gradcheck: method must be one of {', '.join(METHODS)}, got {self.method!r}")
        if self.kinks not in KINKS:
            raise ValueError(f"gradcheck: kinks must be one of {', '.join(KINKS)}, got {self.kinks!r}")
        if isinstance(self.samples, str) and self.samples != "all":
            raise ValueError(f"gradcheck: samples must be a number, 'all' or None, got {self.samples!r}")
