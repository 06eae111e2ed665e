"""The regression core is a scikit-learn estimator: a line that goes on, trees that bend it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils.estimator_checks import check_estimator

from forecasting.hybrid_regressor import RidgeThenTrees

X = np.tile(np.linspace(0, 1, 101), 50)[:, None]


@pytest.mark.parametrize("estimator", [RidgeThenTrees(), RidgeThenTrees(rounds=0)])
def test_it_passes_every_check_of_scikit_learn(estimator):
    # The one check that may be skipped needs another array library, which the project does not use.
    checks = check_estimator(estimator, on_skip=None, on_fail="raise")
    assert len(checks) > 40
    skipped = {one["check_name"] for one in checks if one["status"] == "skipped"}
    assert skipped <= {"check_array_api_input", "check_array_api_input_and_values"}
    assert {one["status"] for one in checks} <= {"passed", "skipped"}


def test_the_line_goes_on_beyond_training_where_trees_would_stop():
    # y = 2 x, x up to 1: at 1.2 the line says 2.4; trees alone would say 2.0.
    model = RidgeThenTrees(alpha=1.0).fit(X, 2 * X[:, 0])
    assert model.predict([[1.2]])[0] == pytest.approx(2.4, rel=0.02)


def test_a_jump_far_beyond_training_is_cut():
    # 1.5 times the largest deviation 0.5 from the mean 0.5 is x = 1.25, y = 2.5.
    model = RidgeThenTrees(alpha=1.0).fit(X, 2 * X[:, 0])
    assert model.predict([[6.0]])[0] == pytest.approx(2.5, rel=0.02)


def test_the_trees_bend_the_line():
    y = np.abs(X[:, 0] - 0.5)  # a ridge alone says 0.25 everywhere
    assert RidgeThenTrees(rounds=0).fit(X, y).predict([[0.5]])[0] == pytest.approx(0.25, abs=0.02)
    assert RidgeThenTrees().fit(X, y).predict([[0.5]])[0] == pytest.approx(0.0, abs=0.05)


def test_each_lead_has_a_line_of_its_own():
    # y = x at lead 1 and -x at lead 2: one line for both would be flat.
    both = np.vstack([np.column_stack([X, np.full(len(X), lead)]) for lead in (1.0, 2.0)])
    y = np.concatenate([X[:, 0], -X[:, 0]])
    model = RidgeThenTrees(alpha=1.0, by=1, rounds=0).fit(both, y)
    assert model.predict([[1.0, 1.0], [1.0, 2.0]]) == pytest.approx([1.0, -1.0], abs=0.02)


def test_a_missing_feature_counts_as_its_mean():
    model = RidgeThenTrees(alpha=1.0, rounds=0).fit(X, 2 * X[:, 0])
    assert model.predict([[np.nan]])[0] == pytest.approx(1.0, abs=0.01)
