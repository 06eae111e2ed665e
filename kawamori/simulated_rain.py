"""Rain forecasts of a drill (模擬): the rain that fell, made as uncertain as a forecast of it.

A drill has no archive of issued forecasts. The error model of `forecasting.rain_errors` stands in
for one, in training as in the storm; it knows the rain that will fall, so it is for drills only.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np

from forecasting.rain import noisy_rain
from forecasting.types import Observations, RainForecast, step_of, utc64

HOURS = 12
MEMBERS = 3
SEED = 20190  # of the errors; another one gives other drills
NOTE = "模擬: 降雨予報は実際に降った雨に誤差を加えたもので、発表された予報ではない"


def rain_archive(observations: Observations, *, members: int = MEMBERS) -> RainForecast:
    """Give a forecast of every full hour of a series, for training. [mm per step]"""
    times = observations["time"].values
    hours = times[times == times.astype("datetime64[h]")]
    return noisy_rain(observations, hours, steps_of(observations), members=members, seed=SEED)


def rain_outlook(observations: Observations, issued_at: datetime) -> RainForecast:
    """Give the forecast of one issue time of a storm whose whole record is known. [mm per step]"""
    times = np.array([utc64(issued_at)])
    return noisy_rain(observations, times, steps_of(observations), members=MEMBERS, seed=SEED)


def steps_of(observations: Observations) -> int:
    """Give how many steps of a series the forecasts reach ahead."""
    return round(np.timedelta64(HOURS, "h") / step_of(observations))
