"""The table that every training lesson ends with: the reported figure beside ours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinygrad_cn.lessons.kit.lesson import Findings, Language, Table, Text
from tinygrad_cn.lessons.kit.plots import label

__all__ = ["accuracy_table", "mean", "mean_and_sd"]

COLUMNS = Text(
    "experiment | judged on | reported | ours: last epoch | ours: best epoch | test, epoch by validation | seeds",
    "实验 | 评判于 | 原报告 | 本次：最后一轮 | 本次：最好一轮 | 测试集，按验证集选轮 | 种子数",
)
ON = {"test": Text("test", "测试集"), "validation": Text("validation", "验证集")}
CAPTION = Text(
    "Accuracy in percent, mean ± standard deviation over the seeds. A best epoch chosen on the data it is judged on "
    "flatters; the last but one column is the honest way to choose.",
    "准确率（%），均值 ± 标准差（对种子统计）。在评判用的数据上挑最好的一轮会偏高；倒数第二列才是诚实的选法。",
)


def mean(values: Sequence[float]) -> float:
    """The mean over the seeds."""
    return float(np.mean(values))


def mean_and_sd(values: Sequence[float], digits: int = 2) -> str:
    """The mean and, for more than one seed, the standard deviation.

    Example:
        >>> mean_and_sd([96.0, 97.0])
        '96.50 ± 0.71'
    """
    text = f"{np.mean(values):.{digits}f}"
    return text if len(values) < 2 else f"{text} ± {np.std(values, ddof=1):.{digits}f}"


def accuracy_table(findings: Findings, language: Language, caption: str = "") -> Table:
    """A row for each experiment: the reported figure, then final, best and chosen epoch."""
    rows = []
    for experiment in findings["experiments"].values():
        judged = experiment[experiment["judged_on"]]
        rows.append(
            [
                label(experiment, language),
                ON[experiment["judged_on"]][language],
                experiment["reported"] or "–",
                mean_and_sd(judged["final"]),
                mean_and_sd(judged["best"]),
                mean_and_sd(experiment["chosen"]),
                str(experiment["seeds"]),
            ]
        )
    return Table(COLUMNS[language].split(" | "), rows, caption or CAPTION[language])
