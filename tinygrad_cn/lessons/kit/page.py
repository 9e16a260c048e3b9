"""A lesson's page in Markdown, from its words, its code and a file of results."""

from __future__ import annotations

import inspect
import platform
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cn import __version__
from tinygrad_cn.lessons.kit.lesson import Findings, Language, Lesson, Setting, Table, Text
from tinygrad_cn.lessons.kit.plots import chinese_font

__all__ = ["RESULTS_FORMAT", "markdown", "results"]

RESULTS_FORMAT = 1

HEADINGS = {
    "formulas": Text("The formulas", "公式"),
    "code": Text("The code", "代码"),
    "plot": Text("What came out", "结果"),
    "claims": Text("Does it hold in this run?", "这次运行是否成立？"),
    "notice": Text("What to notice", "看点"),
    "settings": Text("The settings", "设置"),
}
STACKED = Text(
    "This is the code that ran. Where there are several seeds, their networks were trained side by side as one network "
    "whose layers have a leading axis, one entry a seed (`tinygrad_cn/lessons/kit/stacked.py`); a test shows that each "
    "becomes what it becomes alone. Convolutional networks were trained one at a time.",
    "以上就是实际运行的代码。有多个种子时，各个网络并在一起训练：每层多出一个最前面的轴，一个种子占一项"
    "（`tinygrad_cn/lessons/kit/stacked.py`）；测试证明每个网络的结果与单独训练时相同。卷积网络则逐个训练。",
)
OTHER_DATA = Text(
    "Accuracies were reported for MNIST and the full settings; this run cannot be compared with them number by number.",
    "原报告的准确率针对 MNIST 与完整设置；本次运行不是那样的条件，不能逐个数字比较。",
)
NO_FONT = Text(
    "The plot is labelled in English, as no font with Chinese glyphs was found; "
    "`pip install 'tinygrad_cn[fonts]'` brings one.",
    "未找到含中文字形的字体，图中标注用英文。`pip install 'tinygrad_cn[fonts]'` 可安装一个。",
)
SOURCE = Text(
    "Source of the reported figures: M. Nielsen, *Neural Networks and Deep Learning*, chapter {}.",
    "原报告出自 M. Nielsen，*Neural Networks and Deep Learning*，第 {} 章。",
)
COLUMNS = Text("claim | holds | measured", "说法 | 成立 | 实测")
YES, NO = Text("yes", "是"), Text("no", "否")


def results(lesson: Lesson, setting: Setting, findings: Findings, seconds: float) -> Findings:
    """What the file of results holds: the findings, what they depend on, and the processor time they took."""
    return {
        "format": RESULTS_FORMAT,
        "lesson": lesson.name,
        "data": setting.data,
        "quick": setting.quick,
        "seeds": setting.seeds,
        "seconds": round(seconds, 1),
        "tinygrad_cn": __version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "findings": findings,
    }


def markdown(lesson: Lesson, result: Findings, language: Language, plot: str) -> str:
    """The page.

    Args:
        result: as `results` made it, or read from its file.
        plot: the address of the picture, as seen from the page.
    """
    prose = lesson.prose(language)
    findings = result["findings"]
    parts = [f"# {prose.title}", prose.question]
    if lesson.formulas:
        parts.append(_heading("formulas", language))
        for formula in lesson.formulas:
            parts.append(f"```math\n{formula.tex}\n```")
            parts.append(formula.meaning[language])
    if lesson.code:
        parts.append(_heading("code", language))
        parts.append("```python\n" + "\n\n".join(source(item) for item in lesson.code) + "\n```")
        if "experiments" in findings:
            parts.append(STACKED[language])
    parts.append(_heading("plot", language))
    parts.append(f"![{prose.title}]({plot})")
    if language == "zh" and chinese_font() is None:
        parts.append(NO_FONT[language])
    for table in lesson.tables(findings, language):
        parts.append(_table(table))
    if lesson.source:
        note = SOURCE[language].format(lesson.source)
        if "data" in lesson.depends_on and (result["data"] != "mnist" or result["quick"]):
            note += (" " if language == "en" else "") + OTHER_DATA[language]
        parts.append(note)
    parts.append(_heading("claims", language))
    parts.append(_claims(lesson, findings, language))
    parts.append(_heading("notice", language))
    parts.append(prose.notice)
    parts.append(_heading("settings", language))
    parts.append(_settings(lesson, result, language))
    return "\n\n".join(parts) + "\n"


def source(item: Callable[..., Any]) -> str:
    """The source of a function or class."""
    return textwrap.dedent(inspect.getsource(item)).rstrip()


def _heading(name: str, language: Language) -> str:
    return f"## {HEADINGS[name][language]}"


def _table(table: Table) -> str:
    lines = [_row(table.columns), _row(["---"] * len(table.columns)), *(_row(row) for row in table.rows)]
    text = "\n".join(lines)
    return f"{text}\n\n{table.caption}" if table.caption else text


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _claims(lesson: Lesson, findings: Findings, language: Language) -> str:
    rows = [
        [claim.text[language], (YES if claim.holds else NO)[language], claim.measured]
        for claim in lesson.claims(findings)
    ]
    return _table(Table(COLUMNS[language].split(" | "), rows))


SETTINGS = Text(
    "network, cost and learning rate as named | η | λ | epochs | training images | mini-batch",
    "实验 | η | λ | 轮数 | 训练图像 | 小批量",
)
ALL = Text("all", "全部")
FEWER = Text(
    "The longest experiments had fewer seeds: the tables say how many.", "耗时最长的实验所用的种子较少，数目见表。"
)


def _settings(lesson: Lesson, result: Findings, language: Language) -> str:
    experiments = result["findings"].get("experiments", {}).values()
    rows = [
        [
            experiment["label"][language],
            f"{experiment['lr']:g}",
            f"{experiment['l2']:g}",
            str(experiment["epochs"]),
            ALL[language] if experiment["images"] is None else f"{experiment['images']:,}",
            str(experiment["batch_size"]),
        ]
        for experiment in experiments
    ]
    command = f"tinygrad-cn lesson {lesson.name} --lang {language}"
    command += "".join(f" --{option} {result[option]}" for option in lesson.depends_on)
    if result["quick"]:
        command += " --quick"
    ran = Text(
        f"{result['seconds']:g} s of processor time, tinygrad_cn {result['tinygrad_cn']}, NumPy {result['numpy']}, "
        f"Python {result['python']}.",
        f"处理器时间 {result['seconds']:g} 秒，tinygrad_cn {result['tinygrad_cn']}，NumPy {result['numpy']}，"
        f"Python {result['python']}。",
    )
    parts = [_table(Table(SETTINGS[language].split(" | "), rows))] if rows else []
    if any(experiment["seeds"] < result["seeds"] for experiment in experiments):
        parts.append(FEWER[language])
    return "\n\n".join([*parts, f"```sh\n{command}\n```", ran[language]])
