"""Inputs are blanked before each issue time, and only there."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from forecasting.features import known_until
from forecasting.types import MISSING, Gauge
from forecasting.verification.outages import Outage, blank, stack

H3 = timedelta(hours=3)
LOWER = Gauge("g", "下流", "川", 141.0, 37.0, upstream=("u",))
UPPER = Gauge("u", "上流", "川", 141.0, 37.1)


def series(tiny):
    levels = np.arange(20.0).reshape(10, 2)
    return tiny.observed(levels, rain=np.arange(10.0), names=("g", "u"))


@pytest.mark.parametrize(("kind", "lost"), [("stage", "g"), ("upstream", "u"), ("rain", "rain_mm")])
def test_only_the_named_input_is_lost_in_the_last_hours(tiny, kind, lost):
    before = series(tiny)
    out = blank(before, Outage(kind, H3), (LOWER, UPPER), "g")
    columns = {
        "g": out["level_m"].values[:, 0],
        "u": out["level_m"].values[:, 1],
        "rain_mm": out["rain_mm"].values[:, 0],
    }
    for name, values in columns.items():
        assert np.isnan(values).sum() == (3 if name == lost else 0)
    assert np.isnan(columns[lost][-3:]).all()
    flag = out["rain_flag"] if kind == "rain" else out["level_flag"].sel(gauge=lost)
    assert (flag.values[-3:] == MISSING).all()
    assert before["level_m"].notnull().all()  # the caller's series is not changed


def test_each_issue_time_has_its_own_past_with_the_outage_at_its_end(tiny):
    before = series(tiny)
    issue_times = before["time"].values[[4, 9]]
    stacked = stack(before, issue_times, Outage("stage", H3), (LOWER, UPPER), "g")
    length = known_until(before, issue_times[:1], tiny.step).sizes["time"]
    level = stacked.observations["level_m"].values[:, 0]
    assert len(level) == 2 * length
    # Hours 0 to 4 are levels 0, 2, 4, 6, 8: the last three are out, then the second past.
    assert level[length - 5 : length - 3].tolist() == [0.0, 2.0]
    assert np.isnan(level[length - 3 : length]).all()
    assert level[2 * length - 4] == 12.0  # hour 6; hours 7 to 9 are out
    assert np.isnan(level[2 * length - 3 :]).all()
    assert (stacked.issue_times == stacked.observations["time"].values[length - 1 :: length]).all()


def test_an_outage_is_named_by_kind_and_hours_and_unknown_kinds_are_refused():
    assert Outage("rain", timedelta(hours=1.5)).name == "rain_1.5h"
    with pytest.raises(ValueError, match=r"one of \['stage', 'upstream', 'rain'\], got 'power'"):
        Outage("power", H3)
    with pytest.raises(ValueError, match="longer than 0"):
        Outage("rain", timedelta(0))
