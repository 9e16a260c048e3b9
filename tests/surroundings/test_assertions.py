"""`assert_close`."""

import pytest

import tinygrad_cn as tg
from tinygrad_cn.testing import assert_close


def test_what_agrees():
    assert_close(tg.tensor([1.0, float("inf")]), tg.tensor([1.0 + 1e-7, float("inf")]))
    assert_close({"a": [tg.ones(2), 1.0]}, {"a": [tg.ones(2), 1.0]})
    assert_close(tg.tensor(float("nan")), tg.tensor(float("nan")), equal_nan=True)
    assert_close(1, 1.0)
    assert_close(tg.ones(2), tg.ones(2, dtype=tg.float64), check_dtype=False)


@pytest.mark.parametrize(
    ("actual", "expected", "message"),
    [
        (tg.tensor([1.0, 2.0, 3.0]), tg.tensor([1.0, 2.5, 3.0]), r"1 / 3 \(33.3%\)[\s\S]*0.5 at index \(1,\)"),
        (tg.tensor(1.0), tg.tensor(2.0), "Scalars are not close"),
        (tg.ones(2), tg.ones(3), "shape"),
        (tg.ones(2), tg.ones(2, dtype=tg.float64), "dtype"),
        (tg.tensor([1, 2]), tg.tensor([1, 3]), "not close"),
        ([tg.ones(1)], [tg.ones(1), tg.ones(1)], "length"),
        ({"a": tg.ones(1)}, {"b": tg.ones(1)}, "keys"),
        ({"a": [tg.ones(1), tg.zeros(1)]}, {"a": [tg.ones(1), tg.ones(1)]}, r"item \['a'\]\[1\]"),
        (tg.tensor(float("nan")), tg.tensor(float("nan")), "not close"),
        (tg.tensor([True]), tg.tensor([False]), "not close"),
    ],
)
def test_what_does_not(actual, expected, message):
    with pytest.raises(AssertionError, match=message):
        assert_close(actual, expected)


def test_messages_and_tolerances():
    with pytest.raises(AssertionError, match="mine"):
        assert_close(tg.tensor(1.0), tg.tensor(2.0), msg="mine")
    with pytest.raises(AssertionError, match=r"^mine: Scalars"):
        assert_close(tg.tensor(1.0), tg.tensor(2.0), msg=lambda m: "mine: " + m)
    with pytest.raises(ValueError, match="together"):
        assert_close(tg.tensor(1.0), tg.tensor(2.0), rtol=1.0)
    assert_close(tg.tensor(1.0), tg.tensor(2.0), rtol=1.0, atol=0.0)
