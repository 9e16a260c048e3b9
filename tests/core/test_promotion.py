"""Dtypes of results: PyTorch's rules, read off PyTorch itself for every pair."""

import itertools

import numpy as np
import pytest

import tinygrad_cn as tg

torch = pytest.importorskip("torch")

NAMES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
NUMBERS = [True, 2, 2.5]
BINARY = ["add", "mul", "div", "maximum", "eq", "atan2", "pow"]


def name(tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def result(lib, operation, a, b):
    try:
        return name(getattr(lib, operation)(a, b))
    except (RuntimeError, TypeError):
        return "refused"


@pytest.mark.parametrize("operation", BINARY)
def test_pairs_of_dtypes(operation):
    """With dimensions and 0-d, in both orders."""
    shapes = [(2,), ()]
    differences = []
    for (a, b), (s, t) in itertools.product(itertools.product(NAMES, repeat=2), itertools.product(shapes, repeat=2)):
        ours = result(tg, operation, tg.ones(s, dtype=getattr(tg, a)), tg.ones(t, dtype=getattr(tg, b)))
        theirs = result(
            torch, operation, torch.ones(s, dtype=getattr(torch, a)), torch.ones(t, dtype=getattr(torch, b))
        )
        if ours != theirs and theirs != "refused":
            differences.append(f"{operation}({a}{list(s)}, {b}{list(t)}): {ours}, PyTorch {theirs}")
    assert not differences


@pytest.mark.parametrize("shape", [(2,), ()])
def test_dtypes_with_numbers(shape):
    differences = []
    for a, number, operation in itertools.product(NAMES, NUMBERS, ["add", "mul", "div", "eq", "pow"]):
        ours = result(tg, operation, tg.ones(shape, dtype=getattr(tg, a)), number)
        theirs = result(torch, operation, torch.ones(shape, dtype=getattr(torch, a)), number)
        if (operation, a, number) == ("pow", "bool", True):
            continue  # NumPy has no power of bools, and nobody needs one
        if ours != theirs and theirs != "refused":
            differences.append(f"{operation}({a}, {number}): {ours}, PyTorch {theirs}")
    assert not differences


@pytest.mark.parametrize("dtype", NAMES)
def test_one_tensor(dtype):
    differences = []
    for operation in ["exp", "sqrt", "sigmoid", "sin", "neg", "abs", "sum", "prod", "cumsum", "square", "sign", "floor",
                      "logical_not", "isnan", "argmax", "max", "any", "reciprocal", "logsumexp", "erf"]:  # fmt: skip
        args = (0,) if operation in ("cumsum", "logsumexp") else ()
        results = []
        for lib in (tg, torch):
            try:
                results.append(name(getattr(lib, operation)(lib.ones(2, dtype=getattr(lib, dtype)), *args)))
            except (RuntimeError, TypeError):
                results.append("refused")
        if results[0] != results[1] and results[1] != "refused":
            differences.append(f"{operation}({dtype}): {results[0]}, PyTorch {results[1]}")
    assert not differences


def test_promote_types():
    for a, b in itertools.product(NAMES, repeat=2):
        theirs = torch.promote_types(getattr(torch, a), getattr(torch, b))
        assert repr(tg.promote_types(getattr(tg, a), getattr(tg, b))) == str(theirs).removeprefix("torch.")


def test_where_and_cat():
    for a, b in itertools.product(NAMES, repeat=2):
        for lib in (tg, torch):
            x, y = lib.ones(2, dtype=getattr(lib, a)), lib.ones(2, dtype=getattr(lib, b))
            found = name(lib.where(x > 0, x, y)), name(lib.cat([x, y]))
            if lib is tg:
                ours = found
        assert ours == found, (a, b)


def test_created_from_python():
    for data in (True, 1, 1.0, [True, False], [1, 2], [1, 2.0], [], [[1.5]]):
        assert name(tg.tensor(data)) == name(torch.tensor(data)), data


def test_created_from_numpy():
    for dtype in NAMES:
        array = np.ones(2, dtype=dtype)
        assert name(tg.tensor(array)) == name(tg.from_numpy(array)) == dtype
        assert name(tg.tensor(array[0])) == name(torch.tensor(array[0])) == dtype


def test_the_default_dtype():
    before = tg.get_default_dtype()
    try:
        tg.set_default_dtype(tg.float64)
        assert name(tg.tensor([1.0])) == name(tg.ones(2)) == name(tg.tensor(1) / 2) == "float64"
        assert name(tg.ones(2, dtype=tg.int64) * 1.5) == "float64"
    finally:
        tg.set_default_dtype(before)


def test_gradients_have_the_dtype_of_their_leaf():
    """Through promotions: an integer, a wider and a narrower tensor take part."""
    for a, b in itertools.product(["float16", "float32", "float64"], repeat=2):
        x = tg.ones(2, dtype=getattr(tg, a), requires_grad=True)
        y = tg.ones(2, dtype=getattr(tg, b), requires_grad=True)
        (x * y * tg.tensor([1, 2])).sum().backward()
        assert (name(x.grad), name(y.grad)) == (a, b)
