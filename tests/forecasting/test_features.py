"""Features are differences, sums and ages of what was known, and nothing after it."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from forecasting.features import (
    decayed_sum,
    design,
    known_until,
    lagged,
    max_age_steps,
    rain_gauges_of,
    rain_sum,
    upstream_of,
)
from forecasting.types import BAD, GOOD, MISSING, Gauge, Observations

HOUR = np.timedelta64(1, "h")
START = np.datetime64("2030-01-01T00:00", "ns")
LOWER = Gauge("lower", "下流", "川", 141.0, 37.0, upstream=("middle",), rain_gauges=("a",))
MIDDLE = Gauge("middle", "中流", "川", 141.0, 37.1, upstream=("upper",), rain_gauges=("b", "a"))
UPPER = Gauge("upper", "上流", "川", 141.0, 37.2, upstream=("lower",))  # a slip: a ring
GAUGES = (LOWER, MIDDLE, UPPER)


def observed(levels, rains=None, **dams) -> Observations:
    levels = {name: np.asarray(values, dtype=float) for name, values in levels.items()}
    n = len(next(iter(levels.values())))
    rains = rains if rains is not None else {"a": np.zeros(n)}
    level = np.column_stack(list(levels.values()))
    rain = np.column_stack([np.asarray(values, float) for values in rains.values()])
    data = {
        "level_m": (("time", "gauge"), level),
        "rain_mm": (("time", "rain_gauge"), rain),
        "level_flag": (("time", "gauge"), np.where(np.isnan(level), MISSING, GOOD).astype("i1")),
        "rain_flag": (("time", "rain_gauge"), np.where(np.isnan(rain), MISSING, GOOD).astype("i1")),
    }
    data |= {name: (("time", "dam"), np.asarray(v, float)[:, None]) for name, v in dams.items()}
    coords = {"time": START + np.arange(n) * HOUR, "gauge": list(levels)}
    coords |= {"rain_gauge": list(rains)} | ({"dam": ["dam"]} if dams else {})
    return Observations(xr.Dataset(data, coords=coords))


def test_rises_are_differences_to_the_last_good_level():
    known = design(observed({"lower": [1.0, 1.2, 1.5, 2.1]}), "lower", GAUGES)
    # 2.1 - 1.5 = 0.6; 2.1 - 1.2 = 0.9; 2.1 - 1.0 = 1.1; four hours back is before the start.
    assert known.column("rise_1_m")[-1] == pytest.approx(0.6)
    assert known.column("rise_2_m")[-1] == pytest.approx(0.9)
    assert known.column("rise_3_m")[-1] == pytest.approx(1.1)
    assert np.isnan(known.column("rise_4_m")[-1])


def test_a_level_one_hour_old_still_counts_and_says_its_age():
    known = design(observed({"lower": [1.0, 1.2, np.nan, np.nan]}), "lower", GAUGES)
    assert known.level_m[2] == 1.2
    assert known.age_h[2] == 1.0
    assert np.isnan(known.level_m[3])  # two hours old: too old to start from


def test_an_old_level_tells_nothing_about_the_rise_of_the_last_hour():
    # Last good level is that of row 1: 1.2 - level one hour ago would be 1.2 - 1.2 = 0, "calm".
    known = design(observed({"lower": [1.0, 1.2, np.nan]}), "lower", GAUGES)
    assert np.isnan(known.column("rise_1_m")[2])
    assert known.column("rise_2_m")[2] == pytest.approx(0.2)


def test_a_level_flagged_bad_is_not_used():
    observations = observed({"lower": [1.0, 47.0]})
    observations["level_flag"][1, 0] = BAD
    assert design(observations, "lower", GAUGES).level_m[1] == 1.0


def test_no_own_or_upstream_feature_changes_with_the_datum():
    rng = np.random.default_rng(1)
    level = np.cumsum(rng.normal(size=60))
    low = design(observed({"lower": level, "middle": level}), "lower", GAUGES)
    high = design(observed({"lower": level + 64, "middle": level - 32}), "lower", GAUGES)
    np.testing.assert_allclose(low.values, high.values, atol=1e-5)


def test_row_t_is_the_same_whatever_comes_later():
    rng = np.random.default_rng(2)
    level, rain, flow = rng.normal(size=(3, 80)) ** 2
    whole = observed({"lower": level, "middle": level}, {"a": rain}, dam_release_m3s=flow)
    first = design(Observations(whole.isel(time=slice(0, 50))), "lower", GAUGES)
    np.testing.assert_allclose(design(whole, "lower", GAUGES).values[:50], first.values, atol=1e-6)


def test_a_gauge_that_sends_nothing_gives_missing_features_not_an_error():
    known = design(observed({"other": [1.0, 2.0]}), "lower", GAUGES)
    assert np.isnan(known.level_m).all()
    assert np.isnan(known.column("middle_rise_1_m")).all()


def test_dam_release_enters_as_flow_and_change():
    known = design(
        observed({"lower": [1.0, 1.0, 1.0]}, dam_release_m3s=[10.0, 30.0, 70.0]), "lower", GAUGES
    )
    assert known.column("dam_dam_release_m3s")[-1] == 70
    assert known.column("dam_dam_release_m3s_change_2")[-1] == 60  # 70 - 10


def test_missing_hours_of_rain_are_scaled_up_until_too_many_are_missing():
    nan = np.nan
    # 2 + 4 mm in 2 of 3 hours is 6 * 3 / 2 = 9 mm in three; one of three hours is too little.
    assert rain_sum(np.array([2.0, nan, 4.0]), 3)[-1] == 9.0
    assert np.isnan(rain_sum(np.array([nan, nan, 4.0]), 3)[-1])
    # Before the first hour nothing is known: 1 of 3 is too little, 2 of 3 is scaled to 4.5 mm.
    assert rain_sum(np.array([1.0, 2.0]), 3) == pytest.approx([np.nan, 4.5], nan_ok=True)
    assert rain_sum(np.zeros(0), 3).shape == (0,)


def test_wetness_halves_over_its_half_life_and_ends_with_its_memory():
    rain = np.array([8.0, 0, 0, 0, 0, 0])
    # decay 1/2 per step, memory 4 steps: 8, 4, 2, 1, then the rain is forgotten.
    # Before step 2 less than 2/3 of the full weight 1 + 1/2 + 1/4 + 1/8 is known: 1/1.875 = 0.53.
    wet = decayed_sum(rain, 0.5, 4)
    assert np.isnan(wet[0])
    assert wet[1] == pytest.approx(4 * 1.875 / 1.5)
    assert wet[3:].tolist() == [1.0, 0.0, 0.0]


def test_the_future_side_of_a_lag_is_missing():
    assert np.isnan(lagged(np.array([1.0, 2.0]), -1)[1])
    assert lagged(np.array([1.0, 2.0]), -1)[0] == 2.0
    assert np.isnan(lagged(np.array([1.0]), 5)).all()


def test_upstream_reaches_the_source_once_even_in_a_ring():
    assert upstream_of("lower", GAUGES) == ("middle", "upper")


def test_rain_gauges_of_the_whole_area_are_used_once():
    assert rain_gauges_of("lower", GAUGES) == ("a", "b")


@pytest.mark.parametrize(("step_h", "steps"), [(1.0, 1), (1 / 6, 3), (2.0, 1)])
def test_oldest_level_is_one_hour_or_thirty_minutes(step_h, steps):
    assert max_age_steps(step_h) == steps


def test_what_is_known_ends_at_the_issue_time_even_if_nothing_came_in():
    observations = observed({"lower": [1.0, 2.0, 3.0]})
    known = known_until(observations, np.array([START + 5 * HOUR]), HOUR)
    assert known["time"].values[-1] == START + 5 * HOUR
    assert np.isnan(known["level_m"].values[-1, 0])
    assert known["level_flag"].values[-1, 0] == MISSING
    early = known_until(observations, np.array([START + HOUR]), HOUR)
    assert np.nanmax(early["level_m"].values) == 2.0


def test_an_issue_time_off_the_grid_is_refused_with_what_to_do():
    observations = observed({"lower": [1.0, 2.0]})
    with pytest.raises(ValueError, match=r"step 60 min.*2030-01-01T01:10.*Round it down"):
        known_until(observations, np.array([START + np.timedelta64(70, "m")]), HOUR)


def test_a_gauge_that_reports_every_third_step_has_rises_between_its_reports():
    # Reports at steps 0, 3, 6, 9 of 0.1 m a step. At step 10 the last is of 9; four steps before
    # it, at 6, one came: over a lag of 4 the rise is that of 9 - 6 = 3 steps. At lag 6, step 4 has
    # none and that of step 3 is near enough: 9 - 3 = 6 steps.
    level = np.where(np.arange(12) % 3 == 0, np.arange(12) * 0.1, np.nan)
    known = design(observed({"lower": level}), "lower", GAUGES, oldest_h=4.0)
    assert known.column("rise_4_m")[10] == pytest.approx(0.3)
    assert known.column("rise_6_m")[10] == pytest.approx(0.6)
    assert np.isnan(known.column("rise_1_m")[10])
