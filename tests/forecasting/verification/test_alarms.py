"""Hits, false alarms and warning time by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from forecasting.types import Exceedance
from forecasting.verification.alarms import (
    contingency,
    crossings,
    observed_events,
    warning_leads,
)
from forecasting.verification.pairs import truth_of

LEVELS = {"g": {"caution": 2.0}}


def chances(tiny, values, *, first=0):
    """Probability (issued_at) of caution at gauge g, one lead of 1 h."""
    values = np.asarray(values, dtype=float)[:, None, None, None]
    coords = {
        "issued_at": tiny.start + (first + np.arange(len(values))) * tiny.step,
        "gauge": ["g"],
        "threshold": ["caution"],
        "lead": [tiny.step.astype("m8[ns]")],
    }
    return xr.DataArray(values, dims=tuple(coords), coords=coords)


def events(tiny, series):
    said = tiny.forecast(np.zeros((len(series) - 1, 1, 3)))
    return observed_events(truth_of(said, tiny.observed(series)), LEVELS, ["caution", "danger"])


def test_hits_misses_and_false_alarms_by_hand(tiny):
    # Observed at or above 2 m after one hour: yes, yes, no, no. Warned: yes, no, yes, no.
    happened = events(tiny, [0.0, 2.0, 3.0, 1.0, 1.0]).sel(threshold=["caution"])
    table = contingency(chances(tiny, [0.5, 0.49, 0.9, 0.0]), happened, warn_at=0.5)
    one = {name: table[name].values.item() for name in table}
    assert (one["hits"], one["misses"], one["false_alarms"]) == (1, 1, 1)
    assert (one["pod"], one["far"], one["frequency_bias"]) == (0.5, 0.5, 1.0)
    assert one["csi"] == pytest.approx(1 / 3)


def test_unknown_rows_count_nowhere(tiny):
    happened = events(tiny, [0.0, np.nan, 3.0, 1.0]).sel(threshold=["caution"])
    table = contingency(chances(tiny, [1.0, np.nan, 0.0]), happened, warn_at=0.5)
    assert [table[name].values.item() for name in ("hits", "misses", "false_alarms")] == [0, 0, 0]
    assert np.isnan(table["csi"].values.item())


def test_a_gauge_without_the_level_has_no_events(tiny):
    assert events(tiny, [0.0, 9.0]).sel(threshold="danger").isnull().all()


@pytest.mark.parametrize(
    ("warned", "lead_h"),
    [
        ([0, 0, 0, 1, 1, 1, 1], 3.0),  # cycles 3, 4, 5 before the crossing at 6
        ([0, 0, 1, 0, 1, 1, 1], 2.0),  # a warning taken back does not count
        ([1, 1, 1, 1, 1, 1, 1], 3.0),  # counted while rising: the lowest level is at 3
        ([0, 0, 0, 1, 1, 0, 1], 0.0),  # taken back just before: missed
        ([0, 0, 0, 0, 0, 0, 1], 0.0),  # warned when it was there
    ],
)
def test_the_warning_time_is_that_of_the_unbroken_warning_while_rising(tiny, warned, lead_h):
    series = tiny.observed([1.0, 1.0, 0.9, 0.5, 1.0, 1.5, 2.0])  # reaches 2 m at hour 6
    said = Exceedance(xr.Dataset({"probability": chances(tiny, warned)}))
    leads = warning_leads(said, series, LEVELS, warn_at=0.5)
    assert leads["warning_lead_h"].values.item() == lead_h
    assert leads["crossings"].values.item() == 1
    assert leads["warned_crossings"].values.item() == (lead_h > 0)


def test_a_crossing_before_the_first_cycle_is_not_judged(tiny):
    series = tiny.observed([0.0, 2.0, 2.0, 2.0])
    said = Exceedance(xr.Dataset({"probability": chances(tiny, [1.0, 1.0], first=2)}))
    leads = warning_leads(said, series, LEVELS, warn_at=0.5)
    assert leads["crossings"].values.item() == 0
    assert np.isnan(leads["warning_lead_h"].values.item())


def test_crossings_of_one_day_are_one():
    hours = pd.date_range("2030-01-01", periods=60, freq="h")
    level = pd.Series(0.0, hours)
    level.iloc[[10, 12, 50]] = 3.0
    assert crossings(level, 2.0) == [hours[10], hours[50]]
    assert crossings(level, np.nan) == []
