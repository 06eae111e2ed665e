"""A gauge that reports once a day in calm: known by its past, its calm learned as calm."""

from __future__ import annotations

import numpy as np

from forecasting.daily import between_reports, reports_daily

NAN = np.nan


def ages(days: int) -> np.ndarray:
    """Give the ages of a level reported each midnight, hourly. [h]"""
    return np.tile(np.arange(24.0), days)


def test_three_days_of_daily_reports_tell_such_a_gauge():
    # 19 hours a day are older than 4 h: 57 of 72 hours, 38 of 48.
    usual = reports_daily(ages(3), 1.0)
    assert not usual[:48].any()
    assert usual[-1]


def test_one_outage_of_a_day_does_not():
    assert not reports_daily(np.concatenate([np.zeros(200), np.arange(26.0)]), 1.0).any()


def test_what_is_older_than_two_weeks_is_forgotten():
    usual = reports_daily(np.concatenate([ages(5), np.zeros(15 * 24)]), 1.0)
    assert usual[5 * 24]
    assert not usual[-1]


def test_an_unknown_age_is_not_an_old_one():
    assert not reports_daily(np.full(500, NAN), 1.0).any()


def test_the_calm_between_two_reports_lies_on_their_line():
    level = np.full(24 * 5 + 1, NAN)
    level[::24] = [1.0, 1.24, 1.0, 1.0, 1.24, 1.24]
    filled = between_reports(level, 1.0)
    assert filled[24 * 3 + 12] == 1.12  # half-way between 1.00 and 1.24
    assert np.isnan(filled[24 + 12])  # two days do not yet tell such a gauge


def test_an_outage_of_another_gauge_stays_unknown():
    level = np.ones(400)
    level[300:312] = NAN
    assert np.isnan(between_reports(level, 1.0)[300:312]).all()
    assert between_reports(np.full(3, NAN), 1.0).shape == (3,)
