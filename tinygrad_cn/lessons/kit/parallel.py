"""Seeds and experiments in processes side by side, each with a BLAS of one thread."""

from __future__ import annotations

import multiprocessing
import queue
import signal
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from tinygrad_cn.kernels.threads import set_num_threads
from tinygrad_cn.lessons.kit.data import load
from tinygrad_cn.lessons.kit.lesson import Findings, Progress, Setting
from tinygrad_cn.lessons.kit.training import Experiment, train

__all__ = ["Tick", "run_seeds", "run_tasks", "summarise", "train_all"]

Result = TypeVar("Result")
Tick = Callable[[], None]
Curves = list[dict[str, list[float]]]

_ticks: Any = None  # in a worker: where its progress is told
_trained: dict[tuple[object, ...], Curves] = {}  # lessons share controls: what ran in this process is not run again


def _start_worker(ticks: Any) -> None:
    global _ticks
    _ticks = ticks
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends the workers
    set_num_threads(1)


def _tick() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        raise SystemExit("the command that wanted this work was killed")
    _ticks.put(1)


def _work(task: Callable[..., Result], arguments: tuple[Any, ...]) -> Result:
    return task(*arguments, _tick)


def run_tasks(
    setting: Setting, task: Callable[..., Result], arguments: Sequence[tuple[Any, ...]], total: int
) -> list[Result]:
    """Calls `task(*arguments, tick)` for each of the arguments, `setting.jobs` at a time.

    Args:
        task: a function at the top of a module, that other processes can import; it calls `tick()` as it goes.
        arguments: one tuple a call; they and the results are pickled where several processes work.
        total: how often `tick` is called in all.

    Returns:
        The results, in the order of the arguments.
    """
    setting.progress.start(total)
    jobs = min(setting.jobs, len(arguments))
    if jobs <= 1:
        return [task(*each, setting.progress.advance) for each in arguments]
    context = multiprocessing.get_context("spawn")  # a fork would copy BLAS's threads in the middle of their work
    ticks = context.Queue()
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_start_worker, initargs=(ticks,))
    try:
        futures = [pool.submit(_work, task, each) for each in arguments]
        pending = set(futures)
        while pending:
            try:
                setting.progress.advance(ticks.get(timeout=0.1))
            except queue.Empty:
                done, pending = wait(pending, timeout=0)
                for future in done:
                    future.result()  # an error in a worker ends the run at once
        return [future.result() for future in futures]
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def run_seeds(
    setting: Setting, task: Callable[..., Result], cases: Mapping[str, tuple[Any, ...]], ticks: int = 1
) -> dict[str, list[Result]]:
    """Calls `task(setting, *arguments, seed, tick)` for the arguments of each case and each of `setting.seeds` seeds.

    Args:
        task: as in `run_tasks`; the setting it gets has no progress bar, so that it can be sent to other processes.
        ticks: how often each call calls `tick()`.

    Returns:
        For each case the results, one a seed.
    """
    quiet = replace(setting, progress=Progress(), jobs=1)
    calls = [(quiet, *arguments, seed) for arguments in cases.values() for seed in range(setting.seeds)]
    found = run_tasks(setting, task, calls, ticks * len(calls))
    return {case: found[i * setting.seeds : (i + 1) * setting.seeds] for i, case in enumerate(cases)}


def _train(experiment: Experiment, data: str, data_dir: Path | None, seeds: Sequence[int], tick: Tick) -> Curves:
    return train(experiment, load(data, data_dir), seeds, tick)


def train_all(setting: Setting, experiments: Sequence[Experiment]) -> Findings:
    """Trains every experiment with `setting.seeds` seeds, a long one with no more than its `most_seeds`.

    Returns:
        `{"experiments": {key: ...}}`, each with its label, settings, mean curves and a summary (see `summarise`).
    """
    known = {experiment.key: _trained.get(_identity(setting, experiment)) for experiment in experiments}
    ahead = sorted((one for one in experiments if known[one.key] is None), key=lambda one: -one.epochs)
    # As many seeds as can be in one process, where they cost the least; but leave no process without work.
    groups = 1 if len(ahead) % setting.jobs == 0 else setting.jobs
    tasks = [
        (one, setting.data, setting.data_dir, share.tolist())
        for one in ahead
        for share in np.array_split(np.arange(_seeds(setting, one)), min(groups, _seeds(setting, one)))
    ]
    found = run_tasks(setting, _train, tasks, sum(_seeds(setting, one) * one.epochs for one in ahead))
    curves = {key: list(value) for key, value in known.items() if value is not None}
    for task, result in zip(tasks, found, strict=True):
        curves.setdefault(task[0].key, []).extend(result)
    for experiment in ahead:
        _trained[_identity(setting, experiment)] = curves[experiment.key]
    return {
        "experiments": {
            experiment.key: describe(experiment) | summarise(curves[experiment.key]) for experiment in experiments
        }
    }


def _seeds(setting: Setting, experiment: Experiment) -> int:
    return min(setting.seeds, experiment.most_seeds)


def _identity(setting: Setting, experiment: Experiment) -> tuple[object, ...]:
    """All that its curves depend on."""
    made, prepare = (
        (made.func, made.args, tuple(made.keywords.items())) if isinstance(made, partial) else made
        for made in (experiment.network, experiment.prepare)
    )
    how = (experiment.loss, experiment.lr, experiment.epochs, experiment.l2, experiment.images, experiment.batch_size)
    return (setting.data, _seeds(setting, experiment), made, how, experiment.watch_training, prepare)


def describe(experiment: Experiment) -> Findings:
    """What the file of results says about the settings of an experiment."""
    return {
        "label": asdict(experiment.label),
        "lr": experiment.lr,
        "l2": experiment.l2,
        "epochs": experiment.epochs,
        "images": experiment.images,
        "batch_size": experiment.batch_size,
        "reported": experiment.reported,
        "judged_on": experiment.judged_on,
    }


def summarise(curves: Sequence[dict[str, list[float]]]) -> Findings:
    """The curves of all seeds, one dictionary each, as mean and standard deviation, and what a table needs of each.

    Returns:
        - `seeds`: how many;
        - `curves`: for each name `mean` and `sd`, one value an epoch;
        - `first`, `final`, `best`, `best_epoch`: of test and validation accuracy, for each seed;
        - `chosen`, `chosen_epoch`: the test accuracy after the epoch that was best on validation data.

    Example:
        >>> seed = {"test_accuracy": [80.0, 82.0, 81.0], "validation_accuracy": [79.0, 80.0, 83.0]}
        >>> found = summarise([seed])
        >>> found["test"]["best"], found["test"]["final"], found["chosen"], found["chosen_epoch"]
        ([82.0], [81.0], [81.0], [3])
    """
    found: Findings = {"seeds": len(curves), "curves": {}}
    for name in curves[0]:
        values = np.array([curve[name] for curve in curves])  # (S, epochs)
        digits = 2 if name.endswith("accuracy") else 4
        found["curves"][name] = {
            "mean": np.round(values.mean(axis=0), digits).tolist(),
            "sd": np.round(_spread(values), digits).tolist(),
        }
    for on in ("test", "validation"):
        values = np.array([curve[f"{on}_accuracy"] for curve in curves])
        found[on] = {
            "first": np.round(values[:, 0], 2).tolist(),
            "final": np.round(values[:, -1], 2).tolist(),
            "best": np.round(values.max(axis=1), 2).tolist(),
            "best_epoch": (values.argmax(axis=1) + 1).tolist(),
        }
    chosen = [int(np.argmax(curve["validation_accuracy"])) for curve in curves]
    found["chosen"] = [round(curve["test_accuracy"][i], 2) for curve, i in zip(curves, chosen, strict=True)]
    found["chosen_epoch"] = [i + 1 for i in chosen]
    return found


def _spread(values: np.ndarray) -> np.ndarray:
    """The standard deviation over the first axis, as an estimate from a sample; 0 for a single seed."""
    return values.std(axis=0, ddof=1) if len(values) > 1 else np.zeros(values.shape[1])
