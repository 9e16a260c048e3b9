"""Every lesson in quick form: its claims hold, its page and plot can be made in both languages."""

import json
import re

import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("markdown_it")
pytest.importorskip("sklearn")

from tinygrad_cn.lessons import LESSONS, find
from tinygrad_cn.lessons.kit.lesson import TEXTS, Progress, Setting
from tinygrad_cn.lessons.kit.page import markdown, results
from tinygrad_cn.lessons.kit.plots import chinese_font
from tinygrad_cn.lessons.kit.site import read_results, write_index, write_page, write_results

LANGUAGES = ("en", "zh")


class Counting(Progress):
    """A bar that must come out full."""

    total = done = 0

    def start(self, total):
        self.total = total

    def advance(self, steps=1):
        self.done += steps


@pytest.fixture(scope="module", params=LESSONS, ids=lambda lesson: lesson.name)
def ran(request, tmp_path_factory):
    """A lesson, what it found, read back from its file, and its progress."""
    lesson, progress = request.param, Counting()
    setting = Setting(quick=True, progress=progress)
    result = results(lesson, setting, lesson.run(setting), 1.0)
    folder = tmp_path_factory.mktemp(lesson.name)
    write_results(folder, result)
    return lesson, read_results(folder / "results", lesson.name), progress


def test_claims(ran):
    lesson, result, _ = ran
    claims = lesson.claims(result["findings"])
    assert claims
    for claim in claims:
        assert claim.holds, f"{claim.text.en} {claim.measured}"


def test_progress(ran):
    _, _, progress = ran
    assert progress.done == progress.total > 0


@pytest.mark.filterwarnings("error")  # a missing glyph is a warning
def test_pages(ran, tmp_path):
    lesson, result, _ = ran
    pages = write_page(tmp_path, lesson, result, LANGUAGES)
    assert [page.name for page in pages] == [f"{lesson.name}.html"] * 2
    for language, page in zip(LANGUAGES, pages, strict=True):
        assert page.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
        text = page.read_text(encoding="utf-8")
        assert lesson.prose(language).title.split("`")[0] in text.replace("&#x27;", "'")
        assert text.count("<svg") == len(lesson.formulas)
        tables = lesson.tables(result["findings"], language)
        assert all(len(row) == len(table.columns) for table in tables for row in table.rows)


def test_words_of_both_languages(ran):
    lesson, result, _ = ran
    for language in LANGUAGES:
        prose = lesson.prose(language)
        assert all(prose), f"texts/{lesson.name}.{language}.md needs a title, a question and, below ---, what to notice"
    han = re.compile("[\u4e00-\u9fff]")
    code = re.compile("```.*?```", re.DOTALL)
    assert not han.search(code.sub("", markdown(lesson, result, "en", "plot.png")))
    assert han.search(lesson.prose("zh").title)


def test_the_page_names_what_its_numbers_depend_on(ran):
    lesson, result, _ = ran
    page = markdown(lesson, result, "en", "plot.png")
    (command,) = re.findall(f"^tinygrad-cn lesson {lesson.name} .*", page, re.MULTILINE)
    assert ("--data digits" in command, "--seeds 3" in command) == tuple(
        option in lesson.depends_on for option in ("data", "seeds")
    )
    assert "s of processor time" in page


@pytest.mark.parametrize("lesson", [one for one in LESSONS if "seeds" not in one.depends_on], ids=lambda one: one.name)
def test_other_seeds_change_nothing_where_none_is_named(lesson):
    assert lesson.run(Setting(quick=True, seeds=1)) == lesson.run(Setting(quick=True, seeds=2))


def test_no_words_without_a_lesson():
    assert {path.name.split(".")[0] for path in TEXTS.iterdir()} == {lesson.name for lesson in LESSONS}


def test_an_index_of_all_pages(tmp_path):
    for language in LANGUAGES:
        (tmp_path / language).mkdir()
    write_index(tmp_path, LESSONS, LANGUAGES)
    for lesson in LESSONS:
        assert f'href="{lesson.name}.html"' in (tmp_path / "zh" / "index.html").read_text(encoding="utf-8")
        assert f"(en/{lesson.name}.md)" in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_an_unknown_lesson_is_named_with_those_that_exist():
    with pytest.raises(ValueError, match=r"no lesson is called 'neurons'; there are neuron, "):
        find("neurons")


def test_results_that_are_not_there_or_of_another_format(tmp_path):
    with pytest.raises(FileNotFoundError, match="no results of the lesson neuron"):
        read_results(tmp_path, "neuron")
    (tmp_path / "neuron.json").write_text(json.dumps({"format": 0}))
    with pytest.raises(ValueError, match="run the lesson anew"):
        read_results(tmp_path, "neuron")


def test_a_page_in_chinese_says_when_its_plot_is_not(monkeypatch):
    chinese_font.cache_clear()
    monkeypatch.setattr("tinygrad_cn.lessons.kit.plots.CHINESE_FONTS", ())
    lesson = find("neuron")
    setting = Setting(quick=True)
    result = results(lesson, setting, lesson.run(setting), 1.0)
    assert "pip install 'tinygrad_cn[fonts]'" in markdown(lesson, result, "zh", "plot.png")
    assert "fonts" not in markdown(lesson, result, "en", "plot.png")
    chinese_font.cache_clear()
