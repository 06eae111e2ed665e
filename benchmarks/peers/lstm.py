"""An LSTM (PyTorch on the CPU): one on the rise for all leads, one as the best published one.

`lstm` reads hourly differences of all levels and rain and tells the rise of every lead at once.
`lstm-published` follows the notebooks of the K-water contest [1]_: levels, their differences and
rain of 24 h, standardised; the level itself 1 h ahead; two layers, dropout that stays on, the mean
of 30 draws; three quarters of the training samples to learn, the last quarter to stop early;
samples with a gap left out. Not as there: 64 units and not 256, dropout of a rate of our choice
between the layers and not inside them, PyTorch and not Keras.

.. [1] https://github.com/hyunholee26/Short-term-water-level-prediction-in-the-river-using-LSTM-with-MC-dropout
   and the tutorial beside it, read 2026-11-22
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from benchmarks.machine import timed
from benchmarks.peers.task import Answer, Task

HIDDEN, BATCH, RATE = 64, 256, 1e-3
EPOCHS, PATIENCE = 25, 3
SEEDS = (0, 1, 2)
WINDOW_H, HELD_OUT_H = 24, 365 * 24  # the last year of the training stops it early
PUBLISHED_WINDOW_H, DRAWS, DROPOUT = 24, 30, 0.1


@dataclass(frozen=True)
class Samples:
    """Windows of steps (time, feature) that end at each row, and what came after it (time, lead).

    A NaN in the target teaches nothing.
    """

    steps: Tensor
    target: Tensor
    window: int

    def at(self, rows: Tensor) -> Tensor:
        """Give the windows (row, step, feature) that end at these rows."""
        return self.steps[rows[:, None] + torch.arange(1 - self.window, 1)]


class Net(nn.Module):
    """LSTM layers, and one number per lead from the last step."""

    def __init__(self, features: int, leads: int, *, layers: int = 1, dropout: float = 0.0) -> None:
        super().__init__()
        self.recurrent = nn.LSTM(
            features, HIDDEN, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(HIDDEN, leads)

    def forward(self, windows: Tensor) -> Tensor:
        """Give (row, lead) of windows (row, step, feature)."""
        states, _ = self.recurrent(windows)
        told: Tensor = self.head(self.dropout(states[:, -1]))
        return told


def answers(task: Task, series: pd.DataFrame) -> list[Answer]:
    """Give the forecasts of the kinds that the task names."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    kinds: dict[str, Callable[[Task, pd.DataFrame], Answer]] = {
        "lstm": of_rise, "lstm-published": as_published,
    }  # fmt: skip
    return [kind(task, series.asfreq("h")) for name, kind in kinds.items() if name in task.peers]


def of_rise(task: Task, series: pd.DataFrame) -> Answer:
    """Give level = last level + rise, the mean of three trainings."""
    level = series[[task.target, *task.upstream]].ffill()
    change = level.diff()
    steps = pd.concat([change, series[list(task.rain)]], axis=1)
    rise = pd.concat([series[task.target].shift(-lead) for lead in task.leads_h], axis=1)
    rise = rise.sub(series[task.target], axis=0)
    taught, asked = _rows(task, series, WINDOW_H)
    unit = rise.iloc[taught].std()
    samples = _samples(steps, taught, rise / unit.to_numpy(), WINDOW_H)
    learn, stop = taught[:-HELD_OUT_H], taught[-HELD_OUT_H:]
    nets = [Net(steps.shape[1], len(task.leads_h)) for _ in SEEDS]

    def fit() -> None:
        for seed, net in zip(SEEDS, nets, strict=True):
            train(net, samples, learn, stop, seed)

    times = timed(fit, "fit")
    told = np.mean([_predict(net.eval(), samples, asked) for net in nets], axis=0)
    levels = level[task.target].to_numpy()[asked, None] + told * unit.to_numpy()
    table = pd.DataFrame(levels, index=series.index[asked], columns=list(task.leads_h))
    return Answer("lstm", table, times)


def as_published(task: Task, series: pd.DataFrame) -> Answer:
    """Give the level 1 h ahead as the mean of draws with dropout on; NaN after a gap."""
    level = series[[task.target, *task.upstream]]
    steps = pd.concat([level, level.diff().add_suffix("_diff1"), series[list(task.rain)]], axis=1)
    gaps = steps.isna().any(axis=1).rolling(PUBLISHED_WINDOW_H, min_periods=1).max().to_numpy() > 0
    taught, asked = _rows(task, series, PUBLISHED_WINDOW_H)
    taught = taught[~gaps[taught]]
    target = series[[task.target]].shift(-1)
    samples = _samples(steps, taught, target, PUBLISHED_WINDOW_H)
    learn, stop = np.split(taught, [len(taught) * 3 // 4])
    net = Net(steps.shape[1], 1, layers=2, dropout=DROPOUT)
    times = timed(lambda: train(net, samples, learn, stop, SEEDS[0]), "fit")
    net.train()  # dropout stays on
    told = np.mean([_predict(net, samples, asked) for _ in range(DRAWS)], axis=0)
    levels = np.where(gaps[asked, None], np.nan, told)
    table = pd.DataFrame(levels, index=series.index[asked], columns=list(task.leads_h))
    return Answer("lstm-published", table, times)


def train(net: Net, samples: Samples, learn: np.ndarray, stop: np.ndarray, seed: int) -> None:
    """Teach a net on some rows until others get no better; it keeps its best state."""
    torch.manual_seed(seed)
    for module in (net.recurrent, net.head):
        module.reset_parameters()
    order = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
    rows, held_out = torch.from_numpy(learn), torch.from_numpy(stop)
    best, state, waited = np.inf, copy.deepcopy(net.state_dict()), 0
    for _ in range(EPOCHS):
        net.train()
        for batch in rows[torch.randperm(len(rows), generator=order)].split(BATCH):
            optimiser.zero_grad()
            loss = _loss(net(samples.at(batch)), samples.target[batch])
            loss.backward()
            optimiser.step()
        with torch.no_grad():
            net.eval()
            parts = [net(samples.at(batch)) for batch in held_out.split(BATCH)]
            now = float(_loss(torch.cat(parts), samples.target[held_out]))
        waited = 0 if now < best else waited + 1
        if now < best:
            best, state = now, copy.deepcopy(net.state_dict())
        if waited >= PATIENCE:
            break
    net.load_state_dict(state)


def _loss(told: Tensor, came: Tensor) -> Tensor:
    known = torch.isfinite(came)
    error = torch.where(known, told - torch.nan_to_num(came), torch.zeros(()))
    return (error**2).sum() / known.sum().clamp(min=1)


def _predict(net: Net, samples: Samples, rows: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        parts = [net(samples.at(batch)) for batch in torch.from_numpy(rows).split(4 * BATCH)]
    return torch.cat(parts).numpy()


def _rows(task: Task, series: pd.DataFrame, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the rows to learn from and those to forecast; no target reaches beyond the training."""
    rows = np.arange(len(series))
    first, last = (series.index.searchsorted(pd.Timestamp(end)) for end in task.train)
    taught = rows[max(first, window) : last - max(task.leads_h) + 1]
    asked = (series.index >= task.test[0]) & (series.index <= task.test[1])
    return taught, rows[asked]


def _samples(steps: pd.DataFrame, taught: np.ndarray, target: pd.DataFrame, window: int) -> Samples:
    """Give the samples, standardised by the training rows; a missing value is their mean."""
    learned = steps.iloc[taught]
    standard = ((steps - learned.mean()) / learned.std()).fillna(0.0)
    values = torch.from_numpy(standard.to_numpy("float32"))
    return Samples(values, torch.from_numpy(target.to_numpy("float32")), window)
