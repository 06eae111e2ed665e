"""The shares of faulty and of clean readings that a test doubts."""

from __future__ import annotations

import numpy as np

from benchmarks.quality_peers import WHOLE, Case


def test_hits_and_false_flags_are_shares_of_faulty_and_clean_readings():
    # Five readings, one missing: two faulty of which one is doubted, two clean of which one is.
    level = np.array([[1.0], [9.0], [np.nan], [0.0], [1.0]])
    faulty = np.array([[False], [True], [False], [True], [False]])
    clean = ~faulty & np.isfinite(level)
    case = Case("made", np.arange(5), level, faulty, clean, WHOLE)
    doubted = np.array([[True], [True], [False], [False], [False]])
    assert case.rates(doubted) == {
        "readings": 4, "faulty": 2, "hit_rate": 0.5, "false_flag_rate": 0.5
    }  # fmt: skip


def test_without_faulty_readings_there_is_no_hit_rate():
    level = np.ones((2, 1))
    none = np.zeros((2, 1), dtype=bool)
    assert Case("found", np.arange(2), level, none, ~none, WHOLE).rates(none)["hit_rate"] is None
