"""A configuration is chosen on training time alone, the same way each time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from forecasting.types import utc64
from forecasting.verification.splits import GAP
from kawamori.training_config import read_training
from kawamori.tuning import run_tuning, training_time, tune
from kawamori.verify_data import read_known

pytest.importorskip("optuna")


def test_two_trials_give_the_best_of_them_as_a_file_of_its_own(training_file, training_settings):
    best, table = run_tuning(training_file, training_settings, trials=2)
    assert len(table) == 2
    chosen = read_training(best)
    assert chosen.tune is None
    row = table.loc[table["crps_m_flood"].idxmin()]
    assert chosen.model == row["model"]
    assert chosen.folds == read_training(training_file).folds  # the blocks were for choosing alone


def test_no_test_is_seen_and_each_block_is_held_out_once(training_file, training_settings):
    config = read_training(training_file)
    dataset, observations = read_known("town", None, training_settings, lambda what, share: None)
    inner, seen = training_time(config, dataset, observations)
    known = seen["time"].values[seen["level_m"].notnull().any("gauge").values]
    for fold in config.folds:
        first, last = (utc64(end) for end in (fold.test[0] - GAP, fold.test[1] + GAP))
        assert not ((known > first) & (known < last)).any()
    # Learned: 1 January to 10 March and to 10 April; the first test begins on 15 March, so that
    # with 3 days of gap nothing after 10 March is left but the hours before 12 March.
    assert known[-1] == np.datetime64("2030-03-12T00:00")
    tests = [fold.test for fold in inner.folds]
    assert len(tests) == 3
    assert all(before[1] < after[0] for before, after in pairwise(tests))
    for fold in inner.folds:
        for first, last in fold.train:
            assert last <= fold.test[0] - GAP or first >= fold.test[1] + GAP


def test_nothing_to_choose_or_no_trial_is_refused(training_file, training_settings):
    config = read_training(training_file)
    with pytest.raises(ValueError, match="tune must name at least one key"):
        tune(config.model_copy(update={"tune": None}), training_settings, trials=2)
    with pytest.raises(ValueError, match="trials must be at least 1, got 0"):
        tune(config, training_settings, trials=0)
