"""Ridge on differences: goes beyond training, but not to where no water goes."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.linear import RidgeRise

# Rise = 2 x feature, features 0..1 (mean 0.5): the largest deviation in training is 0.5.
FEATURE = np.tile(np.linspace(0, 1, 101), 100).astype(np.float32)[:, None]
RIDGE = RidgeRise(np.array([0])).fit(FEATURE, 2.0 * FEATURE[:, 0].astype(float))


def test_a_feature_above_training_is_followed():
    assert RIDGE.predict(np.array([[1.2]], np.float32))[0] == pytest.approx(2.4, rel=0.02)


def test_a_jump_far_beyond_training_counts_half_as_far_again_as_any():
    # 1.5 x 0.5 above the mean 0.5 is 1.25: a shift of 6 m counts as that, the rise is 2.5 m.
    assert RIDGE.predict(np.array([[6.0]], np.float32))[0] == pytest.approx(2.5, rel=0.02)


def test_a_missing_feature_counts_as_its_mean():
    assert RIDGE.predict(np.array([[np.nan]], np.float32))[0] == pytest.approx(1.0, rel=0.02)


def test_a_feature_that_never_varied_or_never_came_is_harmless():
    values = np.column_stack([FEATURE, np.ones_like(FEATURE), np.full_like(FEATURE, np.nan)])
    ridge = RidgeRise(np.arange(3)).fit(values, 2.0 * FEATURE[:, 0].astype(float))
    assert ridge.predict(np.array([[1.0, 9.0, 9.0]], np.float32))[0] == pytest.approx(2, rel=0.02)
