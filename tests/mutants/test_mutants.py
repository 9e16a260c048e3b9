"""The machinery of mutation testing: sources are found, mutants differ, and nothing stays behind."""

import dis
from types import CodeType

import numpy as np
import pytest

from mutants.equivalent import EQUIVALENT
from mutants.install import installed, mutants_of
from mutants.mutate import formula_changes
from mutants.sources import remade, source_of, wrapped
from tinygrad_cn import Tensor, autograd
from tinygrad_cn.op import registry
from tinygrad_cn.testing.op_cases import CASES

assert CASES  # with them, the families that `import tinygrad_cn` leaves out have been imported
RULES = [(name, key, rule) for name, op in registry.items() for key, rule in op.rules.items()]


def gradient(name, *arrays):
    leaves = [Tensor._wrap(np.array(a)).requires_grad_() for a in arrays]
    return [g.tolist() for g in autograd.grad(registry[name](*leaves).sum(), leaves)]


#: The others depend on where a function stands: calls of imported modules are compiled in their own way.
STEPS = {"LOAD_FAST", "LOAD_CONST", "BINARY_OP", "COMPARE_OP", "UNARY_NEGATIVE"}


def steps(code):
    """The instructions that make up the formula, also those of the functions inside."""
    for step in dis.get_instructions(code):
        if step.opname in STEPS:
            yield step.opname, list(steps(step.argval)) if isinstance(step.argval, CodeType) else step.argval


@pytest.mark.parametrize(("name", "key", "rule"), RULES, ids=[f"{name}-{key}" for name, key, _ in RULES])
def test_every_rule_is_made_anew_from_its_source(name, key, rule):
    assert list(steps(remade(rule, source_of(rule)).__code__)) == list(steps(rule.__code__))


def test_a_mutant_is_wrong_while_it_is_installed_and_not_after():
    right = gradient("divide", [3.0], [2.0])
    mutants = list(mutants_of(registry["divide"]))
    assert {m.kind for m in mutants} >= {"sign", "factor", "zero", "swap"}
    for mutant in mutants:
        with installed(mutant):
            assert gradient("divide", [3.0], [2.0]) != right, str(mutant)
        assert gradient("divide", [3.0], [2.0]) == right


def test_joint_rules_composites_and_helpers_have_mutants():
    assert {m.place for m in mutants_of(registry["batch_norm"])} == {
        "joint", "joint[x]", "joint[weight]", "joint[bias]", "composite",
    }  # fmt: skip
    assert "_larger" in {m.place for m in mutants_of(registry["maximum"])}


def test_a_change_that_spells_the_same_formula_is_none():
    """2 * x * out with x and out exchanged."""
    rule = registry["erfcx"].rules["x"]
    assert "x and out exchanged" not in [c.text for c in formula_changes(source_of(rule), ["x", "out"])]


def test_wrapped_rules_keep_their_parameters():
    made = wrapped(lambda g, x, *, axis=1: g + x + axis, lambda value: -value)
    assert made.__code__.co_varnames[:2] == ("g", "x")
    assert made(1, 2) == -4
    assert made(1, 2, axis=5) == -8


@pytest.mark.parametrize("entry", EQUIVALENT, ids=lambda e: f"{e.op}-{e.text}")
def test_equivalent_mutants_exist(entry):
    texts = [(m.place, m.text) for m in mutants_of(registry[entry.op])]
    assert (entry.place, entry.text) in texts
