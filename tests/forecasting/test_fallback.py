"""What a forecast is made with is named: the mix, else arx, trend or persistence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from forecasting.fallback import blinded, chosen, feed_columns, roughened
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
    late = "arx, level late"
    assert chosen(every).tolist() == ["gbm", "arx", "arx", late, "trend", "persistence"]


def test_a_gauge_that_nothing_feeds_is_still_forecast_from_an_old_level():
    whole = rows((0, 0.1, 0.2, 0, 0.3, 5.0), (2, NAN, 0.2, 0, 0.3, 5.0))
    alone = replace(whole.known, names=NAMES[:3], values=whole.known.values[:, :3])
    assert chosen(replace(whole, known=alone)).tolist() == ["gbm", "arx, level late"]
    assert blinded(replace(whole, known=alone)) == []


def test_without_a_level_there_is_no_forecast():
    assert chosen(rows((NAN,) * 6, level_m=NAN)).tolist() == ["none"]


def test_the_feeds_are_rain_and_each_gauge_upstream_not_the_gauge_itself():
    assert feed_columns(NAMES) == ["up_age_h", "rain_3_mm"]


def test_training_with_gaps_takes_away_rain_or_what_is_upstream():
    blind = roughened(blinded(rows(*[(0, 0.1, 0.2, 0, 0.3, 5.0)] * 300)), seed=1)
    missing = {tuple(np.isnan(row)) for row in blind.known.values}
    assert missing == {(False,) * 5 + (True,), (False, False, False, True, True, False)}


def test_a_variant_brings_its_own_level():
    now, old = rows(*[(0,) * 6] * 50, level_m=2.0), rows(*[(2,) * 6] * 50, level_m=1.0)
    mixed = roughened([now, old], seed=1)
    assert set(zip(mixed.known.values[:, 0], mixed.known.level_m, strict=True)) == {(0, 2), (2, 1)}
