"""Storms come from a seed, and years hold an ordinary amount of rain."""

from __future__ import annotations

import numpy as np
import pytest

from kawamori.town.bundle import training_years
from kawamori.town.storms import SHAPES, Storm, rain_rate, steps, storm_rain, years_of_storms
from kawamori.town.town import Town

HOURS = np.arange(-48, 48, 1 / 6)
PLACES = np.array([[0.0, 5.0], [6.0, 5.0], [11.0, 5.0]])
START = np.datetime64("2024-01-01T00:00")


@pytest.mark.parametrize("kind", sorted(SHAPES))
def test_same_seed_gives_the_same_rain_and_another_seed_another(kind: str):
    first = rain_rate(Storm(kind, 4), HOURS, PLACES)
    assert np.array_equal(first, rain_rate(Storm(kind, 4), HOURS, PLACES))
    assert not np.array_equal(first, rain_rate(Storm(kind, 5), HOURS, PLACES))


@pytest.mark.parametrize("kind", sorted(SHAPES))
def test_rain_grows_with_the_peak_and_is_never_negative(kind: str):
    weak = rain_rate(Storm(kind, 4, 10.0), HOURS, PLACES)
    strong = rain_rate(Storm(kind, 4, 20.0), HOURS, PLACES)
    assert (weak >= 0).all()
    assert strong == pytest.approx(2 * weak)


def test_unknown_kind_names_those_there_are():
    with pytest.raises(ValueError, match=r"one of \['calm', 'flash'.*got 'blizzard'"):
        rain_rate(Storm("blizzard", 1), HOURS, PLACES)


def test_steps_are_interval_ends():
    # One hour from 00:00: 00:10 ... 01:00.
    times = steps(START, 1.0)
    assert str(times[0]).startswith("2024-01-01T00:10")
    assert str(times[-1]).startswith("2024-01-01T01:00")
    assert len(times) == 6


def test_two_storms_add_up(town: Town):
    times = steps(START, 48.0)
    one, two = (START + np.timedelta64(h, "h") for h in (20, 26))
    both = storm_rain(
        [(one, Storm("front", 1)), (two, Storm("flash", 2))], times, town.plan.rain_gauges
    )
    first = storm_rain([(one, Storm("front", 1))], times, town.plan.rain_gauges)
    second = storm_rain([(two, Storm("flash", 2))], times, town.plan.rain_gauges)
    assert both.values == pytest.approx((first + second).values, abs=0.05)


def test_no_storm_is_no_rain(town: Town):
    rain = storm_rain([], steps(START, 2.0), town.plan.rain_gauges)
    assert rain.shape == (12, 5)
    assert float(rain.sum()) == 0.0


def test_storms_of_a_year_lie_in_that_year():
    storms = years_of_storms(np.datetime64("2021-01"), 1, seed=3)
    assert storms
    assert all(str(at).startswith("2021") for at, _ in storms)


def test_training_years_are_ordinary(town: Town):
    # Three years of 10-min steps: (365 + 365 + 365) x 144; 1,000 to 2,500 mm a year as in Japan;
    # the danger level is reached, no bank is topped: named storms exceed all that was learnt.
    years = training_years(town)
    assert years.sizes["time"] == 1095 * 144
    yearly = years["rain_mm"].sum("time") / 3
    assert ((yearly > 1000) & (yearly < 2500)).all()
    for gauge in town.rivers.gauges:
        highest = float(years["level_m"].sel(gauge=gauge.gauge_id).max())
        assert gauge.thresholds.danger < highest < gauge.thresholds.overflow
