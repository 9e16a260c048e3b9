"""Stopping a run in the middle, and what is then in its folder."""

import os
import signal

from tinygrad_cn.training import Callback


class At(Callback):
    """Does something after a step."""

    def __init__(self, step, action):
        self.step, self.action = step, action

    def after_step(self, run):
        if run.step == self.step:
            self.action(run)


def interrupt(run):
    os.kill(os.getpid(), signal.SIGINT)


def names(folder):
    return sorted(path.name for path in folder.iterdir())
