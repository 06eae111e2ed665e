"""The margin of wet states: only where floods need it, and never past what all hours allow."""

from __future__ import annotations

import numpy as np

from forecasting.margin import LEVELS, MOST, upper_levels

NONE = len(LEVELS)


def test_floods_that_are_covered_already_need_no_margin():
    inside = np.zeros(1000, dtype=int)  # all within the 95 % quantile
    flood = np.arange(1000) < 100
    chosen = upper_levels(inside, flood, np.zeros(1000, dtype=int), np.ones((1, len(LEVELS))))
    assert chosen.tolist() == [0]


def test_too_few_floods_change_nothing():
    inside = np.full(1000, 3)
    flood = np.arange(1000) < 10
    chosen = upper_levels(inside, flood, np.zeros(1000, dtype=int), np.ones((1, len(LEVELS))))
    assert chosen.tolist() == [0]


def test_the_class_where_floods_are_missed_is_widened_and_no_other():
    # Class 0: 9000 calm hours, a tenth outside. Class 1: 1000 hours, 100 floods, 20 of them only
    # within level 3: with it all floods lie inside.
    inside = np.concatenate([np.tile([0] * 9 + [NONE], 900), np.zeros(1000, dtype=int)])
    flood = np.zeros(10_000, dtype=bool)
    flood[9000:9100] = True
    inside[9000:9020] = 3
    classes = np.repeat([0, 1], [9000, 1000])
    width = np.cumsum(np.ones((2, len(LEVELS))), axis=1)
    assert upper_levels(inside, flood, classes, width).tolist() == [0, 3]


def test_the_class_that_brings_in_most_floods_for_its_width_is_widened_first():
    # All floods are missed by the 95 % quantile, 95 in class 0 and 5 in class 1, at the same
    # price: class 0 alone brings the share to 0.95, enough.
    inside = np.full(2000, 1)
    classes = np.repeat([0, 1], 1000)
    flood = np.zeros(2000, dtype=bool)
    flood[:95], flood[1000:1005] = True, True
    inside[~flood] = NONE  # calm hours that stay outside: room enough
    width = np.cumsum(np.ones((2, len(LEVELS))), axis=1)
    assert upper_levels(inside, flood, classes, width).tolist() == [1, 0]


def test_all_hours_never_keep_more_than_allowed():
    # Each level of the only class brings in a twelfth of the missed hours, flood or not.
    rng = np.random.default_rng(1)
    inside = np.where(rng.random(20_000) < 0.9, 0, rng.integers(1, NONE + 1, 20_000))
    flood = (inside > 0) & (rng.random(20_000) < 0.5)
    width = np.cumsum(np.ones((1, len(LEVELS))), axis=1)
    level = upper_levels(inside, flood, np.zeros(20_000, dtype=int), width)[0]
    assert (inside <= level).mean() <= MOST
    assert level > 0


def test_an_hour_below_the_band_is_inside_at_no_level():
    inside = np.full(1000, -1)
    flood = np.ones(1000, dtype=bool)
    width = np.cumsum(np.ones((1, len(LEVELS))), axis=1)
    assert upper_levels(inside, flood, np.zeros(1000, dtype=int), width).tolist() == [0]
