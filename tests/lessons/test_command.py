"""`tinygrad-cn lesson`: the list, a run, pages from saved results, and what is refused."""

import json

import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("typer")

from typer.testing import CliRunner

from tinygrad_cn.cli.app import app
from tinygrad_cn.lessons import LESSONS


def run(*arguments):
    return CliRunner().invoke(app, ["lesson", *map(str, arguments)])


def test_without_a_name_all_are_listed():
    listed = run()
    assert listed.exit_code == 0
    for lesson in LESSONS:
        assert lesson.name in listed.output


def test_a_run_and_pages_made_again_from_its_results(tmp_path):
    first = run("neuron", "--lang", "en", "--out", tmp_path)
    assert first.exit_code == 0, first.output
    assert "0.82 → 0.094" in first.output
    result = json.loads((tmp_path / "results" / "neuron.json").read_text(encoding="utf-8"))
    assert result["lesson"] == "neuron"
    page = (tmp_path / "en" / "neuron.md").read_text(encoding="utf-8")
    assert (tmp_path / "en" / "neuron.html").is_file()
    assert not (tmp_path / "zh").exists()

    again = run("all", "--from", tmp_path / "results", "--out", tmp_path / "docs", "--no-html", "--lang", "en")
    assert again.exit_code == 0, again.output
    assert (tmp_path / "docs" / "en" / "neuron.md").read_text(encoding="utf-8") == page
    assert "(en/neuron.md)" in (tmp_path / "docs" / "README.md").read_text(encoding="utf-8")
    assert not list(tmp_path.glob("docs/**/*.html"))


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("nothing",), 2, "no lesson is called 'nothing'"),
        (("neuron", "--data-dir", "."), 2, "goes with --data mnist"),
        (("neuron", "--from", "."), 1, "no results of the lesson neuron"),
    ],
)
def test_what_is_refused(arguments, code, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused = run(*arguments)
    assert refused.exit_code == code
    assert message in " ".join(refused.output.replace("│", " ").split())
