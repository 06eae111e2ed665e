"""Floods are separate peaks, highest first."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from forecasting.types import BAD
from forecasting.verification.events import find_floods

H = timedelta(hours=1)


def peaks(tiny, hours=100, **heights):
    level = np.zeros(hours)
    for name, height in heights.items():
        level[int(name[1:])] = height
    return tiny.observed(level)


def test_the_highest_peaks_come_first_and_those_too_near_are_the_same_flood(tiny):
    series = peaks(tiny, h20=3.0, h25=2.0, h60=5.0)  # 25 is 5 h after 20
    found = find_floods(series, "g", most=5, apart=10 * H, before=3 * H, after=4 * H, least_m=1.0)
    assert [(flood.peak_m, flood.peak_at) for flood in found] == [
        (5.0, tiny.hour(60)),
        (3.0, tiny.hour(20)),
    ]
    assert found[0].period == (tiny.hour(57), tiny.hour(64))


def test_no_more_than_asked_and_none_below_the_least_level(tiny):
    series = peaks(tiny, h20=3.0, h60=5.0)
    options = {"apart": 10 * H, "before": H, "after": H}
    assert len(find_floods(series, "g", most=1, **options)) == 1
    assert find_floods(series, "g", most=5, least_m=6.0, **options) == ()


def test_hours_belong_to_one_flood_only(tiny):
    # Peaks 12 h apart with 10 h around each: the lower flood begins where the higher one ends.
    series = peaks(tiny, h30=5.0, h42=3.0)
    high, low = find_floods(series, "g", most=2, apart=10 * H, before=10 * H, after=10 * H)
    assert high.last == tiny.hour(40)
    assert tiny.hour(40) < low.first <= tiny.hour(41)


def test_a_flood_at_the_end_is_cut_there_and_a_bad_reading_is_no_peak(tiny):
    series = peaks(tiny, h99=3.0, h50=9.0)
    series["level_flag"].values[50] = BAD
    (flood,) = find_floods(series, "g", most=1, apart=H, before=H, after=5 * H)
    assert (flood.peak_m, flood.last) == (3.0, tiny.hour(99))


def test_a_gauge_without_readings_has_no_floods(tiny):
    assert find_floods(peaks(tiny), "nowhere", most=3, apart=H, before=H, after=H) == ()
