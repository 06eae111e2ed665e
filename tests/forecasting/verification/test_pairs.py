"""What came true, at the right hour, and which hours are floods."""

from __future__ import annotations

import numpy as np

from forecasting.types import BAD
from forecasting.verification.pairs import RISE_CLASSES, base_levels, known_rows, truth_of


def test_the_truth_of_a_lead_is_the_level_that_much_later(tiny):
    said = tiny.forecast(np.zeros((2, 2, 3)), leads=(1, 3))
    truth = truth_of(said, tiny.observed([0.0, 1.0, 2.0, 3.0, 4.0]))
    assert truth["observed_m"].values[:, 0].tolist() == [[1.0, 3.0], [2.0, 4.0]]
    # The rise over 3 h is known from hour 3 on: 3 - 0 and 4 - 1.
    assert np.isnan(truth["rise_m"].values[:, 0, 0]).all()
    assert truth["rise_m"].values[:, 0, 1].tolist() == [3.0, 3.0]
    assert (truth["rise_class"].values[:, 0, 0] == -1).all()


def test_hours_beyond_the_series_and_bad_readings_are_unknown(tiny):
    series = tiny.observed([0.0, 1.0, 2.0])
    series["level_flag"].values[1] = BAD
    said = tiny.forecast(np.zeros((3, 1, 3)))
    truth = truth_of(said, series)
    assert np.isnan(truth["observed_m"].values[[0, 2], 0, 0]).all()
    assert known_rows([said], truth).values.ravel().tolist() == [False, True, False]


def test_a_row_that_one_forecast_lacks_is_known_to_none(tiny):
    series = tiny.observed([0.0, 1.0, 2.0])
    whole = tiny.forecast(np.zeros((2, 1, 3)))
    holed = tiny.forecast([[[0.0, 0.0, 0.0]], [[0.0, np.nan, 0.0]]])
    known = known_rows([whole, holed], truth_of(whole, series))
    assert known.values.ravel().tolist() == [True, False]


def test_a_reference_series_says_what_a_flood_is(tiny):
    # Among 100 hours up to 50 m a level of 3 m is no flood; on its own it is the highest.
    said = tiny.forecast(np.zeros((1, 1, 3)))
    series = tiny.observed([0.0, 3.0])
    assert truth_of(said, series)["flood"].values.all()
    longer = tiny.observed(np.linspace(0, 50, 100))
    assert not truth_of(said, series, longer)["flood"].values.any()


def test_still_water_is_steady_even_where_it_rarely_rises(tiny):
    # 3 of 1,000 hours rise: the 95 % quantile of the rise is 0, and 0 is not rising.
    series = np.zeros(1000)
    series[500] = 1.0
    truth = truth_of(tiny.forecast(np.zeros((900, 1, 3))), tiny.observed(series))
    classes = truth["rise_class"].values[:, 0, 0]
    steady, steep = RISE_CLASSES.index("steady"), RISE_CLASSES.index("steep")
    assert classes[100] == steady
    assert classes[499] == steep  # valid at hour 500: 1 m above hour 497


def test_the_base_is_the_median_level(tiny):
    assert base_levels(tiny.observed([1.0, 2.0, 9.0]), ["g"]) == {"g": 2.0}
