"""What of a configuration does not fit its series: said at once, before hours of training."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from forecasting.evaluate import Fold, Period
from forecasting.types import Observations, aware, step_of, utc64
from kawamori.datasets import Dataset

MINUTE = np.timedelta64(1, "m")


def check_fit(dataset: Dataset, observations: Observations) -> None:
    """Refuse leads, folds and targets that the series cannot serve.

    Raises
    ------
    ValueError
        Naming every lead that is no whole number of steps, every pair of tests that overlap,
        every target that is named twice, and each fold with a target without a level in its
        training or its test.
    """
    step_min = float(step_of(observations) / MINUTE)
    leads_min = [lead.total_seconds() / 60 for lead in dataset.leads]
    faults = [f"leads_min must be whole steps of {step_min:g} min, got {lead_min:g}"
              for lead_min in leads_min if lead_min % step_min]  # fmt: skip
    if twice := sorted({one for one in dataset.targets if dataset.targets.count(one) > 1}):
        faults.append(f"targets must be named once, got {twice} more often")
    tests = sorted(fold.test for fold in dataset.folds)
    faults += [f"tests must not overlap, got {_told(one)} and {_told(other)}"
               for one, other in pairwise(tests) if other[0] <= one[1]]  # fmt: skip
    for number, fold in enumerate(dataset.folds):
        faults += [f"folds.{number}: {fault}" for fault in _empty(fold, dataset, observations)]
    if faults:
        times = observations["time"].values
        held = _told((aware(times[0]), aware(times[-1])))
        raise ValueError(
            f"{dataset.name} (series of {held}): " + "; ".join(faults) + ". Correct the file."
        )


def _empty(fold: Fold, dataset: Dataset, observations: Observations) -> list[str]:
    """Give which part of a fold holds no level of which target."""
    times, faults = observations["time"].values, []
    parts = {"train": fold.train, "test": (fold.test,)}
    for name, periods in parts.items():
        inside = np.zeros(len(times), dtype=bool)
        for first, last in periods:
            inside |= (times >= utc64(first)) & (times <= utc64(last))
        levels = observations["level_m"].sel(gauge=list(dict.fromkeys(dataset.targets)))
        known = levels.isel(time=inside).notnull().any("time").values
        silent = levels["gauge"].values[~known].tolist()
        if silent:
            told = ", ".join(_told(period) for period in periods)
            faults.append(f"{name} must hold levels of every target, {told} has none of {silent}")
    return faults


def _told(period: Period) -> str:
    first, last = period
    return f"{first:%Y-%m-%dT%H:%MZ} to {last:%Y-%m-%dT%H:%MZ}"
