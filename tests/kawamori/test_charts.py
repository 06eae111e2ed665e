"""Hydrographs: what was known, what is forecast, what stays unknown."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import numpy as np
import pytest

from forecasting.types import Observations
from kawamori.charts import chart_data, hydrographs, quantile_of
from kawamori.run import Run


def test_fan_holds_the_forecast_quantiles_of_each_lead(made_run: Run) -> None:
    row = hydrographs(made_run)[0].forecast[1]
    # Lead 2 h: median 3.6 + 2 * 0.2 = 4.0 m, 90 % fan 0.3 m and 50 % fan 0.1 m to each side.
    assert (row.q05, row.q25, row.q50, row.q75, row.q95) == (3.7, 3.9, 4.0, 4.1, 4.3)
    assert row.valid_time == made_run.issued_at + timedelta(hours=2)


def test_observed_line_covers_three_horizons_up_to_issue_time(made_run: Run) -> None:
    observed = hydrographs(made_run)[0].observed
    # Horizon 6 h, so 18 h before issue time and 19 hourly points with both ends.
    assert len(observed) == 19
    assert observed[-1] == (made_run.issued_at, 3.6)


def test_peak_is_the_lead_with_the_highest_median(made_run: Run) -> None:
    peak = hydrographs(made_run)[0].peak
    # The median rises to the last lead: 3.6 + 6 * 0.2 = 4.8 m.
    assert peak is not None
    assert peak.q50 == 4.8


def test_silent_gauge_keeps_its_place_and_draws_nothing(made_run: Run) -> None:
    chart = hydrographs(made_run)[1]
    assert chart.gauge.gauge_id == "down"
    assert chart.empty
    assert chart.peak is None


def test_gauge_missing_from_series_and_forecast_is_empty(made_run: Run) -> None:
    run = dataclasses.replace(
        made_run,
        observations=Observations(made_run.observations.sel(gauge=["up"])),
        forecast=made_run.forecast.sel(gauge=["up"]),
    )
    chart = hydrographs(run)[1]
    assert (chart.observed, chart.forecast, chart.empty) == ((), (), True)


def test_bad_reading_is_a_gap(made_run: Run) -> None:
    made_run.observations["level_flag"].loc[{"gauge": "up"}] = 4  # BAD
    assert {level for _, level in hydrographs(made_run)[0].observed} == {None}


def test_truth_is_apart_from_what_was_known(made_run: Run, later: Observations) -> None:
    chart = hydrographs(made_run, truth=later)[0]
    # The later series goes on at 0.1 m/h: 3.7 m one hour on, 4.2 m after six.
    assert chart.forecast[0].truth_m == 3.7
    assert chart.truth[-1] == (made_run.issued_at + timedelta(hours=6), 4.2)
    assert chart.observed == hydrographs(made_run)[0].observed


def test_chart_columns_share_one_axis_and_have_null_for_gaps(made_run: Run) -> None:
    data = chart_data(hydrographs(made_run)[0])
    # 19 observed hours and 6 leads after them.
    assert [len(data[name]) for name in ("t", "observed", "q05", "q50")] == [25, 25, 25, 25]
    assert data["observed"][-1] is None
    assert data["q50"][0] is None
    assert data["t"][18] == data["now"] == int(made_run.issued_at.timestamp())
    assert "truth" not in data


def test_thresholds_carry_name_and_official_level(made_run: Run) -> None:
    data = chart_data(hydrographs(made_run)[1])
    assert data["thresholds"] == [
        {"name": "氾濫注意", "level_m": 2.5, "level": 2},
        {"name": "氾濫危険", "level_m": 3.8, "level": 4},
    ]


@pytest.mark.parametrize(
    ("values", "wanted", "expected"),
    [
        ([1.0, 2.0, 4.0], 0.5, 2.0),
        ([1.0, 2.0, 4.0], 0.3, 1.5),  # half-way between 0.1 and 0.5
        ([1.0, 2.0, 4.0], 0.05, None),  # outside: tails are never guessed
        ([1.0, np.nan, 4.0], 0.3, None),
        ([], 0.5, None),
    ],
)
def test_quantile_is_linear_inside_and_unknown_outside(
    values: list[float], wanted: float, expected: float | None
) -> None:
    grid = np.array([0.1, 0.5, 0.9][: len(values)])
    assert quantile_of(grid, np.array(values), wanted) == expected
