"""Floods are found as peaks apart from each other, and no flood is cut in two."""

from __future__ import annotations

import numpy as np

from forecasting.floods import flood_folds, flood_peaks, held_out

HOUR = np.timedelta64(1, "h")
TIMES = np.datetime64("2030-01-01", "ns") + np.arange(1000) * HOUR


def river(*peaks: tuple[int, float]) -> np.ndarray:
    """Give a calm level of 1 m with triangles of 10 h around each (row, height)."""
    level = np.ones(1000)
    for row, height_m in peaks:
        near = np.abs(np.arange(1000) - row)
        level = np.maximum(level, 1 + height_m * np.maximum(1 - near / 10, 0))
    return level


def test_two_peaks_far_apart_are_two_floods():
    assert flood_peaks(river((200, 3.0), (600, 2.5)), TIMES).tolist() == [200, 600]


def test_two_peaks_of_one_day_are_one_flood():
    assert flood_peaks(river((200, 3.0), (224, 2.9)), TIMES).tolist() == [200]


def test_no_level_and_no_change_hold_no_flood():
    assert flood_peaks(np.full(1000, np.nan), TIMES).tolist() == []
    assert flood_peaks(np.ones(1000), TIMES).tolist() == []


def test_each_fold_holds_whole_floods_high_and_low():
    level = river((100, 4.0), (300, 3.9), (500, 3.8), (700, 3.7))
    fold = flood_folds(level, TIMES, 2)
    # By height: 4.0 -> 0, 3.9 -> 1, 3.8 -> 1, 3.7 -> 0 (there and back); cuts at 200, 400, 600.
    assert fold[[100, 300, 500, 700]].tolist() == [0, 1, 1, 0]
    assert np.flatnonzero(np.diff(fold)).tolist() == [199, 599]


def test_without_floods_time_is_cut_into_equal_blocks():
    assert np.bincount(flood_folds(np.ones(1000), TIMES, 4)).tolist() == [250] * 4


def test_what_is_held_out_lies_48_hours_from_what_is_seen():
    fold = np.repeat([0, 1], 500)
    seen, out = next(held_out(TIMES, np.arange(1000), fold))
    assert (out[0], out[-1]) == (0, 499)
    assert (seen[0], seen[-1]) == (548, 999)  # row 499 is the last held out: 48 h after it is 547


def test_one_fold_is_seen_and_held_out_alike():
    seen, out = next(held_out(TIMES, np.arange(1000), np.zeros(1000, dtype=int)))
    assert np.array_equal(seen, out)


def test_blocks_hold_equally_many_known_levels():
    level = np.where(np.arange(1000) < 800, np.nan, 1.0)
    # 200 known levels, 4 blocks of 50; the unknown times go with the first.
    assert np.bincount(flood_folds(level, TIMES, 4)).tolist() == [850, 50, 50, 50]
