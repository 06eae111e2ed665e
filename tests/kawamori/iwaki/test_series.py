"""Rain to learn from: spells are found, stretched and never above what fell near Iwaki."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from kawamori.iwaki.series import MOST_MM_PER_H, STRETCH, condensed, filled, stretched


def rain(*rows):
    times = pd.date_range("2023-07-13T05:00", periods=len(rows), freq="h")
    coords = {"time": times, "rain_gauge": ["a", "b"]}
    return xr.DataArray(np.array(rows, dtype=float), dims=("time", "rain_gauge"), coords=coords)


def test_gap_is_filled_with_the_mean_of_the_other_stations():
    assert filled(rain([4.0, np.nan], [np.nan, np.nan])).values.tolist() == [[4, 4], [0, 0]]


def test_small_spells_stay_as_they_are():
    small = rain([0, 0], [9, 1], [10, 1], [0, 0])
    assert stretched(small, np.random.default_rng(1)).equals(small)


def test_large_spell_is_stretched_as_a_whole():
    # 10 and 20 mm at both stations: exchange changes nothing, the factor is the same for both.
    wet = stretched(rain([10, 10], [20, 20]), np.random.default_rng(1)).values
    factor = wet[0, 0] / 10
    assert factor in STRETCH
    assert wet.tolist() == [[10 * factor] * 2, [20 * factor] * 2]


def test_no_hour_exceeds_the_highest_reported_rain():
    seeds = [stretched(rain([100, 0]), np.random.default_rng(seed)).max() for seed in range(20)]
    assert max(float(top) for top in seeds) == MOST_MM_PER_H


def test_condensed_rain_keeps_spells_and_the_hours_around_them():
    # 100 dry hours, one hour of 12 mm, 100 dry hours: 24 before, the hour, 48 after.
    rows = [[0.0, 0.0]] * 100 + [[12.0, 0.0]] + [[0.0, 0.0]] * 100
    kept = condensed(rain(*rows))
    assert kept.sizes["time"] == 24 + 1 + 48
    assert kept.values[24].tolist() == [12.0, 0.0]


def test_drizzle_is_not_kept():
    assert condensed(rain([0, 0], [9.5, 0], [0, 0])).sizes["time"] == 0


def test_dry_season_stays_dry():
    dry = rain([0, 0], [0, 0])
    assert stretched(dry, np.random.default_rng(1)).equals(dry)
