"""Whole floods are held out, with a gap; random splits are refused."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from forecasting.verification.events import Flood, find_floods
from forecasting.verification.splits import (
    GAP,
    Split,
    above_maximum,
    held_out,
    leave_one_flood_out,
    refuse_random,
    training_maximum_m,
)

H = timedelta(hours=1)


def three_floods(tiny):
    level = np.zeros(2000)
    level[[500, 1000, 1500]] = 3.0, 5.0, 4.0
    series = tiny.observed(level)
    floods = find_floods(series, "g", most=3, apart=100 * H, before=24 * H, after=24 * H)
    return series, floods


def test_each_flood_is_left_out_once_and_the_others_are_learned(tiny):
    series, floods = three_floods(tiny)
    splits = leave_one_flood_out(series, floods)
    assert [training_maximum_m(series, split, "g") for split in splits] == [4.0, 5.0, 5.0]
    first = splits[0]  # the flood at hour 1000
    assert first.tests == ((tiny.hour(976), tiny.hour(1024)),)
    assert first.train == (
        (tiny.hour(0), tiny.hour(976) - GAP),
        (tiny.hour(1024) + GAP, tiny.hour(1999)),
    )


def test_training_knows_nothing_above_the_cut(tiny):
    series, floods = three_floods(tiny)
    (split,) = above_maximum(series, floods, cut_m=3.0)
    assert training_maximum_m(series, split, "g") == 3.0
    assert split.tests == tuple(sorted(flood.period for flood in floods if flood.peak_m > 3))


def test_a_high_level_left_in_training_is_an_error(tiny):
    series, floods = three_floods(tiny)
    with pytest.raises(ValueError, match=r"at or below the cut of 3 m, got 5 m \(gauge g\)"):
        above_maximum(series, floods[1:], cut_m=3.0)
    with pytest.raises(ValueError, match=r"at least 1 flood above it, got 9 m and peaks \[5.0"):
        above_maximum(series, floods, cut_m=9.0)


def test_a_stretch_at_the_start_leaves_only_what_comes_after(tiny):
    series, _ = three_floods(tiny)
    (split,) = held_out(series, [(tiny.hour(0), tiny.hour(100))])
    assert split.train == ((tiny.hour(100) + GAP, tiny.hour(1999)),)
    with pytest.raises(ValueError, match="nothing is left to learn from"):
        held_out(series, [(tiny.hour(0), tiny.hour(1999))])


def test_training_that_touches_the_test_is_refused(tiny):
    with pytest.raises(ValueError, match="training must not touch the test"):
        Split("x", ((tiny.hour(0), tiny.hour(10)),), ((tiny.hour(10), tiny.hour(20)),))


@pytest.mark.parametrize("name", ["random", "KFold", "shuffle"])
def test_random_splits_are_refused_with_the_reason(name):
    with pytest.raises(ValueError, match=r"random splits are refused.*flatter"):
        refuse_random(["held_out", name])


def test_whole_splits_are_not_refused():
    assert refuse_random(["leave_one_flood_out", "above_maximum", "held_out"]) is None


def test_a_flood_says_which_hours_are_its_own(tiny):
    flood = Flood("g", tiny.hour(5), 1.0, tiny.hour(2), tiny.hour(9))
    assert flood.period == (tiny.hour(2), tiny.hour(9))
