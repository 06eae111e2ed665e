"""What a forecast is made with is named: the mix, else arx, trend or persistence."""

from __future__ import annotations

import numpy as np

from forecasting.fallback import chosen, feed_columns, roughened
from forecasting.features import Design
from forecasting.inputs import Inputs

NAMES = ("age_h", "rise_1_m", "rise_3_m", "up_age_h", "up_rise_1_m", "rain_3_mm")
NAN = np.nan


def rows(*values: tuple[float, ...], level_m: float = 1.0) -> Inputs:
    """Give rows with these features."""
    n = len(values)
    times = np.datetime64("2030-01-01", "ns") + np.arange(n) * np.timedelta64(1, "h")
    level = np.full(n, level_m)
    known = Design(times, NAMES, np.array(values, np.float32), level, np.zeros(n))
    stores, none = np.zeros((n, 10)), np.zeros((n, 0))
    return Inputs(known, stores, stores, np.zeros(n), level, none, none)


def test_each_gap_is_answered_by_the_next_of_the_chain():
    every = rows(
        (0, 0.1, 0.2, 0, 0.3, 5.0),  # all is there: the mix
        (0, 0.1, 0.2, 0, 0.3, NAN),  # no rain
        (0, 0.1, 0.2, NAN, NAN, 5.0),  # nothing from upstream
        (2, NAN, 0.2, 0, 0.3, 5.0),  # the gauge itself is two hours late
        (0, 0.1, 0.2, NAN, NAN, NAN),  # its own rises alone
        (2, NAN, NAN, NAN, NAN, NAN),  # its last level alone
    )
    assert chosen(every).tolist() == ["gbm", "arx", "arx", "arx", "trend", "persistence"]


def test_without_a_level_there_is_no_forecast():
    assert chosen(rows((NAN,) * 6, level_m=NAN)).tolist() == ["none"]


def test_the_feeds_are_rain_and_each_gauge_upstream_not_the_gauge_itself():
    assert feed_columns(NAMES) == ["up_age_h", "rain_3_mm"]


def test_training_with_gaps_takes_away_one_thing_at_a_time():
    whole = rows(*[(0, 0.1, 0.2, 0, 0.3, 5.0)] * 300)
    silent = rows(*[(2, NAN, NAN, 0, 0.3, 5.0)] * 300)
    rough = roughened(whole, [silent], seed=1)
    missing = {tuple(np.isnan(row)) for row in rough.known.values}
    own, rain = (False, True, True, False, False, False), (False,) * 5 + (True,)
    upstream = (False, False, False, True, True, False)
    assert missing == {own, rain, upstream}
