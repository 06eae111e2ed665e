"""Members count by how they did on floods they had not seen."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.weights import member_weights

TRUTH = np.linspace(-1.0, 3.0, 400)
NOISE = np.random.default_rng(1).normal(size=(400, 2))


def test_the_better_member_gets_more_and_the_sum_is_one():
    # Errors of 0.1 and 0.4 m, independent: the best mix is 16 : 1, pulled a little to 1 : 1.
    rises = TRUTH[:, None] + NOISE * [0.1, 0.4]
    weights = member_weights(rises, TRUTH)
    assert weights.sum() == pytest.approx(1.0)
    assert 0.7 < weights[0] < 16 / 17


def test_members_that_are_alike_count_alike():
    rises = TRUTH[:, None] + 0.2 * np.column_stack([NOISE[:, 0], NOISE[:, 0]])
    assert member_weights(rises, TRUTH) == pytest.approx([0.5, 0.5])


def test_no_weight_is_below_zero():
    # Without the bound the second would be subtracted: its error is twice the first's.
    rises = TRUTH[:, None] + NOISE[:, :1] * [1.0, 2.0]
    assert member_weights(rises, TRUTH)[1] >= 0.0


def test_opposite_errors_cancel():
    # One is 0.3 m high, the other 0.3 m low: half of each is exact.
    rises = TRUTH[:, None] + [0.3, -0.3]
    assert member_weights(rises, TRUTH) == pytest.approx([0.5, 0.5])


def test_without_a_known_row_all_count_alike():
    assert member_weights(np.full((5, 4), np.nan), TRUTH[:5]).tolist() == [0.25] * 4
    assert member_weights(np.zeros((0, 2)), TRUTH[:0]).tolist() == [0.5, 0.5]
