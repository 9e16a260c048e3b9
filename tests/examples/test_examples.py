"""Every example runs, in its short form, and gets where it says it gets."""

import importlib.util
import math
import re
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(name, *options):
    """What the example's ``main`` returns."""
    spec = importlib.util.spec_from_file_location(f"examples_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main(["--quick", *options])


@pytest.mark.parametrize(("name", "least"), [("lenet", 0.8), ("resnet", 0.8), ("lstm", 0.75)])
def test_digits_are_read(name, least, capsys):
    pytest.importorskip("sklearn")
    assert run(name) > least
    assert re.search(r"held-out digits read correctly", capsys.readouterr().out)


def test_the_autoencoder_beats_the_average_image(tmp_path, capsys):
    pytest.importorskip("sklearn")
    assert run("vae", "--samples", str(tmp_path / "new" / "samples.png")) > 3  # nats an image
    if importlib.util.find_spec("matplotlib"):
        assert (tmp_path / "new" / "samples.png").stat().st_size > 1000


def test_the_gpt_beats_counting_and_writes(capsys):
    found, unigram, _ = run("char_gpt")
    assert found < unigram - 0.5  # bits a character
    written = capsys.readouterr().out.rpartition("it writes:\n")[2]
    assert len(written) > 70


def test_the_pole_stays_up(capsys):
    assert run("cartpole") > 100  # steps; at random it is about 22
    random = re.search(r"at random: (\d+) of 500", capsys.readouterr().out)
    assert 18 < int(random[1]) < 27


@pytest.mark.parametrize(("name", "poems"), [("sonnets", 154), ("daodejing", 81)])
def test_the_texts_are_whole(name, poems):
    text = (EXAMPLES / "data" / f"{name}.txt").read_text(encoding="utf-8")
    parts = text.strip().split("\n\n")
    assert len(parts) == poems
    if name == "sonnets":  # all have 14 lines but two
        lines = [len(part.splitlines()) for part in parts]
        assert {i + 1: n for i, n in enumerate(lines) if n != 14} == {99: 15, 126: 12}
        assert all(ord(c) < 128 for c in text)
    else:
        assert sum("一" <= c <= "鿿" for c in text) == 5292
        assert not set(text) & set(",.;:!?")
    assert not any(line != line.strip() for line in text.splitlines())


def test_every_example_stands_in_the_readmes():
    names = sorted(path.name for path in EXAMPLES.glob("*.py"))
    for readme in ("README.md", "README.zh.md"):
        text = (EXAMPLES / readme).read_text(encoding="utf-8")
        assert [name for name in names if name not in text] == []


def test_only_the_engine_is_imported():
    """And the standard library: an example that has its import lines changed runs on PyTorch."""
    for path in EXAMPLES.glob("*.py"):
        top = re.findall(r"^(?:import|from) (\w+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert set(top) <= {"argparse", "importlib", "math", "pathlib", "time", "tinygrad_cn"}, path.name


def test_the_schedule_of_the_gpt():
    spec = importlib.util.spec_from_file_location("examples_char_gpt", EXAMPLES / "char_gpt.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    shares = [module.learning_rate(step, 100, 10) for step in range(101)]
    assert shares[0] == 0.1
    assert max(shares) == shares[9] == shares[10] == 1.0
    assert math.isclose(shares[100], 0.1)
    assert shares[10:] == sorted(shares[10:], reverse=True)
