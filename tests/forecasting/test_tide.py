"""A river that keeps time with the moon is found, one that does not is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.tide import PERIODS_H, TIDE, is_tidal, tide_now, tide_rises

HOUR = np.timedelta64(1, "h")
TIMES = np.datetime64("2030-01-01", "ns") + np.arange(90 * 24) * HOUR
M2 = 0.2 * np.sin(2 * np.pi * np.arange(len(TIMES)) / 12.4206)
NOISE = np.random.default_rng(0).normal(scale=0.02, size=len(TIMES))


def test_a_river_with_a_tide_of_20_cm_is_tidal():
    assert is_tidal(1 + M2 + NOISE, TIMES)


def test_a_river_without_one_is_not():
    assert not is_tidal(1 + NOISE, TIMES)
    assert not is_tidal(np.ones(len(TIMES)), TIMES)


def test_less_than_60_days_tell_nothing():
    short = slice(0, 50 * 24)
    assert not is_tidal((1 + M2)[short], TIMES[short])
    assert not is_tidal(np.full(len(TIMES), np.nan), TIMES)
    assert not is_tidal(np.zeros(0), TIMES[:0])


def test_a_flood_on_the_tide_hides_it_not():
    flood = np.where(np.abs(np.arange(len(TIMES)) - 1000) < 24, 3.0, 0.0)
    assert is_tidal(1 + M2 + NOISE + flood, TIMES)


def test_the_day_stands_still_over_a_day_and_turns_over_half_a_day():
    # Period 24 h: after 24 h sine and cosine are as before; after 12 h both have changed sign.
    assert PERIODS_H[-1] == 24.0
    over = tide_rises(TIMES[[7, 7]], np.array([24.0, 12.0]))
    angle = 2 * np.pi * 7 / 24  # 2030-01-01 is a whole number of days after 2000-01-01
    assert over.shape == (2, len(TIDE))
    assert over[0, -2:] == pytest.approx([0.0, 0.0], abs=1e-9)
    assert over[1, -2:] == pytest.approx([-2 * np.sin(angle), -2 * np.cos(angle)])


def test_what_changes_over_a_lead_is_then_less_now():
    change = tide_rises(TIMES[:5], np.full(5, 3.0))
    now, then = tide_now(TIMES[:5]), tide_now(TIMES[3:8])
    sines, cosines = (then - now)[:, :6], (then - now)[:, 6:]
    assert change[:, 0::2] == pytest.approx(sines)
    assert change[:, 1::2] == pytest.approx(cosines)
