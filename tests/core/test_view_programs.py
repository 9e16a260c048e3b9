"""If no error is raised, the gradient is right: random programs of views and in-place writes.

Against complex steps through NumPy's own views and writes, and against PyTorch where it takes the program.
"""

import numpy as np
import pytest
from core.view_programs import CONSTANT, LEAF, programs, start_numpy, step_numpy, step_tensors, weigh
from hypothesis import event, given, settings

import tinygrad_cn as tg
from tinygrad_cn.testing import complex_step

MORE = settings(max_examples=settings.default.max_examples * 5)


def run_numpy(steps, ends, leaf):
    values = start_numpy(leaf)
    for step in steps:
        values.append(step_numpy(step, values))
    return np.asarray(weigh(values, ends, 0.0))


def run_tensors(library, steps, ends):
    """The leaf's gradient and the values; an error of the library comes through."""
    leaf = library.tensor(LEAF, requires_grad=True)
    values = [leaf, leaf * 1, library.tensor(CONSTANT)]
    for step in steps:
        values.append(step_tensors(step, values, library))
    loss = weigh(values, ends, leaf.sum() * 0)
    loss.backward()
    return leaf.grad.numpy(), [v.detach().numpy() for v in values]


@MORE
@given(programs())
def test_right_or_refused(program):
    steps, ends = program
    try:
        gradient, values = run_tensors(tg, steps, ends)
    except RuntimeError as error:
        event("refused: " + str(error).split(":")[0])
        assert "in place" in str(error) or "share memory" in str(error)
        return
    event("accepted")
    plain = start_numpy(LEAF.copy())
    for step in steps:
        plain.append(step_numpy(step, plain))
    for ours, theirs in zip(values, plain, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-13)
    expected = complex_step(lambda leaf: run_numpy(steps, ends, leaf), [LEAF], np.ones(()), 0)
    np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-10)


@MORE
@given(programs())
def test_against_pytorch(program):
    """Also: what PyTorch takes is taken here."""
    torch = pytest.importorskip("torch")
    steps, ends = program
    try:
        expected, _ = run_tensors(torch, steps, ends)
    except RuntimeError:
        event("PyTorch refuses")
        return
    gradient, _ = run_tensors(tg, steps, ends)
    np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-10)


@settings(MORE, max_examples=MORE.max_examples // 4)
@given(programs(5))
def test_create_graph_changes_nothing(program):
    steps, ends = program
    found = []
    for create_graph in (False, True):
        leaf = tg.tensor(LEAF, requires_grad=True)
        values = [leaf, leaf * 1, tg.tensor(CONSTANT)]
        try:
            for step in steps:
                values.append(step_tensors(step, values, tg))
            loss = weigh(values, ends, leaf.sum() * 0)
            found.append(tg.autograd.grad(loss, leaf, create_graph=create_graph)[0].numpy(force=True))
        except RuntimeError:
            found.append(None)
    if found[0] is None or found[1] is None:
        assert found[0] is found[1]
    else:
        np.testing.assert_array_equal(*found)
