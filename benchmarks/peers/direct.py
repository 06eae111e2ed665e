"""What mlforecast and skforecast are given alike: gaps filled as their users do, lags, LightGBM."""

from __future__ import annotations

import pandas as pd
from lightgbm import LGBMRegressor

from benchmarks.peers.task import Task

OWN_LAGS = (1, 2, 3, 4, 5, 6, 9, 12, 18, 24)  # steps back from the first forecast step
OTHER_LAGS = (1, 2, 3, 6, 12, 24)  # of upstream levels and rain
WINDOW = 26  # steps that all lags and one difference need
ALONE = 25  # gauges forecast one by one, told for 1,000


def filled(task: Task, series: pd.DataFrame) -> pd.DataFrame:
    """Give the series without gaps: levels carried forward, missing rain as none.

    Both libraries want a whole grid. Only the past is used.
    """
    whole = series.asfreq("h")
    levels = [task.target, *task.upstream]
    rain = whole[list(task.rain)].fillna(0.0)
    return pd.concat([whole[levels].ffill().bfill(), rain], axis=1)[task.columns]


def booster() -> LGBMRegressor:
    """Give LightGBM as its documentation begins with it, on one thread."""
    return LGBMRegressor(n_jobs=1, verbosity=-1, random_state=0)
