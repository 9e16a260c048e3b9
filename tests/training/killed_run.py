"""A run that is killed again and again: one process that forks the runs, so that none has to import anything.

    python killed_run.py FOLDER KILLS SEED

trains in FOLDER/whole without a pause, and in FOLDER/killed with KILLS times SIGKILL; prints how often a run was
killed, and where. The test that starts it compares what the two leave behind.
"""

import os
import random
import signal
import sys
import time
import traceback
import warnings
from pathlib import Path

import tinygrad_cn as tg
from tinygrad_cn import nn, optim
from tinygrad_cn.datasets import Distortion
from tinygrad_cn.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tinygrad_cn.training import (
    Callback,
    Checkpoint,
    EarlyStopping,
    MetricsLog,
    RandomStreams,
    accuracy,
    fit,
)
from tinygrad_cn.utils.data import DataLoader, TensorDataset


class Beat(Callback):
    """Tells the parent of each step."""

    def __init__(self, pipe):
        self.pipe = pipe

    def begin(self, run):
        os.write(self.pipe, b".")

    def after_step(self, run):
        os.write(self.pipe, b".")


def network():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(36, 3),
    )


def train(folder, seed, pipe):
    """Ten epochs of seven steps each; the last of each takes one batch instead of two."""
    streams = RandomStreams(seed)
    streams.seed_globals()
    images = streams["data"].normal((100, 1, 8, 8))
    labels = streams["data"].integers(0, 3, 100)
    with streams.as_default("init"):
        model = network()
    loader = DataLoader(
        TensorDataset(tg.from_numpy(images), tg.from_numpy(labels)),
        batch_size=8,
        shuffle=True,
        generator=streams["shuffle"],
    )
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    fit(
        model,
        loader,
        nn.CrossEntropyLoss(),
        optimizer,
        epochs=10,
        validation=DataLoader(loader.dataset, batch_size=50),
        metrics={"accuracy": accuracy},
        scheduler=optim.lr_scheduler.CosineAnnealingLR(optimizer, 70),
        scheduler_every="step",
        clip_norm=1.0,
        accumulate=2,
        augment=lambda images: Distortion(shift=1, rotation=10)(images, streams["augmentation"]),
        average=AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9)),
        callbacks=[EarlyStopping(patience=100), MetricsLog(folder / "metrics.jsonl"), Beat(pipe)],
        checkpoint=Checkpoint(folder / "checkpoints", keep=2, every_steps=1),
        resume=True,
        streams=streams,
    )


def forked(folder, seed):
    """A run in a process of its own: its number, and the pipe that it writes to."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        status = 1
        try:
            train(folder, seed, writing)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writing)
    return child, reading


def main(folder, kills, seed):
    child, pipe = forked(folder / "whole", seed)
    while os.read(pipe, 1000):
        pass
    assert os.waitpid(child, 0)[1] == 0
    os.close(pipe)

    moments = random.Random(seed)
    killed, done = 0, False
    while not done:
        child, pipe = forked(folder / "killed", seed)
        if killed < kills:
            steps = moments.randrange(5)
            for _ in range(steps):
                os.read(pipe, 1)
            time.sleep(moments.uniform(0, 0.01))
            os.kill(child, signal.SIGKILL)
        else:
            while os.read(pipe, 1000):
                pass
        status = os.waitpid(child, 0)[1]
        os.close(pipe)
        assert status in (0, signal.SIGKILL), status
        killed += status == signal.SIGKILL
        done = status == 0
    print(killed)


if __name__ == "__main__":
    warnings.simplefilter("error")
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
