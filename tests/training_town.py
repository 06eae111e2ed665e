"""An invented river with a description and a training: tiny, so that a training takes a moment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.signal import lfilter

DESCRIPTION = """
title = "試験の川"
source = "table"
path = "river.csv"
step_min = 60
start = 2030-01-01T00:00:00Z
end = 2030-05-20T00:00:00Z
targets = ["g1"]
leads_min = [60, 180]
thresholds = "official"
credit = "市"
licence = "CC0"
notes = ["模擬の水位"]
[[fold]]
train = [[2030-01-01T00:00:00Z, 2030-03-20T00:00:00Z]]
test = [2030-03-25T00:00:00Z, 2030-05-20T00:00:00Z]
[[gauge]]
gauge_id = "g1"
name = "橋"
river = "川"
lon = nan
lat = nan
rain_gauges = ["r1"]
[gauge.thresholds]
caution = 1.0
danger = 2.0
[[rain_gauge]]
rain_gauge_id = "r1"
name = "雨量"
lon = nan
lat = nan
"""
CONFIG = """
dataset: town
model: linear
folds:
  - train: [[2030-01-01, 2030-03-10]]
    test: [2030-03-15, 2030-04-14]
  - train: [[2030-01-01, 2030-04-10]]
    test: [2030-04-15, 2030-05-19]
tune:
  model: [linear, persistence]
  learn_days: [60, null]
"""
STORMS_MM = (30, 80, 50, 120, 40, 90, 60, 20, 70, 100, 45, 110, 35, 85, 65, 95)  # one each 200 h


def write_town(folder: Path) -> Path:
    """Write description, series and configuration; give the configuration's path."""
    hours = pd.date_range("2030-01-01", "2030-05-20", freq="h", tz="UTC")
    rain = np.zeros(len(hours))
    for number, depth_mm in enumerate(STORMS_MM):
        rain[200 * number + 100 :][:6] = depth_mm / 6
    level = 0.5 + lfilter([0.0, 0.01], [1, -1.5, 0.56], rain)
    level += np.random.default_rng(1).normal(0, 0.003, len(level))
    table = pd.DataFrame(
        {"time": hours.strftime("%Y-%m-%dT%H:%MZ"), "g1": level.round(3), "r1": rain}
    )
    table.to_csv(folder / "river.csv", index=False)
    (folder / "datasets").mkdir()
    (folder / "datasets" / "town.toml").write_text(DESCRIPTION, encoding="utf-8")
    (folder / "first.yaml").write_text(CONFIG, encoding="utf-8")
    return folder / "first.yaml"
