"""`utils.benchmark`: what it measures is counted by a clock of the test's own."""

import itertools

import pytest

import tinygrad_cn as tg
from tinygrad_cn.utils.benchmark import Compare, Measurement, TaskSpec, Timer


def test_a_run_is_divided_by_its_executions():
    ticks = itertools.count(step=2.0)
    calls = []
    timer = Timer("note(1)", timer=lambda: next(ticks), globals={"note": calls.append}, label="noting")
    measured = timer.timeit(100)
    assert len(calls) == 100 + 2, "two executions warm up"
    assert measured.raw_times == [2.0]
    assert (measured.median, measured.mean, measured.times, measured.iqr) == (0.02, 0.02, [0.02], 0.0)
    text = repr(measured)
    assert "noting" in text
    assert "20.00 ms" in text
    assert "1 measurement, 100 run , 1 thread" in text


def test_a_statement_sees_the_package_as_torch_and_the_setup():
    assert Timer("y = torch.add(x, x)", setup="x = torch.ones(2)").timeit(1).number_per_run == 1


def test_blocks_run_until_the_time_is_measured():
    ticks = itertools.count(step=0.0625)
    seen = []
    measured = Timer(timer=lambda: next(ticks)).blocked_autorange(lambda n, t: seen.append(n), min_run_time=0.25)
    assert len(measured.raw_times) == len(seen) == 4
    steady = Timer(timer=lambda: next(ticks)).adaptive_autorange(min_run_time=0.01)
    assert len(steady.raw_times) == 4, "as few as quartiles can be taken of"


def test_threads_are_set_back():
    before = tg.get_num_threads()
    found = []
    Timer("found.append(torch.get_num_threads())", globals={"found": found}, num_threads=1).timeit(1)
    assert set(found) == {1}
    assert tg.get_num_threads() == before


def test_statistics_and_merging():
    spec = TaskSpec("f(x)", "pass", "products", "by f", "8 x 8")
    measured = Measurement(2, [2.0, 4.0, 6.0, 8.0], spec)
    assert measured.times == [1.0, 2.0, 3.0, 4.0]
    assert (measured.median, measured.iqr) == (2.5, 1.5)
    assert 1 <= measured.significant_figures <= 6
    (merged,) = Measurement.merge([measured, Measurement(1, [9.0], spec)])
    assert merged.times == [1.0, 2.0, 3.0, 4.0, 9.0]


def test_a_table():
    def measured(sub_label, description, seconds):
        return Measurement(1, [seconds], TaskSpec("f()", "pass", "products", sub_label, description))

    table = Compare([measured("mine", "8 x 8", 2e-3), measured("yours", "8 x 8", 1e-3)])
    table.extend_results([measured("mine", "16 x 16", 4e-3)])
    lines = str(table).splitlines()
    assert "products" in lines[0]
    assert lines[1].split("|")[1:] == ["  8 x 8  ", "  16 x 16"]
    assert lines[3].split() == ["mine", "|", "2.0", "|", "4.0"]
    assert lines[4].split() == ["yours", "|", "1.0", "|"]
    assert lines[-1] == "Times are in ms."
    table.trim_significant_figures()
    assert str(table)


def test_refusals():
    with pytest.raises(ValueError, match="only a string"):
        Timer(lambda: 1)
    with pytest.raises(NotImplementedError, match="language"):
        Timer("1;", language="c++")
    for name in ("repeat", "autorange"):
        with pytest.raises(NotImplementedError, match="blocked_autorange"):
            getattr(Timer(), name)()
